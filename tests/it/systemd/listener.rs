//! The service manager's end of the notification socket.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::UnixDatagram;
use tokio::time::{Instant, timeout_at};

use crate::support::wait::TIMEOUT;

/// Hears what a service says.
pub struct Listener {
    socket: UnixDatagram,
    folder: TempDir,
}

impl Listener {
    /// On a socket of its own.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = UnixDatagram::bind(folder.path().join("notify")).expect("a socket");
        Self { socket, folder }
    }

    /// Where it listens.
    pub fn address(&self) -> PathBuf {
        Path::new(self.folder.path()).join("notify")
    }

    /// What systemd sets for a service, with a watchdog of this time.
    pub fn environment(&self, watchdog: Duration) -> Vec<(String, String)> {
        let address = self.address().to_str().expect("text").to_owned();
        vec![("NOTIFY_SOCKET".to_owned(), address), ("WATCHDOG_USEC".to_owned(), watchdog.as_micros().to_string())]
    }

    /// The next message before `deadline`.
    pub async fn next(&self, deadline: Instant) -> Option<String> {
        let mut bytes = [0; 4096];
        let length = timeout_at(deadline, self.socket.recv(&mut bytes)).await.ok()?.expect("a message");
        Some(String::from_utf8(bytes[..length].to_vec()).expect("text"))
    }

    /// Waits for a message that begins so; returns those before it, and it.
    pub async fn until(&self, wanted: &str) -> (Vec<String>, String) {
        let (deadline, mut before) = (Instant::now() + TIMEOUT, Vec::new());
        loop {
            match self.next(deadline).await {
                Some(message) if message.starts_with(wanted) => return (before, message),
                Some(message) => before.push(message),
                None => panic!("waited in vain for {wanted}: {before:?}"),
            }
        }
    }

    /// Forgets what has been said so far.
    pub fn forget(&self) {
        let mut bytes = [0; 4096];
        while self.socket.try_recv(&mut bytes).is_ok() {}
    }

    /// Everything that is said in this time.
    pub async fn all_within(&self, time: Duration) -> Vec<String> {
        let (deadline, mut heard) = (Instant::now() + time, Vec::new());
        while let Some(message) = self.next(deadline).await {
            heard.push(message);
        }
        heard
    }
}
