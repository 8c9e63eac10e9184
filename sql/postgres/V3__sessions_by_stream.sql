-- The catalogue asks for the sessions of one stream.
CREATE INDEX sessions_stream ON sessions (stream, server, started_at, id);
