//! Receivers of notifications for the command line: by way of the program that runs, or by the configuration where none does.

use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tempfile::TempDir;

use super::open_stores::open_or_empty;
use super::remote::{Remote, RemotePage};
use super::running;
use crate::actors::notify::{Notifications, NotifySetup, ReceiverState};
use crate::base::Result;
use crate::config::Settings;

/// A try of a receiver takes no longer.
const LIMIT: Duration = Duration::from_secs(30);

/// Where receivers are.
pub enum NotifyAccess {
    /// With the program that runs.
    Running(Remote),
    /// Nothing runs: by the configuration and its database.
    Alone(Notifications, Option<TempDir>),
}

impl NotifyAccess {
    /// Those of these settings.
    ///
    /// # Errors
    /// `Conflict` when the program that runs here is on another database; when the database cannot be opened.
    pub async fn of(settings: &Settings) -> Result<Self> {
        if let Some((remote, _)) = running::find_ours(settings).await? {
            return Ok(Self::Running(remote));
        }
        // Receivers are tried before the first start too, and no database is made for it.
        let (stores, folder) = open_or_empty(settings).await?;
        let setup = NotifySetup::from_settings(settings)?;
        Ok(Self::Alone(Notifications::new(setup.into(), stores.notifications), folder))
    }

    /// The receivers, as configured; without deliveries those of which nothing is known.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn list(&self) -> Result<Vec<(ReceiverState, bool)>> {
        match self {
            Self::Running(remote) => {
                let all: RemotePage<ReceiverState> = remote.ask(remote.http.get(remote.url("receivers"))).await?;
                Ok(all.items.into_iter().map(|state| (state, true)).collect())
            }
            Self::Alone(notifications, _) => notifications.kept().await,
        }
    }

    /// Sends a message that says only that messages arrive.
    ///
    /// # Errors
    /// `NotFound`; why the receiver has not taken it.
    pub async fn test(&self, name: &str) -> Result<()> {
        match self {
            Self::Running(remote) => {
                let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
                let request = remote.http.post(remote.url(&format!("receivers/{name}/test"))).timeout(LIMIT);
                remote.send(request).await.map(drop)
            }
            Self::Alone(notifications, _) => notifications.test(name).await,
        }
    }
}
