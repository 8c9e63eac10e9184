//! ffmpeg and ffprobe: arguments, child processes, progress, probes, versions. (stub)
