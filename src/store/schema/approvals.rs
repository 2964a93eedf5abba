//! The tables about acts that need two persons, beside `schema`.
diesel::table! {
    approval_requests (id) {
        id -> Text,
        state -> Text,
        proposal -> Text,
        changes -> Text,
        target_name -> Text,
        reason -> Text,
        asked_by -> Text,
        asked_by_name -> Text,
        asked_at -> BigInt,
        source -> Text,
        expires_at -> BigInt,
        decided_by -> Nullable<Text>,
        decided_by_name -> Text,
        decided_at -> Nullable<BigInt>,
        decision_reason -> Text,
    }
}

diesel::table! {
    approval_subjects (request_id, kind, subject) {
        request_id -> Text,
        kind -> Text,
        subject -> Text,
    }
}

diesel::table! {
    two_person_policy (id) {
        id -> Integer,
        acts -> Text,
        request_days -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(approval_requests, approval_subjects);
