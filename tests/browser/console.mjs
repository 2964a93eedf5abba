// A server of its own with an empty database, and a browser to look at it with.
import { execFile, execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

const { SERVER_BINARY, CHROMIUM } = process.env;

export const PASSWORD = 'correct horse battery staple';

export const freePort = () => new Promise((resolve) => {
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

const reaches = (port) => new Promise((resolve) => {
  const socket = net.connect(port, '127.0.0.1', () => { socket.end(); resolve(true); });
  socket.once('error', () => resolve(false));
});
const listening = async (port, stopped) => {
  let over = false;
  stopped.then(() => { over = true; });
  while (!over && !(await reaches(port))) await new Promise((resolve) => setTimeout(resolve, 50));
};

/**
 * Starts a server, with `settings` besides, and waits until it listens. `link` is a
 * promise of its set-up link; `told(...words)` runs a command of the program and
 * reads its JSON, `asked` does so and waits; `stop()` ends the server; `files()` are all that it left, `last()`
 * the end of its log, `printed()` its standard output; `forget()` removes them.
 */
export const start = async (settings = {}) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'countersign-'));
  const log = path.join(folder, 'log');
  const port = await freePort();
  const base = `http://localhost:${port}`;
  const env = {
    PATH: process.env.PATH,
    COUNTERSIGN_LISTEN: `127.0.0.1:${port}`,
    COUNTERSIGN_ISSUER: base,
    COUNTERSIGN_DATA_DIR: path.join(folder, 'data'),
    COUNTERSIGN_METRICS_LISTEN: 'off',
    COUNTERSIGN_LOG_LEVEL: 'debug',
    ...settings,
  };
  const server = spawn(SERVER_BINARY, ['serve'], { env, stdio: ['ignore', 'pipe', fs.openSync(log, 'w')] });
  const stopped = new Promise((resolve) => server.once('exit', resolve));
  let printed = '';
  const link = new Promise((resolve, reject) => {
    server.stdout.on('data', (data) => {
      printed += data;
      const found = printed.match(/http:\S+\/setup\?token=\S+/);
      if (found) resolve(found[0]);
    });
    stopped.then(() => reject(new Error('the server stopped')));
  });
  await listening(port, stopped);
  const run = (...words) => execFileSync(SERVER_BINARY, words, { env: { ...env, COUNTERSIGN_PASSWORD: PASSWORD }, encoding: 'utf8' });
  // While what runs here has to answer it.
  const asked = async (...words) => JSON.parse((await promisify(execFile)(SERVER_BINARY, [...words, '--json'], { env })).stdout);
  const told = (...words) => JSON.parse(run(...words, '--json'));
  const token = async (id, secret, parameters) => {
    const answer = await fetch(`${base}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', ...parameters }),
    });
    return answer.json();
  };
  // Whoever does not need the link need not hear that there was none.
  link.catch(() => {});
  const stop = () => { server.kill('SIGTERM'); return stopped; };
  const files = () => [log, ...fs.readdirSync(env.COUNTERSIGN_DATA_DIR).map((name) => path.join(env.COUNTERSIGN_DATA_DIR, name))]
    .filter((name) => fs.statSync(name).isFile());
  const forget = () => fs.rmSync(folder, { recursive: true });
  const last = () => fs.readFileSync(log, 'utf8').split('\n').slice(-30).join('\n');
  return { base, link, run, told, asked, token, stop, files, forget, last, printed: () => printed };
};

/** The browser's program, and how it is started, for playwright-core. */
export const BROWSER = {
  executablePath: CHROMIUM,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
};

export const launch = () => chromium.launch(BROWSER);
