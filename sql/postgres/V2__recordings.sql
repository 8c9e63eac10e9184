-- Recording sessions and the segment ledger.

CREATE TABLE sessions (
    id         uuid PRIMARY KEY,
    server     text NOT NULL,
    stream     text NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz,
    end_reason text
);
CREATE INDEX sessions_open ON sessions (started_at, id) WHERE ended_at IS NULL;

CREATE TABLE segments (
    id          uuid PRIMARY KEY,
    session     uuid NOT NULL REFERENCES sessions (id),
    server      text NOT NULL,
    stream      text NOT NULL,
    number      bigint NOT NULL CHECK (number >= 0),
    state       text NOT NULL CHECK (state IN ('writing', 'sealed', 'uploading', 'uploaded', 'evicted', 'lost')),
    started_at  timestamptz NOT NULL,
    -- started_at + duration_ms, kept so that a range of time can be asked for.
    ended_at    timestamptz NOT NULL,
    duration_ms bigint NOT NULL CHECK (duration_ms >= 0),
    bytes       bigint NOT NULL CHECK (bytes >= 0),
    frames      bigint NOT NULL CHECK (frames >= 0),
    init_bytes  bigint NOT NULL CHECK (init_bytes >= 0),
    media_bytes bigint NOT NULL CHECK (media_bytes >= 0),
    spool_path  text NOT NULL,
    object_key  text NOT NULL,
    reason      text,
    UNIQUE (session, number)
);
-- One stream's time range; every stream's; the upload queue and what the spool still holds.
CREATE INDEX segments_stream ON segments (server, stream, started_at, id);
CREATE INDEX segments_time ON segments (started_at, id);
CREATE INDEX segments_state ON segments (state, started_at, id);
