//! Recording: every live stream that is admitted, cut into segments, sealed on local disk, entered into the catalogue.
//!
//! ```text
//! Recorders                 who is recorded; watches the spool's disk; repairs what a crash left
//!  `- Recorder per stream   one ffmpeg after the other; each run is a session (two over midnight)
//! ```
//!
//! A segment is sealed when ffmpeg has closed it, its boxes check out, and file and folder are synced. Its row says
//! `sealed` only after that, and upload workers act on rows alone. The spool is the truth: a database that is away
//! costs nothing but time, and whatever a crash interrupts is found and finished by the manager's recovery.
//!
//! Learns about streams and cameras from the live store, writes its own states there; asks a media server's API only for the tracks
//! of a stream that has just ended; never uploads, never deletes a sealed segment. Started by `root`.

mod catalog_writer;
mod folder_lock;
mod found_file;
mod pauses;
pub mod reconcile;
mod recorder;
mod recorders;
mod recovery;
mod run;
mod sealing;
mod set_aside;
mod start;

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::watch;

pub use catalog_writer::CatalogOperation;
pub use recorders::role;
pub use run::RecordingRun;
pub use set_aside::SealOrder;

pub use crate::domain::spool_space::SpoolDisk;

use crate::actors::incidents::IncidentsHandle;
use crate::adapters::database::RecordingStore;
use crate::adapters::ffmpeg::ffmpeg_version::FfmpegVersion;
use crate::adapters::live::SharedLive;
use crate::adapters::spool::SharedSpool;
use crate::domain::container::UnreadableCodecs;

/// The wall clock, so that a test can let midnight come.
pub type WallClock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// What recording needs from outside.
#[derive(Clone)]
pub struct RecordHandles {
    /// Streams and cameras come from here, our states go there.
    pub live: SharedLive,
    /// The catalogue.
    pub recordings: Arc<dyn RecordingStore>,
    /// The files.
    pub spool: SharedSpool,
    /// Program.
    pub ffmpeg: PathBuf,
    /// Its version.
    pub version: FfmpegVersion,
    /// What it cannot read.
    pub unreadable: Arc<UnreadableCodecs>,
    /// Mark of our children (`adapters::ffmpeg::child::MARK_VARIABLE`).
    pub mark: String,
    /// Counts up whenever a segment has been sealed: wakes the upload workers.
    pub sealed: Arc<watch::Sender<u64>>,
    /// Where recordings that pause are told.
    pub incidents: IncidentsHandle,
    /// What everybody may know of the spool's disk.
    pub disk: Arc<watch::Sender<SpoolDisk>>,
    /// The wall clock.
    pub clock: WallClock,
}
