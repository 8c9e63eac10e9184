//! Recordings for the command line: by way of the program that runs, or in the database itself where none does.

use chrono::{DateTime, SecondsFormat, Utc};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::open_stores::open_existing;
use super::remote::{Remote, RemotePage};
use super::running;
use crate::adapters::database::{Stores, completeness};
use crate::base::Result;
use crate::config::Settings;
use crate::domain::completeness::{Span, StreamCompleteness};

/// Where recordings are listed.
pub enum RecordingAccess {
    /// With the program that runs.
    Running(Remote),
    /// In the database of the configuration.
    Table(Box<Stores>),
}

impl RecordingAccess {
    /// That of these settings.
    ///
    /// # Errors
    /// `Conflict` when the program that runs here is on another database; `NotFound` when there is no database; when it cannot be opened.
    pub async fn of(settings: &Settings) -> Result<Self> {
        if let Some((remote, _)) = running::find_ours(settings).await? {
            return Ok(Self::Running(remote));
        }
        Ok(Self::Table(Box::new(open_existing(settings).await?)))
    }

    /// How complete the recordings of all streams, or of one, are.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn completeness(&self, span: Span, stream: Option<&str>) -> Result<Vec<StreamCompleteness>> {
        match self {
            Self::Running(remote) => {
                let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
                let mut route = format!("completeness?from={}&to={}", time(span.from), time(span.to));
                if let Some(stream) = stream {
                    route = format!("{route}&stream={}", utf8_percent_encode(stream, NON_ALPHANUMERIC));
                }
                let page: RemotePage<StreamCompleteness> = remote.ask(remote.http.get(remote.url(&route))).await?;
                Ok(page.items)
            }
            Self::Table(stores) => completeness(stores, span, stream.map(str::to_owned), Utc::now()).await,
        }
    }
}
