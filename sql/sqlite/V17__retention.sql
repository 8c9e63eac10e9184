-- Recordings that nobody may delete, and what a person has asked to delete.

CREATE TABLE recording_locks (
    id      TEXT PRIMARY KEY NOT NULL,
    -- Of whatever server: a lock rather keeps too much.
    stream  TEXT NOT NULL,
    from_at TEXT NOT NULL,
    to_at   TEXT NOT NULL,
    reason  TEXT NOT NULL,
    set_by  TEXT NOT NULL,
    set_at  TEXT NOT NULL
);

-- Each node carries it out for what it has recorded itself. What is recorded later is never older.
CREATE TABLE recording_cleanups (
    id     TEXT PRIMARY KEY NOT NULL,
    -- Null: every stream.
    stream TEXT,
    -- Stored recordings that ended before are deleted.
    before_at TEXT NOT NULL,
    set_by TEXT NOT NULL,
    set_at TEXT NOT NULL
);
