-- How far each stream of the audit log was delivered, in sealed order, and who
-- delivers it.
CREATE TABLE streams (
    name TEXT NOT NULL PRIMARY KEY,
    -- How often the log was begun when `entry` was written: entries of another
    -- beginning say nothing.
    generation BIGINT NOT NULL,
    -- The last sealed batch that was delivered; -1: none.
    entry BIGINT NOT NULL,
    events BIGINT NOT NULL,
    delivered_at BIGINT NOT NULL,
    failure TEXT NOT NULL,
    failed_at BIGINT NOT NULL,
    holder TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    leased_until BIGINT NOT NULL
);
