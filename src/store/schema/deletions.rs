//! What was deleted and can be restored.

diesel::table! {
    deleted_applications (client_id) {
        client_id -> Text,
        name -> Text,
        deleted_at -> BigInt,
        deleted_by -> Text,
        restorable_until -> BigInt,
        event_id -> Text,
        kept -> Text,
    }
}
