// Passkeys end to end, with the authenticator that the browser has for tests
// (Web Authentication Level 3, §11): made in the console, then alone, after the
// password, to confirm, and no more once they are removed.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { PASSWORD, launch, start } from './console.mjs';

const { SCREENSHOTS } = process.env;
const AXE = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'];
const EMAIL = 'ada@example.com';

const server = await start({ COUNTERSIGN_SECOND_FACTOR_REQUIRED: 'auditor' });
const { base } = server;
const complaints = [];
const quiet = (expected) =>
  assert.deepEqual(complaints.splice(0).filter((text) => !expected?.test(text)), []);

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

let pictures = 0;
const look = async (page, name) => {
  const number = String((pictures += 1)).padStart(2, '0');
  for (const [colorScheme, width] of [['light', 1440], ['dark', 1440], ['light', 390]]) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 900 });
    const file = `${number}-passkeys-${name}-${colorScheme}-${width}.png`;
    await page.screenshot({ path: path.join(SCREENSHOTS, file), fullPage: true });
    await page.evaluate(AXE);
    const { violations } = await page.evaluate((values) => axe.run({ runOnly: { type: 'tag', values } }), TAGS);
    const told = violations.map(({ id, help, nodes }) =>
      ({ id, help, nodes: nodes.map(({ target, failureSummary }) => `${target}: ${failureSummary}`) }));
    assert.deepEqual(told, [], `axe, ${file}`);
  }
  await page.setViewportSize({ width: 320, height: 800 });
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(over <= 0, `${name} is ${over} px too wide at 320 px`);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1440, height: 900 });
};

const browser = await launch();
const visitor = async (options) => {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error}`));
  page.on('console', (message) => message.type() === 'error' && complaints.push(`${page.url()}: ${message.text()}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${base}/`)) complaints.push(`asked for ${request.url()}`);
  });
  return page;
};

// Somebody's device: it asks nobody, and says that its person is there.
const device = async (page, options) => {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable', { enableUI: false });
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true,
      isUserVerified: true, automaticPresenceSimulation: true, ...options,
    },
  });
  const set = (verified) => cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: verified });
  const present = (enabled) => cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled });
  const keys = async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials;
  const add = (credential) => cdp.send('WebAuthn.addCredential', { authenticatorId, credential });
  const remove = () => cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
  return { set, present, keys, add, remove };
};

const password = async (page, email) => {
  await page.goto(`${base}/sign-in`);
  await page.getByLabel('Email address').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
};
const signOut = (page) => page.getByRole('button', { name: 'Sign out' }).click();

try {
  server.told('administrator', 'create', '--email', EMAIL, '--name', 'Ada Okafor', '--role', 'owner');
  server.told('administrator', 'create', '--email', 'vera@example.com', '--name', 'Vera', '--role', 'auditor');
  const page = await visitor();
  let keys = await device(page);

  await step('a passkey is made on one\'s account, and recovery codes come with it', async () => {
    await password(page, EMAIL);
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.goto(`${base}/profile`);
    await look(page, 'none');
    await page.getByRole('link', { name: 'Add a passkey' }).click();
    await page.getByLabel('Name (optional)').fill('Work laptop');
    await look(page, 'new');
    await page.getByRole('button', { name: 'Make the passkey' }).click();
    await page.getByRole('heading', { name: 'Recovery codes' }).waitFor();
    assert.equal(await page.locator('.codes li').count(), 10);
    await page.goto(`${base}/profile`);
    await page.getByText('Work laptop').first().waitFor();
    await look(page, 'one');
    const [key] = await keys.keys();
    assert.equal(key.rpId, 'localhost');
    assert.equal(key.isResidentCredential, true);
  });

  await step('the same device is not registered twice', async () => {
    await page.goto(`${base}/profile/passkeys/new`);
    await page.getByRole('button', { name: 'Make the passkey' }).click();
    await page.getByText('There is a passkey of yours already.').waitFor();
    await look(page, 'twice');
  });

  await step('it signs in alone, with the keyboard alone', async () => {
    // Until a button is pressed nobody is there: else the autofill would be first.
    await keys.present(false);
    await signOut(page);
    const button = page.getByRole('button', { name: 'Sign in with a passkey' });
    await button.waitFor();
    await look(page, 'sign-in');
    await button.focus();
    await keys.present(true);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
  });

  await step('the field for the address offers it without a button', async () => {
    await signOut(page);
    // Somebody is there, and the browser asked when the page was opened.
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
  });

  await step('after the password it is the second factor', async () => {
    await keys.present(false);
    await signOut(page);
    await password(page, EMAIL);
    await page.getByRole('heading', { name: 'Second factor' }).waitFor();
    await look(page, 'second-factor');
    await keys.present(true);
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
  });

  await step('its person has to be verified', async () => {
    await keys.present(false);
    await signOut(page);
    await password(page, EMAIL);
    await keys.set(false);
    await keys.present(true);
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByText('No passkey was chosen, or it took too long. Try again.').waitFor();
    await look(page, 'not-verified');
    await keys.set(true);
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
  });

  await step('it confirms who somebody is', async () => {
    await page.goto(`${base}/session/confirmation?next=%2Fprofile`);
    await look(page, 'confirmation');
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByRole('heading', { name: 'Your account' }).waitFor();
  });

  await step('a copy whose counter is behind is refused', async () => {
    const [key] = await keys.keys();
    await keys.remove();
    keys = await device(page);
    await keys.present(false);
    await keys.add({ ...key, signCount: 0 });
    await signOut(page);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor();
    await keys.present(true);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.getByText('This passkey was not accepted.').first().waitFor();
    quiet(/422/);
    await keys.present(false);
    const denied = server.told('audit', 'list').filter((row) => row.code === 'session.denied');
    assert.equal(denied[0]?.reason, 'cloned_passkey');
    await keys.remove();
    keys = await device(page);
    await keys.present(false);
    await keys.add(key);
  });

  await step('a removed passkey opens nothing', async () => {
    await page.goto(`${base}/sign-in`);
    await keys.present(true);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.goto(`${base}/profile`);
    await page.getByRole('link', { name: 'Rename Work laptop' }).click();
    await look(page, 'rename');
    await page.getByLabel('Name', { exact: true }).fill('Old laptop');
    await page.getByRole('button', { name: 'Rename' }).click();
    await page.getByRole('link', { name: 'Remove Old laptop' }).click();
    await look(page, 'remove');
    await page.getByRole('button', { name: 'Remove' }).click();
    await page.getByText('The passkey “Old laptop” is removed.').waitFor();
    await keys.present(false);
    await signOut(page);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor();
    await keys.present(true);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.getByText('This passkey was not accepted.').first().waitFor();
    quiet(/422/);
    await keys.present(false);
    await look(page, 'refused');
  });

  await step('a role that needs a factor makes a passkey at the first sign-in', async () => {
    const vera = await visitor();
    const own = await device(vera);
    await password(vera, 'vera@example.com');
    await vera.getByRole('heading', { name: 'Set up a second factor' }).waitFor();
    await look(vera, 'enrolment');
    await vera.getByRole('button', { name: 'Make a passkey and sign in' }).click();
    await vera.getByRole('heading', { name: 'Recovery codes' }).waitFor();
    await vera.getByRole('link', { name: 'Go on' }).click();
    await vera.getByRole('heading', { name: 'Overview' }).waitFor();
    assert.equal((await own.keys()).length, 1);
    await vera.context().close();
  });

  await step('an owner sees who has what', async () => {
    await password(page, EMAIL);
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.goto(`${base}/people`);
    await look(page, 'people');
    await page.getByRole('link', { name: 'Vera' }).click();
    await page.getByText(/^Passkey /).first().waitFor();
    await look(page, 'person');
  });

  await step('without a script the page says what there is instead', async () => {
    const plain = await visitor({ javaScriptEnabled: false });
    await plain.goto(`${base}/sign-in`);
    await plain.getByText('Passkeys need JavaScript').waitFor();
    assert.equal(await plain.getByRole('button', { name: 'Sign in with a passkey' }).isVisible(), false);
    await plain.context().close();
  });

  console.log(`passkeys: ${passed} passed, 0 failed`);
} catch (error) {
  process.exitCode = 1;
  console.error(error);
  console.error(`--- the server's log:\n${fs.readFileSync(server.log, 'utf8').split('\n').slice(-30).join('\n')}`);
  console.log(`passkeys: ${passed} passed, 1 failed`);
} finally {
  await browser.close();
  await server.stop();
  server.forget();
}
