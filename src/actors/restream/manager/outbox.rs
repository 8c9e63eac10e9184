//! What the live store has not been told yet: the latest word on each camera, so that a store that hangs or fails makes it
//! grow to the number of cameras and no further. The manager writes it; it does no I/O itself.

use std::collections::BTreeMap;

use crate::adapters::live::Change;

/// Changes by camera.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: BTreeMap<i64, Change>,
}

impl Outbox {
    /// Newer words: they replace what waits.
    pub(super) fn put(&mut self, changes: Vec<Change>) {
        self.waiting.extend(changes.into_iter().filter_map(of_camera));
    }

    /// Words that could not be delivered: what came meanwhile is newer.
    pub(super) fn put_back(&mut self, changes: Vec<Change>) {
        for (id, change) in changes.into_iter().filter_map(of_camera) {
            self.waiting.entry(id).or_insert(change);
        }
    }

    /// All that waits.
    pub(super) fn take(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.waiting).into_values().collect()
    }
}

/// The manager speaks of cameras alone.
fn of_camera(change: Change) -> Option<(i64, Change)> {
    match &change {
        Change::Camera(status) => Some((status.id, change)),
        Change::CameraGone { id } => Some((*id, change)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gone(id: i64) -> Change {
        Change::CameraGone { id }
    }

    fn here(id: i64, restarts: u32) -> Change {
        let facts = crate::domain::fleet::CameraFacts {
            id,
            name: "gate".to_owned(),
            label: None,
            kind: "generic".to_owned(),
            host: None,
            enabled: true,
            record: false,
        };
        let state = crate::domain::camera::CameraState::Waiting;
        let status = facts.status("main", state, chrono::DateTime::UNIX_EPOCH);
        Change::Camera(crate::domain::camera::CameraStatus { restarts, ..status })
    }

    #[test]
    fn the_latest_word_on_each_camera_stays() {
        let mut outbox = Outbox::default();
        outbox.put(vec![here(1, 0), here(2, 0), here(1, 1)]);
        let first = outbox.take();
        assert_eq!(first, [here(1, 1), here(2, 0)]);
        outbox.put(vec![gone(2), here(3, 0)]);
        outbox.put_back(first);
        assert_eq!(outbox.take(), [here(1, 1), gone(2), here(3, 0)], "what could not be delivered is older");
        for restarts in 0..1000 {
            outbox.put(vec![here(1, restarts)]);
        }
        assert_eq!(outbox.take(), [here(1, 999)]);
        assert!(outbox.take().is_empty());
    }
}
