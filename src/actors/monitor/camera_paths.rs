//! Which paths of a server have lost their camera: deleted, switched off, or given another path. Plain data.
//!
//! What is left of such a stream is no trouble and need not be shown until it is forgotten by age. A camera that is merely
//! absent, as from a live store that came back empty, releases nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::adapters::live::{Change, Latest};
use crate::domain::camera::CameraStatus;
use crate::domain::name::StreamName;

/// The cameras of one server, by what the live store has told.
#[derive(Debug)]
pub struct CameraPaths {
    server: String,
    /// Paths of enabled cameras, by camera id.
    wanted: BTreeMap<i64, StreamName>,
    /// Paths whose camera is gone since we listen.
    released: BTreeSet<StreamName>,
}

impl CameraPaths {
    /// Knows no camera yet.
    pub fn new(server: impl Into<String>) -> Self {
        Self { server: server.into(), wanted: BTreeMap::new(), released: BTreeSet::new() }
    }

    /// Everything that is true now. A camera that is missing there releases nothing.
    pub fn replace(&mut self, latest: &Latest) {
        self.wanted.clear();
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

    fn camera(&mut self, camera: &CameraStatus) {
        let path = (camera.enabled && camera.server == self.server).then(|| StreamName::parse(&camera.path).ok());
        let Some(path) = path.flatten() else { return self.release(camera.id) };
        if self.wanted.get(&camera.id) == Some(&path) {
            return;
        }
        self.release(camera.id);
        self.released.remove(&path);
        self.wanted.insert(camera.id, path);
    }

    fn release(&mut self, id: i64) {
        self.released.extend(self.wanted.remove(&id));
    }

    /// True when the path had a camera and has none now.
    pub fn is_released(&self, path: &StreamName) -> bool {
        self.released.contains(path) && !self.wanted.values().any(|wanted| wanted == path)
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
    fn cameras_of_another_server_are_none_of_ours() {
        let mut paths = CameraPaths::new("backup");
        paths.apply(&Change::Camera(camera(1, "gate", true)));
        paths.apply(&Change::CameraGone { id: 1 });
        assert!(!paths.is_released(&path("gate")));
    }
}
