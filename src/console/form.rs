//! Forms that are shown again with what is wrong with them.
use crate::admin;
use crate::console::failure::Failure;
use crate::model::text::FieldError;
use crate::texts::Text;

/// The errors of a form, by field.
#[derive(Clone, Debug, Default)]
pub struct FieldErrors(Vec<Wrong>);

/// What is wrong with a field.
#[derive(Clone, Debug)]
pub struct Wrong {
    pub field: &'static str,
    pub message: Text,
}

impl FieldErrors {
    pub fn one(field: &'static str, message: impl Into<Text>) -> Self {
        Self(vec![Wrong { field, message: message.into() }])
    }

    pub fn push(&mut self, field: &'static str, message: impl Into<Text>) {
        self.0.push(Wrong { field, message: message.into() });
    }

    /// These, and one more.
    #[must_use]
    pub fn and(mut self, field: &'static str, message: impl Into<Text>) -> Self {
        self.push(field, message);
        self
    }

    pub fn of(&self, field: &str) -> Option<&Text> {
        self.0.iter().find(|error| error.field == field).map(|error| &error.message)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Wrong> {
        self.0.iter()
    }

    /// The fields that an act could not take; every other failure stays one.
    pub fn from_act(error: admin::Error) -> Result<Self, Failure> {
        match error {
            admin::Error::Invalid(errors) => Ok(errors.into()),
            other => Err(other.into()),
        }
    }
}

impl From<Vec<FieldError>> for FieldErrors {
    fn from(errors: Vec<FieldError>) -> Self {
        let wrong = |error: FieldError| Wrong { field: error.field, message: error.message.into() };
        Self(errors.into_iter().map(wrong).collect())
    }
}
