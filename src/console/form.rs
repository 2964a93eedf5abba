//! Forms that are shown again with what is wrong with them.
use crate::admin;
use crate::console::failure::Failure;
use crate::model::text::FieldError;

/// The errors of a form, by field.
#[derive(Clone, Debug, Default)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    pub fn one(field: &'static str, message: impl Into<String>) -> Self {
        Self(vec![FieldError { field, message: message.into() }])
    }

    pub fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &FieldError> {
        self.0.iter()
    }

    /// The fields that an act could not take; every other failure stays one.
    pub fn from_act(error: admin::Error) -> Result<Self, Failure> {
        match error {
            admin::Error::Invalid(errors) => Ok(Self(errors)),
            other => Err(other.into()),
        }
    }
}

impl From<Vec<FieldError>> for FieldErrors {
    fn from(errors: Vec<FieldError>) -> Self {
        Self(errors)
    }
}
