//! Which paths of a server have lost their camera (deleted, switched off, or given another path), and which have a relay of ours that
//! began anew. Plain data.
//!
//! What is left of such a stream is no trouble and need not be shown until it is forgotten by age. A camera that is merely
//! absent, as from a live store that came back empty, releases nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::adapters::live::{Change, Latest};
use crate::domain::camera::{CameraState, CameraStatus};
use crate::domain::name::StreamName;

/// The cameras of one server, by what the live store has told.
#[derive(Debug)]
pub struct CameraPaths {
    server: String,
    /// Enabled cameras, by id.
    wanted: BTreeMap<i64, WantedCamera>,
    /// Paths whose camera is gone since we listen.
    released: BTreeSet<StreamName>,
}

/// A camera of this server, and what was last told of its relay.
#[derive(Clone, Debug)]
struct WantedCamera {
    path: StreamName,
    state: CameraState,
    restarts: u32,
    /// Its relay has begun since the poll before the last.
    is_new: bool,
}

/// Who may have begun to publish to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Publisher {
    /// A relay of ours, which has just begun anew.
    OurRelay,
    /// The relay of ours does not run: it is about to begin, or somebody else was faster.
    Either,
    /// Not a relay of ours.
    SomebodyElse,
}

impl CameraPaths {
    /// Knows no camera yet.
    pub fn new(server: impl Into<String>) -> Self {
        Self { server: server.into(), wanted: BTreeMap::new(), released: BTreeSet::new() }
    }

    /// Everything that is true now. A camera that is missing there releases nothing.
    pub fn replace(&mut self, latest: &Latest) {
        self.wanted.retain(|id, _| latest.cameras.iter().any(|camera| camera.id == *id));
        for camera in &latest.cameras {
            self.camera(camera);
        }
    }

    /// Takes up one change.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::Camera(camera) => self.camera(camera),
            Change::CameraGone { id } => self.release(*id),
            _ => {}
        }
    }

    /// Who has begun to publish to a path whose source is another one than at the last poll.
    pub fn publisher(&self, path: &StreamName) -> Publisher {
        use CameraState::{Held, Running, Stopped};
        match self.wanted.values().find(|camera| camera.path == *path) {
            Some(WantedCamera { state: Running, is_new: true, .. }) => Publisher::OurRelay,
            None | Some(WantedCamera { state: Running | Held | Stopped, .. }) => Publisher::SomebodyElse,
            Some(_) => Publisher::Either,
        }
    }

    /// A poll has been taken in: the sources it saw are those of the relays that ran by then.
    pub fn polled(&mut self) {
        for camera in self.wanted.values_mut() {
            camera.is_new = camera.state != CameraState::Running;
        }
    }

    fn camera(&mut self, camera: &CameraStatus) {
        let path = (camera.enabled && camera.server == self.server).then(|| StreamName::parse(&camera.path).ok());
        let Some(path) = path.flatten() else { return self.release(camera.id) };
        let (state, restarts) = (camera.state, camera.restarts);
        let known = self.wanted.get(&camera.id).filter(|known| known.path == path);
        let goes_on = known.is_some_and(|known| !known.is_new && known.restarts == restarts);
        if known.is_none() {
            self.release(camera.id);
            self.released.remove(&path);
        }
        let is_new = !goes_on || state != CameraState::Running;
        self.wanted.insert(camera.id, WantedCamera { path, state, restarts, is_new });
    }

    fn release(&mut self, id: i64) {
        self.released.extend(self.wanted.remove(&id).map(|camera| camera.path));
    }

    /// True when the path had a camera and has none now.
    pub fn is_released(&self, path: &StreamName) -> bool {
        self.released.contains(path) && !self.wanted.values().any(|camera| camera.path == *path)
    }

    /// The path is not shown any more: if it comes back, it is somebody else's.
    pub fn forget(&mut self, path: &StreamName) {
        self.released.remove(path);
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::camera::CameraState;
    use crate::domain::fleet::CameraFacts;

    fn camera(id: i64, name: &str, enabled: bool) -> CameraStatus {
        let facts = CameraFacts {
            id,
            name: name.to_owned(),
            label: None,
            kind: "generic".to_owned(),
            host: None,
            enabled,
            record: true,
        };
        facts.status("main", CameraState::Running, DateTime::UNIX_EPOCH)
    }

    fn path(name: &str) -> StreamName {
        StreamName::parse(name).expect("a name")
    }

    #[test]
    fn a_path_is_released_with_its_camera_and_never_by_absence() {
        let mut paths = CameraPaths::new("main");
        let all = vec![camera(1, "gate", true), camera(2, "yard", true), camera(3, "roof", true)];
        paths.replace(&Latest { cameras: all, ..Latest::default() });
        let released = |paths: &CameraPaths| {
            let names = ["gate", "yard", "roof", "other"].into_iter().filter(|name| paths.is_released(&path(name)));
            names.collect::<Vec<_>>()
        };
        assert_eq!(released(&paths), [""; 0]);
        paths.apply(&Change::CameraGone { id: 1 });
        assert_eq!(released(&paths), ["gate"], "deleted");
        paths.apply(&Change::Camera(camera(2, "yard", false)));
        assert_eq!(released(&paths), ["gate", "yard"], "switched off");
        paths.apply(&Change::Camera(camera(3, "other", true)));
        assert_eq!(released(&paths), ["gate", "yard", "roof"], "renamed");
        paths.apply(&Change::Camera(camera(4, "gate", true)));
        assert_eq!(released(&paths), ["yard", "roof"], "another camera took it");
        paths.forget(&path("roof"));
        paths.replace(&Latest::default());
        assert_eq!(released(&paths), ["yard"], "absence releases nothing");
    }

    #[test]
    fn a_relay_that_began_anew_is_told_from_somebody_else() {
        use Publisher::{Either, OurRelay, SomebodyElse};
        let mut paths = CameraPaths::new("main");
        let gate = |state, restarts| Change::Camera(CameraStatus { state, restarts, ..camera(1, "gate", true) });
        let steps: [(&str, Option<Change>, Publisher); 9] = [
            ("no camera's path", None, SomebodyElse),
            ("seen for the first time", Some(gate(CameraState::Running, 0)), OurRelay),
            ("it went on", None, SomebodyElse),
            ("it failed", Some(gate(CameraState::Backoff, 1)), Either),
            ("it still does not run", None, Either),
            ("it runs again", Some(gate(CameraState::Running, 1)), OurRelay),
            ("it went on again", Some(gate(CameraState::Running, 1)), SomebodyElse),
            ("between two polls", Some(gate(CameraState::Running, 2)), OurRelay),
            ("it gives way", Some(gate(CameraState::Held, 2)), SomebodyElse),
        ];
        for (words, change, publisher) in steps {
            if let Some(change) = change {
                paths.apply(&change);
            }
            assert_eq!(paths.publisher(&path("gate")), publisher, "{words}");
            paths.polled();
        }
        // A live store that is asked anew tells what is known.
        paths.apply(&gate(CameraState::Running, 2));
        paths.polled();
        paths.replace(&Latest {
            cameras: vec![CameraStatus { restarts: 2, ..camera(1, "gate", true) }],
            ..Latest::default()
        });
        assert_eq!(paths.publisher(&path("gate")), SomebodyElse);
        paths.apply(&Change::CameraGone { id: 1 });
        assert_eq!(paths.publisher(&path("gate")), SomebodyElse);
    }

    #[test]
    fn cameras_of_another_server_are_none_of_ours() {
        let mut paths = CameraPaths::new("backup");
        paths.apply(&Change::Camera(camera(1, "gate", true)));
        paths.apply(&Change::CameraGone { id: 1 });
        assert!(!paths.is_released(&path("gate")));
    }
}
