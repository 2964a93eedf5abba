//! The tables of what was counted and delivered; see `schema`.

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

diesel::table! {
    streams (name) {
        name -> Text,
        generation -> BigInt,
        entry -> BigInt,
        events -> BigInt,
        delivered_at -> BigInt,
        failure -> Text,
        failed_at -> BigInt,
        holder -> Text,
        epoch -> BigInt,
        leased_until -> BigInt,
    }
}
