//! Whether a streamwarden runs on a data folder already, by the note it leaves there.

use std::net::SocketAddr;
use std::path::Path;

use serde::Deserialize;

/// What `run.json` says, as far as `check` asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(in crate::app) struct Running {
    /// Its process id.
    pub pid: u32,
    /// Where it listens.
    pub listen: SocketAddr,
}

/// The process that runs on this folder; `None` when there is none, or when its note was left behind.
pub(in crate::app) fn on(data_dir: &Path) -> Option<Running> {
    let note = std::fs::read(data_dir.join("run.json")).ok()?;
    let running: Running = serde_json::from_slice(&note).ok()?;
    Path::new("/proc").join(running.pid.to_string()).exists().then_some(running)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::instance::Instance;

    #[test]
    fn a_running_process_is_known_by_its_note() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(on(folder.path()), None);
        let mut instance = Instance::lock(folder.path()).expect("free");
        let listen = ([127, 0, 0, 1], 8080).into();
        instance.announce(listen).expect("writable");
        assert_eq!(on(folder.path()), Some(Running { pid: std::process::id(), listen }));
        drop(instance);
        std::fs::write(folder.path().join("run.json"), r#"{"pid":4194305,"listen":"127.0.0.1:1"}"#).expect("a file");
        assert_eq!(on(folder.path()), None, "left behind by one that was killed");
    }
}
