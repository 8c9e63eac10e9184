//! The service manager that started us: told that we serve, reload, stop and live. Without one, nothing is said.
//!
//! One datagram per message to the socket named by `NOTIFY_SOCKET`, as `sd_notify(3)` describes it. A manager that does
//! not read loses messages: sending never waits, because it happens on the thread that keeps the cameras running.
//! Children inherit none of its variables. Talked to by `app`.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;

/// Longest status line we send, in bytes.
const LONGEST_STATUS: usize = 500;

/// The service manager, or none.
#[derive(Clone, Debug, Default)]
pub struct ServiceManager {
    socket: Option<Arc<(UnixDatagram, SocketAddr)>>,
    watchdog: Option<Duration>,
}

impl ServiceManager {
    /// The one of this process's environment. An address that cannot be used is told in the log.
    pub fn of_this_process() -> Self {
        let named = std::env::var_os("NOTIFY_SOCKET").filter(|named| !named.is_empty());
        let Some(named) = named else { return Self::default() };
        Self::at(Path::new(&named), sd_notify::watchdog_enabled()).unwrap_or_else(|error| {
            log::warn!("systemd cannot be told how we are: NOTIFY_SOCKET: {error}");
            Self::default()
        })
    }

    /// The one at this socket (`@name` for an abstract one), which expects a sign of life at least so often.
    ///
    /// # Errors
    /// When no datagram socket can be made, or the address is none.
    pub fn at(address: &Path, watchdog: Option<Duration>) -> io::Result<Self> {
        let address = match address.as_os_str().as_bytes() {
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
            _ => SocketAddr::from_pathname(address)?,
        };
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket: Some(Arc::new((socket, address))), watchdog })
    }

    /// True when somebody listens.
    pub fn listens(&self) -> bool {
        self.socket.is_some()
    }

    /// How often a sign of life is expected at least.
    pub fn watchdog(&self) -> Option<Duration> {
        self.watchdog
    }

    /// We serve: after the start, and after a reload.
    pub fn ready(&self) {
        self.tell(&[NotifyState::Ready]);
    }

    /// The configuration is being read again; [`Self::ready`] follows.
    pub fn reloading(&self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => self.tell(&[NotifyState::Reloading, now]),
            Err(_) => self.tell(&[NotifyState::Reloading]),
        }
    }

    /// We end.
    pub fn stopping(&self) {
        self.tell(&[NotifyState::Stopping, NotifyState::Status("stopping")]);
    }

    /// How we are, in a line for people.
    pub fn status(&self, line: &str) {
        let end = line.floor_char_boundary(LONGEST_STATUS);
        self.tell(&[NotifyState::Status(&line[..end].replace('\n', " "))]);
    }

    /// We live.
    pub fn alive(&self) {
        self.tell(&[NotifyState::Watchdog]);
    }

    fn tell(&self, states: &[NotifyState<'_>]) {
        let Some(socket) = &self.socket else { return };
        let text: String = states.iter().map(|state| format!("{state}\n")).collect();
        if let Err(error) = socket.0.send_to_addr(text.as_bytes(), &socket.1) {
            log::debug!("systemd was not told {:?}: {error}", text.trim_end());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_arrive_at_sockets_with_and_without_a_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notify");
        let name = format!("streamwarden-test-{}", std::process::id());
        let abstract_address = SocketAddr::from_abstract_name(&name).expect("a name");
        for (socket, address) in [
            (UnixDatagram::bind(&path).expect("a socket"), path.clone()),
            (UnixDatagram::bind_addr(&abstract_address).expect("a socket"), format!("@{name}").into()),
        ] {
            let manager = ServiceManager::at(&address, None).expect("an address");
            assert!(manager.listens() && manager.watchdog().is_none());
            manager.ready();
            manager.reloading();
            manager.status(&format!("two\nlines {}", "ä".repeat(500)));
            manager.alive();
            manager.stopping();
            let heard = || {
                let mut bytes = [0; 4096];
                let length = socket.recv(&mut bytes).expect("a message");
                String::from_utf8(bytes[..length].to_vec()).expect("text")
            };
            assert_eq!(heard(), "READY=1\n");
            let reloading = heard();
            let time = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").expect("the time of it").trim();
            assert!(time.parse::<u64>().expect("microseconds") > 0);
            let status = heard();
            assert!(status.starts_with("STATUS=two lines ä") && status.len() < 520, "{}", status.len());
            assert_eq!(heard(), "WATCHDOG=1\n");
            assert_eq!(heard(), "STOPPING=1\nSTATUS=stopping\n");
        }
    }

    #[test]
    fn a_manager_that_does_not_read_or_is_gone_stops_nobody() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).expect("a socket");
        let manager = ServiceManager::at(&path, None).expect("an address");
        for _ in 0..10_000 {
            manager.alive();
        }
        drop(socket);
        manager.alive();
        ServiceManager::default().alive();
    }
}
