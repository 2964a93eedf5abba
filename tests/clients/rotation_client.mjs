// jose as an API that keeps keys as createRemoteJWKSet does: every token that
// is got while the server's keys change is good.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from "jose";

const { ISSUER, CLIENT_ID, CLIENT_SECRET, RESOURCE, UNTIL, KEYS, CACHE_SECONDS } = process.env;
const cache = Number(CACHE_SECONDS) * 1000;
const keys = createRemoteJWKSet(new URL(`${ISSUER}/oauth/jwks.json`), {
  cacheMaxAge: cache,
  cooldownDuration: cache / 2,
});
const kids = new Map();
try {
  while (!existsSync(UNTIL)) {
    const answer = await fetch(`${ISSUER}/oauth/token`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`${CLIENT_ID}:${CLIENT_SECRET}`)}` },
      body: new URLSearchParams({ grant_type: "client_credentials", resource: RESOURCE }),
    });
    assert.equal(answer.status, 200);
    const { access_token: token } = await answer.json();
    await jwtVerify(token, keys, { issuer: ISSUER, audience: RESOURCE, algorithms: ["ES256"] });
    const { kid } = decodeProtectedHeader(token);
    kids.set(kid, (kids.get(kid) ?? 0) + 1);
    await sleep(10);
  }
  console.log("ok createRemoteJWKSet: no token is refused while keys rotate");
  const tokens = [...kids.values()].reduce((all, count) => all + count, 0);
  assert.equal(kids.size, Number(KEYS));
  console.log(`ok createRemoteJWKSet: ${tokens} tokens of ${kids.size} keys`);
} catch (error) {
  console.error(error);
  console.log("FAILED createRemoteJWKSet while keys rotate");
  process.exit(1);
}
