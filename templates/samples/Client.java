import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.regex.Pattern;

class Client {
    static final HttpClient HTTP = HttpClient.newHttpClient();
    static String kept;
    static Instant until = Instant.MIN;

    /** A token, kept until half a minute before it expires. */
    static synchronized String token() throws Exception {
        if (Instant.now().isBefore(until)) return kept;
        String form = "grant_type=client_credentials"
            + "&resource=" + encode({{ quoted::literal(sample.resource) }}){% if !sample.scope.is_empty() %}
            + "&scope=" + encode({{ quoted::literal(sample.scope) }}){% endif %};
        String credentials = {{ quoted::literal(sample.client_id) }} + ":" + System.getenv("CLIENT_SECRET");
        String basic = Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8));
        HttpRequest request = HttpRequest.newBuilder(URI.create({{ quoted::literal(sample.token_url) }}))
            .header("Authorization", "Basic " + basic)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString(form))
            .build();
        var response = HTTP.send(request, BodyHandlers.ofString());
        if (response.statusCode() != 200)
            throw new IllegalStateException("No token: " + response.statusCode() + " " + response.body());
        kept = member(response.body(), "\"access_token\"\\s*:\\s*\"([^\"]+)\"");
        until = Instant.now().plusSeconds(Long.parseLong(member(response.body(), "\"expires_in\"\\s*:\\s*(\\d+)")) - 30);
        return kept;
    }

    /** The answer is small and flat; with a JSON library at hand, use it. */
    static String member(String json, String pattern) {
        var found = Pattern.compile(pattern).matcher(json);
        if (!found.find()) throw new IllegalStateException("Not a token: " + pattern);
        return found.group(1);
    }

    static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    static void call() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create({{ quoted::literal(sample.call_url) }}))
            .header("Authorization", "Bearer " + token())
            .build();
        System.out.println(HTTP.send(request, BodyHandlers.ofString()).body());
    }

    public static void main(String[] args) throws Exception {
        call();
    }
}
