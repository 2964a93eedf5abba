// What every page of the console must keep to, found by following every link:
// readable for everybody in light and dark, wide and narrow; nothing that the
// browser complains of; few bytes, few nodes; and no secret anywhere.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { PASSWORD, launch, start } from './console.mjs';

const AXE = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'];
const API = 'https://api.example.com/billing';
const KB = 1_000;
const MOST = { pages: 100, nodes: 1_500, first: 40 * KB, fonts: 90 * KB, again: 8 * KB };

const faults = [];
const fault = (what) => { faults.push(what); console.log(`FAILED ${what}`); };

const server = await start();
const { base, told } = server;
const secrets = [PASSWORD];
const token = (id, secret, scope) => server.token(id, secret, { resource: API, ...(scope && { scope }) });

// A world in which every page has something to show.
const furnish = async () => {
  told('resource', 'create', '--identifier', API, '--name', 'Billing API', '--scope', 'invoices:read', '--scope', 'invoices:write');
  told('resource', 'create', '--identifier', 'https://api.example.com/ledger', '--name', 'Ledger API', '--scope', 'ledger:export');
  const made = ['worker', 'reporting', 'nightly-export'].map((name) =>
    told('application', 'create', '--name', name, '--owner', 'Payments', '--grant', `${API}=invoices:read,invoices:write`));
  secrets.push(...made.map((application) => application.client_secret));
  const [worker] = made;
  for (let n = 0; n < 6; n += 1) await token(worker.client_id, worker.client_secret);
  for (let n = 0; n < 6; n += 1) await token(worker.client_id, worker.client_secret, 'ledger:export');
  await token(worker.client_id, 'csk_wrong');
  const next = told('secret', 'rotate', worker.client_id, worker.secret_id, '--name', 'autumn', '--overlap', '24h');
  const gone = told('secret', 'add', worker.client_id, '--name', 'gone');
  secrets.push(next.client_secret, gone.client_secret);
  server.run('secret', 'revoke', worker.client_id, gone.secret_id);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await token(worker.client_id, next.client_secret);
  await token(worker.client_id, gone.client_secret);
  server.run('revoke', 'application', made[2].client_id, '--reason', 'a drill');
  await new Promise((resolve) => setTimeout(resolve, 1_500));
};

// Pages that differ in ids and filters only are one.
const shape = (url) => {
  const at = new URL(url);
  const one = at.pathname.replace(/\/(m2m|sec|res|adm|req|rev|chg|apr|team)_[\w-]+/g, '/$1').replace(/\/[0-9A-HJKMNP-TV-Z]{26}/g, '/id').replace(/\/apis\/[^/]{20,}/, '/apis/id');
  return `${one}?${[...at.searchParams.keys()].sort().join('&')}`;
};
const isPage = (url) => url.startsWith(`${base}/`) && !/\.(csv|jsonl?|cef|ocsf|toml)(\?|$)|\/(stream|first-use|static|sign-out|audit\/tlog|log\/tlog|oauth)(\/|$|\?)/.test(url);

// The bytes of an answer as they travel.
const travels = (url, cookie) => new Promise((resolve, reject) => {
  http.get(url, { headers: { 'accept-encoding': 'br', cookie } }, (answer) => {
    let bytes = 0;
    answer.on('data', (part) => { bytes += part.length; });
    answer.on('end', () => resolve(bytes));
  }).on('error', reject);
});

const weigh = async (page, cookie) => {
  const linked = await page.evaluate(() => [...document.querySelectorAll('link[rel=stylesheet], link[rel=icon], script[src]')].map((n) => n.href || n.src));
  const icons = await page.evaluate(() => [...new Set([...document.querySelectorAll('use')].map((n) => new URL(n.getAttribute('href'), location).href.split('#')[0]))]);
  const fonts = await page.evaluate(() => [...new Set(performance.getEntriesByType('resource').map((e) => e.name).filter((n) => n.endsWith('.woff2')))]);
  const sum = async (urls) => (await Promise.all(urls.map((url) => travels(url, cookie)))).reduce((a, b) => a + b, 0);
  const again = await travels(page.url(), cookie);
  const first = again + await sum([...linked, ...icons]);
  return { first, fonts: first + await sum(fonts), again };
};

const examine = async (page, where) => {
  for (const [width, colorScheme] of [[1440, 'light'], [1440, 'dark'], [390, 'light'], [390, 'dark']]) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.evaluate(AXE);
    const { violations } = await page.evaluate((values) => axe.run({ runOnly: { type: 'tag', values } }), TAGS);
    for (const { id, nodes } of violations) fault(`${where}, ${colorScheme}, ${width}: axe ${id}: ${nodes.slice(0, 3).map(({ target, failureSummary }) => `${target} ${failureSummary}`).join(' | ')}`);
  }
  for (const width of [390, 320]) {
    await page.setViewportSize({ width, height: 900 });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (over > 0) fault(`${where}: ${over} px too wide at ${width} px`);
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  const nodes = await page.evaluate(() => document.querySelectorAll('*').length);
  if (nodes > MOST.nodes) fault(`${where}: ${nodes} nodes`);
  const text = await page.content();
  for (const secret of secrets) if (text.includes(secret)) fault(`${where} shows a secret`);
  return nodes;
};

let browser;
try {
  const setUp = await server.link;
  await furnish();
  browser = await launch();
  const context = await browser.newContext({ reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.on('pageerror', (error) => fault(`${page.url()}: ${error}`));
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && fault(`${page.url()}: ${message.text()}`));
  await page.goto(setUp);
  await page.getByLabel('Your name').fill('Ada Okafor');
  await page.getByLabel('Email address').fill('ada@example.com');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');

  const seen = new Set();
  const queue = [`${base}/`];
  let most = 0;
  while (queue.length && seen.size < MOST.pages) {
    const url = queue.shift();
    if (seen.has(shape(url))) continue;
    seen.add(shape(url));
    const answer = await page.goto(url);
    const where = new URL(url).pathname + new URL(url).search;
    if (answer.status() !== 200) { fault(`${where}: ${answer.status()}`); continue; }
    const before = faults.length;
    most = Math.max(most, await examine(page, where));
    for (const href of await page.evaluate(() => [...document.querySelectorAll('a[href]')].map((n) => n.href.split('#')[0]))) {
      if (isPage(href) && !seen.has(shape(href))) queue.push(href);
    }
    if (faults.length === before) console.log(`ok ${where}`);
  }
  assert.ok(seen.size >= 40, `only ${seen.size} pages were found`);

  const { client_id: worker } = told('application', 'list').find(({ name }) => name === 'worker');
  for (const where of ['/', '/applications', `/applications/${worker}`, '/log']) {
    await page.goto(base + where);
    await page.waitForLoadState('networkidle').catch(() => {});
    const bytes = await weigh(page, cookie);
    for (const what of ['first', 'fonts', 'again']) {
      if (bytes[what] > MOST[what]) fault(`${where}: ${bytes[what]} bytes (${what}), more than ${MOST[what]}`);
    }
    console.log(`ok ${where}: ${bytes.first} bytes, ${bytes.fonts} with fonts, ${bytes.again} when it comes again`);
  }
  console.log(`${seen.size} pages in light and dark, wide and narrow; at most ${most} nodes`);
} finally {
  await browser?.close();
  await server.stop();
  for (const file of server.files()) {
    const text = fs.readFileSync(file, 'latin1');
    for (const secret of secrets) if (text.includes(secret)) fault(`${path.basename(file)} holds a secret`);
  }
  server.forget();
}
console.log(`console budget: ${faults.length} faults`);
process.exit(faults.length ? 1 : 0);
