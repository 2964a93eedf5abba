-- Authenticator apps. `sealed` is the secret, sealed with the master key and
-- bound to the person. `last_step` is the last of RFC 6238's steps that was
-- accepted: none is accepted twice, nor one before it.
CREATE TABLE authenticator_apps (
    administrator_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES administrators ON DELETE CASCADE,
    sealed BYTEA NOT NULL,
    last_step BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL
);

-- What stands in for one that was lost: the SHA-256 of each code, until it is
-- used.
CREATE TABLE recovery_codes (
    administrator_id TEXT COLLATE "C" NOT NULL REFERENCES administrators ON DELETE CASCADE,
    digest BYTEA NOT NULL,
    PRIMARY KEY (administrator_id, digest)
);
