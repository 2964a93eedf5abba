//! RFC 8414 and RFC 7517: what is said works, and nothing else is said.
use serde_json::json;

use crate::support::{ISSUER, Server};

#[test]
fn the_metadata_say_exactly_what_works() {
    let server = Server::start();
    let answer = server.get("/.well-known/oauth-authorization-server");
    assert_eq!(
        answer.json(),
        json!({
            "issuer": ISSUER,
            "token_endpoint": format!("{ISSUER}/oauth/token"),
            "jwks_uri": format!("{ISSUER}/oauth/jwks.json"),
            "status_list_aggregation_endpoint": format!("{ISSUER}/oauth/status-lists"),
            "authorization_endpoint": format!("{ISSUER}/oauth/authorize"),
            "response_types_supported": [],
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "introspection_endpoint": format!("{ISSUER}/oauth/introspect"),
            "introspection_endpoint_auth_methods_supported":
                ["client_secret_basic", "client_secret_post"],
            "revocation_endpoint": format!("{ISSUER}/oauth/revoke"),
            "revocation_endpoint_auth_methods_supported":
                ["client_secret_basic", "client_secret_post"],
            "revocations_uri": format!("{ISSUER}/oauth/revocations"),
        })
    );
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(server.get("/.well-known/openid-configuration").text, answer.text);
    let authorize = server.get("/oauth/authorize?response_type=code&redirect_uri=https://x");
    assert_eq!((authorize.status, authorize.header("location")), (400, None));
    assert!(authorize.text.starts_with("unsupported_response_type"));
}

#[test]
fn what_is_switched_off_is_neither_said_nor_there() {
    let server = Server::start_with(&[("COUNTERSIGN_AUTHORIZATION_ENDPOINT", "false")]);
    let metadata = server.get("/.well-known/oauth-authorization-server").json();
    assert!(metadata.get("authorization_endpoint").is_none());
    assert_ne!(server.get("/oauth/authorize").status, 400);
}

/// RFC 8414 §3.1: the well-known document stands before the issuer's path.
#[test]
fn an_issuer_with_a_path_has_its_endpoints_below_it() {
    let issuer = "https://issuer.example/machines";
    let server = Server::start_with(&[("COUNTERSIGN_ISSUER", issuer)]);
    let metadata = server.get("/.well-known/oauth-authorization-server/machines").json();
    assert_eq!(metadata["issuer"], issuer);
    assert_eq!(metadata["token_endpoint"], format!("{issuer}/oauth/token"));
    assert_eq!(server.get("/machines/oauth/jwks.json").status, 200);
    assert_eq!(server.get("/machines/.well-known/openid-configuration").status, 200);
    assert_eq!(server.request("POST", "/machines/oauth/token", &[], vec![]).status, 400);
}

#[test]
fn the_key_set_is_cached_by_its_tag_and_holds_no_private_member() {
    let server = Server::start();
    let answer = server.get("/oauth/jwks.json");
    let keys = answer.json()["keys"].as_array().unwrap().clone();
    assert_eq!(
        keys.len(),
        4,
        "for tokens and for their status: one that signs, one that stands by"
    );
    for key in &keys {
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key.get(private).is_none(), "{private}");
        }
        assert_eq!((key["use"].as_str(), key["alg"].as_str()), (Some("sig"), Some("ES256")));
    }
    let tag = answer.header("etag").unwrap();
    let again = server.request("GET", "/oauth/jwks.json", &[("if-none-match", tag)], vec![]);
    assert_eq!((again.status, again.text.as_str()), (304, ""));
    let head = server.request("HEAD", "/oauth/jwks.json", &[], vec![]);
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    assert_eq!(server.request("POST", "/oauth/jwks.json", &[], vec![]).status, 405);
}
