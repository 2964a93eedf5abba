// An API in JavaScript that checks tokens at home: tests/clients/verifier.mjs.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { Verifier } from "./verifier.mjs";

const { ISSUER, CLIENT_ID, CLIENT_SECRET, RESOURCE, SCOPE } = process.env;

// One printed line for each check; the first that fails ends the program.
async function check(what, act) {
  try {
    await act();
    console.log(`ok ${what}`);
  } catch (error) {
    console.error(error);
    console.log(`FAILED ${what}`);
    process.exit(1);
  }
}

async function post(path, form) {
  const pair = Buffer.from(`${CLIENT_ID}:${CLIENT_SECRET}`).toString("base64");
  const answer = await fetch(`${ISSUER}${path}`, {
    method: "POST",
    headers: { authorization: `Basic ${pair}` },
    body: new URLSearchParams(form),
  });
  assert(answer.ok, answer.status);
  return answer;
}

async function token() {
  const grant = { grant_type: "client_credentials", resource: RESOURCE, scope: SCOPE };
  return (await (await post("/oauth/token", grant)).json()).access_token;
}

async function eventually(happened) {
  const end = Date.now() + 20_000;
  while (!(await happened())) {
    assert(Date.now() < end, "it did not happen");
    await sleep(100);
  }
}

const api = await Verifier.start(ISSUER, RESOURCE);
const accepts = (token) => api.accept(token, SCOPE).then(
  (claims) => claims.client_id === CLIENT_ID, () => false);
const refused = (status, verifier, token, scope = SCOPE) =>
  assert.rejects(verifier.accept(token, scope), { status });
const good = await token();

await check("verifier.mjs: hears the feed and accepts a good token", () =>
  eventually(() => accepts(good)));

await check("verifier.mjs: refuses what is for another API, lacks a scope, or was touched", async () => {
  await refused(401, await Verifier.start(ISSUER, "https://api.example.com/other"), good);
  await refused(403, api, good, "invoices:delete");
  const [head, body, signature] = good.split(".");
  const flipped = signature.startsWith("A") ? "B" : "A";
  await refused(401, api, `${head}.${body}.${flipped}${signature.slice(1)}`);
  await refused(401, api, "a.b.c");
});

await check("verifier.mjs: refuses a statement of the feed, which is no token", async () => {
  await refused(401, api, await (await fetch(`${ISSUER}/oauth/revocations`)).text());
});

await check("verifier.mjs: refuses a revoked token within seconds, and no other", async () => {
  const revoked = await token();
  await eventually(() => accepts(revoked));
  await post("/oauth/revoke", { token: revoked });
  await eventually(async () => !(await accepts(revoked)));
  await refused(401, api, revoked);
  assert(await accepts(good));
});
