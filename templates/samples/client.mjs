const clientId = {{ quoted::literal(sample.client_id) }};
const clientSecret = process.env.CLIENT_SECRET;
let kept = { token: '', until: 0 };

// A token, kept until half a minute before it expires.
async function token() {
  if (Date.now() >= kept.until) {
    const response = await fetch({{ quoted::literal(sample.token_url) }}, {
      method: 'POST',
      headers: { Authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        resource: {{ quoted::literal(sample.resource) }},{% if !sample.scope.is_empty() %}
        scope: {{ quoted::literal(sample.scope) }},{% endif %}
      }),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`No token: ${response.status} ${answer.error}: ${answer.error_description}`);
    kept = { token: answer.access_token, until: Date.now() + (answer.expires_in - 30) * 1000 };
  }
  return kept.token;
}

async function call() {
  const headers = { Authorization: `Bearer ${await token()}` };
  const response = await fetch({{ quoted::literal(sample.call_url) }}, { headers });
  console.log(await response.text());
}

await call();
