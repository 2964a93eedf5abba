//! An API, its scopes, and how its tokens are made.
use super::text::{self, FieldError, Fields};
use crate::oauth::UnixTime;
use crate::oauth::algorithm::Algorithm;
use crate::oauth::resource::ResourceUri;
use crate::oauth::scope::ScopeToken;
use crate::oauth::time::Seconds;

/// A protected API. Its identifier is the `aud` of its tokens and never
/// changes.
#[derive(Clone, Debug)]
pub struct Resource {
    /// `res_` and a ULID.
    pub id: String,
    pub identifier: String,
    pub name: String,
    pub description: String,
    pub token_lifetime: Seconds,
    pub algorithm: Algorithm,
    pub verification: Verification,
    /// Whatever is granted at it takes two persons.
    pub sensitive: bool,
    pub created_at: UnixTime,
    /// Counts up with each edit; an edit names the one it was made from.
    pub version: i64,
}

/// How the API finds out whether a token is good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// Whether its tokens name a status list.
    pub status_lists: bool,
    pub access_records: AccessRecords,
}

/// What is recorded of accesses that the gate or introspection decided on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccessRecords {
    /// How many, per client and minute.
    #[default]
    Counted,
    /// One in a hundred besides, and every refusal.
    Sampled,
    /// Each, and the answer waits until it is on disk.
    Full,
}

impl AccessRecords {
    pub const ALL: [Self; 3] = [Self::Counted, Self::Sampled, Self::Full];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counted => "counted",
            Self::Sampled => "sampled",
            Self::Full => "full",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|records| records.as_str() == text)
    }
}

/// A scope of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    pub name: String,
    pub description: String,
}

/// What may be changed of a resource.
#[derive(Clone, Debug, Default)]
pub struct ResourceDetails {
    pub name: String,
    pub description: String,
    pub token_lifetime: Seconds,
}

/// What a person typed to register a resource.
#[derive(Clone, Debug, Default)]
pub struct NewResource {
    pub identifier: String,
    pub details: ResourceDetails,
    pub algorithm: Algorithm,
    pub scopes: Vec<Scope>,
}

/// How long a token may live, in seconds.
pub const TOKEN_LIFETIME: std::ops::RangeInclusive<i64> = 30..=86_400;
/// What a token lives when nobody says otherwise.
pub const DEFAULT_TOKEN_LIFETIME: Seconds = Seconds(600);
/// Above this a console says that a stolen token stays good for long.
pub const LONG_TOKEN_LIFETIME: Seconds = Seconds(3_600);

impl ResourceDetails {
    /// # Errors
    /// The fields that cannot be taken.
    pub fn read(name: &str, description: &str, lifetime: &str) -> Result<Self, Vec<FieldError>> {
        let mut fields = Fields::default();
        let details = Self {
            name: fields.take("name", text::required_line(name, 100, "a name")),
            description: fields.take("description", text::line(description, 500)),
            token_lifetime: fields.take("token_lifetime_seconds", lifetime_or_default(lifetime)),
        };
        if fields.errors.is_empty() { Ok(details) } else { Err(fields.errors) }
    }
}

impl NewResource {
    /// Reads a registration. `scopes` has one scope a line: a name, and after
    /// a space what it allows.
    ///
    /// # Errors
    /// The fields that cannot be taken.
    pub fn read(
        identifier: &str,
        details: Result<ResourceDetails, Vec<FieldError>>,
        algorithm: &str,
        scopes: &str,
    ) -> Result<Self, Vec<FieldError>> {
        let mut fields = Fields::default();
        let details = details.unwrap_or_else(|errors| {
            fields.errors.extend(errors);
            ResourceDetails::default()
        });
        let uri = ResourceUri::parse(identifier.trim()).map_err(str::to_owned);
        let identifier = fields.take("identifier", uri.map(|uri| uri.as_str().to_owned()));
        let algorithm = fields.take("algorithm", read_algorithm(algorithm));
        let scopes = fields.take("scopes", read_scopes(scopes));
        if !fields.errors.is_empty() {
            return Err(fields.errors);
        }
        Ok(Self { identifier, details, algorithm, scopes })
    }
}

impl Scope {
    /// # Errors
    /// The sentence for the person who typed it.
    pub fn read(name: &str, description: &str) -> Result<Self, String> {
        let name = name.trim();
        ScopeToken::parse(name).map_err(|_| {
            format!("“{name}” is no scope: use visible ASCII without spaces, quotes or backslash, at most 128 characters.")
        })?;
        Ok(Self { name: name.to_owned(), description: text::line(description, 200)? })
    }
}

/// Reads an optional lifetime in seconds.
///
/// # Errors
/// The sentence for the person who typed it.
pub fn read_lifetime(seconds: &str) -> Result<Option<Seconds>, String> {
    let seconds = seconds.trim();
    if seconds.is_empty() {
        return Ok(None);
    }
    match seconds.parse::<i64>() {
        Ok(value) if TOKEN_LIFETIME.contains(&value) => Ok(Some(Seconds(value))),
        _ => Err("Enter whole seconds from 30 to 86400.".to_owned()),
    }
}

fn lifetime_or_default(seconds: &str) -> Result<Seconds, String> {
    read_lifetime(seconds).map(|lifetime| lifetime.unwrap_or(DEFAULT_TOKEN_LIFETIME))
}

fn read_algorithm(text: &str) -> Result<Algorithm, String> {
    if text.is_empty() {
        return Ok(Algorithm::default());
    }
    Algorithm::parse(text).ok_or_else(|| "Choose ES256, EdDSA, PS256 or RS256.".to_owned())
}

fn read_scopes(text: &str) -> Result<Vec<Scope>, String> {
    let mut scopes: Vec<Scope> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, description) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        let scope = Scope::read(name, description)?;
        if scopes.iter().any(|known| known.name == scope.name) {
            return Err(format!("{} stands here twice.", scope.name));
        }
        scopes.push(scope);
    }
    if scopes.len() > 500 { Err("An API has at most 500 scopes.".to_owned()) } else { Ok(scopes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_one_a_line_with_what_they_allow() {
        let scopes = read_scopes("a:read Read a\n\n b:write Write b \nc").unwrap();
        let pairs: Vec<_> =
            scopes.iter().map(|s| (s.name.as_str(), s.description.as_str())).collect();
        assert_eq!(pairs, [("a:read", "Read a"), ("b:write", "Write b"), ("c", "")]);
        assert!(read_scopes("a\na").is_err());
        assert!(read_scopes("\"").is_err());
    }

    #[test]
    fn every_field_that_is_wrong_is_named() {
        let errors = NewResource::read("nope", ResourceDetails::read(" ", "", "29"), "HS256", "\\")
            .unwrap_err();
        let fields: Vec<_> = errors.iter().map(|error| error.field).collect();
        assert_eq!(fields, ["name", "token_lifetime_seconds", "identifier", "algorithm", "scopes"]);
    }

    #[test]
    fn a_lifetime_is_between_half_a_minute_and_a_day() {
        for bad in ["29", "86401", "-1", "1e3", "99999999999999999999"] {
            assert!(read_lifetime(bad).is_err(), "{bad}");
        }
        assert_eq!(read_lifetime("30"), Ok(Some(Seconds(30))));
        assert_eq!(read_lifetime(" "), Ok(None));
    }
}
