// A server of its own with an empty database, and a browser to look at it with.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

const { SERVER_BINARY, CHROMIUM } = process.env;

export const PASSWORD = 'correct horse battery staple';

const freePort = () => new Promise((resolve) => {
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

/**
 * Starts a server, with `settings` besides. `link` is a promise of its set-up link; `told(...words)` runs
 * a command of the program and reads its JSON; `stop()` ends the server;
 * `files()` are all that it left; `forget()` removes them.
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
  const link = new Promise((resolve, reject) => {
    let printed = '';
    server.stdout.on('data', (data) => {
      printed += data;
      const found = printed.match(/http:\S+\/setup\?token=\S+/);
      if (found) resolve(found[0]);
    });
    stopped.then(() => reject(new Error('the server stopped')));
  });
  const run = (...words) => execFileSync(SERVER_BINARY, words, { env: { ...env, COUNTERSIGN_PASSWORD: PASSWORD }, encoding: 'utf8' });
  const told = (...words) => JSON.parse(run(...words, '--json'));
  const token = async (id, secret, parameters) => {
    const answer = await fetch(`${base}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', ...parameters }),
    });
    return answer.json();
  };
  const stop = () => { server.kill('SIGTERM'); return stopped; };
  const files = () => [log, ...fs.readdirSync(env.COUNTERSIGN_DATA_DIR).map((name) => path.join(env.COUNTERSIGN_DATA_DIR, name))]
    .filter((name) => fs.statSync(name).isFile());
  const forget = () => fs.rmSync(folder, { recursive: true });
  return { base, env, log, link, run, told, token, stop, files, forget };
};

export const launch = () => chromium.launch({
  executablePath: CHROMIUM,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
