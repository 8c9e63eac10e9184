-- The past of streams and hosts in buckets of one and of ten minutes, many to a row (domain/history/packed.rs).
CREATE TABLE history_rows (
    -- stream or host
    kind   TEXT NOT NULL,
    -- Of the stream; empty for a host.
    server TEXT NOT NULL,
    -- Of the stream or of the host.
    name   TEXT NOT NULL,
    -- 1m or 10m
    tier   TEXT NOT NULL,
    -- Seconds since 1970 of the first bucket that the row has room for.
    start  INTEGER NOT NULL,
    -- The node that measured it.
    node   TEXT NOT NULL,
    data   BLOB NOT NULL,
    PRIMARY KEY (kind, server, name, tier, start, node)
);
CREATE INDEX history_rows_start ON history_rows (tier, start);
