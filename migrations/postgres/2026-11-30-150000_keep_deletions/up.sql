-- Applications that were deleted and can still be restored. `kept` is what they
-- had besides their secrets, as JSON; those are in `deleted_secrets`. Nothing that
-- asks for applications looks here: to everybody else they are gone.
CREATE TABLE deleted_applications (
    client_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    deleted_at BIGINT NOT NULL,
    deleted_by TEXT COLLATE "C" NOT NULL,
    restorable_until BIGINT NOT NULL,
    event_id TEXT COLLATE "C" NOT NULL,
    kept TEXT COLLATE "C" NOT NULL
);
CREATE INDEX deleted_applications_by_end ON deleted_applications (restorable_until, client_id);
