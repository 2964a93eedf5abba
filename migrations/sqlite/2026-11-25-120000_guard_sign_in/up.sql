-- Failed attempts to sign in, for all servers together. `kind`: `pair` counts
-- an account from an address, `address` an address whatever the account,
-- `device` an account in a browser that signed in to it before. `place` is the
-- address, or the browser. `failures` is what the wait follows from; it fades.
-- `attempts` is what happened since `first_at`.
CREATE TABLE sign_in_tallies (
    kind TEXT NOT NULL CHECK (kind IN ('pair', 'address', 'device')),
    place TEXT NOT NULL,
    account_digest BLOB NOT NULL,
    account TEXT NOT NULL,
    failures BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (kind, place, account_digest)
);
CREATE INDEX sign_in_tallies_by_time ON sign_in_tallies (last_at);

-- Addresses that an owner keeps from signing in for a time.
CREATE TABLE sign_in_blocks (
    network TEXT NOT NULL PRIMARY KEY,
    reason TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
);

-- One-time links: `digest` is the SHA-256 of what is in the link.
CREATE TABLE invitations (
    id TEXT NOT NULL PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE password_resets (
    administrator_id TEXT NOT NULL PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
