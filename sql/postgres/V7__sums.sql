-- Sums of what was recorded, kept with the rows: no request counts years of segments. A trigger keeps them, so that a row
-- that somebody deletes by hand counts too. Playable: the states sealed, uploading, uploaded, evicted.

-- What can be played of a session.
ALTER TABLE sessions
    ADD COLUMN segments    bigint NOT NULL DEFAULT 0,
    ADD COLUMN duration_ms bigint NOT NULL DEFAULT 0,
    ADD COLUMN bytes       bigint NOT NULL DEFAULT 0;

-- What can be played of a stream that began on a UTC day: segments that began on it, and sessions that began on it and have
-- something to play.
CREATE TABLE recording_days (
    server      text NOT NULL,
    stream      text NOT NULL,
    day         date NOT NULL,
    sessions    bigint NOT NULL DEFAULT 0,
    segments    bigint NOT NULL DEFAULT 0,
    duration_ms bigint NOT NULL DEFAULT 0,
    bytes       bigint NOT NULL DEFAULT 0,
    -- Start of the first segment and end of the last; null without any.
    started_at  timestamptz,
    ended_at    timestamptz,
    PRIMARY KEY (server, stream, day)
);

-- Segments of each owner by state.
CREATE TABLE segment_counts (
    node     text NOT NULL,
    state    text NOT NULL,
    segments bigint NOT NULL,
    PRIMARY KEY (node, state)
);

-- One stream's time range, whether its server is named or not; in place of an index that needed the server.
DROP INDEX segments_stream;
CREATE INDEX segments_stream ON segments (stream, started_at, id);

INSERT INTO segment_counts SELECT node, state, count(*) FROM segments GROUP BY node, state;
INSERT INTO recording_days (server, stream, day, segments, duration_ms, bytes, started_at, ended_at)
    SELECT server, stream, (started_at AT TIME ZONE 'UTC')::date, count(*), sum(duration_ms), sum(bytes), min(started_at),
           max(ended_at)
    FROM segments WHERE state IN ('sealed', 'uploading', 'uploaded', 'evicted') GROUP BY 1, 2, 3;
UPDATE sessions SET segments = sums.segments, duration_ms = sums.duration_ms, bytes = sums.bytes
    FROM (SELECT session, count(*) AS segments, sum(duration_ms) AS duration_ms, sum(bytes) AS bytes FROM segments
          WHERE state IN ('sealed', 'uploading', 'uploaded', 'evicted') GROUP BY session) AS sums
    WHERE sums.session = sessions.id;
INSERT INTO recording_days (server, stream, day, sessions)
    SELECT server, stream, (started_at AT TIME ZONE 'UTC')::date, count(*) FROM sessions WHERE segments > 0 GROUP BY 1, 2, 3
    ON CONFLICT (server, stream, day) DO UPDATE SET sessions = excluded.sessions;

-- Adds one segment to the sums (sign 1) or takes it away (-1).
CREATE FUNCTION add_to_recording_sums(one segments, sign bigint) RETURNS void LANGUAGE plpgsql
    SET search_path FROM CURRENT AS $$
DECLARE
    its_day date := (one.started_at AT TIME ZONE 'UTC')::date;
    began timestamptz;
    before bigint;
BEGIN
    INSERT INTO recording_days AS days (server, stream, day, segments, duration_ms, bytes, started_at, ended_at)
        VALUES (one.server, one.stream, its_day, sign, sign * one.duration_ms, sign * one.bytes, one.started_at, one.ended_at)
        ON CONFLICT (server, stream, day) DO UPDATE SET segments = days.segments + excluded.segments,
            duration_ms = days.duration_ms + excluded.duration_ms, bytes = days.bytes + excluded.bytes,
            started_at = CASE WHEN sign > 0 THEN least(days.started_at, excluded.started_at) ELSE days.started_at END,
            ended_at = CASE WHEN sign > 0 THEN greatest(days.ended_at, excluded.ended_at) ELSE days.ended_at END;
    IF sign < 0 THEN
        -- Only the first and the last of a day move its ends. The index makes each of them one step.
        UPDATE recording_days AS days SET
            started_at = (SELECT other.started_at FROM segments AS other
                WHERE other.stream = one.stream AND other.server = one.server AND other.started_at >= its_day AT TIME ZONE 'UTC'
                    AND other.started_at < (its_day + 1) AT TIME ZONE 'UTC'
                    AND other.state IN ('sealed', 'uploading', 'uploaded', 'evicted')
                ORDER BY other.started_at LIMIT 1),
            ended_at = (SELECT other.ended_at FROM segments AS other
                WHERE other.stream = one.stream AND other.server = one.server AND other.started_at >= its_day AT TIME ZONE 'UTC'
                    AND other.started_at < (its_day + 1) AT TIME ZONE 'UTC'
                    AND other.state IN ('sealed', 'uploading', 'uploaded', 'evicted')
                ORDER BY other.started_at DESC LIMIT 1)
            WHERE days.server = one.server AND days.stream = one.stream AND days.day = its_day
                AND (days.started_at >= one.started_at OR days.ended_at <= one.ended_at);
    END IF;
    UPDATE sessions SET segments = segments + sign, duration_ms = duration_ms + sign * one.duration_ms,
        bytes = bytes + sign * one.bytes
        WHERE id = one.session RETURNING started_at, segments - sign INTO began, before;
    -- A session with its first playable segment, or without any again.
    IF sign > 0 AND before = 0 OR sign < 0 AND before = 1 THEN
        INSERT INTO recording_days AS days (server, stream, day, sessions)
            VALUES (one.server, one.stream, (began AT TIME ZONE 'UTC')::date, sign)
            ON CONFLICT (server, stream, day) DO UPDATE SET sessions = days.sessions + excluded.sessions;
    END IF;
    IF sign < 0 THEN
        DELETE FROM recording_days AS days WHERE days.server = one.server AND days.stream = one.stream
            AND days.day IN (its_day, (began AT TIME ZONE 'UTC')::date) AND days.segments = 0 AND days.sessions = 0;
    END IF;
END $$;

CREATE FUNCTION keep_recording_sums() RETURNS trigger LANGUAGE plpgsql
    SET search_path FROM CURRENT AS $$
DECLARE
    playable CONSTANT text[] := ARRAY['sealed', 'uploading', 'uploaded', 'evicted'];
    had boolean := TG_OP <> 'INSERT';
    has boolean := TG_OP <> 'DELETE';
BEGIN
    -- Always in the order of the states: two writers that swap a pair of them must not wait for one another.
    IF NOT (had AND has AND (OLD.node, OLD.state) = (NEW.node, NEW.state)) THEN
        INSERT INTO segment_counts AS counts
            SELECT change.node, change.state, sum(change.segments) FROM (
                SELECT OLD.node, OLD.state, -1 AS segments WHERE had UNION ALL SELECT NEW.node, NEW.state, 1 WHERE has
            ) AS change GROUP BY change.node, change.state ORDER BY change.node, change.state
            ON CONFLICT (node, state) DO UPDATE SET segments = counts.segments + excluded.segments;
    END IF;
    had := had AND OLD.state = ANY (playable);
    has := has AND NEW.state = ANY (playable);
    IF had AND has
        AND (OLD.server, OLD.stream, OLD.session, OLD.started_at, OLD.ended_at, OLD.duration_ms, OLD.bytes)
          = (NEW.server, NEW.stream, NEW.session, NEW.started_at, NEW.ended_at, NEW.duration_ms, NEW.bytes) THEN
        RETURN NULL;
    END IF;
    IF has THEN
        PERFORM add_to_recording_sums(NEW, 1);
    END IF;
    IF had THEN
        PERFORM add_to_recording_sums(OLD, -1);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER segments_summed AFTER INSERT OR UPDATE OR DELETE ON segments
    FOR EACH ROW EXECUTE FUNCTION keep_recording_sums();
