//! An application: a service, job, tool or device that asks for tokens.
use super::resource::read_lifetime;
use super::text::{self, FieldError, Fields};
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;

#[derive(Clone, Debug)]
pub struct Application {
    /// `m2m_` and 22 characters, of which time and chance are the authors; never a
    /// person's choice, so that it cannot be taken for a person's id (RFC 9700 §4.15).
    pub client_id: String,
    pub details: ApplicationDetails,
    /// Suspended applications get no tokens.
    pub active: bool,
    pub created_at: UnixTime,
    /// Counts up with each edit; an edit names the one it was made from.
    pub version: i64,
}

/// What may be changed of an application.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApplicationDetails {
    pub name: String,
    pub description: String,
    /// The team that answers for it.
    pub owner: String,
    /// Where that team is reached.
    pub contact: String,
    /// Instead of each resource's own, when set.
    pub token_lifetime: Option<Seconds>,
}

/// The fields of an application as a person typed them.
#[derive(Clone, Copy, Debug, Default)]
pub struct ApplicationInput<'a> {
    pub name: &'a str,
    pub description: &'a str,
    pub owner: &'a str,
    pub contact: &'a str,
    pub token_lifetime_seconds: &'a str,
}

impl ApplicationDetails {
    /// # Errors
    /// The fields that cannot be taken.
    pub fn read(input: ApplicationInput<'_>) -> Result<Self, Vec<FieldError>> {
        let mut fields = Fields::default();
        let details = Self {
            name: fields.take("name", text::required_line(input.name, 100, "a name")),
            description: fields.take("description", text::line(input.description, 500)),
            owner: fields.take("owner", text::line(input.owner, 100)),
            contact: fields.take("contact", text::line(input.contact, 200)),
            token_lifetime: fields
                .take("token_lifetime_seconds", read_lifetime(input.token_lifetime_seconds)),
        };
        if fields.errors.is_empty() { Ok(details) } else { Err(fields.errors) }
    }
}
