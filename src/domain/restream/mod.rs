//! The life of one relay as a pure state machine: `(state, event) -> (state, actions)`.
//!
//! [`Relay`] decides when to probe, start, stop and wait. Whoever holds it (the restream actor) does what the
//! [`Action`]s say and reports back with [`RelayEvent`]s. Time is a duration since any fixed moment of a monotonic clock and
//! comes in with every event, as does the random number for the jitter.
//!
//! Promises, kept by property tests: at most one process at a time; every process that was started is waited for before
//! another one starts; after [`RelayEvent::Stop`] it comes to [`RelayPhase::Ended`] as soon as its process has.

mod claim;
mod movement;
mod relay;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

pub use movement::{Movement, MovementCounts, MovementWatch, TimeOf};
pub use relay::{Manner, Relay};

use super::camera::CameraState;
use super::probe::{ProbeFault, Tracks};
use super::restart::RestartPolicy;

/// Numbers a relay lives by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayRules {
    /// Backoff and breaker.
    pub restart: RestartPolicy,
    /// No picture for so long = stalled.
    pub stall_timeout: Duration,
    /// The first picture may take so long.
    pub start_timeout: Duration,
    /// A wrong password is tried at most so often: cameras lock accounts.
    pub login_pause: Duration,
}

/// What the server says of the path we publish to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathView {
    /// Nobody watches that server, or it does not answer.
    Unknown,
    /// It has a stream, by this publisher where the server tells.
    Available(Option<PathPublisher>),
    /// It has none.
    Missing,
}

/// Who feeds a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPublisher {
    /// Type of the source in MediaMTX's words (`rtspSession`, `rtmpConn`, `rtspSource`).
    pub kind: String,
    /// Id of its session; empty for a source that the server pulls.
    pub id: String,
    /// Its address, as far as it was asked for.
    pub remote: Option<String>,
}

impl PathPublisher {
    /// Our ffmpegs publish by RTSP, with or without TLS.
    fn may_be_ours(&self) -> bool {
        matches!(self.kind.as_str(), "rtspSession" | "rtspsSession")
    }
}

impl fmt::Display for PathPublisher {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.remote {
            Some(remote) => write!(out, "{} from {remote}", self.kind),
            None => out.write_str(&self.kind),
        }
    }
}

/// What has happened.
#[derive(Clone, Debug, PartialEq)]
pub enum RelayEvent {
    /// The server answers its poller (or nobody polls it), or does not, with the reason.
    Server(Result<(), String>),
    /// Another node relays these cameras: end what runs. [`RelayEvent::Server`] has said why.
    Standby,
    /// What the server says of our path.
    Path(PathView),
    /// The start budget has a permit for us, and this is what the server says of our path at this moment.
    StartPermit(PathView),
    /// The answer to [`Action::AskPath`].
    Asked(PathView),
    /// The probe has ended; with what it found comes what the server says of our path since.
    Probed(Result<(Tracks, PathView), ProbeFault>),
    /// Somebody else has looked at the source, and it answers.
    SourceAnswers(Tracks),
    /// ffmpeg was started, or could not be.
    Started(Result<(), ProbeFault>),
    /// Pictures have come since the last time.
    Progress,
    /// ffmpeg says that what it sends is of no use.
    Unusable(ProbeFault),
    /// Sound has come since the last time, and no picture.
    SoundOnly,
    /// Pictures come, and their time has stood still or leapt.
    ClockJumped,
    /// Whether bytes arrive at our path, as far as anybody knows.
    Arriving(Option<bool>),
    /// ffmpeg has ended and was reaped.
    Exited(ProbeFault),
    /// The row was read after an end, or has changed; `true` when ffmpeg has to be started differently from now on.
    Row {
        /// URL, path, transport or audio is another one.
        changed: bool,
    },
    /// Somebody pressed the button.
    Restart,
    /// End for good.
    Stop,
    /// Time has passed; see [`Relay::next_wake`].
    Tick,
    /// As [`Self::Tick`], and ffmpeg was found suspended.
    Suspended,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Get in line for a start.
    AcquirePermit,
    /// Leave the line.
    CancelPermit,
    /// Run ffprobe, then ask the server who has our path: a probe takes seconds; answer with [`RelayEvent::Probed`].
    Probe,
    /// Kill ffprobe; no answer is expected any more.
    CancelProbe,
    /// Start ffmpeg for these tracks; answer with [`RelayEvent::Started`], later [`RelayEvent::Exited`].
    Start(Tracks),
    /// Kill ladder; [`RelayEvent::Exited`] follows.
    End,
    /// Read the row again, now that ffmpeg has ended.
    ReadRow,
    /// Ask the server who has our path; answer with [`RelayEvent::Asked`].
    AskPath,
}

/// Where a relay stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RelayPhase {
    /// The server does not answer.
    WaitingForServer,
    /// In line for a start.
    WaitingForPermit,
    /// ffprobe runs.
    Probing,
    /// ffmpeg runs; the server does not show its stream yet (or not any more).
    Starting,
    /// Pictures come, and arrive at the server's path.
    Running,
    /// No pictures come or arrive, or their clock has jumped: ffmpeg is being ended.
    Stalled,
    /// ffmpeg is being ended to start afresh.
    Restarting,
    /// Waiting for the next try.
    Backoff,
    /// Waiting for the next try, after too many.
    Degraded,
    /// Our path may still have what is left of us; asked again in a moment.
    Clearing,
    /// Another publisher has our path; nothing of ours runs until it is free or somebody asks for a restart.
    Held,
    /// ffmpeg is being ended for good.
    Stopping,
    /// Nothing runs and nothing will.
    Ended,
}

impl RelayPhase {
    /// The word people see.
    pub fn state(&self) -> CameraState {
        match self {
            Self::WaitingForServer | Self::WaitingForPermit | Self::Clearing => CameraState::Waiting,
            Self::Probing => CameraState::Probing,
            Self::Starting | Self::Restarting => CameraState::Starting,
            Self::Running => CameraState::Running,
            Self::Stalled => CameraState::Stalled,
            Self::Backoff => CameraState::Backoff,
            Self::Degraded => CameraState::Degraded,
            Self::Held => CameraState::Held,
            Self::Stopping | Self::Ended => CameraState::Stopped,
        }
    }

    /// ffmpeg is alive.
    pub fn has_ffmpeg(&self) -> bool {
        matches!(self, Self::Starting | Self::Running | Self::Stalled | Self::Restarting | Self::Stopping)
    }
}
