// oauth4webapi as a client; jose, and oauth4webapi again, as the API that
// receives the token.
import assert from "node:assert/strict";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import * as oauth from "oauth4webapi";

const { ISSUER, CLIENT_ID, CLIENT_SECRET, RESOURCE, SCOPE } = process.env;

// An issuer on loopback has no TLS.
const options = { [oauth.allowInsecureRequests]: true };
const client = { client_id: CLIENT_ID };
const credentials = {
  client_secret_basic: oauth.ClientSecretBasic,
  client_secret_post: oauth.ClientSecretPost,
};

// One printed line for each check; the first that fails ends the program.
async function check(what, act) {
  try {
    const result = await act();
    console.log(`ok ${what}`);
    return result;
  } catch (error) {
    console.error(error);
    console.log(`FAILED ${what}`);
    process.exit(1);
  }
}

async function token(as, credential, parameters) {
  const answer = await oauth.clientCredentialsGrantRequest(
    as, client, credential, new URLSearchParams(parameters), options);
  return oauth.processClientCredentialsResponse(as, client, answer);
}

const as = await check("oauth4webapi: discovers the server, RFC 8414", async () => {
  const issuer = new URL(ISSUER);
  const answer = await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...options });
  return oauth.processDiscoveryResponse(issuer, answer);
});

await check("oauth4webapi: discovers the same as OpenID Connect clients do", async () => {
  const issuer = new URL(ISSUER);
  const answer = await oauth.discoveryRequest(issuer, { algorithm: "oidc", ...options });
  assert.deepEqual(await oauth.processDiscoveryResponse(issuer, answer), as);
});

const keys = createRemoteJWKSet(new URL(as.jwks_uri));

for (const method of as.token_endpoint_auth_methods_supported) {
  const credential = credentials[method];
  const { access_token } = await check(`oauth4webapi: gets a token with ${method}`, async () => {
    const answer = await token(as, credential(CLIENT_SECRET), { resource: RESOURCE, scope: SCOPE });
    assert.equal(answer.token_type, "bearer");
    assert.equal(answer.scope, SCOPE);
    return answer;
  });

  await check(`jose: verifies the token of ${method}`, async () => {
    const { payload } = await jwtVerify(access_token, keys, {
      issuer: ISSUER,
      audience: RESOURCE,
      typ: "at+jwt",
      requiredClaims: ["exp", "iat", "sub", "jti", "client_id"],
    });
    assert.equal(payload.client_id, CLIENT_ID);
    assert.equal(payload.scope, SCOPE);
  });

  await check(`oauth4webapi: an API accepts the token of ${method}, RFC 9068`, async () => {
    const request = new Request(RESOURCE, { headers: { authorization: `Bearer ${access_token}` } });
    const claims = await oauth.validateJwtAccessToken(as, request, RESOURCE, options);
    assert.equal(claims.scope, SCOPE);
  });

  await check(`oauth4webapi: /whoami answers the token of ${method}`, async () => {
    const answer = await oauth.protectedResourceRequest(
      access_token, "GET", new URL(`${ISSUER}/whoami`), undefined, undefined, options);
    assert.equal(answer.status, 200);
    assert.equal((await answer.json()).client_id, CLIENT_ID);
  });

  // The library shows the challenge of a 401, and the answer it came with.
  await check(`oauth4webapi: a wrong secret is invalid_client with ${method}`, async () => {
    const refusal = await token(as, credential(CLIENT_SECRET.slice(0, -1)), {
      resource: RESOURCE,
    }).catch((e) => e);
    assert(refusal instanceof oauth.WWWAuthenticateChallengeError, refusal);
    assert.equal(refusal.status, 401);
    assert.equal(refusal.cause[0].scheme, "basic");
    assert.equal((await refusal.response.json()).error, "invalid_client");
  });

  await check(`jose: another API refuses the token of ${method}`, async () => {
    const audience = "https://api.example.com/other";
    await assert.rejects(jwtVerify(access_token, keys, { audience }), errors.JWTClaimValidationFailed);
  });
}

await check("oauth4webapi: an API that is not granted is invalid_target, RFC 8707", async () => {
  const credential = oauth.ClientSecretBasic(CLIENT_SECRET);
  const resource = "https://api.example.com/other";
  const refusal = await token(as, credential, { resource }).catch((e) => e);
  assert(refusal instanceof oauth.ResponseBodyError, refusal);
  assert.equal(refusal.error, "invalid_target");
});

await check("oauth4webapi: /whoami challenges a token that was tampered with", async () => {
  const credential = oauth.ClientSecretBasic(CLIENT_SECRET);
  const { access_token } = await token(as, credential, { resource: RESOURCE });
  const refusal = await oauth.protectedResourceRequest(
    `${access_token.slice(0, -4)}AAAA`, "GET", new URL(`${ISSUER}/whoami`),
    undefined, undefined, options).catch((e) => e);
  assert(refusal instanceof oauth.WWWAuthenticateChallengeError, refusal);
  assert.equal(refusal.cause[0].scheme, "bearer");
  assert.equal(refusal.cause[0].parameters.error, "invalid_token");
});
