"""requests-oauthlib as a client, PyJWT as the API that receives the token."""

import os

# An issuer on loopback has no TLS.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

import jwt
import requests
from oauthlib.oauth2 import BackendApplicationClient, InvalidClientError, InvalidScopeError
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from checks import CLIENT_ID, CLIENT_SECRET, ISSUER, RESOURCE, SCOPE, check, equal


def session(scope=SCOPE):
    return OAuth2Session(client=BackendApplicationClient(CLIENT_ID, scope=scope))


def credential(method, secret=CLIENT_SECRET):
    if method == "client_secret_basic":
        return {"auth": HTTPBasicAuth(CLIENT_ID, secret)}
    return {"include_client_id": True, "client_secret": secret}


def refused(error, ask):
    try:
        ask()
    except error as refusal:
        equal(refusal.error, error.error)
    else:
        raise AssertionError("it was not refused")


with check("requests-oauthlib: reads the metadata"):
    answer = requests.get(f"{ISSUER}/.well-known/openid-configuration", timeout=10)
    answer.raise_for_status()
    metadata = answer.json()
    equal(metadata["issuer"], ISSUER)

token_endpoint = metadata["token_endpoint"]
keys = jwt.PyJWKClient(metadata["jwks_uri"])

for method in metadata["token_endpoint_auth_methods_supported"]:
    client = session()
    with check(f"requests-oauthlib: gets a token with {method}"):
        token = client.fetch_token(token_endpoint, resource=RESOURCE, **credential(method))
        equal(token["token_type"], "Bearer")
        equal(token["scope"], [SCOPE])

    with check(f"pyjwt: verifies the token of {method}"):
        key = keys.get_signing_key_from_jwt(token["access_token"])
        decoded = jwt.decode_complete(
            token["access_token"],
            key,
            algorithms=[key.algorithm_name],
            issuer=ISSUER,
            audience=RESOURCE,
            options={"require": ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"]},
        )
        equal(decoded["header"]["typ"], "at+jwt")
        equal(decoded["payload"]["client_id"], CLIENT_ID)
        equal(decoded["payload"]["scope"], SCOPE)
        equal(decoded["payload"]["exp"] - decoded["payload"]["iat"], token["expires_in"])

    with check(f"requests-oauthlib: /whoami answers the token of {method}"):
        answer = client.get(f"{ISSUER}/whoami", timeout=10)
        equal(answer.status_code, 200)
        equal(answer.json()["client_id"], CLIENT_ID)

    with check(f"requests-oauthlib: a wrong secret is invalid_client with {method}"):
        wrong = credential(method, CLIENT_SECRET[:-1])
        ask = lambda: session().fetch_token(token_endpoint, resource=RESOURCE, **wrong)
        refused(InvalidClientError, ask)

with check("requests-oauthlib: an unknown scope is invalid_scope"):
    greedy = session("invoices:delete")
    right = credential("client_secret_basic")
    ask = lambda: greedy.fetch_token(token_endpoint, resource=RESOURCE, **right)
    refused(InvalidScopeError, ask)

with check("pyjwt: another API refuses the token"):
    try:
        jwt.decode(
            token["access_token"],
            key,
            algorithms=[key.algorithm_name],
            audience="https://api.example.com/other",
        )
    except jwt.InvalidAudienceError:
        pass
    else:
        raise AssertionError("it was accepted")
