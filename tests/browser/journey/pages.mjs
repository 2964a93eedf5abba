// Every other kind of page, the palette, the keys, and the live log.
import assert from 'node:assert/strict';
import { API } from './world.mjs';

export const pages = async (run, { base }, page, { api, application, clientId, secret, ask }) => {
  await run.step('every other page of the console', async () => {
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
      run.keepsSecrets(await answer.text(), url);
      await run.look(page, name);
    }
    assert.equal((await page.goto(`${base}/nothing`)).status(), 404);
    run.quiet(/404/);
    await run.look(page, 'not-found');
  });

  await run.step('Ctrl K goes to a page by its first letters, and what is pasted to the decoder', async () => {
    await page.goto(`${base}/log`);
    await page.keyboard.press('Control+k');
    await page.locator('#palette .hits a').first().waitFor();
    await page.keyboard.type('signing');
    await page.locator('#palette ul[data-q="signing"]').waitFor();
    await run.look(page, 'palette');
    await page.keyboard.press('ArrowDown');
    assert.equal(await page.evaluate(() => document.activeElement.textContent.trim()), 'Page Signing keys');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Signing keys' }).waitFor();
    const token = ask(secret).access_token;
    run.secrets.add(token).add(token.split('.')[2]);
    const asked = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.keyboard.press('Control+k');
    await page.evaluate((text) => document.querySelector('#pq').value = text, token);
    await page.locator('#pq').press('End');
    await page.locator('#pq').press('Space');
    await page.getByText('A token of ours, in force').waitFor();
    await run.look(page, 'decoded');
    // In a filter too, and a secret as well.
    for (const [where, text, answer] of [
      ['/log', token, 'A token of ours, in force'],
      ['/applications', secret, 'This is a client secret and no token.'],
    ]) {
      await page.goto(base + where);
      await page.locator('#q').fill(text);
      await page.getByText(answer).first().waitFor();
      run.quiet(/422/);
    }
    assert.deepEqual(asked.filter((url) => /eyJ|csk_/.test(url)), []);
  });

  await run.step('? lists the keys, and they can be switched off', async () => {
    await page.goto(`${base}/log`);
    await page.keyboard.press('?');
    await page.locator('#keys[open]').waitFor();
    await run.look(page, 'keys-listed');
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

  await run.step('the live log shows a request as it is made', async () => {
    await page.goto(`${base}/log/live?outcome=refused`);
    await page.getByText('Listening since').waitFor();
    const rows = await page.locator('#live-rows tbody').count();
    assert.equal(ask('csk_wrong').error, 'invalid_client');
    await page.waitForFunction((n) => document.querySelectorAll('#live-rows tbody').length > n, rows);
  });
};
