-- Applications that were deleted and can still be restored. `kept` is what they
-- had besides their secrets, as JSON; those are in `deleted_secrets`. Nothing that
-- asks for applications looks here: to everybody else they are gone.
CREATE TABLE deleted_applications (
    client_id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    deleted_at BIGINT NOT NULL,
    deleted_by TEXT NOT NULL,
    restorable_until BIGINT NOT NULL,
    event_id TEXT NOT NULL,
    kept TEXT NOT NULL
);
CREATE INDEX deleted_applications_by_end ON deleted_applications (restorable_until, client_id);
