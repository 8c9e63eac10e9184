-- Where the bytes of segments are. A segment is a fact: what was recorded, when, and how long it is. A copy is one place where its
-- bytes are, or were, with its own state. What is written is the copies; the column segments.state follows them by a trigger, so
-- that lists, sums and queues need no join.

-- The state `deleted`: no copy is left, by the rules of retention. Not checked against rows that obeyed a narrower rule.
ALTER TABLE segments DROP CONSTRAINT segments_state_check, ADD CONSTRAINT segments_state_check
    CHECK (state IN ('writing', 'sealed', 'uploading', 'uploaded', 'evicted', 'missing', 'lost', 'deleted')) NOT VALID;

CREATE TABLE copies (
    segment     uuid NOT NULL REFERENCES segments (id) ON UPDATE CASCADE ON DELETE CASCADE,
    -- The spool of the segment's node, or the object store.
    place       text NOT NULL CHECK (place IN ('spool', 'objects')),
    -- waiting and uploading: not there yet. conflict: other bytes stand there, and are left alone. missing: not there, and may come
    -- back. evicted: was there, and was removed. lost: proven damage.
    state       text NOT NULL
        CHECK (state IN ('waiting', 'uploading', 'verified', 'conflict', 'missing', 'evicted', 'lost')),
    changed_at  timestamptz NOT NULL DEFAULT now(),
    -- When the bytes were looked at last; null where nobody has since version 16.
    verified_at timestamptz,
    -- Digest of the bytes in hexadecimal; null where nobody has counted it.
    sha256      text,
    -- Why it is in this state, in a sentence.
    reason      text,
    PRIMARY KEY (segment, place)
);

INSERT INTO copies (segment, place, state)
    SELECT id, 'spool', CASE state WHEN 'evicted' THEN 'evicted' WHEN 'missing' THEN 'missing' WHEN 'lost' THEN 'lost' ELSE 'verified' END
    FROM segments WHERE state <> 'writing';
INSERT INTO copies (segment, place, state)
    SELECT id, 'objects', CASE state WHEN 'uploading' THEN 'uploading' WHEN 'uploaded' THEN 'verified' WHEN 'evicted' THEN 'verified'
        WHEN 'lost' THEN 'lost' ELSE 'waiting' END
    FROM segments WHERE state <> 'writing';
-- What is not settled: few, whatever was recorded.
CREATE INDEX copies_pending ON copies (place, state) WHERE state NOT IN ('verified', 'evicted');

-- The rule, as in `domain::copies`.
CREATE VIEW segment_states AS SELECT segment, CASE
        WHEN count(*) FILTER (WHERE place <> 'spool' AND state = 'uploading') > 0 THEN 'uploading'
        WHEN count(*) FILTER (WHERE place <> 'spool' AND state = 'verified') > 0 THEN
            CASE WHEN count(*) FILTER (WHERE place = 'spool' AND state = 'verified') > 0 THEN 'uploaded' ELSE 'evicted' END
        WHEN count(*) FILTER (WHERE place = 'spool' AND state = 'verified') > 0 THEN 'sealed'
        WHEN count(*) FILTER (WHERE state = 'missing') > 0 THEN 'missing'
        WHEN count(*) FILTER (WHERE state = 'lost') > 0 THEN 'lost'
        WHEN count(*) FILTER (WHERE state <> 'evicted') = 0 THEN 'deleted'
        ELSE 'missing'
    END AS state FROM copies GROUP BY segment;

CREATE FUNCTION keep_segment_state() RETURNS trigger LANGUAGE plpgsql
    SET search_path FROM CURRENT AS $$
DECLARE
    its uuid := CASE WHEN TG_OP = 'DELETE' THEN OLD.segment ELSE NEW.segment END;
BEGIN
    UPDATE segments SET state = states.state FROM segment_states AS states
        WHERE segments.id = its AND states.segment = its AND segments.state <> states.state;
    RETURN NULL;
END $$;

CREATE TRIGGER copies_told AFTER INSERT OR UPDATE OF state OR DELETE ON copies
    FOR EACH ROW EXECUTE FUNCTION keep_segment_state();
