-- Passkeys, several a person. `credential_id` is what authenticators call one,
-- `credential` its public key, counter and flags as the library that verifies
-- keeps them; none of it is secret. `aaguid` and `transports` are what the
-- browser said, empty when it said nothing.
CREATE TABLE passkeys (
    id TEXT NOT NULL PRIMARY KEY,
    administrator_id TEXT NOT NULL REFERENCES administrators ON DELETE CASCADE,
    credential_id BLOB NOT NULL UNIQUE,
    credential TEXT NOT NULL,
    name TEXT NOT NULL,
    aaguid TEXT NOT NULL,
    transports TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);

CREATE INDEX passkeys_of ON passkeys (administrator_id, created_at);

-- What browsers were asked to sign and have not signed yet, each for one answer.
-- `administrator_id` is empty where nobody is known yet.
CREATE TABLE passkey_challenges (
    id TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    administrator_id TEXT NOT NULL,
    state TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX passkey_challenges_expired ON passkey_challenges (expires_at);
