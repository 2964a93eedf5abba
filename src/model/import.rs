//! Rows of a file with applications, as JSON or CSV.
use serde::Deserialize;
use serde_json::Value;

use super::application::{ApplicationDetails, ApplicationInput};
use super::grant::{self, Access};
use super::secret::NewSecret;
use super::text;
use crate::oauth::client_secret::Digest;

/// The most characters of an external id.
const MOST_ID: usize = 200;

/// One application to be.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it is called where it comes from; its name, when the row says
    /// nothing else. No two applications are imported under one.
    pub external_id: String,
    pub details: ApplicationDetails,
    /// By the identifier of the API.
    pub grants: Vec<(String, Access)>,
    pub secret: Credential,
}

/// The first secret of an imported application.
#[derive(Clone, Debug)]
pub enum Credential {
    None,
    Generate(NewSecret),
    /// One that it holds already: the SHA-256 of its text.
    Known(NewSecret, Digest),
}

/// The fields of a row. A column that nobody knows is an error: a misspelt
/// one would be left out in silence.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Fields {
    external_id: String,
    name: String,
    description: String,
    owner: String,
    contact: String,
    token_lifetime_seconds: Number,
    grants: Grants,
    /// `generate`, `none`; nothing is `generate`.
    secret: String,
    /// 64 hexadecimal digits.
    secret_sha256: String,
    secret_name: String,
    secret_days: Number,
}

/// A number, or its digits.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Value")]
struct Number(String);

impl From<Value> for Number {
    fn from(value: Value) -> Self {
        Self(match value {
            Value::Null => String::new(),
            Value::String(text) => text,
            other => other.to_string(),
        })
    }
}

/// `URI=scope,scope` several times: a list, or separated by spaces.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Grants {
    List(Vec<String>),
    Line(String),
}

impl Default for Grants {
    fn default() -> Self {
        Self::Line(String::new())
    }
}

/// Reads a line of JSON.
///
/// # Errors
/// What is wrong with it, for who wrote the file.
pub fn from_json(line: &[u8]) -> Result<Row, String> {
    // A place in a single line says little, and the text may hold a secret.
    let fields: Fields = serde_json::from_slice(line).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => without_place(&error.to_string()),
        _ => format!("No JSON object in one line: see column {}.", error.column()),
    })?;
    fields.read()
}

/// Reads a record of CSV under these column names.
///
/// # Errors
/// As [`from_json`].
pub fn from_csv(headers: &csv::StringRecord, record: &csv::ByteRecord) -> Result<Row, String> {
    if record.len() != headers.len() {
        return Err(format!(
            "{} columns, and the first line names {}.",
            record.len(),
            headers.len()
        ));
    }
    let fields: Fields =
        record.deserialize(Some(headers.as_byte_record())).map_err(|error| match error.kind() {
            csv::ErrorKind::Deserialize { err, .. } => format!("{}.", err.kind()),
            _ => "The record cannot be read.".to_owned(),
        })?;
    fields.read()
}

/// Whether these can be the columns of a file.
///
/// # Errors
/// The first that is not known, or that `name` is missing.
pub fn check_headers(headers: &csv::StringRecord) -> Result<(), String> {
    const KNOWN: [&str; 11] = [
        "external_id",
        "name",
        "description",
        "owner",
        "contact",
        "token_lifetime_seconds",
        "grants",
        "secret",
        "secret_sha256",
        "secret_name",
        "secret_days",
    ];
    if let Some(unknown) = headers.iter().find(|name| !KNOWN.contains(name)) {
        return Err(format!("{unknown:?} is no column; known are {}", KNOWN.join(", ")));
    }
    if headers.iter().any(|name| name == "name") {
        Ok(())
    } else {
        Err("the first line names no column \"name\"".to_owned())
    }
}

impl Fields {
    fn read(self) -> Result<Row, String> {
        let details = ApplicationDetails::read(ApplicationInput {
            name: &self.name,
            description: &self.description,
            owner: &self.owner,
            contact: &self.contact,
            token_lifetime_seconds: &self.token_lifetime_seconds.0,
        })
        .map_err(|errors| told(&errors))?;
        let external_id =
            text::line(&self.external_id, MOST_ID).map_err(|why| format!("external_id: {why}"))?;
        let external_id = if external_id.is_empty() { details.name.clone() } else { external_id };
        let grants: Result<Vec<(String, Access)>, String> = match &self.grants {
            Grants::List(list) => list.iter().map(|text| grant::parse(text)).collect(),
            Grants::Line(line) => line.split_whitespace().map(grant::parse).collect(),
        };
        let grants = grants?;
        let mut apis: Vec<&str> = grants.iter().map(|(api, _)| api.as_str()).collect();
        apis.sort_unstable();
        if let Some([twice, _]) = apis.array_windows().find(|[one, other]| one == other) {
            return Err(format!("{twice} is granted twice."));
        }
        let secret = self.credential()?;
        Ok(Row { external_id, details, grants, secret })
    }

    fn credential(&self) -> Result<Credential, String> {
        let name = if self.secret_name.is_empty() { "imported" } else { &self.secret_name };
        let new = || NewSecret::read(name, &self.secret_days.0).map_err(|errors| told(&errors));
        match (self.secret.as_str(), self.secret_sha256.as_str()) {
            ("none", "") => Ok(Credential::None),
            ("" | "generate", "") => Ok(Credential::Generate(new()?)),
            ("", digits) => {
                let digest = digest(digits)
                    .ok_or("secret_sha256: write the 64 hexadecimal digits of a SHA-256.")?;
                Ok(Credential::Known(new()?, digest))
            }
            ("none" | "generate", _) => {
                Err("secret and secret_sha256 stand against one another.".to_owned())
            }
            _ => Err("secret: write generate or none.".to_owned()),
        }
    }
}

fn told(errors: &[text::FieldError]) -> String {
    let each = errors.iter().map(|error| format!("{}: {}", error.field, error.message));
    each.collect::<Vec<_>>().join(" ")
}

fn without_place(error: &str) -> String {
    let text = error.split(" at line ").next().unwrap_or_default();
    format!("{text}.")
}

fn digest(digits: &str) -> Option<Digest> {
    if digits.len() != 64 || !digits.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(Digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Result<Row, String> {
        from_json(text.as_bytes())
    }

    #[test]
    fn a_row_is_a_name_and_what_else_is_known() {
        let row = json(r#"{"name":"pump 7"}"#).unwrap();
        assert_eq!((row.external_id.as_str(), row.grants.len()), ("pump 7", 0));
        assert!(matches!(row.secret, Credential::Generate(ref new) if new.name == "imported"));

        let digits = "0F".repeat(32);
        let row = json(&format!(
            r#"{{"external_id":"sn-1","name":"pump","token_lifetime_seconds":60,"secret_days":"30",
                "grants":["urn:a=x,y","urn:b=*"],"secret_sha256":"{digits}"}}"#
        ))
        .unwrap();
        assert_eq!(row.external_id, "sn-1");
        assert_eq!(row.details.token_lifetime.unwrap().0, 60);
        assert_eq!(row.grants[1], ("urn:b".to_owned(), Access::All));
        assert!(matches!(row.secret, Credential::Known(_, Digest(bytes)) if bytes == [15; 32]));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_what_to_mend() {
        for (text, word) in [
            ("", "JSON"),
            ("[1]", "."),
            ("{}", "name"),
            (r#"{"name":"a","nmae":"b"}"#, "nmae"),
            (r#"{"name":"a","grants":["urn:a"]}"#, "urn:a"),
            (r#"{"name":"a","grants":"urn:a=x urn:a=*"}"#, "twice"),
            (r#"{"name":"a","secret":"hunter2"}"#, "generate or none"),
            (r#"{"name":"a","secret_sha256":"abc"}"#, "64"),
            (r#"{"name":"a","secret":"none","secret_sha256":"abc"}"#, "against"),
            (r#"{"name":"a","token_lifetime_seconds":1}"#, "30 to 86400"),
        ] {
            let error = json(text).unwrap_err();
            assert!(error.contains(word), "{text}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn csv_says_the_same_in_columns() {
        let headers = csv::StringRecord::from(vec!["name", "grants", "secret_days"]);
        let record = csv::ByteRecord::from(vec!["pump", "urn:a=x urn:b=*", "7"]);
        let row = from_csv(&headers, &record).unwrap();
        assert_eq!(row.grants.len(), 2);
        assert!(from_csv(&headers, &csv::ByteRecord::from(vec!["pump"])).is_err());
        assert!(check_headers(&headers).is_ok());
        assert!(check_headers(&csv::StringRecord::from(vec!["name", "scopes"])).is_err());
        assert!(check_headers(&csv::StringRecord::from(vec!["owner"])).is_err());
    }
}
