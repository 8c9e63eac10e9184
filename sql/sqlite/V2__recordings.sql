-- Recording sessions and the segment ledger. Times are UTC texts of one width (2026-01-31T23:59:59.000000Z), so that they
-- sort as they are and people can read them.

CREATE TABLE sessions (
    id         TEXT PRIMARY KEY NOT NULL,
    server     TEXT NOT NULL,
    stream     TEXT NOT NULL,
    started_at TEXT NOT NULL,
    ended_at   TEXT,
    end_reason TEXT
);
CREATE INDEX sessions_open ON sessions (started_at, id) WHERE ended_at IS NULL;

CREATE TABLE segments (
    id          TEXT PRIMARY KEY NOT NULL,
    session     TEXT NOT NULL REFERENCES sessions (id),
    server      TEXT NOT NULL,
    stream      TEXT NOT NULL,
    number      INTEGER NOT NULL CHECK (number >= 0),
    state       TEXT NOT NULL CHECK (state IN ('writing', 'sealed', 'uploading', 'uploaded', 'evicted', 'lost')),
    started_at  TEXT NOT NULL,
    -- started_at + duration_ms, kept so that a range of time can be asked for.
    ended_at    TEXT NOT NULL,
    duration_ms INTEGER NOT NULL CHECK (duration_ms >= 0),
    bytes       INTEGER NOT NULL CHECK (bytes >= 0),
    frames      INTEGER NOT NULL CHECK (frames >= 0),
    init_bytes  INTEGER NOT NULL CHECK (init_bytes >= 0),
    media_bytes INTEGER NOT NULL CHECK (media_bytes >= 0),
    spool_path  TEXT NOT NULL,
    object_key  TEXT NOT NULL,
    reason      TEXT,
    UNIQUE (session, number)
);
-- One stream's time range; every stream's; the upload queue and what the spool still holds.
CREATE INDEX segments_stream ON segments (server, stream, started_at, id);
CREATE INDEX segments_time ON segments (started_at, id);
CREATE INDEX segments_state ON segments (state, started_at, id);
