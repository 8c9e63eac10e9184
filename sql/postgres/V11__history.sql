-- The past of streams and hosts in buckets of one and of ten minutes, many to a row (domain/history/packed.rs).
CREATE TABLE history_rows (
    -- stream or host
    kind   text NOT NULL,
    -- Of the stream; empty for a host.
    server text NOT NULL,
    -- Of the stream or of the host.
    name   text NOT NULL,
    -- 1m or 10m
    tier   text NOT NULL,
    -- Seconds since 1970 of the first bucket that the row has room for.
    start  bigint NOT NULL,
    -- The node that measured it.
    node   text NOT NULL,
    data   bytea NOT NULL,
    PRIMARY KEY (kind, server, name, tier, start, node)
);
CREATE INDEX history_rows_start ON history_rows (tier, start);
-- It is packed already.
ALTER TABLE history_rows ALTER COLUMN data SET STORAGE EXTERNAL;
