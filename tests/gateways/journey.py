"""What a gateway lets through to the API behind it: `ok` or `FAILED` a line.

In the environment: GATEWAY (its name), GATEWAY_URL, ISSUER, and ID:SECRET pairs in READER (invoices:read), NOBODY (no
scope) and STRANGER (another API).
"""
import base64
import http.client
import json
import os
import sys
import urllib.parse

name, failed = os.environ["GATEWAY"], False


def check(what, fine, seen):
    global failed
    failed = failed or not fine
    print(f"ok {name}: {what}" if fine else f"FAILED {name}: {what}: {seen}", flush=True)


def ask(url, method, path, headers=(), body=None):
    """Sends the path as it is: no library must tidy it."""
    parsed = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parsed.hostname, parsed.port, timeout=5)
    connection.putrequest(method, path, skip_accept_encoding=True)
    if body is not None:
        headers = [*headers, ("Content-Length", str(len(body)))]
    for header in headers:
        connection.putheader(*header)
    connection.endheaders(body)
    answer = connection.getresponse()
    return answer.status, answer.getheader("WWW-Authenticate") or "", answer.read().decode()


def token(client):
    basic = base64.b64encode(os.environ[client].encode()).decode()
    headers = [("Authorization", f"Basic {basic}"), ("Content-Type", "application/x-www-form-urlencoded")]
    status, _, text = ask(os.environ["ISSUER"], "POST", "/oauth/token", headers, b"grant_type=client_credentials")
    assert status == 200, text
    return json.loads(text)["access_token"]


def call(bearer, method, path, *headers):
    sent = [("Authorization", f"Bearer {bearer}")] if bearer else []
    return ask(os.environ["GATEWAY_URL"], method, path, [*sent, *headers])


reader, nobody, stranger = token("READER"), token("NOBODY"), token("STRANGER")
forged = [("X-Client-Id", "admin"), ("X-Scope", "admin"), ("X-Token-Id", "1")]

status, challenge, text = call(None, "GET", "/invoices/7")
check("without a token 401, with a challenge", status == 401 and challenge.startswith("Bearer "), (status, challenge))
status, challenge, text = call("a.b.c", "GET", "/invoices/7")
check("a bad token is 401", status == 401 and "invalid_token" in challenge, (status, challenge))
status, challenge, text = call(stranger, "GET", "/invoices/7")
check("a token for another API is 401", status == 401 and "invalid_token" in challenge, (status, challenge))

status, _, text = call(reader, "GET", "/invoices/7?x=1", *forged)
told = json.loads(text)["told"] if status == 200 else {}
client = os.environ["READER"].split(":")[0]
check("a good token passes, query and all", status == 200 and json.loads(text)["path"] == "/invoices/7?x=1", text)
check(
    "the API is told who calls, and nothing of the caller's",
    told.get("X-Client-Id") == [client] and told.get("X-Scope") == ["invoices:read"] and "1" not in told["X-Token-Id"],
    told,
)
status, _, text = call(nobody, "GET", "/public/x", *forged)
told = json.loads(text)["told"] if status == 200 else {}
check("a token without scopes has none", status == 200 and told.get("X-Scope") in (None, [""]), (status, text))

status, challenge, _ = call(reader, "POST", "/invoices")
wanted = 'error="insufficient_scope", scope="invoices:write"'
check("a scope that is missing is 403, and named", status == 403 and wanted in challenge, (status, challenge))
status, _, _ = call(reader, "GET", "/elsewhere")
check("what no route lists is 403", status == 403, status)

for path in ("/public/%2e%2e/admin", "/public/..%2fadmin", "/public//../admin", "/public/..;/admin", "/public/%252e%252e/admin"):
    status, _, text = call(reader, "GET", path)
    check(f"{path} does not pass", status in (400, 403), (status, text))
for pair in (
    [("X-Original-Method", "GET"), ("X-Original-URI", "/public/x")],
    [("X-Forwarded-Method", "GET"), ("X-Forwarded-Uri", "/public/x")],
):
    status, _, text = call(reader, "GET", "/admin", *pair)
    check(f"a caller cannot name another request in {pair[1][0]}", status == 403, (status, text))
    status, _, text = call(reader, "GET", "/invoices/7", *pair)
    check(f"nor does {pair[1][0]} of its own matter", status == 200, (status, text))
sys.exit(failed)
