// What every page of the console must keep to, found by following every link:
// readable for everybody in light and dark, wide and narrow; nothing that the
// browser complains of; few bytes, few nodes; and no secret anywhere.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { PASSWORD, launch, start } from './console.mjs';
import { crawl, shape } from './crawl.mjs';
import { excess, inAllViews, setUp, violations } from './run.mjs';

const { SCREENSHOTS } = process.env;
const API = 'https://api.example.com/billing';
const KB = 1_000;
const MOST = { pages: 100, nodes: 1_500, first: 40 * KB, fonts: 90 * KB, again: 8 * KB };

const PICTURES = ['light-1440', 'dark-390'];

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

// The people, and what waits for a second one of them.
const people = async () => {
  server.run('administrator', 'create', '--email', 'vera@example.com', '--name', 'Vera', '--role', 'admin');
  server.run('administrator', 'block', '192.0.2.0/24', '--reason', 'guessing');
  server.run('team', 'create', 'Payments', '--member', 'vera@example.com');
  await fetch(`${base}/sign-in`, {
    method: 'POST', headers: { origin: base }, body: new URLSearchParams({ email: 'vera@example.com', password: 'a guess of somebody' }),
  });
  server.run('resource', 'mark', API, '--scope', 'invoices:write');
  const waits = told('application', 'create', '--name', 'waits', '--grant', `${API}=invoices:write`, '--as', 'vera@example.com');
  assert.match(waits.waits_for_approval, /^apr_/);
  secrets.push(waits.client_secret);
  const limited = told('application', 'create', '--name', 'busy', '--grant', `${API}=invoices:read`);
  secrets.push(limited.client_secret);
  server.run('limit', 'set', '--application', limited.client_id, '--per-minute', '2');
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  for (let n = 0; n < 4; n += 1) await token(limited.client_id, limited.client_secret);
  server.run('audit', 'hold', '--reason', 'an inquiry');
};

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

const picture = (page, view) => {
  const name = shape(page.url()).replace(/\W+/g, '-').slice(0, 80);
  const file = path.join(SCREENSHOTS, `page${name}-${view}.png`);
  // For people to look at, nothing is decided by it: a slow machine may have none.
  return page.screenshot({ path: file, fullPage: true }).catch((error) => console.log(`no picture of ${name}: ${error.name}`));
};

const examine = async (page, where) => {
  await inAllViews(page, async (colorScheme, width) => {
    if (PICTURES.includes(`${colorScheme}-${width}`)) await picture(page, `${colorScheme}-${width}`);
    const over = await excess(page);
    if (over > 0) fault(`${where}: ${over} px too wide at ${width} px`);
    if (width === 320) return;
    for (const { id, nodes } of await violations(page)) fault(`${where}, ${colorScheme}, ${width}: axe ${id}: ${nodes.slice(0, 3).join(' | ')}`);
  });
  await page.emulateMedia({ media: 'print' });
  await picture(page, 'print');
  await page.emulateMedia({ media: 'screen' });
  const nodes = await page.evaluate(() => document.querySelectorAll('*').length);
  if (nodes > MOST.nodes) fault(`${where}: ${nodes} nodes`);
  const text = await page.content();
  for (const secret of secrets) if (text.includes(secret)) fault(`${where} shows a secret`);
  return nodes;
};

let browser;
try {
  const link = await server.link;
  await furnish();
  browser = await launch();
  const context = await browser.newContext({ reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.on('pageerror', (error) => fault(`${page.url()}: ${error}`));
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && fault(`${page.url()}: ${message.text()}`));
  await setUp(page, link);
  await people();
  const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');

  let most = 0;
  const seen = await crawl(base, MOST.pages, async (url) => {
    const answer = await page.goto(url);
    const where = new URL(url).pathname + new URL(url).search;
    if (answer.status() !== 200) { fault(`${where}: ${answer.status()}`); return []; }
    const before = faults.length;
    most = Math.max(most, await examine(page, where));
    if (faults.length === before) console.log(`ok ${where}`);
    return page.evaluate(() => [...document.querySelectorAll('a[href]')].map((n) => n.href));
  });
  assert.ok(seen >= 40, `only ${seen} pages were found`);

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
  console.log(`${seen} pages in light and dark, wide and narrow; at most ${most} nodes`);
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
