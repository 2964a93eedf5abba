"""Authlib as a client, and as the API that receives the token (RFC 9068)."""

import os
import re
import time

# An issuer on loopback has no TLS.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc6750 import InsufficientScopeError, InvalidTokenError
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from joserfc.jwk import KeySet

from checks import CLIENT_ID, CLIENT_SECRET, ISSUER, RESOURCE, SCOPE, check, equal

GRANT = {"grant_type": "client_credentials", "resource": RESOURCE}


class Api(JWTBearerTokenValidator):
    """An API that accepts our tokens."""

    def get_jwks(self):
        keys = requests.get(metadata["jwks_uri"], timeout=10).json()
        return KeySet.import_key_set(keys)


def session(method, secret=CLIENT_SECRET):
    return OAuth2Session(CLIENT_ID, secret, scope=SCOPE, token_endpoint_auth_method=method)


def refused(error, description, ask):
    """The description ends with the id to quote to an administrator."""
    try:
        ask()
    except OAuthError as refusal:
        equal(refusal.error, error)
        if not re.fullmatch(rf"{re.escape(description)} \(req_[0-9A-Z]{{26}}\)", refusal.description):
            raise AssertionError(refusal.description)
    else:
        raise AssertionError("it was not refused")


with check("authlib: discovers the server, RFC 8414"):
    answer = requests.get(get_well_known_url(ISSUER, external=True), timeout=10)
    answer.raise_for_status()
    metadata = AuthorizationServerMetadata(answer.json())
    # Authlib wants a response type. RFC 8414 §2 requires the member; we have
    # none to name, and say so with an empty list.
    equal(metadata["response_types_supported"], [])
    metadata["response_types_supported"] = ["none"]
    metadata.validate()
    equal(metadata["issuer"], ISSUER)

token_endpoint = metadata["token_endpoint"]

for method in metadata["token_endpoint_auth_methods_supported"]:
    client = session(method)
    with check(f"authlib: gets a token with {method}"):
        token = client.fetch_token(token_endpoint, **GRANT)
        equal(token["token_type"], "Bearer")
        equal(token["scope"], SCOPE)
        if not token["expires_in"] > 0 or not token["expires_at"] > time.time():
            raise AssertionError(token)

    with check(f"authlib: an API accepts the token of {method}"):
        api = Api(ISSUER, RESOURCE)
        claims = api.authenticate_token(token["access_token"])
        api.validate_token(claims, [SCOPE], None)
        equal(claims.header["typ"], "at+jwt")
        equal(claims["client_id"], CLIENT_ID)
        equal(claims["scope"], SCOPE)

    with check(f"authlib: /whoami answers the token of {method}"):
        answer = client.get(f"{ISSUER}/whoami", timeout=10)
        equal(answer.status_code, 200)
        equal(answer.json()["client_id"], CLIENT_ID)

    with check(f"authlib: a wrong secret is invalid_client with {method}"):
        wrong = session(method, CLIENT_SECRET[:-1])
        ask = lambda: wrong.fetch_token(token_endpoint, **GRANT)
        refused("invalid_client", "client authentication failed", ask)

with check("authlib: another API refuses the token"):
    other = Api(ISSUER, "https://api.example.com/other")
    try:
        other.validate_token(other.authenticate_token(token["access_token"]), [SCOPE], None)
    except InvalidTokenError:
        pass
    else:
        raise AssertionError("it was accepted")

with check("authlib: an API misses a scope that was not asked for"):
    try:
        api.validate_token(claims, ["invoices:write"], None)
    except InsufficientScopeError:
        pass
    else:
        raise AssertionError("it was accepted")
