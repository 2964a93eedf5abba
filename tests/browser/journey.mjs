// The main job, as a person does it: from the set-up link to a token and its row
// in the log, in a real browser; then the same forms without a script.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

const { SERVER_BINARY, CHROMIUM, SCREENSHOTS } = process.env;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'countersign-'));
const API = 'https://api.example.com/billing';
const PASSWORD = 'correct horse battery staple';
let passed = 0;
const step = (what) => { passed += 1; console.log(`ok ${passed} ${what}`); };

const freePort = () => new Promise((resolve) => {
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

const port = await freePort();
const base = `http://localhost:${port}`;
const log = path.join(folder, 'log');
const server = spawn(SERVER_BINARY, ['serve'], {
  env: {
    PATH: process.env.PATH,
    COUNTERSIGN_LISTEN: `127.0.0.1:${port}`,
    COUNTERSIGN_ISSUER: base,
    COUNTERSIGN_DATA_DIR: folder,
    COUNTERSIGN_METRICS_LISTEN: 'off',
    COUNTERSIGN_LOG_LEVEL: 'debug',
  },
  stdio: ['ignore', 'pipe', fs.openSync(log, 'w')],
});
const stopped = new Promise((resolve) => server.once('exit', resolve));
const link = await new Promise((resolve, reject) => {
  let text = '';
  server.stdout.on('data', (data) => {
    text += data;
    const found = text.match(/http:\S+\/setup\?token=\S+/);
    if (found) resolve(found[0]);
  });
  server.once('exit', () => reject(new Error(`the server stopped: ${fs.readFileSync(log, 'utf8')}`)));
});

const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

// Whatever the browser complains of is a fault, unless the step expects it.
const complaints = [];
const listen = (page) => {
  page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error}`));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${page.url()}: ${message.text()}`);
  });
};
const quiet = (expected) => {
  const unexpected = complaints.splice(0).filter((text) => !expected?.test(text));
  assert.deepEqual(unexpected, []);
};

const pictures = new Set();
const picture = async (page, name) => {
  assert.ok(!pictures.has(name)); pictures.add(name);
  for (const [scheme, width] of [['light', 1440], ['dark', 1440], ['light', 390]]) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height: 900 });
    await page.screenshot({ path: path.join(SCREENSHOTS, `${name}-${scheme}-${width}.png`), fullPage: true });
  }
  await page.setViewportSize({ width: 320, height: 800 });
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(over <= 0, `${name} is ${over} px too wide at 320 px`);
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await page.setViewportSize({ width: 1440, height: 900 });
};

try {
  // No picture of a colour on its way.
  const context = await browser.newContext({ reducedMotion: 'reduce' });
  const page = await context.newPage();
  listen(page);

  await page.goto(link);
  await picture(page, '01-set-up');
  await page.getByLabel('Your name').fill('Ada Okafor');
  await page.getByLabel('Email address').fill('ada@example.com');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await picture(page, '02-overview');
  quiet();
  step('the set-up link makes the owner and ends on the overview');

  const spent = await page.goto(link);
  assert.equal(spent.status(), 409);
  quiet(/409/);
  step('the link is spent');

  await page.goto(`${base}/apis/new`);
  await picture(page, '03-new-api');
  await page.getByLabel('Identifier').fill('billing');
  await page.getByLabel('Name', { exact: true }).fill('Billing API');
  await page.getByRole('button', { name: 'Register API' }).click();
  await page.getByText('There is a problem').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.className), 'problem');
  await picture(page, '04-new-api-refused');
  quiet(/422/);
  await page.getByLabel('Identifier').fill(API);
  await page.getByLabel('Scopes').fill('invoices:read Read invoices\ninvoices:write Raise invoices');
  await page.getByRole('button', { name: 'Register API' }).click();
  await page.getByRole('heading', { name: 'Billing API', level: 1 }).waitFor();
  await picture(page, '05-api');
  quiet();
  step('an API with two scopes; a bad identifier is explained first');

  await page.goto(`${base}/applications/new`);
  await picture(page, '06-new-application');
  await page.getByLabel('Name', { exact: true }).fill('billing-worker');
  await page.getByLabel('Owner (optional)').fill('Payments');
  await page.getByLabel('invoices:read').check();
  await page.getByRole('button', { name: 'Create and show secret' }).click();
  await page.getByRole('heading', { name: 'Store this secret now' }).waitFor();
  const secret = (await page.locator('#sv').innerText()).trim();
  assert.match(secret, /^csk_[A-Za-z0-9_-]{43}[0-9a-f]{6}$/);
  await picture(page, '07-secret');
  const command = await page.locator('#tv').innerText();
  quiet();
  step('an application, and its secret once');

  // The command of the page, with the secret where it reads it from the terminal.
  const script = command.replace('read -rs CLIENT_SECRET', 'read -r CLIENT_SECRET');
  const ask = (value) => JSON.parse(execFileSync('bash', ['-c', script], { input: `${value}\n`, stdio: ['pipe', 'pipe', 'ignore'] }));
  const answer = ask(secret);
  assert.equal(answer.token_type, 'Bearer');
  assert.equal(answer.scope, 'invoices:read');
  const seen = await (await fetch(`${base}/whoami`, { headers: { authorization: `Bearer ${answer.access_token}` } })).json();
  assert.equal(seen.aud, API);
  step('the command of the page gets a token, and /whoami accepts it');

  await page.getByRole('link', { name: 'I have stored it' }).click();
  await page.getByRole('heading', { name: 'billing-worker' }).waitFor();
  assert.ok(!(await page.content()).includes(secret));
  await picture(page, '08-application');
  const application = page.url();

  const refusal = ask(`${secret}x`);
  assert.equal(refusal.error, 'invalid_client');
  await page.goto(`${base}/log`);
  const row = page.locator('tr', { hasText: 'Issued' }).first();
  await row.waitFor();
  await picture(page, '09-log');
  await row.getByRole('link', { name: /Details/ }).click();
  await page.getByText(seen.jti).first().waitFor();
  await page.goto(`${base}/log/${seen.jti}`);
  assert.ok((await page.content()).includes('invoices:read'));
  await picture(page, '10-issued');
  await page.goto(`${base}/log?outcome=refused`);
  await page.getByRole('link', { name: /Why/ }).first().click();
  await page.locator('.ladder .fail').first().waitFor();
  assert.match(await page.locator('.ladder .fail').first().innerText(), /Secret/i);
  await picture(page, '11-refused');
  quiet();
  step('the token has its row, and the wrong secret its reason');

  const auditor = 'vera@example.com';
  await page.goto(`${base}/people/new`);
  await page.getByLabel('Email address').fill(auditor);
  await page.getByLabel('Name', { exact: true }).fill('Vera');
  await page.locator('[name=role]').first().evaluate((field) => {
    if (field.tagName === 'SELECT') field.value = 'auditor';
    else document.querySelector('[name=role][value=auditor]').checked = true;
  });
  await page.locator('input[type=password]').first().fill(PASSWORD);
  await page.locator('main button.go').click();
  await page.goto(`${base}/people`);
  await page.getByText('Vera').first().waitFor();
  await picture(page, '12-people');
  quiet();
  step('an auditor may sign in');

  // The same forms without a script.
  const plain = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
  listen(plain);
  await plain.goto(`${base}/applications?q=billing`);
  await plain.fill('[name=email]', 'ada@example.com');
  await plain.fill('[name=password]', PASSWORD);
  await plain.click('button.go');
  await plain.getByText('billing-worker').first().waitFor();
  assert.equal(plain.url(), `${base}/applications?q=billing`);
  await plain.fill('#q', 'nothing like it');
  await plain.click('.filters .apply button');
  await plain.getByText('No application matches').waitFor();
  await plain.goto(`${base}/apis/new`);
  await plain.fill('[name=identifier]', 'https://api.example.com/ledger');
  await plain.fill('[name=name]', 'Ledger API');
  await plain.fill('[name=scopes]', 'ledger:read');
  await plain.click('main button.go');
  await plain.getByText('Ledger API is registered.').waitFor();
  await plain.goto(`${application}/access`);
  await plain.locator('label', { hasText: 'ledger:read' }).locator('input').check();
  await plain.click('main button.go');
  await plain.getByText('Access is saved.').waitFor();
  await plain.goto(`${application}/suspension`);
  await plain.click('main button.stop');
  await plain.getByText('The application is suspended.').waitFor();
  assert.equal(ask(secret).error, 'invalid_client');
  await plain.click('.rail form[action="/sign-out"] button');
  await plain.getByRole('heading', { name: 'Sign in' }).waitFor();
  quiet();
  step('everything works without a script');

  const watching = await (await browser.newContext()).newPage();
  listen(watching);
  await watching.goto(`${base}/sign-in`);
  await watching.fill('[name=email]', auditor);
  await watching.fill('[name=password]', PASSWORD);
  await watching.click('button.go');
  await watching.getByRole('heading', { name: 'Overview' }).waitFor();
  await watching.goto(application);
  assert.equal(await watching.locator('main form[method=post], main a.go, main a.stop').count(), 0);
  assert.equal((await watching.goto(`${application}/edit`)).status(), 403);
  quiet(/403/);
  step('an auditor sees it all and changes nothing');
} finally {
  await browser.close();
  server.kill('SIGTERM');
}
assert.equal(await stopped, 0);
step('told to stop, the server exits with success');

// Nothing secret in the database, its log of writes, or the server's own log.
const leaks = fs.readdirSync(folder).filter((name) => {
  const bytes = fs.readFileSync(path.join(folder, name), 'latin1');
  return /csk_[A-Za-z0-9_-]{43}/.test(bytes) || bytes.includes(PASSWORD) || bytes.includes('eyJ0eXAiOiJhdCtqd3Qi');
});
assert.deepEqual(leaks, []);
step('no secret, password or token is in any file of the server');
fs.rmSync(folder, { recursive: true });
console.log(`journey: ${passed} passed, 0 failed`);
