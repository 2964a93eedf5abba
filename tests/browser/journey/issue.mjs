// From the set-up link to a token, its row in the log, and a refusal.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { PASSWORD } from '../console.mjs';
import { API } from './world.mjs';

export const issue = async (run, { base, link }, page) => {
  let api, application, clientId, secret, command, seen;

  await run.step('the set-up link makes the owner and ends on the overview', async () => {
    await page.goto(await link);
    await run.look(page, 'set-up');
    await page.getByLabel('Your name').fill('Ada Okafor');
    await page.getByLabel('Email address').fill('ada@example.com');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await run.look(page, 'overview');
  });

  await run.step('the link is spent', async () => {
    const answer = await page.goto(await link);
    assert.equal(answer.status(), 409);
    run.quiet(/409/);
    await run.look(page, 'set-up-spent');
  });

  await run.step('an API with two scopes; a bad identifier is explained first', async () => {
    await page.goto(`${base}/apis/new`);
    await run.look(page, 'new-api');
    await page.getByLabel('Identifier').fill('billing');
    await page.getByLabel('Name', { exact: true }).fill('Billing API');
    await page.getByRole('button', { name: 'Register API' }).click();
    await page.getByText('There is a problem').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.className), 'problem');
    run.quiet(/422/);
    await run.look(page, 'new-api-refused');
    await page.getByLabel('Identifier').fill(API);
    await page.getByLabel('Scopes').fill('invoices:read Read invoices\ninvoices:write Raise invoices');
    await page.getByRole('button', { name: 'Register API' }).click();
    await page.getByRole('heading', { name: 'Billing API', level: 1 }).waitFor();
    for (const scope of ['invoices:read', 'invoices:write']) await page.getByText(scope).first().waitFor();
    api = page.url();
    await run.look(page, 'api');
  });

  await run.step('an application, and its secret', async () => {
    await page.goto(`${base}/applications/new`);
    await run.look(page, 'new-application');
    await page.getByLabel('Name', { exact: true }).fill('billing-worker');
    await page.getByLabel('Owner (optional)').fill('Payments');
    await page.getByLabel('invoices:read').check();
    await page.getByLabel('invoices:write').check();
    await page.getByRole('button', { name: 'Create and show secret' }).click();
    await page.getByRole('heading', { name: 'Store this secret now' }).waitFor();
    secret = (await page.locator('#sv').innerText()).trim();
    assert.match(secret, /^csk_[A-Za-z0-9_-]{43}[0-9a-f]{6}$/);
    command = await page.locator('#tv').textContent();
    clientId = command.match(/"(\S+):\$CLIENT_SECRET"/)[1];
    await run.look(page, 'secret', true);
    run.secrets.add(secret).add(btoa(`${clientId}:${secret}`));
  });

  // As the page has it: the secret is typed where the command reads it.
  const ask = (typed) => JSON.parse(execFileSync('bash', ['-c', command], {
    input: `${typed}\n`, stdio: ['pipe', 'pipe', 'ignore'],
  }));

  await run.step('the command of the page gets a token, and /whoami accepts it', async () => {
    const answer = ask(secret);
    assert.equal(answer.token_type, 'Bearer');
    assert.equal(answer.scope, 'invoices:read invoices:write');
    run.secrets.add(answer.access_token);
    const headers = { authorization: `Bearer ${answer.access_token}` };
    const whoami = await fetch(`${base}/whoami`, { headers });
    assert.equal(whoami.status, 200);
    seen = await whoami.json();
    assert.equal(seen.aud, API);
  });

  await run.step('the secret is not shown again', async () => {
    await page.getByRole('link', { name: 'I have stored it' }).click();
    await page.getByRole('heading', { name: 'billing-worker' }).waitFor();
    application = page.url();
    await run.look(page, 'application');
    // There is nothing to go back to: the browser was told to store nothing.
    await page.goBack({ waitUntil: 'load' }).catch(() => {});
    await page.waitForLoadState('domcontentloaded').catch(() => {});
    const before = await page.content().catch(() => page.waitForTimeout(500).then(() => page.content()));
    run.keepsSecrets(before, 'the page before');
    await page.goto(`${base}/applications/new`);
    run.keepsSecrets(await page.content(), 'the address that showed it');
    const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
    run.keepsSecrets(stored, 'what the browser stores');
    run.quiet(/ERR_CACHE_MISS|chrome-error/);
  });

  await run.step('the token has its row, and a page that says issued', async () => {
    await page.goto(`${base}/log`);
    const row = page.locator('tr', { hasText: 'Issued' }).filter({ hasText: 'billing-worker' });
    assert.equal(await row.count(), 1);
    await run.look(page, 'log');
    await row.getByRole('link', { name: /Details/ }).click();
    await page.getByText(seen.jti).first().waitFor();
    await run.look(page, 'log-open');
    await page.goto(`${base}/log/${seen.jti}`);
    await page.getByRole('heading', { name: 'Issued', level: 1 }).waitFor();
    const text = await page.locator('main').innerText();
    for (const fact of ['billing-worker', API, 'invoices:read', 'invoices:write']) {
      assert.ok(text.includes(fact), fact);
    }
    await run.look(page, 'log-issued');
  });

  await run.step('a wrong secret is refused, and a page says why', async () => {
    const refusal = ask(`${secret}x`);
    assert.equal(refusal.error, 'invalid_client');
    await page.goto(`${base}/log?outcome=refused`);
    const why = page.locator('tr', { hasText: 'billing-worker' }).getByRole('link', { name: /Why/ });
    assert.equal(await why.count(), 1);
    const href = await why.getAttribute('href');
    await why.click();
    await page.locator('.ladder .fail').waitFor();
    await page.goto(base + href);
    assert.match(await page.locator('.ladder .fail').innerText(), /Secret refused\s*Wrong secret/);
    assert.match(await page.locator('.why p').first().innerText(), /secret/i);
    await run.look(page, 'log-refused');
  });

  return { api, application, clientId, secret, ask };
};
