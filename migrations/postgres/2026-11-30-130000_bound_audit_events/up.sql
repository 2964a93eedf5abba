-- The log is divided by months: by id, since ids are ULIDs and begin with their
-- time. The rows that there are become the first part, all below a bound. To
-- look at each of them would lock the table for as long as that takes, so it is
-- done in three steps: the bound is said here and holds for new rows, it is
-- checked for old ones while others write, and then the table changes places.

-- The first id of a moment, milliseconds since 1970.
CREATE FUNCTION audit_first_id(ms BIGINT) RETURNS TEXT LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT string_agg(
        substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', (ms >> (45 - 5 * n) & 31)::INTEGER + 1, 1),
        '' ORDER BY n
    ) || repeat('0', 16)
    FROM generate_series(0, 9) AS n
$$;

-- The moment that an id begins with; NULL: it is no id of ours.
CREATE FUNCTION audit_id_ms(id TEXT) RETURNS BIGINT LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT CASE WHEN id ~ '^[0-7][0-9A-HJKMNP-TV-Z]{9}' THEN (
        SELECT sum(
            (strpos('0123456789ABCDEFGHJKMNPQRSTVWXYZ', substr(id, n + 1, 1)) - 1)::BIGINT << (45 - 5 * n)
        )::BIGINT
        FROM generate_series(0, 9) AS n
    ) END
$$;

-- When the month after that of a moment begins, in UTC.
CREATE FUNCTION audit_month_after(ms BIGINT) RETURNS BIGINT LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT (extract(epoch FROM date_trunc('month', to_timestamp(ms / 1000) AT TIME ZONE 'UTC')
        + INTERVAL '1 month') * 1000)::BIGINT
$$;

-- Far enough ahead that the month does not end before the third step, and beyond
-- every row, whatever a clock once said.
DO $$
DECLARE
    last TEXT := (SELECT max(id) FROM audit_events);
    bound TEXT := audit_first_id(audit_month_after((extract(epoch FROM now() + INTERVAL '2 days') * 1000)::BIGINT));
BEGIN
    IF last >= bound COLLATE "C" THEN
        bound := last || '0';
    END IF;
    EXECUTE format('ALTER TABLE audit_events ADD CONSTRAINT audit_events_bound CHECK (id < %L) NOT VALID', bound);
END $$;
