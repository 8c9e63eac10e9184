//! What a receiver is told at once.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::severity::Severity;
use crate::domain::incident::{IncidentKind, Subject};

/// A message names so many incidents at most and counts the others: what people read, and what services take, is bounded.
pub const MOST_ITEMS: usize = 50;

/// What is told of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ItemEvent {
    /// It goes wrong.
    Opened,
    /// It went wrong and was over before it was told.
    Past,
    /// It still goes wrong.
    Reminder,
    /// It goes well again.
    Resolved,
}

/// One incident, or several that are one episode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageItem {
    /// What is told of it.
    pub event: ItemEvent,
    /// The newest incident, where it is known.
    pub incident: Option<Uuid>,
    /// What went wrong.
    pub kind: IncidentKind,
    /// How bad it is.
    pub severity: Severity,
    /// Whom it happened to.
    pub subject: Subject,
    /// Why, in a sentence without secrets.
    pub cause: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Until when; null while it lasts.
    pub until: Option<DateTime<Utc>>,
    /// How often it has happened since then.
    pub times: u32,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Its own, whatever is tried: whoever gets it twice knows it by that.
    pub id: Uuid,
    /// Whose.
    pub receiver: String,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// It is told because nobody has acknowledged what lasts.
    pub escalation: bool,
    /// Somebody has asked for it, to try the receiver.
    pub test: bool,
    /// What it tells: the worst first, what is over last.
    pub items: Vec<MessageItem>,
    /// So many more that are not named.
    pub more: usize,
}

impl Message {
    /// Of these items; the worst are named where they are too many.
    pub fn of(id: Uuid, receiver: &str, at: DateTime<Utc>, escalation: bool, mut items: Vec<MessageItem>) -> Self {
        items.sort_by(|a, b| (a.event, b.severity, a.since).cmp(&(b.event, a.severity, b.since)));
        let more = items.len().saturating_sub(MOST_ITEMS);
        items.truncate(MOST_ITEMS);
        Self { id, receiver: receiver.to_owned(), at, escalation, test: false, items, more }
    }

    /// One that says only that messages arrive.
    pub fn test(receiver: &str, at: DateTime<Utc>) -> Self {
        let (receiver, items) = (receiver.to_owned(), Vec::new());
        Self { id: Uuid::now_v7(), receiver, at, escalation: false, test: true, items, more: 0 }
    }

    /// The worst that goes wrong; `None` when everything in it is over.
    pub fn worst(&self) -> Option<Severity> {
        let lasts = self.items.iter().filter(|item| matches!(item.event, ItemEvent::Opened | ItemEvent::Reminder));
        lasts.map(|item| item.severity).max()
    }
}
