-- What is known of each track of a segment, as an array of arrays in JSON: kind (video, audio, other), codec (the letters of its sample
-- entry), frames, key frames, first and last decoding time and the duration of the last frame, these three in microseconds on the
-- clock of the ffmpeg run. Null for what was recorded before. Read where one segment is asked for, never in lists.
ALTER TABLE segments ADD COLUMN tracks text;
