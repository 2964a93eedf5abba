//! Trying a token request: the decision of the token endpoint, without a token.
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::claims::{self, Claim};
use crate::console::log::advice;
use crate::console::log::detail;
use crate::console::log::ladder::{self, Rung};
use crate::console::log::names::Names;
use crate::model::audit_event::{Event, Mark, Outcome, TokenFacts};
use crate::oauth::access_token::Claims;
use crate::oauth::client::Client;
use crate::oauth::client_credentials::{self, Issuance, Request};
use crate::oauth::form::Form;
use crate::oauth::reason::{Check, Reason};
use crate::oauth::{Error, UnixTime, client_auth};
use crate::store::{self, Conn};
use crate::text;
use crate::texts::Text;

/// What is asked for.
pub struct Asked {
    pub client_id: String,
    /// Identifiers, separated by spaces.
    pub api: String,
    pub scope: String,
    /// `None`: a dry run.
    pub secret: Option<Zeroizing<String>>,
    pub now: UnixTime,
}

/// What came of it.
pub struct Decided {
    asked: Asked,
    result: Result<Issuance, Error>,
    secret_id: Option<String>,
}

/// What came of it, in words.
pub struct Verdict {
    pub is_issued: bool,
    pub why: Text,
    pub mend: &'static str,
    /// The error as the caller would get it.
    pub error: Option<(&'static str, String)>,
    pub rungs: Vec<Rung>,
    pub claims: Vec<Claim>,
    pub lifetime_seconds: i64,
    /// Whether a secret was looked at.
    pub has_secret: bool,
    pub concerns_access: bool,
}

/// Decides as the token endpoint does: the same form, read by the same reader,
/// in the same order of checks.
pub fn decide(client: Option<&Client>, asked: Asked) -> Decided {
    let mut secret_id = None;
    let result = admit(client, &asked, &mut secret_id);
    if let Err(error) = &result {
        secret_id = secret_id.or_else(|| error.secret_id.clone());
    }
    Decided { asked, result, secret_id }
}

fn admit(
    client: Option<&Client>,
    asked: &Asked,
    secret_id: &mut Option<String>,
) -> Result<Issuance, Error> {
    let body = body(asked);
    let form = Form::parse(body.as_bytes())?;
    if asked.secret.is_some() {
        let presented = client_auth::presented(None, &form)?;
        *secret_id = Some(client_auth::verify(&presented, client, asked.now)?.id.clone());
    }
    let Some(client) = client else {
        return Err(Error::unauthenticated(Reason::UnknownClient));
    };
    if !client.active {
        return Err(Error::unauthenticated(Reason::ClientSuspended));
    }
    client_credentials::decide(client, &Request::parse(&form)?, asked.now)
}

/// The form that an application would send.
fn body(asked: &Asked) -> Zeroizing<String> {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials");
    form.append_pair("client_id", &asked.client_id);
    if let Some(secret) = &asked.secret {
        form.append_pair("client_secret", secret);
    }
    for api in asked.api.split_whitespace() {
        form.append_pair("resource", api);
    }
    if !asked.scope.is_empty() {
        form.append_pair("scope", &asked.scope);
    }
    Zeroizing::new(form.finish())
}

impl Decided {
    /// The algorithm that the token would be signed with.
    pub fn issuance(&self) -> Option<&Issuance> {
        self.result.as_ref().ok()
    }

    pub fn client_id(&self) -> &str {
        &self.asked.client_id
    }

    /// Refuses after all: what comes after the decision would fail.
    pub fn refuse(&mut self, error: Error) {
        self.secret_id = self.secret_id.take().or_else(|| error.secret_id.clone());
        self.result = Err(error);
    }

    /// Whether the secret that was presented is none of this application.
    pub fn has_strange_secret(&self) -> bool {
        let reason = self.result.as_ref().err().map(|error| error.reason);
        self.asked.secret.is_some()
            && matches!(reason, Some(Reason::UnknownClient | Reason::BadSecret))
    }

    /// The names of what it is about are read for the words.
    pub fn verdict(self, conn: &mut Conn, issuer: &str) -> Result<Verdict, store::Error> {
        let event = self.event();
        let names = Names::read(conn, std::slice::from_ref(&event))?;
        let mut rungs = ladder::rungs(&event, &names);
        let has_secret = self.asked.secret.is_some();
        let algorithm = event.token.as_ref().and_then(|facts| facts.alg.clone());
        soften(&mut rungs, has_secret, algorithm.as_deref());
        let base = Verdict {
            is_issued: self.result.is_ok(),
            why: Text::default(),
            mend: "",
            error: None,
            rungs,
            claims: Vec::new(),
            lifetime_seconds: 0,
            has_secret,
            concerns_access: false,
        };
        Ok(match &self.result {
            Ok(issuance) => Verdict {
                claims: self.claims(issuer, issuance),
                lifetime_seconds: issuance.expires_at.since(issuance.issued_at).0,
                ..base
            },
            Err(error) => Verdict {
                why: detail::refusal(&event, &names, error.reason),
                mend: advice::mend(error.reason),
                error: Some((error.code.as_str(), error.description.to_string())),
                concerns_access: advice::concerns_access(error.reason),
                ..base
            },
        })
    }

    fn claims(&self, issuer: &str, issuance: &Issuance) -> Vec<Claim> {
        let credential = self.secret_id.clone();
        let credential = credential.unwrap_or_else(|| "the ID of the secret in use".to_owned());
        let claims = Claims::new(issuer, "a new one for each token", issuance, credential);
        let mut members = match json!(claims) {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        if issuance.status_list {
            members.insert("status".to_owned(), json!("an index of a status list, when issued"));
        }
        claims::claims(&members, self.asked.now)
    }

    /// The event that the log would have of it. It is not recorded.
    fn event(&self) -> Event {
        let mark = Mark { id: String::new(), salt: [0; 16] };
        let (code, outcome) = match &self.result {
            Ok(_) => ("token.issued", Outcome::Success),
            Err(_) => ("token.denied", Outcome::Denied),
        };
        let mut event = Event::new(mark, self.asked.now, code, outcome);
        event.client_id = Some(self.asked.client_id.clone());
        event.actor.credential_id.clone_from(&self.secret_id);
        let asked = TokenFacts {
            resource: self.asked.api.split_whitespace().map(str::to_owned).collect(),
            scope_requested: Some(self.asked.scope.clone()).filter(|scope| !scope.is_empty()),
            ..TokenFacts::default()
        };
        event.token = Some(match &self.result {
            Ok(issuance) => TokenFacts {
                resource: issuance.resources.clone(),
                scope_granted: Some(issuance.scope.to_string()),
                alg: Some(issuance.algorithm.as_str().into()),
                ..asked
            },
            Err(error) => {
                event.reason = Some(error.reason.as_str().into());
                TokenFacts {
                    scope_refused: error.scope_refused.clone(),
                    failed_check: Some(error.reason.check().index()),
                    ..asked
                }
            }
        });
        event
    }
}

/// Says of each check that it was not made, where it was not.
fn soften(rungs: &mut [Rung], has_secret: bool, algorithm: Option<&str>) {
    for (check, rung) in Check::ALL.into_iter().zip(rungs).filter(|(_, rung)| rung.class == "pass")
    {
        match check {
            Check::Credential if !has_secret => rung.note = text!("not looked at in a dry run"),
            Check::Token => {
                if let Some(alg) = algorithm {
                    rung.note = text!("would be signed with {alg}", alg);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::algorithm::Algorithm;
    use crate::oauth::client::{Grant, Introspects};
    use crate::oauth::scope::ScopeSet;
    use crate::oauth::time::Seconds;

    const API: &str = "https://api.example/billing";

    fn client() -> Client {
        Client {
            client_id: "m2m_1".into(),
            active: true,
            token_lifetime: None,
            limit: None,
            secrets: [].into(),
            grants: [Grant {
                resource: API.into(),
                scopes: ScopeSet::parse("a b").unwrap(),
                token_lifetime: Seconds(600),
                algorithm: Algorithm::Es256,
                status_lists: false,
                limit: None,
            }]
            .into(),
            introspects: Introspects::For(Vec::new()),
        }
    }

    fn reason(client: Option<&Client>, api: &str, scope: &str, secret: Option<&str>) -> Reason {
        let asked = Asked {
            client_id: "m2m_1".into(),
            api: api.into(),
            scope: scope.into(),
            secret: secret.map(|secret| Zeroizing::new(secret.to_owned())),
            now: UnixTime(0),
        };
        decide(client, asked).result.unwrap_err().reason
    }

    #[test]
    fn a_dry_run_needs_no_secret_and_refuses_as_the_endpoint_does() {
        let client = client();
        let asked = Asked {
            client_id: "m2m_1".into(),
            api: String::new(),
            scope: "b".into(),
            secret: None,
            now: UnixTime(0),
        };
        let issuance = decide(Some(&client), asked).result.unwrap();
        assert_eq!((issuance.scope.to_string().as_str(), &*issuance.resources[0]), ("b", API));
        let known = Some(&client);
        assert_eq!(reason(known, API, "c", None), Reason::ScopeNotGranted);
        assert_eq!(reason(known, API, "a  b", None), Reason::ScopeMalformed);
        assert_eq!(reason(known, "https://other", "", None), Reason::ResourceNotGranted);
        assert_eq!(reason(None, API, "", None), Reason::UnknownClient);
        assert_eq!(reason(known, API, "c", Some("csk_x")), Reason::BadSecret, "comes first");
        let suspended = Client { active: false, ..client.clone() };
        assert_eq!(reason(Some(&suspended), API, "c", None), Reason::ClientSuspended);
    }
}
