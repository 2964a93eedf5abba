// Checks access tokens of Countersign with jose, and follows its revocations.
import { createHash } from "node:crypto";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";

const algorithms = ["ES256", "EdDSA", "PS256", "RS256"];
const never = { not_before: 0, exp: 0 };
const requiredClaims = ["sub", "exp", "iat", "jti", "client_id"];

// Answer with this status; 401 and 403 with a WWW-Authenticate of this error.
export class Refused extends Error {
  constructor(status, error, cause) {
    super(`${status} ${error ?? ""}`, { cause });
    Object.assign(this, { status, error });
  }
}

export class Verifier {
  static async start(issuer, resource, maxStale = 15) {
    const answer = await fetch(`${issuer}/.well-known/openid-configuration`);
    const metadata = await answer.json();
    if (metadata.issuer !== issuer) throw new Error(`${issuer} is ${metadata.issuer}`);
    return new Verifier(metadata, resource, maxStale);
  }

  constructor(metadata, resource, maxStale) {
    Object.assign(this, { metadata, resource, maxStale });
    this.keys = createRemoteJWKSet(new URL(metadata.jwks_uri), {
      cooldownDuration: 10_000,
      cacheMaxAge: 300_000,
    });
    this.revoked = new Map();
    this.position = 0;
    this.asOf = -Infinity;
    this.follow();
  }

  // The claims of a good token that has this scope.
  async accept(token, scope) {
    const { payload, protectedHeader } = await this.open(token, {
      audience: this.resource, typ: "at+jwt", requiredClaims,
    });
    if (Date.now() / 1000 - this.asOf > this.maxStale) throw new Refused(503);
    const subjects = [
      "everything:",
      `token:${payload.jti}`,
      `application:${payload.client_id}`,
      `secret:${payload.credential_id ?? ""}`,
      `key:${protectedHeader.kid}`,
      ...[payload.aud].flat().map((uri) => `resource:${uri}`),
    ];
    const notBefore = (subject) => (this.revoked.get(digest(subject)) ?? never).not_before;
    if (subjects.some((subject) => notBefore(subject) > payload.iat)) {
      throw new Refused(401, "invalid_token");
    }
    if (!(payload.scope ?? "").split(" ").includes(scope)) {
      throw new Refused(403, "insufficient_scope");
    }
    return payload;
  }

  async open(token, options) {
    try {
      const { issuer } = this.metadata;
      return await jwtVerify(token, this.keys, {
        issuer, algorithms, clockTolerance: 5, ...options,
      });
    } catch (cause) {
      // The issuer does not answer, and its keys are not known: no fault of the token.
      if (!(cause instanceof errors.JOSEError) || cause instanceof errors.JWKSTimeout) {
        throw new Refused(503, undefined, cause);
      }
      throw new Refused(401, "invalid_token", cause);
    }
  }

  async follow() {
    try {
      while (await this.take());
    } catch {
      // `asOf` grows old.
    }
    setTimeout(() => this.follow(), 1_000).unref();
  }

  async take() {
    const url = `${this.metadata.revocations_uri}?since=${this.position}`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    const now = Date.now() / 1000;
    const { payload } = await this.open(await answer.text(), {
      typ: "revocations+jwt", requiredClaims: ["iat"],
    });
    if (payload.since > this.position) throw new Error("the feed has a gap");
    for (const [subject, { exp }] of this.revoked) {
      if (exp <= now) this.revoked.delete(subject);
    }
    for (const { subject, ...times } of payload.revocations) {
      const known = this.revoked.get(subject) ?? never;
      this.revoked.set(subject, {
        not_before: Math.max(known.not_before, times.not_before),
        exp: Math.max(known.exp, times.exp),
      });
    }
    this.position = payload.position;
    if (!payload.more) this.asOf = Math.min(payload.iat, now);
    return payload.more;
  }
}

function digest(subject) {
  return createHash("sha256").update(subject).digest().subarray(0, 16).toString("base64url");
}
