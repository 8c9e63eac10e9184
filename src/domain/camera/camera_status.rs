//! What everybody sees of a camera.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::probe::FaultKind;

/// What people read: the display name with the path name, by which it is acted on, or the path name alone.
pub fn title(name: &str, label: Option<&str>) -> String {
    match label.filter(|label| !label.is_empty() && *label != name) {
        Some(label) => format!("{label} ({name})"),
        None => name.to_owned(),
    }
}

/// State of a camera's restream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CameraState {
    /// Waiting for its turn, or for the server to answer.
    Waiting,
    /// ffprobe is looking at the source.
    Probing,
    /// ffmpeg has been started and nothing has been published yet.
    Starting,
    /// ffmpeg makes progress and the server's path is available.
    Running,
    /// The process lives, but makes no progress.
    Stalled,
    /// Waiting for the next try.
    Backoff,
    /// Failed too often; still tried at the longest interval.
    Degraded,
    /// Somebody else publishes to its path; it is not fought, and goes on when the path is free.
    Held,
    /// Disabled, or refused because the row is wrong.
    Stopped,
}

impl CameraState {
    /// Every state, in the order in which a camera comes to them.
    pub const ALL: [Self; 9] = [
        Self::Waiting,
        Self::Probing,
        Self::Starting,
        Self::Running,
        Self::Stalled,
        Self::Backoff,
        Self::Degraded,
        Self::Held,
        Self::Stopped,
    ];

    /// The word that JSON has.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Probing => "probing",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stalled => "stalled",
            Self::Backoff => "backoff",
            Self::Degraded => "degraded",
            Self::Held => "held",
            Self::Stopped => "stopped",
        }
    }
}

impl fmt::Display for CameraState {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// What becomes of the sound of a camera that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SoundState {
    /// The path has a sound track.
    Carried,
    /// The camera names no sound track.
    Missing,
    /// The camera names a sound track and sends nothing on it. It is left out where it would hold the picture up.
    Silent,
    /// The row says `none`.
    Off,
}

/// One camera as everybody sees it. Never holds a password or a URL that holds one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CameraStatus {
    /// Primary key of the row.
    pub id: i64,
    /// Path name.
    pub name: String,
    /// Display name; null when the row has none.
    #[serde(default)]
    pub label: Option<String>,
    /// Kind of the row.
    pub kind: String,
    /// Host of the source, without port.
    pub host: Option<String>,
    /// Whether the row is enabled.
    pub enabled: bool,
    /// Whether the row asks for recording.
    pub record: bool,
    /// State of its restream.
    pub state: CameraState,
    /// Since when it is in this state.
    pub since: DateTime<Utc>,
    /// Since when it brings no picture: from its first failure, or from when it last ran, until it runs again. Null while it
    /// runs, is switched off, or has only just begun.
    #[serde(default)]
    pub down_since: Option<DateTime<Utc>>,
    /// Restarts since the row was taken up.
    pub restarts: u32,
    /// Last failure, in a sentence with a remedy.
    pub last_error: Option<String>,
    /// What kind of failure that was.
    #[serde(default)]
    pub fault: Option<FaultKind>,
    /// When the next try begins, in backoff and degraded.
    pub next_start: Option<DateTime<Utc>>,
    /// What becomes of its sound; null while it does not run.
    #[serde(default)]
    pub sound: Option<SoundState>,
    /// Server it publishes to.
    pub server: String,
    /// Path on that server (equal to `name`).
    pub path: String,
}

impl CameraStatus {
    /// See [`title`].
    pub fn title(&self) -> String {
        title(&self.name, self.label.as_deref())
    }
}
