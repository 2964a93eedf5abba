-- Who a person is at an OpenID provider. Issuer and subject together never
-- change and are never given to another (OpenID Connect Core 1.0 §5.7); the
-- address is what the provider said last, for people to read.
CREATE TABLE identities (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    administrator_id TEXT NOT NULL REFERENCES administrators ON DELETE CASCADE,
    email TEXT,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX identities_of_administrators ON identities (administrator_id);

-- Ways to the provider that nobody has come back from. Digests alone: what is
-- sent to the provider follows from them together with the browser's cookie.
CREATE TABLE openid_flows (
    state_digest BLOB NOT NULL PRIMARY KEY,
    browser_digest BLOB NOT NULL,
    purpose TEXT NOT NULL,
    administrator_id TEXT REFERENCES administrators ON DELETE CASCADE,
    next TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX openid_flows_by_end ON openid_flows (expires_at);

-- Owners who sign in with a password even when only the provider may say who
-- people are.
CREATE TABLE break_glass_accounts (
    administrator_id TEXT NOT NULL PRIMARY KEY REFERENCES administrators ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    uses BIGINT NOT NULL
);
