//! The crate `oauth2`, as an outside client; `jsonwebtoken` as the API that
//! verifies. More outside clients are in `tests/clients`.
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use oauth2::basic::{BasicClient, BasicErrorResponseType};
use oauth2::{
    AuthType, ClientId, ClientSecret, HttpRequest, HttpResponse, RequestTokenError, Scope,
    TokenResponse as _, TokenUrl,
};

use crate::support::world::{BILLING_API, Client};
use crate::support::{ISSUER, Server};

/// Carries what the library wants to send to the test server.
fn carry(server: &Server) -> impl Fn(HttpRequest) -> Result<HttpResponse, std::io::Error> + '_ {
    |request| {
        let headers: Vec<(&str, &str)> = request
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
            .collect();
        let method = request.method().as_str();
        let answer = server.request(method, request.uri().path(), &headers, request.body().clone());
        let mut response = ureq::http::Response::builder().status(answer.status);
        for (name, value) in &answer.headers {
            response = response.header(name, value);
        }
        Ok(response.body(answer.text.into_bytes()).unwrap())
    }
}

#[test]
fn the_oauth2_crate_gets_a_token_that_a_stock_library_verifies() {
    let server = Server::start();
    let billing = server.world().billing;
    for (authentication, scope) in
        [(AuthType::BasicAuth, "invoices:read"), (AuthType::RequestBody, "invoices:write")]
    {
        let client = BasicClient::new(ClientId::new(billing.client_id.clone()))
            .set_client_secret(ClientSecret::new(billing.secret.clone()))
            .set_auth_type(authentication)
            .set_token_uri(TokenUrl::new(format!("{ISSUER}/oauth/token")).unwrap());

        let token = client
            .exchange_client_credentials()
            .add_scope(Scope::new(scope.into()))
            .add_extra_param("resource", BILLING_API)
            .request(&carry(&server))
            .unwrap();

        assert_eq!(token.expires_in().unwrap().as_secs(), 600);
        let text = token.access_token().secret();
        let keys: JwkSet = serde_json::from_str(&server.get("/oauth/jwks.json").text).unwrap();
        let header = decode_header(text).unwrap();
        let key = DecodingKey::from_jwk(keys.find(&header.kid.unwrap()).unwrap()).unwrap();
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[BILLING_API]);
        // The server's clock stands still in the past.
        validation.validate_exp = false;
        let claims = decode::<serde_json::Value>(text, &key, &validation).unwrap().claims;
        assert_eq!(claims["scope"], scope);
    }
}

#[test]
fn the_oauth2_crate_understands_a_refusal() {
    let server = Server::start();
    let billing = server.world().billing;
    let wrong = Client { secret: "csk_wrong".into(), ..billing };
    let client = BasicClient::new(ClientId::new(wrong.client_id))
        .set_client_secret(ClientSecret::new(wrong.secret))
        .set_token_uri(TokenUrl::new(format!("{ISSUER}/oauth/token")).unwrap());
    let refused = client.exchange_client_credentials().request(&carry(&server)).unwrap_err();
    let RequestTokenError::ServerResponse(error) = refused else { panic!("{refused:?}") };
    assert_eq!(*error.error(), BasicErrorResponseType::InvalidClient);
}
