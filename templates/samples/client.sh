# Gets a token, and keeps it until half a minute before it expires.
token() {
  if [ "$(date +%s)" -ge "${TOKEN_UNTIL:-0}" ]; then
    ANSWER=$(curl -sS --fail-with-body {{ quoted::shell(sample.token_url) }} \
      -u {{ quoted::shell(sample.client_id) }}:"$CLIENT_SECRET" \
      -d grant_type=client_credentials{% for parameter in sample.parameters() %} \
      {{ parameter.option }} {{ parameter.name }}={{ parameter.value }}{% endfor %}
    ) || { echo "No token: $ANSWER" >&2; return 1; }
    TOKEN=$(echo "$ANSWER" | sed -E 's/.*"access_token":"([^"]+)".*/\1/')
    TOKEN_UNTIL=$(($(date +%s) + $(echo "$ANSWER" | sed -E 's/.*"expires_in":([0-9]+).*/\1/') - 30))
  fi
}

token && curl -sS {{ quoted::shell(sample.call_url) }} -H "Authorization: Bearer $TOKEN"
