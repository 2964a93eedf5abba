//! What takes two persons.
use super::Reader;
use crate::config::number::within;
use crate::model::approval::{Policy, Rule};
use crate::oauth::time::Seconds;

impl Reader<'_> {
    pub(super) fn two_persons(&mut self) -> Option<Policy> {
        let rules = self.checked("two_persons_for", Rule::parse_all);
        let days = self.checked("approval_days", |text| within(text, 1..=90));
        Some(Policy { rules: rules?, lifetime: Seconds::days(days?) })
    }
}
