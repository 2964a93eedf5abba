"""What one server does is done on all: `ok` or `FAILED` a line.

In the environment: BALANCED (the URL that leads to all), SERVERS (their own URLs, spaces between), CLIENT (ID:SECRET),
EMAIL and PASSWORD of an administrator.
"""
import base64
import http.client
import os
import sys
import time
import urllib.parse

balanced, servers = os.environ["BALANCED"], os.environ["SERVERS"].split()
client_id = os.environ["CLIENT"].split(":")[0]
failed = False


def check(what, fine, seen):
    global failed
    failed = failed or not fine
    print(f"ok {what}" if fine else f"FAILED {what}: {seen}", flush=True)


def ask(url, method, path, headers=(), fields=None):
    parsed = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parsed.hostname, parsed.port, timeout=10)
    headers = {"Sec-Fetch-Site": "same-origin", **dict(headers)}
    body = None
    if fields is not None:
        body = urllib.parse.urlencode(fields)
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read().decode()


def token(url):
    basic = base64.b64encode(os.environ["CLIENT"].encode()).decode()
    return ask(url, "POST", "/oauth/token", {"Authorization": f"Basic {basic}"}, {"grant_type": "client_credentials"})[0]


def spread(want):
    """Seconds until every server answers the client with this status."""
    begun, waiting = time.monotonic(), set(servers)
    while waiting and time.monotonic() - begun < 10:
        waiting = {url for url in waiting if token(url) != want}
        time.sleep(0.01)
    return time.monotonic() - begun


sign_in = {"email": os.environ["EMAIL"], "password": os.environ["PASSWORD"]}
status, headers, _ = ask(balanced, "POST", "/sign-in", fields=sign_in)
cookies = "; ".join(line.split(";")[0] for line in headers.get_all("Set-Cookie") or [])
check("signed in through the proxy", status == 303 and cookies, status)

page = f"/applications/{client_id}"
statuses = [ask(url, "GET", page, {"Cookie": cookies})[0] for url in servers * 3]
check("the session is good at every server", set(statuses) == {200}, statuses)
statuses = [ask(balanced, "GET", page, {"Cookie": cookies})[0] for _ in range(20)]
check("and through the proxy, wherever that leads", set(statuses) == {200}, statuses)
check("the client gets its token at each", all(token(url) == 200 for url in servers), "")

slowest = 0.0
for number in range(int(sys.argv[1])):
    url = servers[number % len(servers)]
    for act, want in (("suspension", 401), ("resumption", 200)):
        status, _, text = ask(url, "POST", f"{page}/{act}", {"Cookie": cookies}, {})
        took = spread(want)
        slowest = max(slowest, took)
        if status != 303:
            check(f"{act} at one server", False, f"{status} {text[:200]}")
        # A token whose subject was revoked a moment ago waits for the next whole second: not what is measured here.
        time.sleep(2.5)
check(f"a change at one server is known to all within a second: {slowest:.2f} s at most", slowest <= 1, slowest)

status, headers, _ = ask(balanced, "POST", "/sign-out", {"Cookie": cookies}, {})
statuses = [ask(url, "GET", page, {"Cookie": cookies})[0] for url in servers]
check("signed out at one, the session is over at all", 200 not in statuses, f"{status} {statuses}")
sys.exit(failed)
