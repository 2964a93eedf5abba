"""Checks access tokens of Countersign with PyJWT, and follows its revocations."""

import base64
import hashlib
import json
import threading
import time
import urllib.request

import jwt

ALGORITHMS = {"ES256", "EdDSA", "PS256", "RS256"}
NEVER = (0, 0)
CLAIMS = ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"]


class Refused(Exception):
    """Answer with this status; 401 and 403 with a WWW-Authenticate of this error."""

    def __init__(self, status, error=""):
        super().__init__(status, error)
        self.status, self.error = status, error


class Verifier:
    def __init__(self, issuer, resource, max_stale=15):
        self.issuer, self.resource, self.max_stale = issuer, resource, max_stale
        metadata = json.loads(fetch(f"{issuer}/.well-known/openid-configuration"))
        if metadata["issuer"] != issuer:
            raise ValueError(f"{issuer} says that it is {metadata['issuer']}")
        self.metadata, self.lock = metadata, threading.Lock()
        self.keys, self.asked_at = {}, float("-inf")
        self.revoked, self.position, self.as_of = {}, 0, float("-inf")
        threading.Thread(target=self._follow, daemon=True).start()

    def accept(self, token, scope):
        """The claims of a good token that has this scope."""
        claims, kid = self._open(token, "at+jwt", audience=self.resource, require=CLAIMS)
        if time.time() - self.as_of > self.max_stale:
            raise Refused(503)
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        subjects = [
            "everything:",
            f"token:{claims['jti']}",
            f"application:{claims['client_id']}",
            f"secret:{claims.get('credential_id', '')}",
            f"key:{kid}",
            *(f"resource:{uri}" for uri in audience),
        ]
        revoked = [self.revoked.get(digest(subject), NEVER) for subject in subjects]
        if any(not_before > claims["iat"] for not_before, _ in revoked):
            raise Refused(401, "invalid_token")
        if scope not in claims.get("scope", "").split():
            raise Refused(403, "insufficient_scope")
        return claims

    def _open(self, token, typ, audience=None, require=()):
        try:
            header = jwt.get_unverified_header(token)
            if header.get("typ", "").lower().removeprefix("application/") != typ:
                raise jwt.InvalidTokenError("another type")
            key = self._key(header.get("kid"))
            claims = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                issuer=self.issuer,
                audience=audience,
                leeway=5,
                options={"require": list(require), "verify_aud": audience is not None},
            )
            return claims, key.key_id
        except jwt.PyJWTError as error:
            raise Refused(401, "invalid_token") from error

    def _key(self, kid):
        """A key that is not known is asked for, at most once in ten seconds."""
        with self.lock:
            age = time.monotonic() - self.asked_at
            if age > 300 or (kid not in self.keys and age > 10):
                self.asked_at = time.monotonic()
                try:
                    found = jwt.PyJWKSet.from_dict(json.loads(fetch(self.metadata["jwks_uri"])))
                    self.keys = {key.key_id: key for key in found.keys}
                except OSError:
                    pass  # What is known stays known.
            key = self.keys.get(kid)
        if key is None or key.algorithm_name not in ALGORITHMS:
            raise jwt.InvalidKeyError("no key of the issuer")
        return key

    def _follow(self):
        while True:
            try:
                more = True
                while more:
                    more = self._take()
            except (OSError, ValueError, KeyError, Refused):
                pass  # `as_of` grows old.
            time.sleep(1)

    def _take(self):
        text = fetch(f"{self.metadata['revocations_uri']}?since={self.position}").decode()
        now = time.time()
        statement, _ = self._open(text, "revocations+jwt", require=["iss", "iat"])
        if statement["since"] > self.position:
            raise ValueError("the feed has a gap")
        revoked = {s: times for s, times in self.revoked.items() if times[1] > now}
        for entry in statement["revocations"]:
            not_before, exp = revoked.get(entry["subject"], NEVER)
            latest = max(not_before, entry["not_before"]), max(exp, entry["exp"])
            revoked[entry["subject"]] = latest
        self.revoked = revoked
        self.position = statement["position"]
        if not statement["more"]:
            self.as_of = min(statement["iat"], now)
        return statement["more"]


def digest(subject):
    start = hashlib.sha256(subject.encode()).digest()[:16]
    return base64.urlsafe_b64encode(start).decode().rstrip("=")


def fetch(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read(4 * 1024 * 1024)
