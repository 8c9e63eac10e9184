//! A row as people may see and edit it: everything but its secrets.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::CameraRow;
use crate::base::source_url as url;

/// The settings of one camera. What is absent in the row is null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CameraSettings {
    /// Primary key.
    pub id: i64,
    /// Path name.
    pub name: String,
    /// Display name; null when it has none.
    #[serde(default)]
    pub label: Option<String>,
    /// Key into the kinds.
    pub kind: String,
    /// Host name or address; `***` where a password was written into it.
    pub host: Option<String>,
    /// Port.
    pub port: Option<i64>,
    /// User name.
    pub username: Option<String>,
    /// Whether a password is kept. It is never shown.
    pub has_password: bool,
    /// Channel.
    pub channel: Option<String>,
    /// Sub stream.
    pub substream: Option<String>,
    /// The row's own URL, with `***` in place of its credentials.
    pub url: Option<String>,
    /// `tcp` or `udp`.
    pub transport: Option<String>,
    /// `auto`, `copy`, `aac` or `none`.
    pub audio: Option<String>,
    /// Whether it is restreamed.
    pub enabled: bool,
    /// Whether its stream is recorded.
    pub record: bool,
    /// Last change of the row, as the database keeps it.
    pub updated_at: Option<String>,
}

impl CameraSettings {
    /// Host of the source, as a `CameraStatus` has it: of its own URL, else of the column; `None` where that is no host.
    pub fn source_host(&self) -> Option<String> {
        match self.url.as_deref().map(str::trim).filter(|own| !own.is_empty()) {
            Some(own) => url::read(own, "url").ok().map(|parts| parts.host),
            None => self.host.clone().filter(|host| url::check_host(host).is_ok()),
        }
    }
}

impl From<&CameraRow> for CameraSettings {
    fn from(row: &CameraRow) -> Self {
        Self {
            id: row.id,
            name: row.name.clone(),
            label: row.shown_label(),
            kind: row.kind.clone(),
            host: row.shown_host_column(),
            port: row.port,
            username: row.username.clone(),
            has_password: row.password.is_some(),
            channel: row.channel.clone(),
            substream: row.substream.clone(),
            url: row.shown_url(),
            transport: row.transport.clone(),
            audio: row.audio.clone(),
            enabled: row.enabled,
            record: row.record,
            updated_at: row.updated_at.clone(),
        }
    }
}
