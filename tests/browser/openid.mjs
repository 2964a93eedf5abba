// Sign-in through a real OpenID provider, `oidc-provider`, on a site of its own:
// the console is at localhost, the provider at 127.0.0.1.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Provider } from 'oidc-provider';
import { PASSWORD, launch, start } from './console.mjs';

const { SCREENSHOTS } = process.env;
const AXE = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'];
const SECRET = 'a secret of the journey, and nobody else';

let passed = 0;
const step = async (what, act) => {
  try {
    await act();
  } catch (error) {
    console.log(`FAILED ${what}`);
    throw error;
  }
  passed += 1;
  console.log(`ok ${what}`);
};

let pictures = 0;
const look = async (page, name) => {
  const number = String((pictures += 1)).padStart(2, '0');
  for (const [colorScheme, width] of [['light', 1440], ['dark', 1440], ['light', 390]]) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 900 });
    const file = `openid-${number}-${name}-${colorScheme}-${width}.png`;
    await page.screenshot({ path: path.join(SCREENSHOTS, file), fullPage: true });
    await page.evaluate(AXE);
    const { violations } = await page.evaluate((values) => axe.run({ runOnly: { type: 'tag', values } }), WCAG);
    assert.deepEqual(violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => html) })), [], `axe, ${file}`);
  }
  await page.setViewportSize({ width: 320, height: 800 });
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(over <= 0, `${name} is ${over} px too wide at 320 px`);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1440, height: 900 });
};

// Who is in which group; a test changes it.
const groups = { grace: ['staff'], boss: ['bosses'], nobody: [] };
const names = { grace: 'Grace Hopper', boss: 'Ada Okafor', nobody: 'Nobody' };

const listening = await new Promise((resolve) => {
  const server = http.createServer().listen(0, '127.0.0.1', () => resolve(server));
});
const issuer = `http://127.0.0.1:${listening.address().port}`;

// The console's port is known once it listens, and the provider wants to know it.
let provider;
listening.on('request', (request, answer) => provider.callback()(request, answer));
const serve = (base) => {
  provider = new Provider(issuer, {
    clients: [{
      client_id: 'countersign',
      client_secret: SECRET,
      redirect_uris: [`${base}/session/openid/callback`],
      response_types: ['code'],
      grant_types: ['authorization_code'],
    }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
    scopes: ['openid', 'groups'],
    cookies: { keys: ['of this journey'] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: true, name: names[id] ?? id, groups: groups[id] ?? [] }),
    }),
  });
};

const settings = {
  COUNTERSIGN_OPENID_ISSUER: issuer,
  COUNTERSIGN_OPENID_CLIENT_ID: 'countersign',
  COUNTERSIGN_OPENID_CLIENT_SECRET: SECRET,
  COUNTERSIGN_OPENID_SCOPES: 'openid profile email groups',
  COUNTERSIGN_OPENID_NAME: 'Example ID',
  COUNTERSIGN_OPENID_ROLE_CLAIM: 'groups',
  COUNTERSIGN_OPENID_ROLES: 'bosses=owner, ops=admin, staff=auditor',
  COUNTERSIGN_OPENID_CREATE_ACCOUNTS: 'true',
  COUNTERSIGN_OPENID_ALLOW_PRIVATE: 'true',
};

// At the provider: says who one is, and agrees to what is told of one.
const answer = async (page, who) => {
  for (let asked = 0; asked < 5; asked += 1) {
    await page.waitForLoadState('load');
    if (!page.url().startsWith(issuer)) return;
    const name = page.locator('input[name=login]');
    if (await name.count()) {
      await name.fill(who);
      await page.locator('input[name=password]').fill('any will do');
    }
    await Promise.all([page.waitForNavigation(), page.locator('[type=submit]').first().click()]);
  }
};
const signIn = async (page, base, who) => {
  await page.goto(`${base}/sign-in`);
  await page.getByRole('button', { name: 'Sign in with Example ID' }).click();
  await page.waitForURL((url) => url.href.startsWith(issuer) || url.pathname !== '/session/openid');
  await answer(page, who);
};

// The link to the provider, without going there.
const linkOf = async (page, base) => {
  const html = await (await page.request.post(`${base}/session/openid`, { headers: { origin: base }, form: { next: '/' } })).text();
  return new URL(html.match(/<a class="btn go" href="([^"]+)"/)[1].replaceAll('&#38;', '&').replaceAll('&amp;', '&'));
};
// Where the provider sends this browser back to, without going there.
const wayBack = async (page, base, link) => {
  let url = link.href;
  for (let hop = 0; hop < 5 && !url.startsWith(base); hop += 1) {
    const answer = await page.request.get(url, { maxRedirects: 0 });
    url = new URL(answer.headers().location, url).href;
  }
  return new URL(url);
};
const refused = async (page) => {
  await page.getByRole('heading', { name: 'That did not sign you in' }).waitFor();
  assert.match(await page.content(), /req_[0-9A-Z]{26}/);
};

const console_ = await start(settings);
serve(console_.base);
const browser = await launch();
try {
  await console_.link;
  const { base } = console_;
  const visitor = async () => (await browser.newContext({ reducedMotion: 'reduce' })).newPage();
  const page = await visitor();
  const reasons = () => console_.run('audit', 'export', '--format', 'jsonl').split('\n').filter((line) => line.includes('session.denied'))
    .map((line) => line.match(/\\?"reason\\?":\\?"(\w+)/)[1]);

  await step('the provider answers, and the sign-in page offers it', async () => {
    const { checks } = console_.told('check');
    assert.equal(checks.find(({ check }) => check === 'OpenID provider').result, 'ok');
    await page.goto(`${base}/sign-in`);
    await look(page, 'sign-in');
  });

  await step('who comes for the first time gets an account, with the role of the claim', async () => {
    await signIn(page, base, 'grace');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.goto(`${base}/profile`);
    await page.getByText('Known there as').waitFor();
    assert.match(await page.content(), /Auditor/);
    await look(page, 'profile');
  });

  await step('another role at the provider is another role here, and ends other sessions', async () => {
    groups.grace = ['ops'];
    const second = await visitor();
    await signIn(second, base, 'grace');
    await second.goto(`${base}/profile`);
    assert.match(await second.content(), /Admin/);
    await page.goto(`${base}/profile`);
    assert.match(page.url(), /sign-in/);
  });

  await step('who has no role is told no more than that', async () => {
    const other = await visitor();
    await signIn(other, base, 'nobody');
    await refused(other);
    await look(other, 'refused');
    assert.equal(reasons().pop(), 'openid_no_role');
  });

  // From here on the provider knows this browser, and asks nothing.
  await signIn(page, base, 'grace');
  await page.getByRole('heading', { name: 'Overview' }).waitFor();

  await step('a nonce that is not ours signs nobody in', async () => {
    const link = await linkOf(page, base);
    link.searchParams.set('nonce', 'of-somebody-else');
    await page.goto(link.href);
    await refused(page);
    assert.equal(reasons().pop(), 'openid_wrong_nonce');
  });

  await step('nor does a state that nobody made', async () => {
    const link = await linkOf(page, base);
    link.searchParams.set('state', 'of-somebody-else');
    await page.goto(link.href);
    await refused(page);
    assert.equal(reasons().pop(), 'openid_unknown_state');
  });

  await step('nor a way back that was gone, in this browser or in another', async () => {
    const back = await wayBack(page, base, await linkOf(page, base));
    const other = await visitor();
    await other.goto(back.href);
    await refused(other);
    assert.equal(reasons().pop(), 'openid_other_browser');
    await page.goto(back.href);
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.goto(back.href);
    await refused(page);
    const fresh = await wayBack(page, base, await linkOf(page, base));
    fresh.searchParams.set('code', back.searchParams.get('code'));
    await page.goto(fresh.href);
    await refused(page);
    assert.equal(reasons().pop(), 'openid_code_refused');
  });

  await step('who confirms is asked there anew', async () => {
    await signIn(page, base, 'grace');
    await page.goto(`${base}/session/confirmation?next=%2Fprofile`);
    await look(page, 'confirmation');
    await page.getByRole('button', { name: 'Confirm with Example ID' }).click();
    await page.waitForURL((url) => url.href.startsWith(issuer));
    await page.locator('input[name=login]').waitFor();
    await answer(page, 'grace');
    assert.equal(page.url(), `${base}/profile`);
  });
} finally {
  await console_.stop();
}

// The same people, and a policy.
const strict = await start({ ...settings, COUNTERSIGN_OPENID_ONLY: 'true' });
serve(strict.base);
try {
  const { base } = strict;
  await strict.link;
  await step('only through the provider, but for the break-glass account', async () => {
    strict.run('administrator', 'create', '--email', 'old@example.com', '--name', 'Old', '--role', 'admin');
    strict.run('administrator', 'break-glass', 'glass@example.com', '--name', 'Break glass');
    const page = await (await browser.newContext({ reducedMotion: 'reduce' })).newPage();
    await page.goto(`${base}/sign-in`);
    await look(page, 'only-through-the-provider');
    const by = async (email) => {
      await page.goto(`${base}/sign-in`);
      await page.getByText('With a break-glass account').click();
      await page.getByLabel('Email address').fill(email);
      await page.getByLabel('Password').fill(PASSWORD);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    };
    await by('old@example.com');
    await page.getByText('There is a problem').waitFor();
    await by('glass@example.com');
    await page.getByText('The break-glass account Break glass was used').waitFor();
    await look(page, 'overview');
  });

  await step('a provider that is away is said to be', async () => {
    await new Promise((resolve) => { listening.close(resolve); listening.closeAllConnections(); });
    // A server that did not ask yet.
    const late = await start(settings);
    try {
      await late.link;
      const page = await (await browser.newContext({ reducedMotion: 'reduce' })).newPage();
      await page.goto(`${late.base}/sign-in`);
      await page.getByRole('button', { name: 'Sign in with Example ID' }).click();
      await page.getByRole('heading', { name: 'The sign-in provider does not answer' }).waitFor();
      await look(page, 'away');
    } finally {
      await late.stop();
      late.forget();
    }
  });
} finally {
  await browser.close();
  await strict.stop();
}

await step('no secret is in a file of the server', () => {
  for (const server of [console_, strict]) {
    for (const file of server.files()) assert.ok(!fs.readFileSync(file).includes(SECRET), file);
    server.forget();
  }
});
console.log(`${passed} steps passed`);
process.exit(0);
