-- How far a file with applications was taken in. `rows_digest` is the SHA-256 of
-- what was read of it so far, row by row: who goes on must bring the same file.
-- `results_bytes` is how long the file with the results was at the last commit.
CREATE TABLE imports (
    id TEXT NOT NULL PRIMARY KEY,
    source TEXT NOT NULL,
    begun_by TEXT NOT NULL,
    begun_at BIGINT NOT NULL,
    finished_at BIGINT,
    rows_read BIGINT NOT NULL,
    rows_digest BLOB NOT NULL,
    results_bytes BIGINT NOT NULL,
    imported BIGINT NOT NULL,
    skipped BIGINT NOT NULL,
    refused BIGINT NOT NULL
);

-- What applications are called where they came from, so that none comes twice.
CREATE TABLE external_ids (
    external_id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL UNIQUE REFERENCES applications (client_id) ON DELETE CASCADE,
    import_id TEXT NOT NULL
);
