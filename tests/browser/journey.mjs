// The main job, as a person does it: from the set-up link to a token and its row
// in the log, in a real browser; then the same forms without a script.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

const { SERVER_BINARY, CHROMIUM, SCREENSHOTS } = process.env;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'countersign-'));
const log = path.join(folder, 'log');
const API = 'https://api.example.com/billing';
const PASSWORD = 'correct horse battery staple';
const AXE = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'];

// Whatever the browser complains of is a fault, unless the step expects it.
const complaints = [];
// What the server answered to pages, in full.
const answers = [];
const listen = (page) => {
  const complain = (what) => complaints.push(`${page.url()}: ${what}`);
  page.on('pageerror', complain);
  page.on('console', (message) => message.type() === 'error' && complain(message.text()));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${base}/`)) complain(`asked for ${request.url()}`);
  });
  page.on('response', (answer) => {
    const kind = answer.headers()['content-type'] ?? '';
    if (!/html|json|csv/.test(kind)) return;
    const where = `${answer.request().method()} ${new URL(answer.url()).pathname}`;
    // What is left before it came cannot be read, and was not seen.
    answers.push(answer.text().then((text) => ({ where, text }), () => null));
  });
  return page;
};
const quiet = (expected) =>
  assert.deepEqual(complaints.splice(0).filter((text) => !expected?.test(text)), []);

// One printed line for each step; the first that fails ends the journey.
let passed = 0;
const step = async (what, act) => {
  try {
    await act();
    quiet();
  } catch (error) {
    console.log(`FAILED ${what}`);
    throw error;
  }
  passed += 1;
  console.log(`ok ${what}`);
};

// What must not be seen again, on a page or in a file.
const secrets = [PASSWORD];
const keepsSecrets = (text, where) =>
  assert.deepEqual(secrets.filter((secret) => text.includes(secret)), [], `in ${where}`);

// Pictures of a page, and whether everybody can read it: on a narrow screen too,
// in the dark too, and with a screen reader.
let pictures = 0;
const look = async (page, name, secretsMayShow = false) => {
  const number = String((pictures += 1)).padStart(2, '0');
  for (const [colorScheme, width] of [['light', 1440], ['dark', 1440], ['light', 390]]) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 900 });
    const file = `${number}-${name}-${colorScheme}-${width}.png`;
    await page.screenshot({ path: path.join(SCREENSHOTS, file), fullPage: true });
    await page.evaluate(AXE);
    const { violations } = await page.evaluate((values) => axe.run({ runOnly: { type: 'tag', values } }), WCAG);
    const told = violations.map(({ id, help, nodes }) =>
      ({ id, help, nodes: nodes.map(({ target, failureSummary }) => `${target}: ${failureSummary}`) }));
    assert.deepEqual(told, [], `axe, ${file}`);
  }
  await page.setViewportSize({ width: 320, height: 800 });
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(over <= 0, `${name} is ${over} px too wide at 320 px`);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1440, height: 900 });
  if (!secretsMayShow) keepsSecrets(await page.content(), name);
};

const freePort = () => new Promise((resolve) => {
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

const port = await freePort();
const base = `http://localhost:${port}`;
const env = {
  PATH: process.env.PATH,
  COUNTERSIGN_LISTEN: `127.0.0.1:${port}`,
  COUNTERSIGN_ISSUER: base,
  COUNTERSIGN_DATA_DIR: folder,
  COUNTERSIGN_METRICS_LISTEN: 'off',
  COUNTERSIGN_LOG_LEVEL: 'debug',
};
const server = spawn(SERVER_BINARY, ['serve'], {
  env,
  stdio: ['ignore', 'pipe', fs.openSync(log, 'w')],
});
const stopped = new Promise((resolve) => server.once('exit', resolve));
let printed = '';
const greeting = new Promise((resolve, reject) => {
  server.stdout.on('data', (data) => {
    printed += data;
    const found = printed.match(/http:\S+\/setup\?token=\S+/);
    if (found) resolve(found[0]);
  });
  stopped.then(() => reject(new Error('the server stopped')));
});

let browser;
try {
  const link = await greeting;
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  // No picture of a colour on its way.
  const visitor = async (options) =>
    (await browser.newContext({ reducedMotion: 'reduce', ...options })).newPage();
  const page = listen(await visitor());
  let api, application, clientId, secret, command, seen;

  await step('the set-up link makes the owner and ends on the overview', async () => {
    await page.goto(link);
    await look(page, 'set-up');
    await page.getByLabel('Your name').fill('Ada Okafor');
    await page.getByLabel('Email address').fill('ada@example.com');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await look(page, 'overview');
  });

  await step('the link is spent', async () => {
    const answer = await page.goto(link);
    assert.equal(answer.status(), 409);
    quiet(/409/);
    await look(page, 'set-up-spent');
  });

  await step('an API with two scopes; a bad identifier is explained first', async () => {
    await page.goto(`${base}/apis/new`);
    await look(page, 'new-api');
    await page.getByLabel('Identifier').fill('billing');
    await page.getByLabel('Name', { exact: true }).fill('Billing API');
    await page.getByRole('button', { name: 'Register API' }).click();
    await page.getByText('There is a problem').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.className), 'problem');
    quiet(/422/);
    await look(page, 'new-api-refused');
    await page.getByLabel('Identifier').fill(API);
    await page.getByLabel('Scopes').fill('invoices:read Read invoices\ninvoices:write Raise invoices');
    await page.getByRole('button', { name: 'Register API' }).click();
    await page.getByRole('heading', { name: 'Billing API', level: 1 }).waitFor();
    for (const scope of ['invoices:read', 'invoices:write']) await page.getByText(scope).first().waitFor();
    api = page.url();
    await look(page, 'api');
  });

  await step('an application, and its secret', async () => {
    await page.goto(`${base}/applications/new`);
    await look(page, 'new-application');
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
    await look(page, 'secret', true);
    secrets.push(secret, Buffer.from(`${clientId}:${secret}`).toString('base64'));
  });

  // As the page has it: the secret is typed where the command reads it.
  const ask = (typed) => JSON.parse(execFileSync('bash', ['-c', command], {
    input: `${typed}\n`, stdio: ['pipe', 'pipe', 'ignore'],
  }));

  await step('the command of the page gets a token, and /whoami accepts it', async () => {
    const answer = ask(secret);
    assert.equal(answer.token_type, 'Bearer');
    assert.equal(answer.scope, 'invoices:read invoices:write');
    secrets.push(answer.access_token);
    const headers = { authorization: `Bearer ${answer.access_token}` };
    const whoami = await fetch(`${base}/whoami`, { headers });
    assert.equal(whoami.status, 200);
    seen = await whoami.json();
    assert.equal(seen.aud, API);
  });

  await step('the secret is not shown again', async () => {
    await page.getByRole('link', { name: 'I have stored it' }).click();
    await page.getByRole('heading', { name: 'billing-worker' }).waitFor();
    application = page.url();
    await look(page, 'application');
    // There is nothing to go back to: the browser was told to store nothing.
    await page.goBack({ waitUntil: 'load' }).catch(() => {});
    await page.waitForLoadState('domcontentloaded').catch(() => {});
    const before = await page.content().catch(() => page.waitForTimeout(500).then(() => page.content()));
    keepsSecrets(before, 'the page before');
    await page.goto(`${base}/applications/new`);
    keepsSecrets(await page.content(), 'the address that showed it');
    const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
    keepsSecrets(stored, 'what the browser stores');
    quiet(/ERR_CACHE_MISS|chrome-error/);
  });

  await step('the token has its row, and a page that says issued', async () => {
    await page.goto(`${base}/log`);
    const row = page.locator('tr', { hasText: 'Issued' }).filter({ hasText: 'billing-worker' });
    assert.equal(await row.count(), 1);
    await look(page, 'log');
    await row.getByRole('link', { name: /Details/ }).click();
    await page.getByText(seen.jti).first().waitFor();
    await look(page, 'log-open');
    await page.goto(`${base}/log/${seen.jti}`);
    await page.getByRole('heading', { name: 'Issued', level: 1 }).waitFor();
    const text = await page.locator('main').innerText();
    for (const fact of ['billing-worker', API, 'invoices:read', 'invoices:write']) {
      assert.ok(text.includes(fact), fact);
    }
    await look(page, 'log-issued');
  });

  await step('a wrong secret is refused, and a page says why', async () => {
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
    await look(page, 'log-refused');
  });

  await step('an auditor is invited, and chooses a password', async () => {
    await page.goto(`${base}/people/new`);
    await look(page, 'new-person');
    await page.getByLabel('Email address').fill('vera@example.com');
    await page.getByLabel('Name', { exact: true }).fill('Vera');
    await page.getByLabel('Auditor').check();
    await page.getByRole('button', { name: 'Make the link' }).click();
    await look(page, 'invited');
    const link = new URL((await page.locator('code.link').innerText()).trim());
    const guest = await browser.newContext();
    const theirs = await guest.newPage();
    await theirs.goto(`${base}${link.pathname}${link.search}`);
    await look(theirs, 'invitation');
    await theirs.getByLabel('Password').fill(PASSWORD);
    await theirs.getByRole('button', { name: 'Set password' }).click();
    await theirs.waitForURL(/sign-in/);
    await guest.close();
    await page.goto(`${base}/sign-in-attempts`);
    await look(page, 'sign-in-attempts');
    await page.goto(`${base}/people`);
    await page.getByText('Vera').first().waitFor();
    await look(page, 'people');
  });

  await step('what takes two persons waits, and somebody else approves it', async () => {
    const grace = ['--email', 'grace@example.com', '--name', 'Grace', '--role', 'admin'];
    execFileSync(SERVER_BINARY, ['administrator', 'create', ...grace], { env: { ...env, COUNTERSIGN_PASSWORD: PASSWORD } });
    await page.goto(`${api}/sensitivity`);
    await page.locator('main label.check', { hasText: 'invoices:read' }).locator('input').check();
    await look(page, 'sensitivity');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('What is sensitive is saved.').waitFor();
    await page.goto(`${application}/access`);
    await page.getByLabel('All current and future scopes').first().check();
    await look(page, 'access-sensitive');
    await page.getByRole('button', { name: 'Save access' }).click();
    await page.getByText('somebody else has to approve it').waitFor();
    await look(page, 'approval-own');
    const request = page.url();
    const other = listen(await visitor());
    await other.goto(`${base}/sign-in`);
    await other.fill('[name=email]', 'grace@example.com');
    await other.fill('[name=password]', PASSWORD);
    await other.click('button.go');
    await other.getByRole('link', { name: 'Approvals 1 waiting for you' }).click();
    await look(other, 'approvals');
    await other.goto(request);
    await look(other, 'approval');
    await other.getByRole('button', { name: 'Approve' }).click();
    await other.getByText('Approved, and done.').waitFor();
    await look(other, 'approval-done');
    await other.goto(`${base}/people/teams/new`);
    await other.getByLabel('Name', { exact: true }).fill('Payments');
    await other.locator('main label.check', { hasText: 'Vera' }).locator('input').check();
    await look(other, 'new-team');
    await other.getByRole('button', { name: 'Make team' }).click();
    await other.getByText('Payments is made.').waitFor();
    await look(other, 'team');
    await other.goto(`${base}/people/teams`);
    await look(other, 'teams');
    await other.context().close();
  });

  await step('every other page of the console', async () => {
    const first = async (where, selector) => {
      await page.goto(where);
      return base + await page.locator(selector).first().getAttribute('href');
    };
    const pages = {
      'overview-done': `${base}/`,
      applications: `${base}/applications`,
      'applications-none': `${base}/applications?q=nothing+like+it`,
      'application-edit': `${application}/edit`,
      'application-access': `${application}/access`,
      'application-suspension': `${application}/suspension`,
      'application-deletion': `${application}/deletion`,
      'new-secret': `${application}/secrets/new`,
      'secret-revocation': await first(application, 'a[href$="/revocation"]'),
      apis: `${base}/apis`,
      'api-node': `${api}?lang=node`,
      'api-edit': `${api}/edit`,
      'api-deletion': `${api}/deletion`,
      'scope-deletion': await first(api, 'a[href*="/scopes/"][href$="/deletion"]'),
      person: await first(`${base}/people`, 'a.row[href^="/people/"]'),
      'log-none': `${base}/log?q=nothing+like+it`,
      keys: `${base}/keys`,
      'key-rotation': `${base}/keys/rotation?purpose=access_tokens&algorithm=ES256`,
      profile: `${base}/profile`,
      tester: `${base}/tester?application=${clientId}&api=${encodeURIComponent(API)}&scope=invoices:read`,
      'tester-refused': `${base}/tester?application=${clientId}&scope=admin`,
      changes: `${base}/changes`,
      change: await first(`${base}/changes?action=grant.set`, 'a[href^="/changes/"]'),
      settings: `${base}/settings`,
      search: `${base}/search?q=bill`,
      live: `${base}/log/live?kind=token`,
    };
    for (const [name, url] of Object.entries(pages)) {
      const answer = await page.goto(url);
      assert.equal(answer.status(), 200, url);
      keepsSecrets(await answer.text(), url);
      await look(page, name);
    }
    assert.equal((await page.goto(`${base}/nothing`)).status(), 404);
    quiet(/404/);
    await look(page, 'not-found');
  });

  await step('Ctrl K goes to a page by its first letters, and a pasted token to the decoder', async () => {
    await page.goto(`${base}/log`);
    await page.keyboard.press('Control+k');
    await page.locator('#palette .hits a').first().waitFor();
    await page.keyboard.type('signing');
    await page.locator('#palette ul[data-q="signing"]').waitFor();
    await look(page, 'palette');
    await page.keyboard.press('ArrowDown');
    assert.equal(await page.evaluate(() => document.activeElement.textContent.trim()), 'Page Signing keys');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Signing keys' }).waitFor();
    const token = ask(secret).access_token;
    secrets.push(token, token.split('.')[2]);
    const asked = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.keyboard.press('Control+k');
    await page.evaluate((text) => document.querySelector('#pq').value = text, token);
    await page.locator('#pq').press('End');
    await page.locator('#pq').press('Space');
    await page.getByText('A token of ours, in force').waitFor();
    assert.deepEqual(asked.filter((url) => url.includes('eyJ')), []);
    await look(page, 'decoded');
  });

  await step('? lists the keys, and they can be switched off', async () => {
    await page.goto(`${base}/log`);
    await page.keyboard.press('?');
    await page.locator('#keys[open]').waitFor();
    await look(page, 'keys-listed');
    await page.keyboard.press('Escape');
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await page.getByRole('heading', { name: 'Settings' }).waitFor();
    await page.goto(`${base}/profile`);
    await page.getByRole('button', { name: 'Switch single keys off' }).click();
    await page.getByText('Single keys are off').waitFor();
    await page.keyboard.press('?');
    assert.equal(await page.locator('#keys[open]').count(), 0);
    await page.getByRole('button', { name: 'Switch single keys on' }).click();
  });

  await step('the live log shows a request as it is made', async () => {
    await page.goto(`${base}/log/live?outcome=refused`);
    await page.getByText('Listening since').waitFor();
    const rows = await page.locator('#live-rows tbody').count();
    assert.equal(ask('csk_wrong').error, 'invalid_client');
    await page.waitForFunction((n) => document.querySelectorAll('#live-rows tbody').length > n, rows);
  });

  await step('a pasted token is revoked, and a clock counts down', async () => {
    const token = ask(secret).access_token;
    secrets.push(token, token.split('.')[2]);
    const whoami = async () =>
      (await fetch(`${base}/whoami`, { headers: { authorization: `Bearer ${token}` } })).status;
    assert.equal(await whoami(), 200);
    await page.goto(`${base}/revocations`);
    await page.getByText('Nothing was revoked').waitFor();
    await look(page, 'revocations-none');
    await page.getByRole('link', { name: 'Revoke tokens' }).click();
    await look(page, 'revocation-choice');
    await page.getByLabel('Token, or its ID').fill(`${token.slice(0, -4)}AAAA`);
    await page.getByRole('button', { name: 'Continue with one token' }).click();
    await page.getByText('There is a problem').waitFor();
    quiet(/422/);
    await look(page, 'revocation-choice-refused');
    await page.getByLabel('Token, or its ID').fill(token);
    await page.getByRole('button', { name: 'Continue with one token' }).click();
    await page.getByRole('heading', { name: 'Revoke one token' }).waitFor();
    await look(page, 'revocation-token');
    await page.getByLabel('Reason').fill('Found in a log of the build server');
    await page.getByRole('button', { name: 'Revoke one token' }).click();
    await page.getByRole('heading', { name: 'May still be accepted' }).waitFor();
    assert.equal(await whoami(), 401);
    const left = page.locator('.clock .left time');
    const before = await left.innerText();
    await page.waitForFunction((text) => document.querySelector('.clock .left time').textContent !== text, before);
    assert.match(await left.innerText(), /^9 min \d+ s$/);
    // When it has run out, the page asks again.
    const asked = page.waitForResponse((answer) =>
      answer.url() === page.url() && Boolean(answer.request().headers()['hx-request']));
    await page.evaluate(() => document.querySelector('.clock').dispatchEvent(new Event('over')));
    assert.equal((await asked).status(), 200);
    await left.waitFor();
    await look(page, 'revocation-clock');
    await page.getByRole('link', { name: 'Its entry' }).click();
    await page.getByText('revoked token').first().waitFor();
    await look(page, 'log-revocation');
    const { jti } = JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
    await page.goto(`${base}/log/${jti}`);
    await page.locator('.fate', { hasText: 'Found in a log of the build server' }).waitFor();
    await look(page, 'log-revoked');
  });

  await step('everything is revoked, after its word was typed', async () => {
    await page.goto(`${base}/revocations/new?kind=everything`);
    await page.getByLabel('Reason').fill('An exercise');
    await page.getByLabel('Type everything').fill('yes');
    await page.getByRole('button', { name: 'Revoke every token' }).click();
    await page.getByText('There is a problem').waitFor();
    quiet(/422/);
    await look(page, 'revocation-everything-refused');
    await page.getByLabel('Type everything').fill('everything');
    await page.getByRole('button', { name: 'Revoke every token' }).click();
    await page.getByRole('heading', { name: 'Every token revoked' }).waitFor();
    await page.goto(application);
    await page.locator('.menu-pop summary').click();
    await page.getByRole('link', { name: 'Revoke its tokens…' }).click();
    await page.getByRole('heading', { name: 'Revoke the tokens of billing-worker' }).waitFor();
    await look(page, 'revocation-application');
    await page.goto(`${base}/revocations`);
    assert.equal(await page.locator('tbody tr').count(), 2);
    await look(page, 'revocations');
    await page.goto(`${base}/`);
    await page.getByRole('heading', { name: 'To look at' }).waitFor();
    await look(page, 'overview-exposed');
    await page.goto(`${base}/keys`);
    const key = page.locator('a[href^="/revocations/new?kind=key"]').first();
    await page.goto(base + await key.getAttribute('href'));
    await look(page, 'revocation-key');
  });

  const plain = listen(await visitor({ javaScriptEnabled: false }));

  await step('without a script: signs in to the page that was asked for', async () => {
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

  await step('without a script: an API', async () => {
    await plain.goto(`${base}/apis/new`);
    await plain.fill('[name=identifier]', 'https://api.example.com/ledger');
    await plain.fill('[name=name]', 'Ledger API');
    await plain.fill('[name=scopes]', 'ledger:read');
    await plain.click('main button.go');
    await plain.getByText('Ledger API is registered.').waitFor();
  });

  await step('without a script: an application, and its secret once', async () => {
    await plain.goto(`${base}/applications/new`);
    await plain.fill('[name=name]', 'ledger-worker');
    await plain.locator('label', { hasText: 'ledger:read' }).locator('input').check();
    await plain.click('main button.go');
    const other = (await plain.locator('#sv').innerText()).trim();
    assert.match(other, /^csk_/);
    assert.notEqual(other, secret);
    // Loading it anew sends the form anew. Whatever that does, the secret is gone.
    await plain.reload();
    secrets.push(other);
    keepsSecrets(await plain.content(), 'the page loaded anew');
  });

  await step('without a script: access, the log, a revocation, suspension, sign-out', async () => {
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

  await step('an auditor sees it all and changes nothing', async () => {
    const watching = listen(await visitor());
    await watching.goto(`${base}/sign-in`);
    await look(watching, 'sign-in');
    await watching.fill('[name=email]', 'vera@example.com');
    await watching.fill('[name=password]', 'a password of somebody else');
    await watching.click('button.go');
    await watching.getByText('There is a problem').waitFor();
    quiet(/422|401|403/);
    await look(watching, 'sign-in-refused');
    await watching.fill('[name=email]', 'vera@example.com');
    await watching.fill('[name=password]', PASSWORD);
    await watching.click('button.go');
    await watching.getByRole('heading', { name: 'Overview' }).waitFor();
    await watching.goto(application);
    assert.equal(await watching.locator('main form[method=post], main a.go, main a.stop').count(), 0);
    await look(watching, 'application-suspended-auditor');
    assert.equal((await watching.goto(`${application}/edit`)).status(), 403);
    quiet(/403/);
    await look(watching, 'forbidden');
  });

  await step('no answer holds a secret but the one that reveals it', async () => {
    const seen = (await Promise.all(answers)).filter(Boolean);
    assert.ok(seen.length > 100, `${seen.length} answers`);
    for (const { where, text } of seen) {
      // It shows the secret that it made.
      if (where !== 'POST /applications/new') keepsSecrets(text, where);
    }
    const shown = seen.filter(({ where }) => where === 'POST /applications/new');
    assert.ok(shown.some(({ text }) => text.includes(secret)), 'the page that reveals it was not read');
  });

  await step('told to stop, the server exits with success', async () => {
    await browser.close();
    server.kill('SIGTERM');
    assert.equal(await stopped, 0);
  });

  await step('no secret, password or token is in any file of the server, nor printed', () => {
    let known = false;
    for (const name of fs.readdirSync(folder)) {
      const bytes = fs.readFileSync(path.join(folder, name), 'latin1');
      keepsSecrets(bytes, name);
      assert.doesNotMatch(bytes, /csk_[A-Za-z0-9_-]{43}/, name);
      known ||= bytes.includes(clientId);
    }
    assert.ok(known, 'the files are not those of this server');
    keepsSecrets(printed, 'standard output');
  });

  console.log(`journey: ${passed} passed, 0 failed`);
} catch (error) {
  process.exitCode = 1;
  console.error(error);
  console.error(`--- the server's log:\n${fs.readFileSync(log, 'utf8').split('\n').slice(-30).join('\n')}`);
  console.log(`journey: ${passed} passed, 1 failed`);
} finally {
  await browser?.close();
  server.kill('SIGTERM');
  await stopped;
  fs.rmSync(folder, { recursive: true });
}
