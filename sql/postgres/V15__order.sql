-- Segments are listed in the order of their sessions and numbers: no wall clock decides within a session.
CREATE INDEX sessions_stream_time ON sessions (stream, started_at, id);

-- Length of the media by its own timestamps; null for what was recorded before, where it is duration_ms. duration_ms is the
-- time on the wall between first arrival and last.
ALTER TABLE segments ADD COLUMN media_ms bigint CHECK (media_ms >= 0);

-- Where the media begins on the clock of its ffmpeg run, which goes on over the files of the run: they are played without a break.
-- Null for what was recorded before: each of those files begins at zero.
ALTER TABLE segments ADD COLUMN media_start_ms bigint CHECK (media_start_ms >= 0);
