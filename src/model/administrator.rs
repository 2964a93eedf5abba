//! A person who signs in to the console.
use super::role::Role;
use super::text::{self, FieldError, Fields};
use crate::oauth::UnixTime;

#[derive(Clone, Debug)]
pub struct Administrator {
    /// `adm_` and a ULID.
    pub id: String,
    /// What the person signs in with, as it was written.
    pub email: String,
    pub name: String,
    pub role: Role,
    /// Suspended administrators cannot sign in, and their sessions are dead.
    pub active: bool,
    pub created_at: UnixTime,
    pub last_signed_in_at: Option<UnixTime>,
    pub version: i64,
}

/// What may be changed of an administrator.
#[derive(Clone, Debug)]
pub struct AdministratorDetails {
    pub email: String,
    pub name: String,
    pub role: Role,
}

/// Somebody who may become an administrator.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// `inv_` and a ULID.
    pub id: String,
    pub details: AdministratorDetails,
    pub created_by: String,
    pub created_at: UnixTime,
    pub expires_at: UnixTime,
}

impl AdministratorDetails {
    /// # Errors
    /// The fields that cannot be taken.
    pub fn read(email: &str, name: &str, role: &str) -> Result<Self, Vec<FieldError>> {
        let mut fields = Fields::default();
        let email = fields.take("email", read_email(email));
        let name = fields.take("name", text::required_line(name, 100, "a name"));
        let role = Role::parse(role)
            .ok_or_else(|| "Choose owner, admin, developer or auditor.".to_owned());
        let role = fields.take("role", role.map(Some));
        match role {
            Some(role) if fields.errors.is_empty() => Ok(Self { email, name, role }),
            _ => Err(fields.errors),
        }
    }
}

/// The form in which two spellings of one address are the same.
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

fn read_email(text: &str) -> Result<String, String> {
    let email = text::required_line(text, 254, "an email address")?;
    let well_formed = email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@')
    });
    if !well_formed || email.contains(char::is_whitespace) {
        return Err("Enter an email address, such as ada@example.com.".to_owned());
    }
    Ok(email)
}
