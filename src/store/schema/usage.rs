//! What is used, in sums.

diesel::table! {
    traffic_hours (hour, reason, resource) {
        hour -> BigInt,
        reason -> Text,
        resource -> Text,
        requests -> BigInt,
    }
}

diesel::table! {
    usage_days (day, client_id, resource, scope) {
        day -> BigInt,
        client_id -> Text,
        resource -> Text,
        scope -> Text,
        granted -> BigInt,
        refused -> BigInt,
        last_at -> BigInt,
    }
}

diesel::table! {
    usage_hours (hour, client_id, resource, secret_id, address, reason) {
        hour -> BigInt,
        client_id -> Text,
        resource -> Text,
        secret_id -> Text,
        address -> Text,
        reason -> Text,
        requests -> BigInt,
        last_at -> BigInt,
    }
}

diesel::table! {
    usage_marks (chain) {
        chain -> Text,
        done -> BigInt,
        next -> BigInt,
        parts -> BigInt,
    }
}
