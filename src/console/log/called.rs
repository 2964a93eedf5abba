//! What acts and their fields are called in lists: names for the words that
//! the log keeps.
use crate::texts::{Text, en};

/// The codes of acts that change something, in alphabetical order, each with what
/// a list calls it.
pub const ACTS: [(&str, &str); 77] = [
    ("administrator.created", en("Person added")),
    ("administrator.password_reset", en("Password reset by link")),
    ("administrator.password_set", en("Password set")),
    ("administrator.reset_started", en("Link to a new password made")),
    ("administrator.resumed", en("Person resumed")),
    ("administrator.suspended", en("Person suspended")),
    ("administrator.updated", en("Person changed")),
    ("application.created", en("Application registered")),
    ("application.deleted", en("Application deleted")),
    ("application.owners_changed", en("Owners of an application changed")),
    ("application.removed", en("Application removed for good")),
    ("application.restored", en("Application restored")),
    ("application.resumed", en("Application resumed")),
    ("application.suspended", en("Application suspended")),
    ("application.updated", en("Application changed")),
    ("approval.approved", en("Request approved")),
    ("approval.expired", en("Request expired")),
    ("approval.policy_changed", en("Rules on two persons changed")),
    ("approval.refused", en("Request refused")),
    ("approval.requested", en("Approval requested")),
    ("approval.waived", en("Done alone instead of by two persons")),
    ("approval.withdrawn", en("Request taken back")),
    ("audit.held", en("Log held")),
    ("audit.pruned", en("Log pruned")),
    ("audit.redacted", en("Log redacted")),
    ("audit.released", en("Hold of the log ended")),
    ("break_glass.ended", en("Break-glass account ended")),
    ("break_glass.made", en("Break-glass account made")),
    ("break_glass.used", en("Break-glass account used")),
    ("exam.held", en("API examined")),
    ("grant.removed", en("Access taken away")),
    ("grant.set", en("Access set")),
    ("identity.linked", en("Joined to the OpenID provider")),
    ("identity.unlinked", en("Parted from the OpenID provider")),
    ("import.begun", en("Import begun")),
    ("import.finished", en("Import finished")),
    ("introspector.added", en("Introspection allowed")),
    ("introspector.removed", en("Introspection allowed no more")),
    ("invitation.created", en("Person invited")),
    ("invitation.revoked", en("Invitation taken back")),
    ("limit.removed", en("Limit removed")),
    ("limit.set", en("Limit set")),
    ("nudge.dismissed", en("Thing to look at set aside")),
    ("nudge.restored", en("Thing to look at brought back")),
    ("passkey.added", en("Passkey added")),
    ("passkey.removed", en("Passkey removed")),
    ("passkey.renamed", en("Passkey renamed")),
    ("resource.created", en("API registered")),
    ("resource.deleted", en("API deleted")),
    ("resource.marked", en("Marked sensitive")),
    ("resource.unmarked", en("Mark taken away")),
    ("resource.updated", en("API changed")),
    ("resource.verification_changed", en("Verification of an API changed")),
    ("route.added", en("Route added")),
    ("route.removed", en("Route removed")),
    ("scope.added", en("Scope added")),
    ("scope.removed", en("Scope removed")),
    ("second_factor.codes_renewed", en("Recovery codes renewed")),
    ("second_factor.removed", en("Second factor removed")),
    ("second_factor.set_up", en("Second factor set up")),
    ("secret.added", en("Secret added")),
    ("secret.expiry_changed", en("End of a secret moved")),
    ("secret.revoked", en("Secret revoked")),
    ("session.revoked", en("Sessions ended")),
    ("sign_in_block.added", en("Address blocked from signing in")),
    ("sign_in_block.removed", en("Address unblocked")),
    ("signing_key.activated", en("Signing key activated")),
    ("signing_key.published", en("Signing key published")),
    ("signing_key.removed", en("Signing key removed")),
    ("signing_key.retired", en("Signing key retired")),
    ("signing_keys.resealed", en("Signing keys resealed")),
    ("stream.forgotten", en("Stream forgotten")),
    ("stream.rewound", en("Place of a stream set")),
    ("team.created", en("Team made")),
    ("team.deleted", en("Team deleted")),
    ("team.updated", en("Team changed")),
    ("tokens.revoked", en("Tokens revoked")),
];

/// Every field of an act that has a name of its own, in alphabetical order.
const FIELDS: [(&str, &str); 54] = [
    ("access_records", en("access records")),
    ("algorithm", en("algorithm")),
    ("batches_behind", en("groups behind")),
    ("contact", en("contact")),
    ("description", en("description")),
    ("email", en("email")),
    ("entry", en("entry")),
    ("expires_at", en("end")),
    ("external_id", en("external ID")),
    ("file_sha256", en("SHA-256 of the file")),
    ("grant", en("access")),
    ("grants_that_named_it", en("grants that named it")),
    ("identifier", en("identifier")),
    ("identity", en("identity")),
    ("imported", en("imported")),
    ("introspects", en("introspects")),
    ("its_tokens", en("its tokens")),
    ("keys", en("keys")),
    ("kid", en("key, kid")),
    ("kind", en("kind")),
    ("lifetime_seconds", en("lifetime")),
    ("limit", en("limit")),
    ("members", en("members")),
    ("minimum_entry", en("first entry")),
    ("name", en("name")),
    ("not_restored", en("not restored")),
    ("owner", en("owner")),
    ("owners", en("owners")),
    ("passkeys", en("passkeys")),
    ("reason", en("reason")),
    ("refused", en("refused")),
    ("request_seconds", en("requests wait for")),
    ("resource", en("API")),
    ("revocation", en("revocation")),
    ("role", en("role")),
    ("route", en("route")),
    ("rows", en("rows")),
    ("scope", en("scope")),
    ("scopes", en("scopes")),
    ("sealed_batches", en("sealed groups")),
    ("secret", en("secret")),
    ("sensitive", en("sensitive")),
    ("sensitive_scope", en("sensitive scope")),
    ("sessions", en("sessions")),
    ("signs", en("signs")),
    ("skipped", en("skipped")),
    ("state", en("state")),
    ("status_lists", en("status lists")),
    ("teams", en("teams")),
    ("time", en("rows until")),
    ("token_lifetime_seconds", en("token lifetime")),
    ("tokens", en("tokens")),
    ("two_persons_for", en("two persons for")),
    ("until", en("until")),
];

/// What a field of an act is called: `token_lifetime_seconds` is `token lifetime`.
/// One of another version of ours, or the id of a row, is told as it is.
pub fn field(word: &str) -> Text {
    let known = FIELDS.iter().find(|(known, _)| *known == word);
    known.map_or_else(|| Text::data(word.replace('_', " ")), |(_, name)| Text::new(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_and_every_field_has_a_name_of_its_own() {
        for table in [ACTS.as_slice(), FIELDS.as_slice()] {
            assert!(table.is_sorted_by_key(|(word, _)| *word));
            let mut names: Vec<_> = table.iter().map(|(_, name)| name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), table.len());
        }
    }

    #[test]
    fn a_field_that_nobody_named_is_told_as_it_is() {
        assert_eq!(field("token_lifetime_seconds"), "token lifetime");
        assert_eq!(field("of_a_later_version"), "of a later version");
    }
}
