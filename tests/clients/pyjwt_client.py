"""An API in Python that checks tokens at home: tests/clients/verifier.py."""

import time

import requests

from checks import CLIENT_ID, CLIENT_SECRET, ISSUER, RESOURCE, SCOPE, check, equal
from verifier import Refused, Verifier


def post(path, **form):
    answer = requests.post(
        f"{ISSUER}{path}", data=form, auth=(CLIENT_ID, CLIENT_SECRET), timeout=10
    )
    answer.raise_for_status()
    return answer


def token():
    form = {"grant_type": "client_credentials", "resource": RESOURCE, "scope": SCOPE}
    return post("/oauth/token", **form).json()["access_token"]


def refused(status, api, token, scope=SCOPE):
    try:
        api.accept(token, scope)
    except Refused as refusal:
        equal(refusal.status, status)
    else:
        raise AssertionError("it was accepted")


def eventually(happened):
    end = time.monotonic() + 20
    while not happened():
        if time.monotonic() > end:
            raise AssertionError("it did not happen")
        time.sleep(0.1)


def accepts(token):
    try:
        return api.accept(token, SCOPE)["client_id"] == CLIENT_ID
    except Refused:
        return False


api = Verifier(ISSUER, RESOURCE)
good = token()

with check("verifier.py: hears the feed and accepts a good token"):
    eventually(lambda: accepts(good))

with check("verifier.py: refuses what is for another API, lacks a scope, or was touched"):
    other = Verifier(ISSUER, "https://api.example.com/other")
    refused(401, other, good)
    refused(403, api, good, "invoices:delete")
    head, body, signature = good.split(".")
    flipped = "A" if signature[0] != "A" else "B"
    refused(401, api, f"{head}.{body}.{flipped}{signature[1:]}")
    refused(401, api, "a.b.c")

with check("verifier.py: refuses a statement of the feed, which is no token"):
    refused(401, api, requests.get(f"{ISSUER}/oauth/revocations", timeout=10).text)

with check("verifier.py: refuses a revoked token within seconds, and no other"):
    revoked = token()
    eventually(lambda: accepts(revoked))
    post("/oauth/revoke", token=revoked)
    eventually(lambda: not accepts(revoked))
    refused(401, api, revoked)
    equal(accepts(good), True)
