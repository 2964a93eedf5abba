// Passkeys end to end, with the authenticator that the browser has for tests
// (Web Authentication Level 3, §11): made in the console, then alone, after the
// password, to confirm, and no more once they are removed. And an app with codes.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { collect, filesKeepThem } from './leaks.mjs';
import { run, signIn } from './run.mjs';

const EMAIL = 'ada@example.com';

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
  // There for one answer: what is refused is offered again at once.
  const once = async (act) => {
    const asserted = new Promise((resolve) => cdp.once('WebAuthn.credentialAsserted', resolve));
    await present(true);
    await act();
    await asserted;
    await present(false);
  };
  const keys = async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials;
  const add = (credential) => cdp.send('WebAuthn.addCredential', { authenticatorId, credential });
  const remove = () => cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
  return { set, present, once, keys, add, remove };
};

// Somebody is there or not when the browser asks. Goes to a sign-in page whose field
// for the address has asked already, while nobody was.
const offered = async (page, go) => {
  const asked = page.waitForResponse(/\/session\/passkey\/challenge$/);
  await go();
  await asked;
  await page.waitForTimeout(300);
};

// What an authenticator app shows in a step of 30 seconds (RFC 6238).
const codeOf = (key, step) => {
  const bits = [...key].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)))).update(counter).digest();
  return String((mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
};

const signOut = (page) => page.getByRole('button', { name: 'Sign out' }).click();

await run('passkeys', async (run) => {
  const server = await run.server({ COUNTERSIGN_SECOND_FACTOR_REQUIRED: 'auditor' });
  const { base } = server;
  server.told('administrator', 'create', '--email', EMAIL, '--name', 'Ada Okafor', '--role', 'owner');
  server.told('administrator', 'create', '--email', 'vera@example.com', '--name', 'Vera', '--role', 'auditor');
  server.told('administrator', 'create', '--email', 'otto@example.com', '--name', 'Otto', '--role', 'auditor');
  const page = await run.visitor();
  let keys = await device(page);

  await run.step('a passkey is made on one\'s account, and recovery codes come with it', async () => {
    await signIn(page, base, EMAIL);
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.goto(`${base}/profile`);
    await run.look(page, 'none');
    await page.getByRole('link', { name: 'Add a passkey' }).click();
    await page.getByLabel('Name (optional)').fill('Work laptop');
    await run.look(page, 'new');
    await page.getByRole('button', { name: 'Make the passkey' }).click();
    await page.getByRole('heading', { name: 'Recovery codes' }).waitFor();
    assert.equal(await page.locator('.codes li').count(), 10);
    await page.goto(`${base}/profile`);
    await page.getByText('Work laptop').first().waitFor();
    await run.look(page, 'one');
    const [key] = await keys.keys();
    assert.equal(key.rpId, 'localhost');
    assert.equal(key.isResidentCredential, true);
  });

  await run.step('the same device is not registered twice', async () => {
    await page.goto(`${base}/profile/passkeys/new`);
    await page.getByRole('button', { name: 'Make the passkey' }).click();
    await page.getByText('There is a passkey of yours already.').waitFor();
    await run.look(page, 'twice');
  });

  await run.step('it signs in alone, with the keyboard alone', async () => {
    // Until a button is pressed nobody is there: else the autofill would be first.
    await keys.present(false);
    await offered(page, () => signOut(page));
    await run.look(page, 'sign-in');
    await keys.present(true);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
  });

  await run.step('the field for the address offers it without a button', async () => {
    await signOut(page);
    // Somebody is there, and the browser asked when the page was opened.
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
  });

  await run.step('after the password it is the second factor', async () => {
    await keys.present(false);
    await signOut(page);
    await signIn(page, base, EMAIL);
    await page.getByRole('heading', { name: 'Second factor' }).waitFor();
    await run.look(page, 'second-factor');
    await keys.present(true);
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
  });

  await run.step('its person has to be verified', async () => {
    await keys.present(false);
    await signOut(page);
    await signIn(page, base, EMAIL);
    await keys.set(false);
    await keys.present(true);
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByText('No passkey was chosen, or it took too long. Try again.').waitFor();
    await run.look(page, 'not-verified');
    await keys.set(true);
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
  });

  await run.step('it confirms who somebody is', async () => {
    await page.goto(`${base}/session/confirmation?next=%2Fprofile`);
    await run.look(page, 'confirmation');
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByRole('heading', { name: 'Your account' }).waitFor();
  });

  await run.step('a copy whose counter is behind is refused', async () => {
    const [key] = await keys.keys();
    await keys.remove();
    keys = await device(page);
    await keys.present(false);
    await keys.add({ ...key, signCount: 0 });
    await offered(page, () => signOut(page));
    await keys.once(() => page.getByRole('button', { name: 'Sign in with a passkey' }).click());
    await page.getByText('This passkey was not accepted.').first().waitFor();
    run.quiet(/422/);
    const denied = server.told('audit', 'list').filter((row) => row.code === 'session.denied');
    assert.equal(denied[0]?.reason, 'cloned_passkey');
    await keys.remove();
    keys = await device(page);
    await keys.present(false);
    await keys.add(key);
  });

  await run.step('a removed passkey opens nothing', async () => {
    await keys.present(true);
    await page.goto(`${base}/sign-in`);
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.goto(`${base}/profile`);
    await page.getByRole('link', { name: 'Rename Work laptop' }).click();
    await run.look(page, 'rename');
    await page.getByLabel('Name', { exact: true }).fill('Old laptop');
    await page.getByRole('button', { name: 'Rename' }).click();
    await page.getByRole('link', { name: 'Remove Old laptop' }).click();
    await run.look(page, 'remove');
    await page.getByRole('button', { name: 'Remove' }).click();
    await page.getByText('The passkey “Old laptop” is removed.').waitFor();
    await keys.present(false);
    await offered(page, () => signOut(page));
    await keys.once(() => page.getByRole('button', { name: 'Sign in with a passkey' }).click());
    await page.getByText('This passkey was not accepted.').first().waitFor();
    run.quiet(/422/);
    await run.look(page, 'refused');
  });

  await run.step('a role that needs a factor makes a passkey at the first sign-in', async () => {
    const vera = await run.visitor();
    const own = await device(vera);
    await signIn(vera, base, 'vera@example.com');
    await vera.getByRole('heading', { name: 'Set up a second factor' }).waitFor();
    await run.look(vera, 'enrolment');
    await vera.getByRole('button', { name: 'Make a passkey and sign in' }).click();
    await vera.getByRole('heading', { name: 'Recovery codes' }).waitFor();
    await vera.getByRole('link', { name: 'Go on' }).click();
    await vera.getByRole('heading', { name: 'Overview' }).waitFor();
    assert.equal((await own.keys()).length, 1);
    await vera.context().close();
  });

  await run.step('or sets up an app, and each of its codes opens once', async () => {
    const otto = await run.visitor();
    // With the keyboard: the field has the focus, and Enter sends it.
    const enter = async (label, code) => {
      await otto.getByLabel(label, { exact: true }).focus();
      await otto.keyboard.type(code);
      await otto.keyboard.press('Enter');
    };
    const now = () => Math.floor(Date.now() / 30_000);
    await signIn(otto, base, 'otto@example.com');
    const key = (await otto.locator('code.link').innerText()).replace(/\s/g, '');
    const used = now();
    await enter('Code that the app shows', codeOf(key, used));
    await otto.getByRole('heading', { name: 'Recovery codes' }).waitFor();
    run.secrets.add(key);
    await otto.getByRole('link', { name: 'Go on' }).click();
    await otto.getByRole('heading', { name: 'Overview' }).waitFor();
    await signOut(otto);
    await signIn(otto, base, 'otto@example.com');
    await run.look(otto, 'app');
    await enter('Code', codeOf(key, used));
    await otto.getByText('There is a problem').waitFor();
    run.quiet(/422/);
    await enter('Code', codeOf(key, Math.max(now(), used + 1)));
    await otto.getByRole('heading', { name: 'Overview' }).waitFor();
    await otto.context().close();
  });

  await run.step('an owner sees who has what', async () => {
    await signIn(page, base, EMAIL);
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.goto(`${base}/people`);
    await run.look(page, 'people');
    await page.getByRole('link', { name: 'Vera' }).click();
    await page.getByText(/^Passkey /).first().waitFor();
    await run.look(page, 'person');
  });

  await run.step('no answer holds a secret but the one that reveals it', async () => {
    const { revealed } = await collect(run);
    assert.equal(revealed, 32, 'ten codes of each person, and two keys for apps');
  });

  await run.step('without a script the page says what there is instead', async () => {
    const plain = await run.visitor({ javaScriptEnabled: false });
    await plain.goto(`${base}/sign-in`);
    await plain.getByText('Passkeys need JavaScript').waitFor();
    assert.equal(await plain.getByRole('button', { name: 'Sign in with a passkey' }).isVisible(), false);
    await plain.context().close();
  });

  await run.step('no password or recovery code is in a file of the server', async () => {
    assert.deepEqual(await run.stop(), [0]);
    filesKeepThem(run, server, EMAIL);
  });
});
