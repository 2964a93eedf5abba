//! The tables, as both databases have them.
mod approvals;
mod deletions;
mod delivery;
mod fleet;
mod limits;
mod nudges;
mod people;
mod usage;

pub use approvals::*;
pub use deletions::*;
pub use delivery::*;
pub use fleet::*;
pub use limits::*;
pub use nudges::*;
pub use people::*;
pub use usage::*;

diesel::table! {
    administrators (id) {
        id -> Text,
        email -> Text,
        email_key -> Text,
        name -> Text,
        role -> Text,
        active -> Bool,
        password_hash -> Text,
        created_at -> BigInt,
        last_signed_in_at -> Nullable<BigInt>,
        version -> BigInt,
    }
}

diesel::table! {
    application_spans (client_id, begun_by) {
        client_id -> Text,
        state -> Text,
        valid_from -> BigInt,
        valid_until -> Nullable<BigInt>,
        begun_by -> Text,
        ended_by -> Nullable<Text>,
    }
}

diesel::table! {
    applications (client_id) {
        client_id -> Text,
        name -> Text,
        name_key -> Text,
        description -> Text,
        owner -> Text,
        contact -> Text,
        active -> Bool,
        token_lifetime_seconds -> Nullable<BigInt>,
        created_at -> BigInt,
        version -> BigInt,
        introspects_any -> Bool,
    }
}

diesel::table! {
    audit_batches (chain, batch) {
        chain -> Text,
        batch -> BigInt,
        first_position -> BigInt,
        events -> BigInt,
        first_at -> BigInt,
        last_at -> BigInt,
        root -> Binary,
        previous -> Binary,
        hash -> Binary,
    }
}

diesel::table! {
    audit_chain_heads (chain) {
        chain -> Text,
        batch -> BigInt,
        position -> BigInt,
        hash -> Binary,
    }
}

diesel::table! {
    audit_events (chain, position) {
        chain -> Text,
        position -> BigInt,
        batch -> BigInt,
        id -> Text,
        at -> BigInt,
        category -> Text,
        code -> Text,
        outcome -> Text,
        reason -> Nullable<Text>,
        client_id -> Nullable<Text>,
        resource -> Nullable<Text>,
        body -> Text,
        salt -> Binary,
    }
}

diesel::table! {
    audit_pruned_chains (chain) {
        chain -> Text,
        batch -> BigInt,
    }
}

diesel::table! {
    audit_redactions (id) {
        id -> Text,
        act -> Text,
    }
}

diesel::table! {
    audit_retention (id) {
        id -> Integer,
        minimum -> BigInt,
        deleted -> BigInt,
        pruned_until -> BigInt,
        pruned_at -> BigInt,
        hold -> Text,
        held_by -> Text,
        held_at -> BigInt,
    }
}

diesel::table! {
    audit_sealed_batches (entry) {
        entry -> BigInt,
        chain -> Text,
        batch -> BigInt,
        leaf -> Binary,
    }
}

diesel::table! {
    audit_tree_nodes (level, position) {
        level -> BigInt,
        position -> BigInt,
        hash -> Binary,
    }
}

diesel::table! {
    audit_checkpoints (number) {
        number -> BigInt,
        origin -> Text,
        size -> BigInt,
        at -> BigInt,
        kid -> Text,
        note -> Text,
    }
}

diesel::table! {
    audit_tree (id) {
        id -> Integer,
        origin -> Text,
        generation -> BigInt,
        size -> BigInt,
        published_size -> BigInt,
        published_at -> BigInt,
        note -> Text,
        cosigned -> Text,
        fork -> Text,
        holder -> Text,
        epoch -> BigInt,
        leased_until -> BigInt,
    }
}

diesel::table! {
    deleted_secrets (id) {
        id -> Text,
        client_id -> Text,
        digest -> Binary,
        name -> Text,
        hint -> Text,
        application -> Text,
        deleted_at -> BigInt,
        created_by -> Text,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
        last_used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    grant_scopes (client_id, resource_id, scope) {
        client_id -> Text,
        resource_id -> Text,
        scope -> Text,
    }
}

diesel::table! {
    grant_spans (client_id, resource_id, kind, scope, begun_by) {
        client_id -> Text,
        resource_id -> Text,
        kind -> Text,
        scope -> Text,
        valid_from -> BigInt,
        valid_until -> Nullable<BigInt>,
        begun_by -> Text,
        ended_by -> Nullable<Text>,
    }
}

diesel::table! {
    grants (client_id, resource_id) {
        client_id -> Text,
        resource_id -> Text,
        all_scopes -> Bool,
        created_at -> BigInt,
    }
}

diesel::table! {
    introspectors (resource_id, client_id) {
        resource_id -> Text,
        client_id -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    known_applications (client_id) {
        client_id -> Text,
        name -> Text,
        name_key -> Text,
        owner -> Text,
        created_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    known_resources (id) {
        id -> Text,
        identifier -> Text,
        name -> Text,
        name_key -> Text,
        created_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    registry_changes (version) {
        version -> BigInt,
        client_id -> Nullable<Text>,
    }
}

diesel::table! {
    registry_version (id) {
        id -> Integer,
        version -> BigInt,
    }
}

diesel::table! {
    resources (id) {
        id -> Text,
        identifier -> Text,
        name -> Text,
        name_key -> Text,
        description -> Text,
        token_lifetime_seconds -> BigInt,
        algorithm -> Text,
        created_at -> BigInt,
        version -> BigInt,
        status_lists -> Bool,
        access_records -> Text,
        sensitive -> Bool,
    }
}

diesel::table! {
    revocations (position) {
        position -> BigInt,
        id -> Text,
        kind -> Text,
        subject -> Text,
        client_id -> Nullable<Text>,
        not_before -> BigInt,
        expires_at -> BigInt,
        reason -> Text,
        created_by -> Text,
        created_at -> BigInt,
        live_tokens -> Nullable<BigInt>,
        accepted_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    routes (resource_id, method, path) {
        resource_id -> Text,
        method -> Text,
        path -> Text,
        scopes -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    scope_spans (resource_id, scope, begun_by) {
        resource_id -> Text,
        scope -> Text,
        valid_from -> BigInt,
        valid_until -> Nullable<BigInt>,
        begun_by -> Text,
        ended_by -> Nullable<Text>,
    }
}

diesel::table! {
    scopes (resource_id, name) {
        resource_id -> Text,
        name -> Text,
        description -> Text,
        created_at -> BigInt,
        sensitive -> Bool,
    }
}

diesel::table! {
    secrets (id) {
        id -> Text,
        client_id -> Text,
        name -> Text,
        digest -> Binary,
        hint -> Text,
        created_by -> Text,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
        last_used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sessions (key_digest) {
        key_digest -> Binary,
        state -> Text,
        administrator_id -> Nullable<Text>,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    signing_keys (kid) {
        kid -> Text,
        algorithm -> Text,
        state -> Text,
        public_jwk -> Text,
        sealed_private_key -> Binary,
        created_at -> BigInt,
        purpose -> Text,
        current_from -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    status_lists (id) {
        id -> Text,
        resources -> Text,
        kid -> Text,
        longest_seconds -> BigInt,
        seed -> Binary,
        capacity -> BigInt,
        leased -> BigInt,
        opened_at -> BigInt,
        closes_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(audit_chain_heads, audit_events);

diesel::allow_tables_to_appear_in_same_query!(
    applications,
    grant_scopes,
    grants,
    introspectors,
    resources,
    routes,
    scopes,
    secrets,
);
