//! The answer of introspection, RFC 7662 §2.2.
use serde::Serialize;

use super::access_token::{Audience, Claims};
use super::client::Introspects;

/// Exactly `{"active":false}`, or what the caller may know.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub struct Answer {
    active: bool,
    #[serde(flatten)]
    token: Option<Token>,
}

#[derive(Debug, Serialize, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "the protocol's name of it")]
struct Token {
    iss: String,
    sub: String,
    /// Of several resources, those that the caller answers for.
    aud: Audience,
    client_id: String,
    exp: i64,
    iat: i64,
    jti: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    scope: String,
    token_type: &'static str,
}

impl Answer {
    pub const fn inactive() -> Self {
        Self { active: false, token: None }
    }

    /// `None` when the caller answers for none of the token's resources
    /// (Keycloak CVE-2026-37979).
    pub fn active(claims: &Claims, introspects: &Introspects) -> Option<Self> {
        let answers_for = |uri: &&String| match introspects {
            Introspects::Any => true,
            Introspects::For(resources) => resources.contains(uri),
        };
        let resources = claims.aud.resources().iter().filter(answers_for).cloned().collect();
        let token = Token {
            iss: claims.iss.clone(),
            sub: claims.sub.clone(),
            aud: Audience::of(resources)?,
            client_id: claims.client_id.clone(),
            exp: claims.exp,
            iat: claims.iat,
            jti: claims.jti.clone(),
            scope: claims.scope.clone(),
            token_type: "Bearer",
        };
        Some(Self { active: true, token: Some(token) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(resources: &[&str]) -> Claims {
        Claims {
            iss: "https://issuer.example".into(),
            sub: "m2m_1".into(),
            aud: Audience::of(resources.iter().map(|uri| (*uri).to_owned()).collect()).unwrap(),
            exp: 600,
            iat: 1,
            jti: "01K".into(),
            client_id: "m2m_1".into(),
            scope: "a".into(),
            credential_id: "sec_1".into(),
            status: None,
        }
    }

    fn json(answer: &Answer) -> String {
        serde_json::to_string(answer).unwrap()
    }

    /// RFC 7662 §2.2: nothing else is said of a token that is not active.
    #[test]
    fn an_inactive_answer_has_one_member() {
        assert_eq!(json(&Answer::inactive()), r#"{"active":false}"#);
    }

    #[test]
    fn a_caller_learns_of_the_resources_it_answers_for_and_of_no_other() {
        let two = claims(&["https://a.example", "https://b.example"]);
        let a = Introspects::For(vec!["https://a.example".into()]);
        let answer = json(&Answer::active(&two, &a).unwrap());
        assert!(answer.contains(r#""aud":"https://a.example""#), "{answer}");
        assert!(!answer.contains("b.example") && !answer.contains("sec_1"), "{answer}");

        assert_eq!(Answer::active(&claims(&["https://b.example"]), &a), None);
        assert_eq!(Answer::active(&two, &Introspects::For(vec![])), None);
        let any = json(&Answer::active(&two, &Introspects::Any).unwrap());
        assert!(any.contains(r#""aud":["https://a.example","https://b.example"]"#), "{any}");
    }
}
