-- Where the bytes of segments are. A segment is a fact: what was recorded, when, and how long it is. A copy is one place where its
-- bytes are, or were, with its own state. What is written is the copies; the column segments.state follows them by triggers, so
-- that lists, sums and queues need no join.

-- The state `deleted`: no copy is left, by the rules of retention. The rule of the table is changed as in V6.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, '''missing'', ''lost''', '''missing'', ''lost'', ''deleted''')
    WHERE type = 'table' AND name = 'segments';
PRAGMA writable_schema = RESET;

CREATE TABLE copies (
    segment     TEXT NOT NULL REFERENCES segments (id) ON UPDATE CASCADE ON DELETE CASCADE,
    -- The spool of the segment's node, or the object store.
    place       TEXT NOT NULL CHECK (place IN ('spool', 'objects')),
    -- waiting and uploading: not there yet. conflict: other bytes stand there, and are left alone. missing: not there, and may come
    -- back. evicted: was there, and was removed. lost: proven damage.
    state       TEXT NOT NULL
        CHECK (state IN ('waiting', 'uploading', 'verified', 'conflict', 'missing', 'evicted', 'lost')),
    changed_at  TEXT NOT NULL,
    -- When the bytes were looked at last; null where nobody has since version 16.
    verified_at TEXT,
    -- Digest of the bytes in hexadecimal; null where nobody has counted it.
    sha256      TEXT,
    -- Why it is in this state, in a sentence.
    reason      TEXT,
    PRIMARY KEY (segment, place)
) WITHOUT ROWID;

INSERT INTO copies (segment, place, state, changed_at)
    SELECT id, 'spool', CASE state WHEN 'evicted' THEN 'evicted' WHEN 'missing' THEN 'missing' WHEN 'lost' THEN 'lost' ELSE 'verified' END,
        strftime('%Y-%m-%dT%H:%M:%S.000000Z', 'now')
    FROM segments WHERE state <> 'writing';
INSERT INTO copies (segment, place, state, changed_at)
    SELECT id, 'objects', CASE state WHEN 'uploading' THEN 'uploading' WHEN 'uploaded' THEN 'verified' WHEN 'evicted' THEN 'verified'
        WHEN 'lost' THEN 'lost' ELSE 'waiting' END, strftime('%Y-%m-%dT%H:%M:%S.000000Z', 'now')
    FROM segments WHERE state <> 'writing';
-- What is not settled: few, whatever was recorded.
CREATE INDEX copies_pending ON copies (place, state) WHERE state NOT IN ('verified', 'evicted');

-- The rule, as in `domain::copies`.
CREATE VIEW segment_states AS SELECT segment, CASE
        WHEN sum(place <> 'spool' AND state = 'uploading') > 0 THEN 'uploading'
        WHEN sum(place <> 'spool' AND state = 'verified') > 0 THEN
            CASE WHEN sum(place = 'spool' AND state = 'verified') > 0 THEN 'uploaded' ELSE 'evicted' END
        WHEN sum(place = 'spool' AND state = 'verified') > 0 THEN 'sealed'
        WHEN sum(state = 'missing') > 0 THEN 'missing'
        WHEN sum(state = 'lost') > 0 THEN 'lost'
        WHEN sum(state <> 'evicted') = 0 THEN 'deleted'
        ELSE 'missing'
    END AS state FROM copies GROUP BY segment;

CREATE TRIGGER copies_placed AFTER INSERT ON copies BEGIN
    UPDATE segments SET state = (SELECT state FROM segment_states WHERE segment = NEW.segment)
        WHERE id = NEW.segment AND state <> (SELECT state FROM segment_states WHERE segment = NEW.segment);
END;
CREATE TRIGGER copies_changed AFTER UPDATE OF state ON copies WHEN NEW.state <> OLD.state BEGIN
    UPDATE segments SET state = (SELECT state FROM segment_states WHERE segment = NEW.segment)
        WHERE id = NEW.segment AND state <> (SELECT state FROM segment_states WHERE segment = NEW.segment);
END;
CREATE TRIGGER copies_removed AFTER DELETE ON copies BEGIN
    UPDATE segments SET state = (SELECT state FROM segment_states WHERE segment = OLD.segment)
        WHERE id = OLD.segment AND state <> (SELECT state FROM segment_states WHERE segment = OLD.segment);
END;
