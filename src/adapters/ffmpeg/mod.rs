//! ffmpeg and ffprobe: arguments, child processes, progress, probes, versions, leftovers.
//!
//! Owns every process we start and everything we know about the two programs. Decides nothing: when to start, stop or
//! retry is a rule of `domain`. Never runs a shell. Talked to by the restream and record actors, by `check`, and by
//! the demo for its sample cameras.
//!
//! [`child`] owns one process group; [`child::lines`] is pure.

pub mod child;
pub mod orphans;
pub mod record_argv;
