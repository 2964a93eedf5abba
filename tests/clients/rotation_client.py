"""PyJWT as an API that keeps keys as PyJWKClient does: every token that is got
while the server's keys change is good."""

import os
import time

import jwt
import requests

from checks import CLIENT_ID, CLIENT_SECRET, ISSUER, RESOURCE, check

UNTIL = os.environ["UNTIL"]
keys = jwt.PyJWKClient(f"{ISSUER}/oauth/jwks.json", cache_keys=True, lifespan=float(os.environ["CACHE_SECONDS"]))
kids = {}
with check("PyJWKClient: no token is refused while keys rotate"):
    while not os.path.exists(UNTIL):
        answer = requests.post(
            f"{ISSUER}/oauth/token",
            data={"grant_type": "client_credentials", "resource": RESOURCE},
            auth=(CLIENT_ID, CLIENT_SECRET),
            timeout=5,
        )
        answer.raise_for_status()
        token = answer.json()["access_token"]
        key = keys.get_signing_key_from_jwt(token)
        jwt.decode(token, key.key, algorithms=["ES256"], audience=RESOURCE, issuer=ISSUER)
        kids[key.key_id] = kids.get(key.key_id, 0) + 1
        time.sleep(0.01)
with check(f"PyJWKClient: {sum(kids.values())} tokens of {len(kids)} keys"):
    assert len(kids) == int(os.environ["KEYS"]), kids
