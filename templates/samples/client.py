import base64, json, os, time, urllib.error, urllib.parse, urllib.request

CLIENT_ID = {{ quoted::literal(sample.client_id) }}
CLIENT_SECRET = os.environ["CLIENT_SECRET"]
_kept = {"token": None, "until": 0.0}


def token():
    """A token, kept until half a minute before it expires."""
    if time.time() >= _kept["until"]:
        form = {
            "grant_type": "client_credentials",
            "resource": {{ quoted::literal(sample.resource) }},{% if !sample.scope.is_empty() %}
            "scope": {{ quoted::literal(sample.scope) }},{% endif %}
        }
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        request = urllib.request.Request(
            {{ quoted::literal(sample.token_url) }},
            data=urllib.parse.urlencode(form).encode(),
            headers={"Authorization": f"Basic {basic}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                answer = json.load(response)
        except urllib.error.HTTPError as refusal:
            raise SystemExit(f"No token: {refusal.code} {refusal.read().decode()}")
        _kept["token"] = answer["access_token"]
        _kept["until"] = time.time() + answer["expires_in"] - 30
    return _kept["token"]


def call():
    headers = {"Authorization": f"Bearer {token()}"}
    request = urllib.request.Request({{ quoted::literal(sample.call_url) }}, headers=headers)
    with urllib.request.urlopen(request, timeout=10) as response:
        print(response.read().decode())


call()
