// The same forms without a script.
import assert from 'node:assert/strict';
import { PASSWORD } from '../console.mjs';

export const withoutScript = async (run, { base }, { application, clientId, secret, ask }) => {
  const plain = await run.visitor({ javaScriptEnabled: false });

  await run.step('without a script: signs in to the page that was asked for', async () => {
    await plain.goto(`${base}/applications?q=billing`);
    await plain.fill('[name=email]', 'ada@example.com');
    await plain.fill('[name=password]', PASSWORD);
    await plain.click('button.go');
    await plain.getByText('billing-worker').first().waitFor();
    assert.equal(plain.url(), `${base}/applications?q=billing`);
    await plain.fill('#q', 'nothing like it');
    await plain.click('.filters .apply button');
    await plain.getByText('No application matches').waitFor();
  });

  await run.step('without a script: an API', async () => {
    await plain.goto(`${base}/apis/new`);
    await plain.fill('[name=identifier]', 'https://api.example.com/ledger');
    await plain.fill('[name=name]', 'Ledger API');
    await plain.fill('[name=scopes]', 'ledger:read');
    await plain.click('main button.go');
    await plain.getByText('Ledger API is registered.').waitFor();
  });

  await run.step('without a script: an application, and its secret once', async () => {
    await plain.goto(`${base}/applications/new`);
    await plain.fill('[name=name]', 'ledger-worker');
    await plain.locator('label', { hasText: 'ledger:read' }).locator('input').check();
    await plain.click('main button.go');
    const other = (await plain.locator('#sv').innerText()).trim();
    assert.match(other, /^csk_/);
    assert.notEqual(other, secret);
    // Loading it anew sends the form anew. Whatever that does, the secret is gone.
    await plain.reload();
    run.secrets.add(other);
    run.keepsSecrets(await plain.content(), 'the page loaded anew');
  });

  await run.step('without a script: access, the log, a revocation, suspension, sign-out', async () => {
    await plain.goto(`${application}/access`);
    await plain.locator('label', { hasText: 'ledger:read' }).locator('input').check();
    await plain.click('main button.go');
    await plain.getByText('Access is saved.').waitFor();
    await plain.goto(`${base}/log?outcome=refused`);
    await plain.locator('tr', { hasText: 'billing-worker' }).getByRole('link', { name: /Why/ }).last().click();
    await plain.locator('.ladder .fail').waitFor();
    await plain.goto(`${base}/revocations/new?kind=application&subject=${clientId}`);
    await plain.fill('[name=reason]', 'To see it without a script');
    await plain.click('main button.stop');
    // The page loads itself anew until what was hit is counted.
    await plain.getByText('May still be accepted').or(plain.getByText('Nothing to wait for')).waitFor();
    await plain.goto(`${application}/suspension`);
    await plain.click('main button.stop');
    await plain.getByText('The application is suspended, and its tokens are revoked.').waitFor();
    assert.equal(ask(secret).error, 'invalid_client');
    await plain.click('.rail form[action="/sign-out"] button');
    await plain.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  await run.step('without a script: a form that came after the session ended is filled in again', async () => {
    await plain.goto(`${base}/sign-in?next=${encodeURIComponent(new URL(application).pathname)}/edit`);
    await plain.fill('[name=email]', 'ada@example.com');
    await plain.fill('[name=password]', PASSWORD);
    await plain.click('button.go');
    await plain.getByRole('heading', { name: 'Edit' }).waitFor();
    await plain.context().clearCookies();
    await plain.fill('main [name=description]', 'Typed before the session ended');
    await plain.click('main button.go');
    await plain.getByText('Your session had ended').waitFor();
    run.quiet(/401/);
    await run.look(plain, 'session-ended');
    await plain.fill('[name=email]', 'ada@example.com');
    await plain.fill('[name=password]', PASSWORD);
    await plain.click('button.go');
    await plain.getByText('What you typed is filled in again').waitFor();
    assert.equal(await plain.inputValue('main [name=description]'), 'Typed before the session ended');
    await plain.click('main button.go');
    await plain.getByText('Typed before the session ended').waitFor();
  });
};
