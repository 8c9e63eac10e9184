//! What a recorder holds while a run goes on.

use std::time::Duration;

use tokio::time::Instant;

use crate::actors::record::folder_lock::FolderLock;
use crate::actors::record::run::RecordingRun;
use crate::adapters::ffmpeg::child::ChildProcess;
use crate::adapters::ffmpeg::ffmpeg_progress::ProgressReader;
use crate::domain::container::Mp4Plan;
use crate::domain::picture_watch::PictureWatch;
use crate::domain::stream::TrackList;
use crate::domain::timestamp_watch::TimestampWatch;
use crate::domain::wall_clock::RunClock;
use crate::domain::written_time::WrittenTime;

/// A run from its folder to its exit.
pub(super) struct Active {
    pub(super) run: RecordingRun,
    pub(super) lock: FolderLock,
    pub(super) progress: ProgressReader,
    /// `None` while the folder is being made, and once ffmpeg has been told to stop.
    pub(super) process: Option<ChildProcess>,
    pub(super) pid: Option<u32>,
    pub(super) begun: Instant,
    /// Time within the run.
    pub(super) clock: RunClock,
    /// Length of its segments.
    pub(super) segment: Duration,
    /// What the server told of its tracks when it was planned.
    pub(super) tracks: TrackList,
    /// How they go into the file.
    pub(super) plan: Mp4Plan,
    /// Whether the timestamps of its source follow the time.
    pub(super) watch: TimestampWatch,
    /// Where the timestamps in its files begin, and up to where they have come since.
    pub(super) begins_at: Duration,
    pub(super) media_end: Duration,
    /// Files one after the other that ffmpeg closed before their time.
    pub(super) early_cuts: u32,
    /// Up to where it has written, which it does not always tell.
    pub(super) written: WrittenTime,
    /// Whether pictures come.
    pub(super) picture: PictureWatch,
    /// When media last moved.
    pub(super) moved: Instant,
    /// Why we told it to stop; a run that ends by itself explains itself.
    pub(super) ending: Option<String>,
    /// We told it to stop only so that the next one begins at once.
    pub(super) renews: bool,
}
