using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

var http = new HttpClient();
string? kept = null;
var until = DateTimeOffset.MinValue;

// A token, kept until half a minute before it expires.
async Task<string> Token()
{
    if (kept is not null && DateTimeOffset.UtcNow < until) return kept;
    var secret = Environment.GetEnvironmentVariable("CLIENT_SECRET");
    var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes({{ quoted::literal(sample.client_id) }} + ":" + secret));
    var request = new HttpRequestMessage(HttpMethod.Post, {{ quoted::literal(sample.token_url) }})
    {
        Headers = { Authorization = new AuthenticationHeaderValue("Basic", basic) },
        Content = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["resource"] = {{ quoted::literal(sample.resource) }},{% if !sample.scope.is_empty() %}
            ["scope"] = {{ quoted::literal(sample.scope) }},{% endif %}
        }),
    };
    var response = await http.SendAsync(request);
    var body = await response.Content.ReadAsStringAsync();
    if (!response.IsSuccessStatusCode) throw new Exception($"No token: {(int)response.StatusCode} {body}");
    var answer = JsonDocument.Parse(body).RootElement;
    until = DateTimeOffset.UtcNow.AddSeconds(answer.GetProperty("expires_in").GetInt32() - 30);
    return kept = answer.GetProperty("access_token").GetString()!;
}

async Task Call()
{
    var request = new HttpRequestMessage(HttpMethod.Get, {{ quoted::literal(sample.call_url) }});
    request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await Token());
    Console.WriteLine(await (await http.SendAsync(request)).Content.ReadAsStringAsync());
}

await Call();
