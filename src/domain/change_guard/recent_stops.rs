//! Stops that the table has brought about lately: rows that go one by one, each alone too few to be blocked, are one change.

use std::collections::BTreeMap;
use std::time::Duration;

use super::published::by_name;
use crate::domain::fleet::Fleet;
use crate::domain::name::StreamName;

/// Stops within this time count together.
pub const WINDOW: Duration = Duration::from_secs(60);

/// What was published and was stopped. One entry for each name, so no more than cameras have run in the window.
#[derive(Clone, Debug, Default)]
pub(super) struct RecentStops(BTreeMap<StreamName, Stopped>);

#[derive(Clone, Debug)]
struct Stopped {
    at: Duration,
    /// The source it had.
    place: String,
    /// Relays before it stopped.
    running: usize,
}

impl RecentStops {
    /// Forgets what has come back as it was, and what is long ago; while something is blocked nothing is long ago, because
    /// waiting is no consent.
    pub(super) fn settle(&mut self, after: &Fleet, now: Duration, is_blocked: bool) {
        if self.0.is_empty() {
            return;
        }
        let published = by_name(after);
        self.0.retain(|name, stopped| {
            let is_back = published.get(name).is_some_and(|(_, source)| source.place() == stopped.place);
            !is_back && (is_blocked || now.saturating_sub(stopped.at) < WINDOW)
        });
    }

    /// A stop that was let through.
    pub(super) fn note(&mut self, name: StreamName, place: String, now: Duration, running: usize) {
        self.0.entry(name).or_insert(Stopped { at: now, place, running }).at = now;
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// Relays before the first of them.
    pub(super) fn running(&self) -> usize {
        self.0.values().min_by_key(|stopped| stopped.at).map_or(0, |first| first.running)
    }

    /// A person has consented to all of it.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
