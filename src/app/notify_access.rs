//! Receivers of notifications for the command line: by way of the program that runs, or by the configuration where none does.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

use super::open_stores::{missing_file, open_stores};
use super::remote::{Remote, RemotePage};
use super::running;
use crate::actors::notify::{Notifications, NotifySetup, ReceiverState};
use crate::adapters::database::{
    ClaimedNotification, Delivery, NotificationClaim, NotificationStore, PlannedNotifications, ReceiverRecord,
};
use crate::base::{Error, Result};
use crate::config::Settings;
use crate::domain::notify::Episode;

/// A try of a receiver takes no longer.
const LIMIT: Duration = Duration::from_secs(30);

/// Where receivers are.
pub enum NotifyAccess {
    /// With the program that runs.
    Running(Remote),
    /// Nothing runs: by the configuration and its database.
    Alone(Notifications),
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
        let kept: Arc<dyn NotificationStore> = match missing_file(settings) {
            Some(_) => Arc::new(NothingKept),
            None => open_stores(settings).await?.notifications,
        };
        let setup = NotifySetup::from_settings(settings)?;
        Ok(Self::Alone(Notifications::new(setup.into(), kept)))
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
            Self::Alone(notifications) => notifications.kept().await,
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
            Self::Alone(notifications) => notifications.test(name).await,
        }
    }
}

/// What is kept where there is no database yet.
struct NothingKept;

fn no_database<T>() -> Result<T> {
    Err(Error::unavailable("there is no database yet"))
}

#[async_trait]
impl NotificationStore for NothingKept {
    async fn lead_notifications(&self, _: Duration) -> Result<bool> {
        no_database()
    }
    async fn begin_notifications(&self, _: Vec<String>, _: DateTime<Utc>, _: bool) -> Result<()> {
        no_database()
    }
    async fn notification_episodes(&self) -> Result<Vec<Episode>> {
        Ok(Vec::new())
    }
    async fn notification_receivers(&self) -> Result<Vec<ReceiverRecord>> {
        Ok(Vec::new())
    }
    async fn put_notifications(&self, _: PlannedNotifications) -> Result<()> {
        no_database()
    }
    async fn claim_notification(&self, _: NotificationClaim) -> Result<Option<ClaimedNotification>> {
        no_database()
    }
    async fn settle_notification(&self, _: Uuid, _: DateTime<Utc>, _: Delivery) -> Result<()> {
        no_database()
    }
}
