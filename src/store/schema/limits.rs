//! Limits on tokens, and who meets them.

diesel::table! {
    limit_hours (kind, subject, hour, client_id) {
        kind -> Text,
        subject -> Text,
        hour -> BigInt,
        client_id -> Text,
        refused -> BigInt,
        watched -> BigInt,
    }
}

diesel::table! {
    token_limits (kind, subject) {
        kind -> Text,
        subject -> Text,
        per_minute -> Nullable<BigInt>,
        per_day -> Nullable<BigInt>,
        watched -> Bool,
    }
}
