//! The children of one parent and how each has fared, as data: what a [`ChildSet`](super::ChildSet) works on.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::child::{Child, Exit, Running};
use crate::domain::restart::RestartHistory;

/// One child.
pub(super) struct Slot {
    pub child: Child,
    /// Place in the start order.
    pub place: u64,
    /// Which instance of this name, for people.
    pub generation: u64,
    /// Its number among all runs of the set: news of another one is not for this instance.
    pub run: u64,
    pub running: Option<Running>,
    /// How long the last run lasted, when that is known before its end is.
    pub lasted: Option<Duration>,
    pub history: RestartHistory,
    pub degraded: bool,
    pub last_exit: Option<Exit>,
    /// When the next generation is to begin, while it waits.
    pub due: Option<Instant>,
    /// A ping is under way.
    pub pinged: bool,
    /// Ends for good at its next exit.
    pub leaving: bool,
}

/// All children and how they have fared: what outlives a parent that keeps its children.
pub(super) struct Roster {
    pub slots: BTreeMap<String, Slot>,
    pub started: u64,
    /// Runs of all children. A name that is used again must not hear of the end of its namesake.
    pub runs: u64,
    /// Zero of the histories' clock.
    pub born: Instant,
}

impl Roster {
    pub fn empty() -> Self {
        Self { slots: BTreeMap::new(), started: 0, runs: 0, born: Instant::now() }
    }
}
