-- Cleanups that a node has carried out. From then on they are nothing to it: what a clock that is behind dates before them is recorded
-- after them all the same.
CREATE TABLE recording_cleanups_done (
    cleanup TEXT NOT NULL REFERENCES recording_cleanups (id) ON DELETE CASCADE,
    -- As in the table nodes.
    node    TEXT NOT NULL,
    done_at TEXT NOT NULL,
    PRIMARY KEY (cleanup, node)
) WITHOUT ROWID;
