// Tokens are revoked, one and all.
import assert from 'node:assert/strict';

export const revocations = async (run, { base }, page, { application, secret, ask }) => {
  await run.step('a pasted token is revoked, and a clock counts down', async () => {
    const token = ask(secret).access_token;
    run.secrets.add(token).add(token.split('.')[2]);
    const whoami = async () =>
      (await fetch(`${base}/whoami`, { headers: { authorization: `Bearer ${token}` } })).status;
    assert.equal(await whoami(), 200);
    await page.goto(`${base}/revocations`);
    await page.getByText('Nothing was revoked').waitFor();
    await run.look(page, 'revocations-none');
    await page.getByRole('link', { name: 'Revoke tokens' }).click();
    await run.look(page, 'revocation-choice');
    await page.getByLabel('Token, or its ID').fill(`${token.slice(0, -4)}AAAA`);
    await page.getByRole('button', { name: 'Continue with one token' }).click();
    await page.getByText('There is a problem').waitFor();
    run.quiet(/422/);
    await run.look(page, 'revocation-choice-refused');
    await page.getByLabel('Token, or its ID').fill(token);
    await page.getByRole('button', { name: 'Continue with one token' }).click();
    await page.getByRole('heading', { name: 'Revoke one token' }).waitFor();
    await run.look(page, 'revocation-token');
    await page.getByLabel('Reason').fill('Found in a log of the build server');
    await page.getByRole('button', { name: 'Revoke one token' }).click();
    await page.getByRole('heading', { name: 'May still be accepted' }).waitFor();
    assert.equal(await whoami(), 401);
    const left = page.locator('.clock .left time');
    const before = await left.innerText();
    await page.waitForFunction((text) => document.querySelector('.clock .left time').textContent !== text, before);
    assert.match(await left.innerText(), /^\d min \d+ s$/);
    // When it has run out, the page asks again.
    const asked = page.waitForResponse((answer) =>
      answer.url() === page.url() && Boolean(answer.request().headers()['hx-request']));
    await page.evaluate(() => document.querySelector('.clock').dispatchEvent(new Event('over')));
    assert.equal((await asked).status(), 200);
    await left.waitFor();
    await run.look(page, 'revocation-clock');
    await page.getByRole('link', { name: 'Its entry' }).click();
    await page.getByText('revoked token').first().waitFor();
    await run.look(page, 'log-revocation');
    const { jti } = JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
    await page.goto(`${base}/log/${jti}`);
    await page.locator('.fate', { hasText: 'Found in a log of the build server' }).waitFor();
    await run.look(page, 'log-revoked');
  });

  await run.step('everything is revoked, after its word was typed', async () => {
    await page.goto(`${base}/revocations/new?kind=everything`);
    await page.getByLabel('Reason').fill('An exercise');
    await page.getByLabel('Type everything').fill('yes');
    await page.getByRole('button', { name: 'Revoke every token' }).click();
    await page.getByText('There is a problem').waitFor();
    run.quiet(/422/);
    await run.look(page, 'revocation-everything-refused');
    await page.getByLabel('Type everything').fill('everything');
    await page.getByRole('button', { name: 'Revoke every token' }).click();
    await page.getByRole('heading', { name: 'Every token revoked' }).waitFor();
    await page.goto(application);
    await page.locator('.menu-pop summary').click();
    await page.getByRole('link', { name: 'Revoke its tokens…' }).click();
    await page.getByRole('heading', { name: 'Revoke the tokens of billing-worker' }).waitFor();
    await run.look(page, 'revocation-application');
    await page.goto(`${base}/revocations`);
    assert.equal(await page.locator('tbody tr').count(), 2);
    await run.look(page, 'revocations');
    await page.goto(`${base}/`);
    await page.getByRole('heading', { name: 'To look at' }).waitFor();
    await run.look(page, 'overview-exposed');
    await page.goto(`${base}/keys`);
    const key = page.locator('a[href^="/revocations/new?kind=key"]').first();
    await page.goto(base + await key.getAttribute('href'));
    await run.look(page, 'revocation-key');
  });
};
