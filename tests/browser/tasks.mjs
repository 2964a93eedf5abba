// Five daily tasks with the keyboard alone, and again without JavaScript. Nothing
// here clicks: each control is reached with the Tab key, and must be seen there.
// Then what an empty installation costs until its first token.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { PASSWORD } from './console.mjs';
import { run } from './run.mjs';

const API = 'https://api.example.com/billing';
const MOST = { presses: 4, fields: 4 };

// What has the focus: what it is called, and whether somebody can see that.
const focused = (page) => page.evaluate(() => {
  const n = document.activeElement;
  if (!n || n === document.body) return null;
  const text = (node) => node?.innerText?.trim().replace(/\s+/g, ' ') ?? '';
  const group = n.closest('fieldset')?.querySelector('legend');
  const name = n.getAttribute('aria-label') || text(n.labels?.[0]) || text(n) || n.name || '';
  const target = n.matches('input[type=radio],input[type=checkbox]') ? n.closest('label') ?? n : n;
  const shown = (node) => { const s = getComputedStyle(node); return (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== 'none'; };
  const box = target.getBoundingClientRect();
  const x = Math.min(Math.max(box.left + Math.min(box.width / 2, 20), 1), innerWidth - 1);
  const y = Math.min(Math.max(box.top + box.height / 2, 1), innerHeight - 1);
  const top = document.elementFromPoint(x, y);
  return {
    name,
    group: text(group),
    kind: n.type || n.tagName.toLowerCase(),
    checked: n.checked,
    // A field may leave its ring to the box that it stands in.
    isSeen: [n, target, n.parentElement, n.parentElement?.parentElement].some((node) => node && shown(node)),
    isFree: box.bottom > 0 && box.top < innerHeight && Boolean(top) && (target.contains(top) || top.contains(target)),
  };
});

// A person who has a keyboard only.
class Person {
  constructor(page, base) {
    Object.assign(this, { page, base, presses: 0, fields: 0 });
  }

  // Tabs on to the control that is called so.
  async reach(name, { kinds, most = 150 } = {}) {
    const is = (text) => (name instanceof RegExp ? name.test(text) : text === name || text.startsWith(`${name} `));
    const passed = [];
    for (let n = 0; n < most; n += 1) {
      await this.page.keyboard.press('Tab');
      const on = await focused(this.page);
      // From the last control on, the focus goes round by the browser's own.
      if (!on) continue;
      assert.ok(on.isSeen, `nobody sees the focus on “${on.name}” of ${this.page.url()}`);
      passed.push(on.name);
      if (is(on.name) && (!kinds || kinds.includes(on.kind))) {
        assert.ok(on.isFree, `“${on.name}” is covered on ${this.page.url()}`);
        return on;
      }
    }
    return assert.fail(`no “${name}” on ${this.page.url()} among ${passed.slice(0, 60).join(' | ')}`);
  }

  async type(name, text) {
    const on = await this.reach(name, { kinds: ['text', 'email', 'password', 'search', 'textarea', 'number', 'url'] });
    if (on.kind !== 'textarea') await this.page.keyboard.press('Control+a');
    await this.page.keyboard.type(text);
    this.fields += 1;
  }

  async press(name) {
    await this.reach(name, { kinds: ['submit', 'a'] });
    await this.enter();
  }

  async enter() {
    this.presses += 1;
    await Promise.all([this.page.waitForNavigation({ waitUntil: 'load' }), this.page.keyboard.press('Enter')]);
  }

  async tick(name) {
    await this.reach(name, { kinds: ['checkbox'] });
    await this.page.keyboard.press('Space');
    this.presses += 1;
  }

  async sees(text) {
    await this.page.getByText(text).first().waitFor({ timeout: 10_000 });
  }

  async signIn(email) {
    await this.page.goto(`${this.base}/sign-in`);
    await this.type('Email address', email);
    await this.type('Password', PASSWORD);
    await this.press('Sign in');
    await this.sees('Overview');
  }

  async signOut() {
    await this.press('Sign out');
    await this.sees('Email address');
  }
}

const fiveTasks = async (run, server, person, how) => {
  const { page } = person;
  let application, secret;

  await run.step(`${how}: register an API with two scopes`, async () => {
    await person.press('APIs');
    await person.press('New API');
    await person.type('Identifier', `${API}/${how.replaceAll(' ', '-')}`);
    await person.type('Name', `Billing ${how}`);
    await person.type('Scopes', 'invoices:read Read invoices\ninvoices:write Raise invoices');
    await person.press('Register API');
    await person.sees('invoices:write');
  });

  await run.step(`${how}: register an application, and get a token with the command of the page`, async () => {
    await person.press('Applications');
    await person.press('New application');
    await person.type('Name', `worker ${how}`);
    // The scopes of the API just made.
    await person.reach(/invoices:read/, { kinds: ['checkbox'] });
    let on = await focused(page);
    while (!(await page.evaluate((text) => document.activeElement.closest('.sheet, fieldset, section')?.innerText.includes(text) ?? false, `Billing ${how}`))) {
      on = await person.reach(/invoices:read/, { kinds: ['checkbox'] });
    }
    assert.match(on.name, /invoices:read/);
    await page.keyboard.press('Space');
    await person.press('Create and show secret');
    await person.sees('Store this secret now');
    secret = (await page.locator('#sv').innerText()).trim();
    const command = await page.locator('#tv').textContent();
    const answer = JSON.parse(execFileSync('bash', ['-c', command], { input: `${secret}\n`, stdio: ['pipe', 'pipe', 'ignore'] }));
    assert.equal(answer.scope, 'invoices:read');
    await person.press('I have stored it');
    application = page.url();
  });

  await run.step(`${how}: roll its secret with an overlap, and revoke the old one`, async () => {
    await person.press(/^Rotate/);
    await person.type('Name of the new one', 'autumn');
    await person.press('Rotate and show secret');
    await person.sees('Store this secret now');
    const old = secret;
    secret = (await page.locator('#sv').innerText()).trim();
    assert.notEqual(secret, old);
    const id = application.split('/').pop();
    const both = await Promise.all([old, secret].map((value) => server.token(id, value, {})));
    assert.deepEqual(both.map((answer) => answer.scope), ['invoices:read', 'invoices:read']);
    await person.press('I have stored it');
    await person.press(/^Revoke secret initial/);
    await person.press('Revoke secret');
    await person.sees('autumn');
    // Servers hear of a revocation within a second.
    for (let n = 0; n < 40 && !(await server.token(id, old, {})).error; n += 1) await page.waitForTimeout(50);
    assert.equal((await server.token(id, old, {})).error, 'invalid_client');
    assert.equal((await server.token(id, secret, {})).scope, 'invoices:read');
  });

  await run.step(`${how}: from the request ID of a failing client to what would mend it`, async () => {
    const refusal = await server.token(application.split('/').pop(), secret, { scope: 'invoices:write' });
    assert.equal(refusal.error, 'invalid_scope');
    const [requestId] = refusal.error_description.match(/req_\w+/);
    await page.goto(`${server.base}/`);
    await person.type('Search', requestId);
    await person.enter();
    if (!page.url().includes('/log/')) await person.press(/req_/);
    await person.sees('Scope refused');
    await person.press('Review access');
    await person.sees('invoices:write');
  });

  await run.step(`${how}: as an auditor, what was granted in 90 days, as a file`, async () => {
    await person.signOut();
    await person.signIn('vera@example.com');
    await person.press('Reports');
    await person.press('Scopes granted');
    const day = (ago) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
    await person.type('From, UTC', day(90));
    await person.type('To, UTC, inclusive', day(0));
    await person.press('Answer');
    await person.sees(`worker ${how}`);
    await person.reach('CSV', { kinds: ['a'] });
    const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
    const rows = fs.readFileSync(await download.path(), 'utf8').trim().split('\n');
    assert.ok(rows.some((row) => row.includes(`worker ${how}`) && row.includes('invoices:read')), rows.join('\n'));
    await person.signOut();
  });
};

await run('tasks', async (run) => {
  const server = await run.server();
  const viewport = { width: 1440, height: 900 };
  const page = await run.visitor({ viewport });
  const ada = new Person(page, server.base);
  await run.step('the set-up link, with the keyboard', async () => {
    await page.goto(await server.link);
    await ada.type('Your name', 'Ada Okafor');
    await ada.type('Email address', 'ada@example.com');
    await ada.type('Password', PASSWORD);
    await ada.press('Continue');
    await ada.sees('Three steps');
  });

  await run.step('an empty installation costs few presses and fields until its first token', async () => {
    Object.assign(ada, { presses: 0, fields: 0 });
    await ada.press('New application');
    await ada.type('Name', 'first-worker');
    await ada.type('Identifier of the API', API);
    await ada.type('Name of the API', 'Billing API');
    await ada.type('Scopes', 'invoices:read');
    await ada.press('Create and show secret');
    await ada.sees('Store this secret now');
    const command = await page.locator('#tv').textContent();
    const secret = (await page.locator('#sv').innerText()).trim();
    const answer = JSON.parse(execFileSync('bash', ['-c', command], { input: `${secret}\n`, stdio: ['pipe', 'pipe', 'ignore'] }));
    assert.equal(answer.scope, 'invoices:read');
    assert.ok(ada.presses <= MOST.presses, `${ada.presses} presses`);
    assert.ok(ada.fields <= MOST.fields, `${ada.fields} fields`);
    console.log(`   ${ada.presses} presses, ${ada.fields} fields`);
    await page.getByText(/First token at/).waitFor();
    await ada.press('I have stored it');
  });

  server.run('administrator', 'create', '--email', 'vera@example.com', '--name', 'Vera', '--role', 'auditor');
  await fiveTasks(run, server, ada, 'keyboard');
  const plain = new Person(await run.visitor({ viewport, javaScriptEnabled: false }), server.base);
  await plain.signIn('ada@example.com');
  await fiveTasks(run, server, plain, 'no script');
});
