-- Recordings that nobody may delete, and what a person has asked to delete.

CREATE TABLE recording_locks (
    id      uuid PRIMARY KEY,
    -- Of whatever server: a lock rather keeps too much.
    stream  text NOT NULL,
    from_at timestamptz NOT NULL,
    to_at   timestamptz NOT NULL,
    reason  text NOT NULL,
    set_by  text NOT NULL,
    set_at  timestamptz NOT NULL
);

-- Each node carries it out for what it has recorded itself. What is recorded later is never older.
CREATE TABLE recording_cleanups (
    id     uuid PRIMARY KEY,
    -- Null: every stream.
    stream text,
    -- Stored recordings that ended before are deleted.
    before_at timestamptz NOT NULL,
    set_by text NOT NULL,
    set_at timestamptz NOT NULL
);
