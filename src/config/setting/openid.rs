//! The settings of the OpenID provider.
use super::{Setting, plain, secret};
use crate::texts::en;

pub const SETTINGS: &[Setting] = &[
    plain(
        "openid_issuer",
        "COUNTERSIGN_OPENID_ISSUER",
        "",
        "URL of an OpenID provider that people may sign in through; empty: none.",
    ),
    plain(
        "openid_client_id",
        "COUNTERSIGN_OPENID_CLIENT_ID",
        "",
        "What the provider calls this server.",
    ),
    secret(
        "openid_client_secret",
        "COUNTERSIGN_OPENID_CLIENT_SECRET",
        "What the provider gave this server; instead of openid_client_secret_file.",
    ),
    plain(
        "openid_client_secret_file",
        "COUNTERSIGN_OPENID_CLIENT_SECRET_FILE",
        "",
        "File with that secret; empty, and no secret: a public client.",
    ),
    plain(
        "openid_scopes",
        "COUNTERSIGN_OPENID_SCOPES",
        "openid profile email",
        "What the provider is asked for.",
    ),
    plain(
        "openid_name",
        "COUNTERSIGN_OPENID_NAME",
        "",
        "What the provider is called on the button; empty: its host.",
    ),
    plain(
        "openid_role_claim",
        "COUNTERSIGN_OPENID_ROLE_CLAIM",
        "",
        "Claim that roles are read from at every sign-in, such as groups or realm_access.roles; \
         empty: roles are given here.",
    ),
    plain(
        "openid_roles",
        "COUNTERSIGN_OPENID_ROLES",
        "",
        en(
            "Which role goes with which value of the claim, by commas: ops=admin, staff=auditor; * \
            is anybody.",
        ),
    ),
    plain(
        "openid_create_accounts",
        "COUNTERSIGN_OPENID_CREATE_ACCOUNTS",
        "false",
        "Make an account for whoever comes from the provider, has a role and no account.",
    ),
    plain(
        "openid_link_by_email",
        "COUNTERSIGN_OPENID_LINK_BY_EMAIL",
        "false",
        "Take an account that has the address for theirs when the provider has verified it.",
    ),
    plain(
        "openid_only",
        "COUNTERSIGN_OPENID_ONLY",
        "false",
        "Nobody signs in otherwise, but for break-glass accounts.",
    ),
    plain(
        "openid_second_factor",
        "COUNTERSIGN_OPENID_SECOND_FACTOR",
        "",
        "What in amr or acr of the provider counts as a second factor, such as mfa, otp, hwk; \
         empty: nothing.",
    ),
    plain(
        "openid_ca_file",
        "COUNTERSIGN_OPENID_CA_FILE",
        "",
        "Roots to trust for the provider instead of the machine's, PEM.",
    ),
    plain(
        "openid_allow_private",
        "COUNTERSIGN_OPENID_ALLOW_PRIVATE",
        "false",
        "The provider may be at an address that is not public, and without TLS.",
    ),
];
