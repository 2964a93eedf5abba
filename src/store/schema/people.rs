//! The tables about people and how they sign in, beside `schema`.
use super::{administrators, applications};

diesel::table! {
    invitations (id) {
        id -> Text,
        digest -> Binary,
        email -> Text,
        email_key -> Text,
        name -> Text,
        role -> Text,
        created_by -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    password_resets (administrator_id) {
        administrator_id -> Text,
        digest -> Binary,
        created_by -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    sign_in_blocks (network) {
        network -> Text,
        reason -> Text,
        created_by -> Text,
        created_at -> BigInt,
        ends_at -> BigInt,
    }
}

diesel::table! {
    sign_in_tallies (kind, place, account_digest) {
        kind -> Text,
        place -> Text,
        account_digest -> Binary,
        account -> Text,
        failures -> BigInt,
        attempts -> BigInt,
        first_at -> BigInt,
        last_at -> BigInt,
    }
}

diesel::table! {
    application_owners (client_id, administrator_id) {
        client_id -> Text,
        administrator_id -> Text,
    }
}

diesel::table! {
    authenticator_apps (administrator_id) {
        administrator_id -> Text,
        sealed -> Binary,
        last_step -> BigInt,
        created_at -> BigInt,
        last_used_at -> BigInt,
    }
}

diesel::table! {
    recovery_codes (administrator_id, digest) {
        administrator_id -> Text,
        digest -> Binary,
    }
}

diesel::table! {
    teams (id) {
        id -> Text,
        name -> Text,
        name_key -> Text,
        created_at -> BigInt,
        version -> BigInt,
    }
}

diesel::table! {
    team_members (team_id, administrator_id) {
        team_id -> Text,
        administrator_id -> Text,
    }
}

diesel::table! {
    passkeys (id) {
        id -> Text,
        administrator_id -> Text,
        credential_id -> Binary,
        credential -> Text,
        name -> Text,
        aaguid -> Text,
        transports -> Text,
        created_at -> BigInt,
        last_used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    application_teams (client_id, team_id) {
        client_id -> Text,
        team_id -> Text,
    }
}

diesel::table! {
    passkey_challenges (id) {
        id -> Text,
        purpose -> Text,
        administrator_id -> Text,
        state -> Text,
        expires_at -> BigInt,
    }
}

diesel::table! {
    setup_links (digest) {
        digest -> Binary,
        expires_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(teams, team_members);
diesel::allow_tables_to_appear_in_same_query!(teams, application_teams);
diesel::allow_tables_to_appear_in_same_query!(team_members, application_teams);
diesel::allow_tables_to_appear_in_same_query!(team_members, administrators);
diesel::allow_tables_to_appear_in_same_query!(application_owners, administrators);
diesel::allow_tables_to_appear_in_same_query!(application_teams, applications);
