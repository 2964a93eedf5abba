//! What was set aside.

diesel::table! {
    dismissals (kind, client_id, subject) {
        kind -> Text,
        client_id -> Text,
        subject -> Text,
        urgency -> BigInt,
        said -> Text,
        dismissed_by -> Text,
        dismissed_at -> BigInt,
        ends_at -> BigInt,
    }
}
