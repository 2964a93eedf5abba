// What the journeys share: steps, visitors whose browser must not complain,
// pictures that everybody can read, and secrets that must not be seen twice.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { PASSWORD, launch, start } from './console.mjs';

const { SCREENSHOTS } = process.env;
const AXE = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'];
const VIEWS = [['light', 1440], ['dark', 1440], ['light', 390], ['dark', 390]];

/** What axe-core has against a page, as it is shown. */
export const violations = async (page) => {
  await page.evaluate(AXE);
  const found = await page.evaluate((values) => axe.run({ runOnly: { type: 'tag', values } }), TAGS);
  return found.violations.map(({ id, help, nodes }) =>
    ({ id, help, nodes: nodes.map(({ target, failureSummary }) => `${target}: ${failureSummary}`) }));
};

/** By how many pixels a page is wider than the window. */
export const excess = (page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

/** Shows a page in light and dark, wide and narrow, to whoever `looks` at it. */
export const inAllViews = async (page, looks) => {
  for (const [colorScheme, width] of VIEWS) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height: 900 });
    await looks(colorScheme, width);
  }
  await page.setViewportSize({ width: 320, height: 800 });
  await looks('dark', 320);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1440, height: 900 });
};

class Run {
  #name; #browser; #others = []; #servers = []; #complaints = []; #passed = 0; #pictures = 0;

  // What must not be seen again, on a page or in a file.
  secrets = new Set([PASSWORD]);
  // What servers answered to pages, in full.
  #answers = [];
  // Pages that run no script; axe-core would wait in them for ever.
  #plain = new WeakSet();

  constructor(name) { this.#name = name; }

  /** Starts a server, which ends with the run. */
  async server(settings) {
    const server = await start(settings);
    this.#servers.push(server);
    return server;
  }

  /** Browsers may go there too; what they complain of there is not ours. */
  allow(origin) { this.#others.push(origin); }

  #isOurs(url) { return this.#servers.some(({ base }) => url.startsWith(`${base}/`)); }

  #isOther(url) { return this.#others.some((origin) => url.startsWith(`${origin}/`)); }

  /** A page of a browser of its own, which must not complain and asks nobody else. */
  async visitor(options) {
    this.#browser ??= await launch();
    // No picture of a colour on its way.
    const context = await this.#browser.newContext({ reducedMotion: 'reduce', ...options });
    const page = await context.newPage();
    if (options?.javaScriptEnabled === false) this.#plain.add(page);
    const complain = (what) => {
      if (!this.#isOther(page.url())) this.#complaints.push(`${page.url()}: ${what}`);
    };
    page.on('pageerror', complain);
    page.on('console', (message) => message.type() === 'error' && complain(message.text()));
    page.on('request', (request) => {
      const url = request.url();
      if (!this.#isOurs(url) && !this.#isOther(url)) complain(`asked for ${url}`);
    });
    page.on('response', (answer) => {
      const kind = answer.headers()['content-type'] ?? '';
      if (!this.#isOurs(answer.url()) || !/html|json|csv/.test(kind)) return;
      const where = `${answer.request().method()} ${new URL(answer.url()).pathname}`;
      // What is left before it came cannot be read, and was not seen.
      this.#answers.push(answer.text().then((text) => ({ where, text }), () => null));
    });
    return page;
  }

  async answers() { return (await Promise.all(this.#answers)).filter(Boolean); }

  /** Whatever browsers complained of is a fault, unless it was expected. */
  quiet(expected) {
    assert.deepEqual(this.#complaints.splice(0).filter((text) => !expected?.test(text)), []);
  }

  /** Prints a line; the first step that fails ends the run. */
  async step(what, act) {
    try {
      await act();
      this.quiet();
    } catch (error) {
      console.log(`FAILED ${what}`);
      await this.#remember();
      throw error;
    }
    this.#passed += 1;
    console.log(`ok ${what}`);
  }

  // What was seen when it failed.
  async #remember() {
    const pages = this.#browser?.contexts().flatMap((context) => context.pages()) ?? [];
    for (const [n, page] of pages.entries()) {
      console.log(`   page ${n}: ${page.url()}`);
      await page.screenshot({ path: path.join(SCREENSHOTS, `failed-${n}.png`), fullPage: true }).catch(() => {});
    }
  }

  keepsSecrets(text, where) {
    assert.deepEqual([...this.secrets].filter((secret) => text.includes(secret)), [], `in ${where}`);
  }

  // The same page where scripts run.
  async #copy(page) {
    const [body, context] = [await page.content(), await this.#browser.newContext({ reducedMotion: 'reduce' })];
    await context.route(page.url(), (route) => route.fulfill({ body, contentType: 'text/html' }));
    const copy = await context.newPage();
    await copy.goto(page.url());
    return copy;
  }

  /** Pictures of a page, and whether everybody can read it. */
  async look(page, name, secretsMayShow = false) {
    if (this.#plain.has(page)) {
      const copy = await this.#copy(page);
      await this.look(copy, name, secretsMayShow);
      return copy.context().close();
    }
    const number = String((this.#pictures += 1)).padStart(2, '0');
    const before = this.#name === 'journey' ? number : `${this.#name}-${number}`;
    await inAllViews(page, async (colorScheme, width) => {
      const file = `${before}-${name}-${colorScheme}-${width}.png`;
      await page.screenshot({ path: path.join(SCREENSHOTS, file), fullPage: true });
      const over = await excess(page);
      assert.ok(over <= 0, `${name} is ${over} px too wide at ${width} px`);
      if (width > 320) assert.deepEqual(await violations(page), [], `axe, ${file}`);
    });
    if (!secretsMayShow) this.keepsSecrets(await page.content(), name);
  }

  /** Ends the browser and the servers, which have to say that it was well. */
  async stop() {
    await this.#browser?.close();
    this.#browser = null;
    return Promise.all(this.#servers.map((server) => server.stop()));
  }

  async of(steps) {
    try {
      await steps(this);
      console.log(`${this.#name}: ${this.#passed} passed, 0 failed`);
    } catch (error) {
      process.exitCode = 1;
      console.error(error);
      for (const server of this.#servers) console.error(`--- the server's log:\n${server.last()}`);
      console.log(`${this.#name}: ${this.#passed} passed, 1 failed`);
    } finally {
      await this.stop();
      for (const server of this.#servers) server.forget();
    }
  }
}

/** Goes through the steps of a journey, and exits with 1 if one failed. */
export const run = (name, steps) => new Run(name).of(steps);

/** Signs in with a password, from the sign-in page on. */
export const signIn = async (page, base, email) => {
  await page.goto(`${base}/sign-in`);
  await page.getByLabel('Email address').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
};

/** Makes the first owner, from the set-up link to the overview. */
export const setUp = async (page, link) => {
  await page.goto(link);
  await page.getByLabel('Your name').fill('Ada Okafor');
  await page.getByLabel('Email address').fill('ada@example.com');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
};
