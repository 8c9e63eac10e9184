//! Plan before act: a change of the table that would stop too many cameras at once is blocked until a person confirms it.
//!
//! An emptied table, a broken query, a wrong database restored look just like somebody who wants no cameras any more.
//! A camera counts as stopped when nobody publishes its source under its name any more: rows that come back under new
//! ids are no stop, a row that names another host or path is one, other credentials are none. What the table stops bit
//! by bit within [`WINDOW`] counts together. A camera that has not run for [`RAN_WITHIN`] counts for nothing: there is
//! nothing to stop. Commands for one camera are never evaluated.
//!
//! [`ChangeGuard`] is the rule, [`RecentlyRunning`] knows which cameras count; the planner of the cameras asks both and keeps what is blocked. No
//! clock: times are given.

mod evaluate;
mod published;
mod recent_stops;
mod recently_running;
mod renumbered;
#[cfg(test)]
mod tests;

pub use evaluate::{ChangeGuard, would_end};
pub use recent_stops::WINDOW;
pub use recently_running::{RAN_WITHIN, RecentlyRunning};
pub use renumbered::{renumber, renumbered};

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::camera::title;
use super::fleet::{Fleet, Planned};

/// A fleet of so many relays may change in any way.
pub const SPARED: usize = 3;

/// Most names in a sentence.
const NAMED: usize = 10;

/// A camera that a plan would stop, or point at another source.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WouldStop {
    /// Primary key of its row.
    pub id: i64,
    /// Its path.
    pub name: String,
    /// Display name; null when the row had none.
    #[serde(default)]
    pub label: Option<String>,
    /// What became of its row.
    pub reason: String,
}

/// A blocked change as everybody sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlockedChangeView {
    /// What a confirmation names.
    pub id: String,
    /// Since when a change is blocked.
    pub since: DateTime<Utc>,
    /// What it would do, in a sentence.
    pub summary: String,
    /// Cameras that had run in the last minutes when the change was blocked first.
    pub running: usize,
    /// Whom it would stop, by id.
    pub would_stop: Vec<WouldStop>,
}

/// Where table and relays stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanView {
    /// The blocked change; null when the cameras are relayed as the table says.
    pub blocked: Option<BlockedChangeView>,
    /// Cameras that are relayed, or tried again and again.
    pub cameras: usize,
    /// How many of them run at this moment.
    pub running: usize,
}

/// What waits for a person.
#[derive(Clone, Debug)]
pub struct BlockedChange {
    /// Names this plan and no other: what is confirmed is what was shown.
    pub id: String,
    /// Cameras that counted when it was blocked first, or when the stops before it began.
    pub running: usize,
    /// Stops that were let through shortly before, and count with these.
    pub earlier: usize,
    /// Whom it would stop, by id.
    pub would_stop: Vec<WouldStop>,
    /// The cameras as the table has them.
    pub after: Fleet,
}

impl WouldStop {
    /// What people read: the display name with the path, or the path alone.
    pub fn title(&self) -> String {
        title(&self.name, self.label.as_deref())
    }
}

impl BlockedChange {
    /// What it would do, for people.
    pub fn summary(&self) -> String {
        let mut names: Vec<String> = self.would_stop.iter().map(WouldStop::title).take(NAMED).collect();
        let more = self.would_stop.len().saturating_sub(NAMED);
        if more > 0 {
            names.push(format!("{more} more"));
        }
        let earlier = match self.earlier {
            0 => String::new(),
            stopped => format!(", after {stopped} within the last {} s,", WINDOW.as_secs()),
        };
        format!(
            "a change of the cameras would stop {} of {}{earlier} and waits for confirmation: {}",
            self.would_stop.len(),
            self.running,
            names.join(", ")
        )
    }

    /// A command has changed one camera meanwhile: the plan does not undo it.
    pub fn note_row(&mut self, id: i64, planned: Option<&Arc<Planned>>) {
        match planned {
            Some(planned) => _ = self.after.insert(id, Arc::clone(planned)),
            None => _ = self.after.remove(&id),
        }
    }
}
