//! What the members of a token mean, and where that is written.
use serde_json::{Map, Value};

use crate::console::moment::Moment;
use crate::oauth::UnixTime;
use crate::texts::en;

/// One member of a header or of the claims.
pub struct Claim {
    pub name: String,
    pub value: String,
    /// A time, as people read it.
    pub moment: Option<Moment>,
    pub meaning: &'static str,
    /// Where it is defined; empty for what we do not know.
    pub source: &'static str,
}

/// The longest value that is shown.
const MOST: usize = 2_000;

/// The last second of the year 9999.
const LAST: i64 = 253_402_300_799;

type Known = (&'static str, &'static str, &'static str);

const HEADER: [Known; 9] = [
    ("alg", en("Algorithm of the signature"), "RFC 7515 §4.1.1"),
    ("typ", en("What kind of token it is; at+jwt is an access token"), "RFC 9068 §2.1"),
    ("kid", en("Which key signed it"), "RFC 7515 §4.1.4"),
    ("cty", en("What kind of thing its content is"), "RFC 7515 §4.1.10"),
    ("crit", en("Extensions that whoever reads it must understand"), "RFC 7515 §4.1.11"),
    ("jku", en("Where keys are said to be; never fetch from there"), "RFC 7515 §4.1.2"),
    ("jwk", en("A key that it brings along; never trust that"), "RFC 7515 §4.1.3"),
    ("x5c", en("Certificates of the key"), "RFC 7515 §4.1.6"),
    ("x5t", en("Thumbprint of the certificate"), "RFC 7515 §4.1.7"),
];

const CLAIMS: [Known; 16] = [
    ("iss", en("Who issued it"), "RFC 7519 §4.1.1"),
    ("sub", en("Whom it is about; here the client itself"), "RFC 7519 §4.1.2"),
    ("aud", en("Which APIs it is for; every other API must refuse it"), "RFC 7519 §4.1.3"),
    ("exp", en("From when on nothing accepts it"), "RFC 7519 §4.1.4"),
    ("nbf", en("Before when nothing accepts it"), "RFC 7519 §4.1.5"),
    ("iat", en("When it was issued"), "RFC 7519 §4.1.6"),
    ("jti", en("Its own ID; the log has it under this"), "RFC 7519 §4.1.7"),
    ("client_id", en("The application that asked for it"), "RFC 8693 §4.3"),
    ("scope", en("What it may do there, separated by spaces"), "RFC 8693 §4.2"),
    ("credential_id", en("The secret that it was got with"), en("of this server")),
    (
        "status",
        en("Where it is published whether it was revoked"),
        "draft-ietf-oauth-status-list §6.2",
    ),
    ("cnf", en("The key that its holder must prove to have"), "RFC 7800 §3.1"),
    ("act", en("Who acts on behalf of the subject"), "RFC 8693 §4.1"),
    ("auth_time", en("When a person signed in"), "RFC 9068 §2.2.1"),
    ("acr", en("How a person signed in"), "RFC 9068 §2.2.1"),
    ("azp", en("The party that it was issued to"), "OpenID Connect Core §2"),
];

const TIMES: [&str; 4] = ["exp", "nbf", "iat", "auth_time"];

/// The members of a header.
pub fn header(members: &Map<String, Value>, now: UnixTime) -> Vec<Claim> {
    explain(members, &HEADER, now)
}

/// The claims, those that everybody has first.
pub fn claims(members: &Map<String, Value>, now: UnixTime) -> Vec<Claim> {
    explain(members, &CLAIMS, now)
}

fn explain(members: &Map<String, Value>, known: &[Known], now: UnixTime) -> Vec<Claim> {
    let claim = |name: &str, value: &Value| {
        let found = known.iter().find(|(known, ..)| *known == name);
        Claim {
            name: name.to_owned(),
            value: text(value),
            moment: moment(name, value, now),
            meaning: found
                .map_or(en("Not a claim that this server knows"), |(_, meaning, _)| meaning),
            source: found.map_or("", |(.., source)| source),
        }
    };
    let first = known.iter().filter_map(|(name, ..)| Some(claim(name, members.get(*name)?)));
    let is_known = |name: &str| known.iter().any(|(known, ..)| *known == name);
    let rest = members.iter().filter(|(name, _)| !is_known(name));
    first.chain(rest.map(|(name, value)| claim(name, value))).collect()
}

fn text(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    };
    if text.chars().count() > MOST {
        text.chars().take(MOST).chain(['…']).collect()
    } else {
        text
    }
}

fn moment(name: &str, value: &Value, now: UnixTime) -> Option<Moment> {
    let seconds = value.as_i64().filter(|seconds| (0..=LAST).contains(seconds));
    let seconds = seconds.filter(|_| TIMES.contains(&name))?;
    Some(Moment::new(UnixTime::from_seconds(seconds), now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_claim_says_what_it_means_and_a_strange_one_that_it_is_strange() {
        let Value::Object(members) =
            json!({"tenant": 7, "aud": ["a", "b"], "exp": 1_700_000_000, "iat": i64::MAX})
        else {
            panic!()
        };
        let claims = claims(&members, UnixTime::from_seconds(1_700_000_060));
        let said: Vec<_> = claims.iter().map(|c| (c.name.as_str(), c.value.as_str())).collect();
        let expected = [
            ("aud", "a b"),
            ("exp", "1700000000"),
            ("iat", "9223372036854775807"),
            ("tenant", "7"),
        ];
        assert_eq!(said, expected);
        assert_eq!(claims[1].moment.as_ref().unwrap().text, "1 min ago");
        assert_eq!(claims[2].moment, None, "a time of no year of ours");
        assert_eq!(claims[3].source, "");
    }
}
