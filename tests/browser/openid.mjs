// Sign-in through a real OpenID provider, `oidc-provider`, on a site of its own:
// the console is at localhost, the provider at 127.0.0.1.
import assert from 'node:assert/strict';
import http from 'node:http';
import { Provider } from 'oidc-provider';
import { PASSWORD } from './console.mjs';
import { collect, filesKeepThem } from './leaks.mjs';
import { run } from './run.mjs';

const SECRET = 'a secret of the journey, and nobody else';

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
const through = async (page, base, who) => {
  await page.goto(`${base}/sign-in`);
  await page.getByRole('button', { name: 'Sign in with Example ID' }).click();
  await page.waitForURL((url) => url.href.startsWith(issuer) || !['/sign-in', '/session/openid'].includes(url.pathname));
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

await run('openid', async (run) => {
  run.allow(issuer);
  const server = await run.server(settings);
  const { base } = server;
  serve(base);
  const page = await run.visitor();
  const refused = async (visitor, reason) => {
    await visitor.getByRole('heading', { name: 'That did not sign you in' }).waitFor();
    assert.match(await visitor.content(), /req_[0-9A-Z]{26}/);
    run.quiet(/ 4\d\d /);
    if (reason) assert.equal(reasons().pop(), reason);
  };
  const reasons = () => server.run('audit', 'export', '--format', 'jsonl').split('\n').filter((line) => line.includes('session.denied'))
    .map((line) => line.match(/\\?"reason\\?":\\?"(\w+)/)[1]);

  await run.step('the provider answers, and the sign-in page offers it', async () => {
    const { checks } = await server.asked('check');
    assert.equal(checks.find(({ check }) => check === 'OpenID provider').result, 'ok');
    await page.goto(`${base}/sign-in`);
    await run.look(page, 'sign-in');
  });

  await run.step('who comes for the first time gets an account, with the role of the claim', async () => {
    await through(page, base, 'grace');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.goto(`${base}/profile`);
    await page.getByText('Known there as').waitFor();
    assert.match(await page.content(), /Auditor/);
    await run.look(page, 'profile');
  });

  await run.step('another role at the provider is another role here, and ends other sessions', async () => {
    groups.grace = ['ops'];
    const second = await run.visitor();
    await through(second, base, 'grace');
    await second.goto(`${base}/profile`);
    assert.match(await second.content(), /Admin/);
    await page.goto(`${base}/profile`);
    assert.match(page.url(), /sign-in/);
  });

  await run.step('who has no role is told no more than that', async () => {
    const other = await run.visitor();
    await through(other, base, 'nobody');
    await refused(other, 'openid_no_role');
    await run.look(other, 'refused');
  });

  // From here on the provider knows this browser, and asks nothing.
  await through(page, base, 'grace');
  await page.getByRole('heading', { name: 'Overview' }).waitFor();

  await run.step('a nonce that is not ours signs nobody in', async () => {
    const link = await linkOf(page, base);
    link.searchParams.set('nonce', 'of-somebody-else');
    await page.goto(link.href);
    await refused(page, 'openid_wrong_nonce');
  });

  await run.step('nor does a state that nobody made', async () => {
    const link = await linkOf(page, base);
    link.searchParams.set('state', 'of-somebody-else');
    await page.goto(link.href);
    await refused(page, 'openid_unknown_state');
  });

  await run.step('nor a way back that was gone, in this browser or in another', async () => {
    const back = await wayBack(page, base, await linkOf(page, base));
    const other = await run.visitor();
    await other.goto(back.href);
    await refused(other, 'openid_other_browser');
    await page.goto(back.href);
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.goto(back.href);
    await refused(page);
    const fresh = await wayBack(page, base, await linkOf(page, base));
    fresh.searchParams.set('code', back.searchParams.get('code'));
    await page.goto(fresh.href);
    await refused(page, 'openid_code_refused');
  });

  await run.step('who confirms is asked there anew', async () => {
    await through(page, base, 'grace');
    await page.goto(`${base}/session/confirmation?next=%2Fprofile`);
    await run.look(page, 'confirmation');
    await page.getByRole('button', { name: 'Confirm with Example ID' }).click();
    await page.waitForURL((url) => url.href.startsWith(issuer));
    await page.locator('input[name=login]').waitFor();
    await answer(page, 'grace');
    assert.equal(page.url(), `${base}/profile`);
  });

  // The same people, and a policy.
  const strict = await run.server({ ...settings, COUNTERSIGN_OPENID_ONLY: 'true' });
  await run.step('only through the provider, but for the break-glass account', async () => {
    strict.run('administrator', 'create', '--email', 'old@example.com', '--name', 'Old', '--role', 'admin');
    strict.run('administrator', 'break-glass', 'glass@example.com', '--name', 'Break glass');
    serve(strict.base);
    const page = await run.visitor();
    await page.goto(`${strict.base}/sign-in`);
    await run.look(page, 'only-through-the-provider');
    const by = async (email) => {
      await page.goto(`${strict.base}/sign-in`);
      await page.getByText('With a break-glass account').click();
      await page.getByLabel('Email address').fill(email);
      await page.getByLabel('Password').fill(PASSWORD);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    };
    await by('old@example.com');
    await page.getByText('There is a problem').waitFor();
    run.quiet(/ 4\d\d /);
    await by('glass@example.com');
    await page.getByText('The break-glass account Break glass was used').waitFor();
    await run.look(page, 'overview');
  });

  await run.step('a provider that is away is said to be', async () => {
    await new Promise((resolve) => { listening.close(resolve); listening.closeAllConnections(); });
    // A server that did not ask yet.
    const late = await run.server(settings);
    const page = await run.visitor();
    await page.goto(`${late.base}/sign-in`);
    await page.getByRole('button', { name: 'Sign in with Example ID' }).click();
    await page.getByRole('heading', { name: 'The sign-in provider does not answer' }).waitFor();
    run.quiet(/ 5\d\d /);
    await run.look(page, 'away');
  });

  await run.step('no secret is on a page, in a file of a server, or in an export', async () => {
    run.secrets.add(SECRET);
    const { answers } = await collect(run);
    assert.ok(answers > 20, `${answers} answers`);
    await run.stop();
    filesKeepThem(run, server, 'grace@example.com');
    filesKeepThem(run, strict, 'glass@example.com');
  });
});
process.exit();
