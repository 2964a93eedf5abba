// An auditor reads everything and changes nothing.
import assert from 'node:assert/strict';
import { PASSWORD } from '../console.mjs';

export const auditor = async (run, { base }, { application }) => {
  await run.step('an auditor sees it all and changes nothing', async () => {
    const watching = await run.visitor();
    await watching.goto(`${base}/sign-in`);
    await run.look(watching, 'sign-in');
    await watching.fill('[name=email]', 'vera@example.com');
    await watching.fill('[name=password]', 'a password of somebody else');
    await watching.click('button.go');
    await watching.getByText('There is a problem').waitFor();
    run.quiet(/422|401|403/);
    await run.look(watching, 'sign-in-refused');
    await watching.fill('[name=email]', 'vera@example.com');
    await watching.fill('[name=password]', PASSWORD);
    await watching.click('button.go');
    await watching.getByRole('heading', { name: 'Overview' }).waitFor();
    await watching.goto(application);
    assert.equal(await watching.locator('main form[method=post], main a.go, main a.stop').count(), 0);
    await run.look(watching, 'application-suspended-auditor');
    assert.equal((await watching.goto(`${application}/edit`)).status(), 403);
    run.quiet(/403/);
    await run.look(watching, 'forbidden');
  });
};
