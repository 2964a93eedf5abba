//! Where applications came from that are too many to register by hand.

diesel::table! {
    external_ids (external_id) {
        external_id -> Text,
        client_id -> Text,
        import_id -> Text,
    }
}

diesel::table! {
    imports (id) {
        id -> Text,
        source -> Text,
        begun_by -> Text,
        begun_at -> BigInt,
        finished_at -> Nullable<BigInt>,
        rows_read -> BigInt,
        rows_digest -> Binary,
        results_bytes -> BigInt,
        imported -> BigInt,
        skipped -> BigInt,
        refused -> BigInt,
    }
}
