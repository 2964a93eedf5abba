-- The log in parts, one for each month. The old table becomes the first without
-- being read: its bound was checked in the step before.
ALTER TABLE audit_events RENAME TO audit_events_before;
ALTER INDEX audit_events_pkey RENAME TO audit_events_before_pkey;
ALTER INDEX audit_events_by_id RENAME TO audit_events_before_by_id;
ALTER INDEX audit_events_by_client RENAME TO audit_events_before_by_client;
ALTER INDEX audit_events_refused RENAME TO audit_events_before_refused;
ALTER INDEX audit_events_acts RENAME TO audit_events_before_acts;
ALTER INDEX audit_events_acts_by_client RENAME TO audit_events_before_acts_by_client;
ALTER INDEX audit_events_acts_by_target RENAME TO audit_events_before_acts_by_target;
ALTER INDEX audit_events_acts_by_actor RENAME TO audit_events_before_acts_by_actor;
ALTER INDEX audit_events_acts_by_code RENAME TO audit_events_before_acts_by_code;
DROP TRIGGER audit_events_are_append_only ON audit_events_before;
DROP TRIGGER audit_events_are_kept ON audit_events_before;

CREATE TABLE audit_events (LIKE audit_events_before) PARTITION BY RANGE (id);

-- As they were, so that the old table's are taken as they are.
CREATE UNIQUE INDEX audit_events_by_id ON audit_events (id);
CREATE INDEX audit_events_by_client ON audit_events (client_id, id) WHERE client_id IS NOT NULL;
CREATE INDEX audit_events_refused ON audit_events (id) WHERE outcome <> 'success';
CREATE INDEX audit_events_acts ON audit_events (id) WHERE category NOT IN ('token', 'access');
CREATE INDEX audit_events_acts_by_client ON audit_events (client_id, id) WHERE category NOT IN ('token', 'access');
CREATE INDEX audit_events_acts_by_target ON audit_events ((body::json #>> '{target,id}'), id) WHERE category NOT IN ('token', 'access');
CREATE INDEX audit_events_acts_by_actor ON audit_events ((body::json #>> '{actor,name}'), id) WHERE category NOT IN ('token', 'access');
CREATE INDEX audit_events_acts_by_code ON audit_events (code, id) WHERE category NOT IN ('token', 'access');

CREATE TRIGGER audit_events_are_append_only
BEFORE UPDATE OR TRUNCATE ON audit_events
FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only();
-- PostgreSQL puts this one on each part too.
CREATE TRIGGER audit_events_are_kept
BEFORE DELETE ON audit_events
FOR EACH ROW EXECUTE FUNCTION audit_row_is_kept();

-- What a table needs before it is a part. A key of the whole log would have to
-- hold the id; each part has its own. Nobody changes a part behind the log's
-- back: triggers for statements are of the table that a statement names.
CREATE FUNCTION audit_arm_part(part TEXT) RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER part_is_append_only BEFORE UPDATE OR TRUNCATE ON %I '
        'FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only()', part);
    EXECUTE format('REVOKE ALL ON %I FROM PUBLIC', part);
END $$;

CREATE FUNCTION audit_new_part(part TEXT) RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE %I (LIKE audit_events INCLUDING INDEXES)', part);
    EXECUTE format('ALTER TABLE %I ADD PRIMARY KEY (chain, position)', part);
    EXECUTE format('CREATE INDEX ON %I USING brin (at) WITH (autosummarize = on)', part);
    PERFORM audit_arm_part(part);
END $$;

DO $$
DECLARE
    bound TEXT := (
        SELECT substring(pg_get_constraintdef(oid) FROM '''([^'']*)''')
        FROM pg_constraint
        WHERE conname = 'audit_events_bound' AND conrelid = 'audit_events_before'::REGCLASS
    );
    granted RECORD;
BEGIN
    EXECUTE format('ALTER TABLE audit_events ATTACH PARTITION audit_events_before '
        'FOR VALUES FROM (MINVALUE) TO (%L)', bound);
    ALTER TABLE audit_events_before DROP CONSTRAINT audit_events_bound;
    PERFORM audit_arm_part('audit_events_before');
    PERFORM audit_new_part('audit_events_default');
    ALTER TABLE audit_events ATTACH PARTITION audit_events_default DEFAULT;
    -- Whoever was allowed to do something with the old table.
    FOR granted IN
        SELECT acl.privilege_type AS privilege,
            CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(acl.grantee::REGROLE::TEXT) END AS grantee
        FROM pg_class c, aclexplode(c.relacl) acl
        WHERE c.oid = 'audit_events_before'::REGCLASS AND acl.grantee <> c.relowner
    LOOP
        EXECUTE format('GRANT %s ON audit_events TO %s', granted.privilege, granted.grantee);
    END LOOP;
END $$;

-- The parts, in their order, without the one for what fits in none.
CREATE VIEW audit_parts AS
SELECT c.oid::BIGINT AS oid, c.relname::TEXT AS name,
    substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''([^'']*)''\)') COLLATE "C" AS until
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'audit_events'::REGCLASS AND pg_get_expr(c.relpartbound, c.oid) <> 'DEFAULT';

-- Makes the parts of the month of `ms` and of `months` months after it, those in
-- between too. What was put into the part for what fits in none, because nobody
-- made its month in time, gets a part where it lies. Returns how many were made;
-- -1: ids that lie far ahead are in the way. Run by the owner's right, so that a
-- server needs none to make or drop tables.
CREATE FUNCTION audit_make_parts(ms BIGINT, months INTEGER) RETURNS INTEGER LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    horizon BIGINT := ms;
    made INTEGER := 0;
    since TEXT;
    until BIGINT;
    stray TEXT;
    part TEXT;
BEGIN
    PERFORM 1 FROM audit_retention WHERE id = 1 FOR UPDATE;
    FOR n IN 0..least(months, 24) LOOP
        horizon := audit_month_after(horizon);
    END LOOP;
    LOOP
        since := (SELECT max(p.until) FROM audit_parts p);
        EXIT WHEN since IS NULL OR since >= audit_first_id(horizon) COLLATE "C";
        IF audit_id_ms(since) IS NULL THEN
            RETURN -1;
        END IF;
        until := audit_month_after(audit_id_ms(since));
        part := 'audit_events_' || to_char(to_timestamp(audit_id_ms(since) / 1000) AT TIME ZONE 'UTC', 'YYYY_MM');
        SELECT max(id) INTO stray FROM audit_events_default WHERE id >= since;
        IF stray IS NULL OR stray >= audit_first_id(horizon) COLLATE "C" AND NOT EXISTS (
            SELECT 1 FROM audit_events_default WHERE id >= since AND id < audit_first_id(until)
        ) THEN
            PERFORM audit_new_part(part);
        ELSIF stray >= audit_first_id(horizon) COLLATE "C"
            OR EXISTS (SELECT 1 FROM audit_events_default WHERE id < since) THEN
            RETURN -1;
        ELSE
            until := audit_month_after(audit_id_ms(stray));
            ALTER TABLE audit_events DETACH PARTITION audit_events_default;
            EXECUTE format('ALTER TABLE audit_events_default RENAME TO %I', part);
            PERFORM audit_new_part('audit_events_default');
            ALTER TABLE audit_events ATTACH PARTITION audit_events_default DEFAULT;
        END IF;
        EXECUTE format('ALTER TABLE audit_events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            part, since, audit_first_id(until));
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;

-- Drops the oldest part when rows that are younger than all of it were given up,
-- so its month is over, and all of its own, and nothing is held. Returns how many
-- rows went; NULL: it stays.
CREATE FUNCTION audit_drop_part() RETURNS BIGINT LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    part TEXT;
    last RECORD;
    went BIGINT;
BEGIN
    SELECT p.name INTO part FROM audit_parts p
    WHERE p.until <= audit_first_id((SELECT pruned_until / 1000 FROM audit_retention))
    ORDER BY p.until LIMIT 1;
    IF part IS NULL THEN
        RETURN NULL;
    END IF;
    -- The last row of a chain tells most, and is found at once.
    FOR last IN SELECT chain, batch FROM audit_pruned_chains LOOP
        EXECUTE format('SELECT 1 FROM (SELECT batch FROM %I WHERE chain = $1 ORDER BY position DESC LIMIT 1) l '
            'WHERE batch > $2', part) INTO went USING last.chain, last.batch;
        IF went IS NOT NULL THEN
            RETURN NULL;
        END IF;
    END LOOP;
    EXECUTE format('SELECT count(*) FROM %I p LEFT JOIN audit_pruned_chains c ON c.chain = p.chain '
        'HAVING bool_and(p.batch <= COALESCE(c.batch, 0)) IS NOT FALSE', part) INTO went;
    IF went IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM 1 FROM audit_retention WHERE id = 1 AND hold = '' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    EXECUTE format('DROP TABLE %I', part);
    RETURN went;
END $$;

-- By whom: who may add rows makes parts, who may delete rows drops them. Nothing
-- that somebody else made is found before what is meant.
DO $$
DECLARE
    granted RECORD;
    given TEXT;
BEGIN
    FOREACH given IN ARRAY ARRAY['audit_make_parts(BIGINT, INTEGER)', 'audit_drop_part()'] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', given, current_schema());
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', given);
    END LOOP;
    FOR granted IN
        SELECT acl.privilege_type AS privilege, quote_ident(acl.grantee::REGROLE::TEXT) AS grantee
        FROM pg_class c, aclexplode(c.relacl) acl
        WHERE c.oid = 'audit_events'::REGCLASS AND acl.grantee NOT IN (0, c.relowner)
            AND acl.privilege_type IN ('INSERT', 'DELETE')
    LOOP
        given := CASE granted.privilege WHEN 'INSERT' THEN 'audit_make_parts(BIGINT, INTEGER)'
            ELSE 'audit_drop_part()' END;
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %s', given, granted.grantee);
        EXECUTE format('GRANT SELECT ON audit_parts TO %s', granted.grantee);
    END LOOP;
END $$;

SELECT audit_make_parts((extract(epoch FROM now()) * 1000)::BIGINT, 3);
