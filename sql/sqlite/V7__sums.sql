-- Sums of what was recorded, kept with the rows: no request counts years of segments. Triggers keep them, so that a row that
-- somebody deletes by hand counts too. Playable: the states sealed, uploading, uploaded, evicted.

-- What can be played of a session.
ALTER TABLE sessions ADD COLUMN segments INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN duration_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;

-- What can be played of a stream that began on a UTC day (2026-01-31): segments that began on it, and sessions that began on
-- it and have something to play.
CREATE TABLE recording_days (
    server      TEXT NOT NULL,
    stream      TEXT NOT NULL,
    day         TEXT NOT NULL,
    sessions    INTEGER NOT NULL DEFAULT 0,
    segments    INTEGER NOT NULL DEFAULT 0,
    duration_ms INTEGER NOT NULL DEFAULT 0,
    bytes       INTEGER NOT NULL DEFAULT 0,
    -- Start of the first segment and end of the last; null without any.
    started_at  TEXT,
    ended_at    TEXT,
    PRIMARY KEY (server, stream, day)
) WITHOUT ROWID;

-- Segments of each owner by state.
CREATE TABLE segment_counts (
    node     TEXT NOT NULL,
    state    TEXT NOT NULL,
    segments INTEGER NOT NULL,
    PRIMARY KEY (node, state)
) WITHOUT ROWID;

-- One stream's time range, whether its server is named or not; in place of an index that needed the server.
DROP INDEX segments_stream;
CREATE INDEX segments_stream ON segments (stream, started_at, id);

INSERT INTO segment_counts SELECT node, state, count(*) FROM segments GROUP BY node, state;
INSERT INTO recording_days (server, stream, day, segments, duration_ms, bytes, started_at, ended_at)
    SELECT server, stream, substr(started_at, 1, 10), count(*), sum(duration_ms), sum(bytes), min(started_at), max(ended_at)
    FROM segments WHERE state IN ('sealed', 'uploading', 'uploaded', 'evicted') GROUP BY 1, 2, 3;
UPDATE sessions SET segments = sums.segments, duration_ms = sums.duration_ms, bytes = sums.bytes
    FROM (SELECT session, count(*) AS segments, sum(duration_ms) AS duration_ms, sum(bytes) AS bytes FROM segments
          WHERE state IN ('sealed', 'uploading', 'uploaded', 'evicted') GROUP BY session) AS sums
    WHERE sums.session = sessions.id;
INSERT INTO recording_days (server, stream, day, sessions)
    SELECT server, stream, substr(started_at, 1, 10), count(*) FROM sessions WHERE segments > 0 GROUP BY 1, 2, 3
    ON CONFLICT (server, stream, day) DO UPDATE SET sessions = excluded.sessions;

CREATE TRIGGER segments_counted AFTER INSERT ON segments BEGIN
    INSERT INTO segment_counts VALUES (NEW.node, NEW.state, 1)
        ON CONFLICT (node, state) DO UPDATE SET segments = segments + 1;
END;
CREATE TRIGGER segments_uncounted AFTER DELETE ON segments BEGIN
    UPDATE segment_counts SET segments = segments - 1 WHERE node = OLD.node AND state = OLD.state;
END;
CREATE TRIGGER segments_recounted AFTER UPDATE OF node, state ON segments
WHEN NEW.node <> OLD.node OR NEW.state <> OLD.state BEGIN
    UPDATE segment_counts SET segments = segments - 1 WHERE node = OLD.node AND state = OLD.state;
    INSERT INTO segment_counts VALUES (NEW.node, NEW.state, 1)
        ON CONFLICT (node, state) DO UPDATE SET segments = segments + 1;
END;

-- A session with its first playable segment, and one without any again.
CREATE TRIGGER sessions_begun AFTER UPDATE OF segments ON sessions WHEN OLD.segments = 0 AND NEW.segments > 0 BEGIN
    INSERT INTO recording_days (server, stream, day, sessions) VALUES (NEW.server, NEW.stream, substr(NEW.started_at, 1, 10), 1)
        ON CONFLICT (server, stream, day) DO UPDATE SET sessions = sessions + 1;
END;
CREATE TRIGGER sessions_emptied AFTER UPDATE OF segments ON sessions WHEN OLD.segments > 0 AND NEW.segments = 0 BEGIN
    UPDATE recording_days SET sessions = sessions - 1
        WHERE server = NEW.server AND stream = NEW.stream AND day = substr(NEW.started_at, 1, 10);
    DELETE FROM recording_days WHERE server = NEW.server AND stream = NEW.stream
        AND day = substr(NEW.started_at, 1, 10) AND segments = 0 AND sessions = 0;
END;

-- Playable from the beginning, or changed while playable: what was is taken away, what is is added.
CREATE TRIGGER segments_summed AFTER INSERT ON segments
WHEN NEW.state IN ('sealed', 'uploading', 'uploaded', 'evicted') BEGIN
    INSERT INTO recording_days VALUES (NEW.server, NEW.stream, substr(NEW.started_at, 1, 10), 0, 1, NEW.duration_ms, NEW.bytes,
                                       NEW.started_at, NEW.ended_at)
        ON CONFLICT (server, stream, day) DO UPDATE SET segments = segments + 1,
            duration_ms = duration_ms + excluded.duration_ms, bytes = bytes + excluded.bytes,
            started_at = min(coalesce(started_at, excluded.started_at), excluded.started_at),
            ended_at = max(coalesce(ended_at, excluded.ended_at), excluded.ended_at);
    UPDATE sessions SET segments = segments + 1, duration_ms = duration_ms + NEW.duration_ms, bytes = bytes + NEW.bytes
        WHERE id = NEW.session;
END;
CREATE TRIGGER segments_now_playable AFTER UPDATE ON segments
WHEN NEW.state IN ('sealed', 'uploading', 'uploaded', 'evicted')
    AND NOT (OLD.state IN ('sealed', 'uploading', 'uploaded', 'evicted')
        AND (OLD.server, OLD.stream, OLD.session, OLD.started_at, OLD.ended_at, OLD.duration_ms, OLD.bytes)
          = (NEW.server, NEW.stream, NEW.session, NEW.started_at, NEW.ended_at, NEW.duration_ms, NEW.bytes)) BEGIN
    INSERT INTO recording_days VALUES (NEW.server, NEW.stream, substr(NEW.started_at, 1, 10), 0, 1, NEW.duration_ms, NEW.bytes,
                                       NEW.started_at, NEW.ended_at)
        ON CONFLICT (server, stream, day) DO UPDATE SET segments = segments + 1,
            duration_ms = duration_ms + excluded.duration_ms, bytes = bytes + excluded.bytes,
            started_at = min(coalesce(started_at, excluded.started_at), excluded.started_at),
            ended_at = max(coalesce(ended_at, excluded.ended_at), excluded.ended_at);
    UPDATE sessions SET segments = segments + 1, duration_ms = duration_ms + NEW.duration_ms, bytes = bytes + NEW.bytes
        WHERE id = NEW.session;
END;
CREATE TRIGGER segments_no_longer_playable AFTER UPDATE ON segments
WHEN OLD.state IN ('sealed', 'uploading', 'uploaded', 'evicted')
    AND NOT (NEW.state IN ('sealed', 'uploading', 'uploaded', 'evicted')
        AND (OLD.server, OLD.stream, OLD.session, OLD.started_at, OLD.ended_at, OLD.duration_ms, OLD.bytes)
          = (NEW.server, NEW.stream, NEW.session, NEW.started_at, NEW.ended_at, NEW.duration_ms, NEW.bytes)) BEGIN
    UPDATE recording_days SET segments = segments - 1, duration_ms = duration_ms - OLD.duration_ms, bytes = bytes - OLD.bytes
        WHERE server = OLD.server AND stream = OLD.stream AND day = substr(OLD.started_at, 1, 10);
    -- Only the first and the last of a day move its ends. The index makes each of them one step.
    UPDATE recording_days SET
        started_at = (SELECT one.started_at FROM segments AS one WHERE one.stream = OLD.stream AND one.server = OLD.server
            AND one.started_at >= recording_days.day AND one.started_at < date(recording_days.day, '+1 day')
            AND one.state IN ('sealed', 'uploading', 'uploaded', 'evicted') ORDER BY one.started_at LIMIT 1),
        ended_at = (SELECT one.ended_at FROM segments AS one WHERE one.stream = OLD.stream AND one.server = OLD.server
            AND one.started_at >= recording_days.day AND one.started_at < date(recording_days.day, '+1 day')
            AND one.state IN ('sealed', 'uploading', 'uploaded', 'evicted') ORDER BY one.started_at DESC LIMIT 1)
        WHERE server = OLD.server AND stream = OLD.stream AND day = substr(OLD.started_at, 1, 10)
            AND (started_at >= OLD.started_at OR ended_at <= OLD.ended_at);
    UPDATE sessions SET segments = segments - 1, duration_ms = duration_ms - OLD.duration_ms, bytes = bytes - OLD.bytes
        WHERE id = OLD.session;
    DELETE FROM recording_days WHERE server = OLD.server AND stream = OLD.stream AND day = substr(OLD.started_at, 1, 10)
        AND segments = 0 AND sessions = 0;
END;
CREATE TRIGGER segments_deleted AFTER DELETE ON segments
WHEN OLD.state IN ('sealed', 'uploading', 'uploaded', 'evicted') BEGIN
    UPDATE recording_days SET segments = segments - 1, duration_ms = duration_ms - OLD.duration_ms, bytes = bytes - OLD.bytes
        WHERE server = OLD.server AND stream = OLD.stream AND day = substr(OLD.started_at, 1, 10);
    UPDATE recording_days SET
        started_at = (SELECT one.started_at FROM segments AS one WHERE one.stream = OLD.stream AND one.server = OLD.server
            AND one.started_at >= recording_days.day AND one.started_at < date(recording_days.day, '+1 day')
            AND one.state IN ('sealed', 'uploading', 'uploaded', 'evicted') ORDER BY one.started_at LIMIT 1),
        ended_at = (SELECT one.ended_at FROM segments AS one WHERE one.stream = OLD.stream AND one.server = OLD.server
            AND one.started_at >= recording_days.day AND one.started_at < date(recording_days.day, '+1 day')
            AND one.state IN ('sealed', 'uploading', 'uploaded', 'evicted') ORDER BY one.started_at DESC LIMIT 1)
        WHERE server = OLD.server AND stream = OLD.stream AND day = substr(OLD.started_at, 1, 10)
            AND (started_at >= OLD.started_at OR ended_at <= OLD.ended_at);
    UPDATE sessions SET segments = segments - 1, duration_ms = duration_ms - OLD.duration_ms, bytes = bytes - OLD.bytes
        WHERE id = OLD.session;
    DELETE FROM recording_days WHERE server = OLD.server AND stream = OLD.stream AND day = substr(OLD.started_at, 1, 10)
        AND segments = 0 AND sessions = 0;
END;
