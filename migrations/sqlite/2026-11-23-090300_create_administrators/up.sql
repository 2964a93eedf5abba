CREATE TABLE administrators (
    id TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'auditor')),
    active BOOLEAN NOT NULL,
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_signed_in_at BIGINT,
    version BIGINT NOT NULL
);

-- `key_digest` is the SHA-256 of the session key in the cookie.
CREATE TABLE sessions (
    key_digest BLOB NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    administrator_id TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_administrator ON sessions (administrator_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- One-time links that set up the first administrator.
CREATE TABLE setup_links (
    digest BLOB NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
