//! How far the streams of the audit log are.

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
