//! ffmpeg and ffprobe: arguments, child processes, progress, probes, versions, leftovers.
//!
//! Owns every process we start and everything we know about the two programs. Decides nothing: when to start, stop or
//! retry is a rule of `domain`. Never runs a shell. Talked to by the restream and record actors, by `check`, and by
//! the demo for its sample cameras.
//!
//! [`argv`], [`ffmpeg_fault`], [`ffmpeg_progress`] and `picture_order` and `probe_lines` are pure; [`child`] owns one process group; [`ffprobe`], [`measure`], [`ffmpeg_version`] and [`rtsp_codecs`] run one
//! process each to its end; [`orphans`] looks at `/proc`.

pub mod argv;
pub mod child;
pub mod ffmpeg_fault;
pub mod ffmpeg_progress;
pub mod ffmpeg_version;
pub mod ffprobe;
mod ffprobe_run;
pub mod first_picture;
mod mark;
pub mod measure;
mod named;
pub mod orphans;
mod picture_order;
mod probe_lines;
pub mod record_argv;
pub mod rtsp_codecs;
mod version_words;
