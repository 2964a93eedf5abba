CREATE TABLE administrators (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    email TEXT COLLATE "C" NOT NULL,
    email_key TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL,
    role TEXT COLLATE "C" NOT NULL CHECK (role IN ('owner', 'admin', 'auditor')),
    active BOOLEAN NOT NULL,
    password_hash TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    last_signed_in_at BIGINT,
    version BIGINT NOT NULL
);

-- `key_digest` is the SHA-256 of the session key in the cookie.
CREATE TABLE sessions (
    key_digest BYTEA NOT NULL PRIMARY KEY,
    state TEXT COLLATE "C" NOT NULL,
    administrator_id TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_administrator ON sessions (administrator_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- One-time links that set up the first administrator.
CREATE TABLE setup_links (
    digest BYTEA NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
