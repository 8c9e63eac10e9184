//! Messages that wait to be delivered, and what receivers have been told: what is asked of the database and written.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::base::{Error, ErrorKind, Result};
use crate::domain::notify::{Deliveries, Episode, Message, ReceiverTimes};

/// So many messages wait for a receiver at most; the oldest are dropped, and counted.
pub const MOST_WAITING: u32 = 200;
/// What waits for longer is dropped, and counted.
pub const LONGEST_WAIT: TimeDelta = TimeDelta::days(7);
/// No try is put off for longer; a later time was written by a clock that was set back since.
pub const LONGEST_REST: TimeDelta = TimeDelta::hours(2);

/// A receiver as the database knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiverRecord {
    /// Its name.
    pub receiver: String,
    /// Since when there is such a receiver, and when its last message was made.
    pub times: ReceiverTimes,
    /// What has become of its messages.
    pub deliveries: Deliveries,
}

/// What was planned at one time, written whole or not at all.
#[derive(Clone, Debug)]
pub struct PlannedNotifications {
    /// When.
    pub now: DateTime<Utc>,
    /// Messages to deliver.
    pub messages: Vec<Message>,
    /// Episodes as they are from now on.
    pub episodes: Vec<Episode>,
    /// Episodes that ended before are forgotten.
    pub forget_ended_before: DateTime<Utc>,
}

/// A message that is this node's to deliver now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedNotification {
    /// It.
    pub message: Message,
    /// Tries, with this one.
    pub tries: u32,
}

/// Which message to take.
#[derive(Clone, Debug)]
pub struct NotificationClaim {
    /// Of this receiver.
    pub receiver: String,
    /// Now.
    pub now: DateTime<Utc>,
    /// It is this node's for so long.
    pub lasts: TimeDelta,
    /// Also when its rest is not over: something has changed.
    pub at_once: bool,
}

/// What a try came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The receiver has it.
    Delivered,
    /// Not this time: again at that time.
    Failed {
        /// In words, without secrets.
        fault: String,
        /// When.
        next_try_at: DateTime<Utc>,
    },
    /// It will never take this one.
    Refused {
        /// In words, without secrets.
        fault: String,
    },
}

/// The queue of all nodes. Every write is durable when it returns.
#[async_trait]
pub trait NotificationStore: Send + Sync {
    /// Whether this node leads for so long from now: nobody else does, or whoever did has given no sign of life.
    async fn lead_notifications(&self, lasts: Duration) -> Result<bool>;
    /// Makes these receivers known: for a node that begins to lead. `afresh`: what an earlier run of it was delivering is given back.
    async fn begin_notifications(&self, receivers: Vec<String>, now: DateTime<Utc>, afresh: bool) -> Result<()>;
    /// What receivers have been told.
    async fn notification_episodes(&self) -> Result<Vec<Episode>>;
    /// Every receiver that was ever known, by name.
    async fn notification_receivers(&self) -> Result<Vec<ReceiverRecord>>;
    /// Writes what was planned. Of each receiver that gets a message at most [`MOST_WAITING`] stay. `Conflict` when this node does
    /// not lead.
    async fn put_notifications(&self, planned: PlannedNotifications) -> Result<()>;
    /// Takes the oldest message of a receiver, when it is due and nobody has it. What has waited for too long is dropped before.
    async fn claim_notification(&self, claim: NotificationClaim) -> Result<Option<ClaimedNotification>>;
    /// Writes what a try of a message that this node has claimed came to.
    async fn settle_notification(&self, id: Uuid, now: DateTime<Utc>, delivery: Delivery) -> Result<()>;
}

pub(super) fn not_leading() -> Error {
    Error::new(ErrorKind::Conflict, "another node leads the notifications")
}

/// What a row holds. A message that was damaged by hand names nobody's incidents, and its title says that it could not be read: it must hold up no other.
pub(super) fn message(id: Uuid, receiver: &str, created_at: DateTime<Utc>, content: &str) -> Message {
    serde_json::from_str(content).unwrap_or_else(|_| Message::of(id, receiver, created_at, false, Vec::new()))
}

pub(super) fn content(message: &Message) -> Result<String> {
    serde_json::to_string(message).map_err(|error| Error::internal("a message cannot be written").with_source(error))
}
