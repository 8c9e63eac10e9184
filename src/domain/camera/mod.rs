//! Cameras: rows of the `cameras` table, what a valid one is, and how its source URL comes about.
//!
//! [`CameraRow`] is what the database gives, [`CameraSource`] what a valid one comes to, [`CameraEdit`] what people send,
//! [`CameraStatus`] what everybody sees. Passwords are in the first three and never in the last.

mod delivery;
mod down;
mod edit;
mod named;
mod password;
mod reach;
mod settings;
pub mod sheet;
mod source;
mod template;
mod url;
mod words;

pub use delivery::undelivered;
pub use down::DownSince;
pub use edit::{check_edit, draft};
pub use named::{is_id, is_named};
pub use password::check_kind_change;
pub use reach::Reach;
pub use settings::CameraSettings;
pub use source::{CameraSource, Kinds};
pub use template::{check_kind, check_template, check_unused};
pub use words::{AudioPolicy, Scheme, Transport};

use std::fmt;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What stands for credentials in a URL that is shown; see [`CameraRow::shown_url`].
const HIDDEN: &str = "***";

/// Longest display name, in characters.
pub const LONGEST_LABEL: usize = 200;

/// What people read: the display name with the path name, by which it is acted on, or the path name alone.
pub fn title(name: &str, label: Option<&str>) -> String {
    match label.filter(|label| !label.is_empty() && *label != name) {
        Some(label) => format!("{label} ({name})"),
        None => name.to_owned(),
    }
}

/// One row of the `cameras` table as the database gives it. Nothing in it has been checked yet.
#[derive(Clone, Debug)]
pub struct CameraRow {
    /// Primary key.
    pub id: i64,
    /// Path name the camera is published under.
    pub name: String,
    /// Key into `camera_kinds`.
    pub kind: String,
    /// Host name or address.
    pub host: Option<String>,
    /// Port; the template's default when absent.
    pub port: Option<i64>,
    /// What the column `port` holds where that is no number, for the complaint; see [`CameraRow::NOT_A_NUMBER`].
    pub port_text: Option<String>,
    /// User name for the source.
    pub username: Option<String>,
    /// Password for the source.
    pub password: Option<SecretString>,
    /// Channel number, for kinds that have one.
    pub channel: Option<String>,
    /// Sub stream, for kinds that have one.
    pub substream: Option<String>,
    /// Overrides the kind's template. May hold credentials.
    pub url: Option<SecretString>,
    /// RTSP transport: `tcp` (default) or `udp`.
    pub transport: Option<String>,
    /// Audio policy: `auto` (default), `copy`, `aac`, `none`.
    pub audio: Option<String>,
    /// Whether the camera should be restreamed.
    pub enabled: bool,
    /// Whether its stream should be recorded.
    pub record: bool,
    /// Last change of the row, as the database keeps it.
    pub updated_at: Option<String>,
    /// Display name; any text.
    pub label: Option<String>,
}

impl CameraRow {
    /// Stands in `port` for a column that holds something else than a number.
    pub const NOT_A_NUMBER: i64 = i64::MIN;

    /// Whether it has a URL of its own and needs no template. A blank one is none.
    fn has_url(&self) -> bool {
        self.url.as_ref().is_some_and(|url| !url.expose_secret().trim().is_empty())
    }

    /// Host of the source as far as the row tells it, for display.
    pub fn shown_host(&self) -> Option<String> {
        source::host_of(self)
    }

    /// Its display name on one line, cut at [`LONGEST_LABEL`]; `None` when there is none. A row may hold anything, and what is
    /// only shown stops no camera.
    pub fn shown_label(&self) -> Option<String> {
        let label = self.label.as_deref()?.trim().chars().take(LONGEST_LABEL);
        let label: String = label.map(|c| if c.is_control() { ' ' } else { c }).collect();
        Some(label.trim().to_owned()).filter(|label| !label.is_empty())
    }

    /// Its column `host`; `***` where that may hold a password, for display.
    pub fn shown_host_column(&self) -> Option<String> {
        source::host_column_of(self)
    }

    /// Its own URL without credentials, which are `***`, for display.
    pub fn shown_url(&self) -> Option<String> {
        source::url_of(self)
    }
}

/// The writable part of a camera, as the API and the CLI send it: absent fields keep their value (edit) or get the
/// default (add); explicit nulls clear.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CameraEdit {
    /// Path name the camera is published under.
    #[serde(default)]
    #[schema(
        max_length = 200,
        pattern = r"^(\.*[0-9A-Za-z_-][0-9A-Za-z_.-]*|\.{3,})(/(\.*[0-9A-Za-z_-][0-9A-Za-z_.-]*|\.{3,}))*$"
    )]
    pub name: Option<String>,
    /// Key into `camera_kinds`.
    #[serde(default)]
    #[schema(max_length = 64, pattern = "^[a-z0-9-]+$", example = "generic")]
    pub kind: Option<String>,
    /// Host name or address; null clears.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub host: Option<Option<String>>,
    /// Port; null clears.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 65535)]
    pub port: Option<Option<i64>>,
    /// User name; null clears.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub username: Option<Option<String>>,
    /// Password; null clears.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub password: Option<Option<SecretString>>,
    /// Channel; null clears.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub channel: Option<Option<String>>,
    /// Sub stream; null clears.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub substream: Option<Option<String>>,
    /// Source URL; null clears.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub url: Option<Option<SecretString>>,
    /// `tcp` or `udp`; null clears.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, pattern = "^(tcp|udp)$")]
    pub transport: Option<Option<String>>,
    /// `auto`, `copy`, `aac` or `none`; null clears.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, pattern = "^(auto|copy|aac|none)$")]
    pub audio: Option<Option<String>>,
    /// Whether the camera should be restreamed.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// Whether its stream should be recorded.
    #[serde(default)]
    pub record: Option<bool>,
    /// Display name, at most 200 characters; null clears.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub label: Option<Option<String>>,
}

/// Tells an explicit null (`Some(None)`) from an absent field (`None`).
fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
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

impl fmt::Display for CameraState {
    /// The word that JSON has.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Waiting => "waiting",
            Self::Probing => "probing",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stalled => "stalled",
            Self::Backoff => "backoff",
            Self::Degraded => "degraded",
            Self::Held => "held",
            Self::Stopped => "stopped",
        })
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
