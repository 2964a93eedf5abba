-- Failed attempts to sign in, for all servers together. `kind`: `pair` counts
-- an account from an address, `address` an address whatever the account,
-- `device` an account in a browser that signed in to it before. `place` is the
-- address, or the browser. `failures` is what the wait follows from; it fades.
-- `attempts` is what happened since `first_at`.
CREATE TABLE sign_in_tallies (
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('pair', 'address', 'device')),
    place TEXT COLLATE "C" NOT NULL,
    account_digest BYTEA NOT NULL,
    account TEXT COLLATE "C" NOT NULL,
    failures BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (kind, place, account_digest)
);
CREATE INDEX sign_in_tallies_by_time ON sign_in_tallies (last_at);

-- Addresses that an owner keeps from signing in for a time.
CREATE TABLE sign_in_blocks (
    network TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    reason TEXT COLLATE "C" NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
);

-- One-time links: `digest` is the SHA-256 of what is in the link.
CREATE TABLE invitations (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    digest BYTEA NOT NULL UNIQUE,
    email TEXT COLLATE "C" NOT NULL,
    email_key TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE password_resets (
    administrator_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    digest BYTEA NOT NULL UNIQUE,
    created_by TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
