// After a journey: nothing that was revealed is seen again, on a page, in the log or
// in a file of the server. What was revealed is found in the answers themselves.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { crawl } from './crawl.mjs';

const REVEALED = [
  // A secret of an application.
  /\bcsk_[\w-]{43}[0-9a-f]{6}\b/g,
  // A link that is good once.
  /[?&]token=([\w-]{20,})/g,
  // The key of an authenticator app.
  /<code class="link">((?:[A-Z2-7]{4} ){7}[A-Z2-7]{4})<\/code>/g,
  // Recovery codes.
  /<li><code>((?:[0-9A-Z]{5}-)+[0-9A-Z]+)<\/code>/g,
];
// Whoever brings a link is shown the form that sends it back.
const BRINGS = /^GET \/(setup|invitation|password-reset)$/;

// As it may be written where forms, headers and dumps are.
const forms = (secret) => {
  const bytes = Buffer.from(secret);
  return [
    secret, encodeURIComponent(secret), new URLSearchParams({ s: secret }).toString().slice(2),
    bytes.toString('base64').replace(/=+$/, ''), bytes.toString('base64url'), bytes.toString('hex'),
  ];
};

/** Takes what the answers of a run revealed among its secrets; each is in one answer only. */
export const collect = async (run) => {
  const answers = await run.answers();
  const revealed = new Map();
  for (const { where, text } of answers) {
    for (const pattern of REVEALED) {
      for (const [whole, part] of text.matchAll(pattern)) {
        const secret = part ?? whole;
        if (!BRINGS.test(where)) revealed.set(secret, (revealed.get(secret) ?? new Set()).add(where));
      }
    }
  }
  for (const { where, text } of answers) {
    for (const secret of run.secrets) {
      if (text.includes(secret)) assert.ok(revealed.get(secret)?.has(where), `${where} shows ${secret.slice(0, 8)}…`);
    }
  }
  for (const [secret, places] of revealed) {
    const times = answers.filter(({ where, text }) => !BRINGS.test(where) && text.includes(secret)).length;
    assert.equal(times, 1, `${secret.slice(0, 8)}… was shown ${times} times: ${[...places]}`);
    run.secrets.add(secret);
  }
  return { answers: answers.length, revealed: revealed.size };
};

/** No page that an owner finds shows a secret. */
export const pagesKeepThem = async (run, base, page) => {
  for (const { value } of await page.context().cookies()) if (value.length > 20) run.secrets.add(value);
  return crawl(base, 300, async (url) => {
    const answer = await page.request.get(url);
    const text = await answer.text();
    assert.equal(answer.status(), 200, url);
    run.keepsSecrets(text, url);
    return [...text.matchAll(/ href="([^"]+)"/g)].map(([, href]) => new URL(href.replaceAll('&#38;', '&').replaceAll('&amp;', '&'), url).href);
  });
};

/** Nor does a file that the server left, its log, what it printed, or an export. `known` stands in one of them. */
export const filesKeepThem = (run, server, known) => {
  const texts = server.files().map((file) => [path.basename(file), fs.readFileSync(file, 'latin1')]);
  for (const format of ['jsonl', 'csv', 'cef', 'ocsf']) texts.push([`export as ${format}`, server.run('audit', 'export', '--format', format)]);
  assert.ok(texts.some(([, text]) => text.includes(known)), 'the files are not those of this server');
  // The link to set it up is printed, for whoever started the server.
  texts.push(['standard output', server.printed().replace(/token=\S+/, '')]);
  for (const [name, text] of texts) {
    for (const secret of run.secrets) {
      for (const form of forms(secret)) assert.ok(!text.includes(form), `${name} holds ${secret.slice(0, 8)}…`);
    }
    assert.doesNotMatch(text, REVEALED[0], name);
  }
  return texts.length;
};
