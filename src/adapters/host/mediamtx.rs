//! The process of MediaMTX: who listens at its ports, else who has its name.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::files::{HostSources, line};
use super::parse;
use super::process::{Found, look};
use crate::domain::host::{NO_PROCESS, ProcessUsage};

/// The name of its program.
const NAME: &str = "mediamtx";
/// A host without it is searched so often: every process has to be looked at for it.
const SEARCH_EVERY: Duration = Duration::from_secs(30);

/// Looks for it again and again.
#[derive(Default)]
pub(super) struct Search {
    known: Option<Found>,
    searched: Option<Instant>,
}

impl Search {
    /// The process, the one of the last time first; else why not.
    pub(super) fn find(&mut self, sources: &HostSources) -> Result<(Found, ProcessUsage), String> {
        let again = self
            .known
            .take()
            .and_then(|known| look(&sources.proc, known.pid).filter(|(found, _)| found.identity() == known.identity()));
        let is_due = self.searched.is_none_or(|at| at.elapsed() >= SEARCH_EVERY);
        let found = again.or_else(|| {
            if !is_due {
                return None;
            }
            self.searched = Some(Instant::now());
            let pid = by_port(sources).or_else(|| by_name(&sources.proc))?;
            look(&sources.proc, pid)
        });
        self.known = found.as_ref().map(|(found, _)| *found);
        let place = ports(&sources.ports);
        found.ok_or_else(|| format!("{NO_PROCESS} that we may see listens at {place} or is named {NAME}"))
    }
}

fn ports(ports: &[u16]) -> String {
    match ports {
        [] => "a port of a configured server".to_owned(),
        ports => format!("port {}", ports.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")),
    }
}

/// Whoever holds the socket; only its own user and root may look.
fn by_port(sources: &HostSources) -> Option<u32> {
    let tables = ["net/tcp", "net/tcp6"].map(|file| fs::read_to_string(sources.proc.join(file)).unwrap_or_default());
    let inode = sources.ports.iter().find_map(|port| tables.iter().find_map(|text| parse::listener(text, *port)))?;
    let socket = format!("socket:[{inode}]");
    processes(&sources.proc).find(|pid| {
        let descriptors = fs::read_dir(sources.proc.join(pid.to_string()).join("fd"));
        let holds =
            |entry: fs::DirEntry| fs::read_link(entry.path()).is_ok_and(|link| link.as_os_str() == socket.as_str());
        descriptors.into_iter().flatten().flatten().any(holds)
    })
}

fn by_name(proc: &Path) -> Option<u32> {
    processes(proc).find(|pid| line(&proc.join(pid.to_string()).join("comm")).as_deref() == Some(NAME))
}

fn processes(proc: &Path) -> impl Iterator<Item = u32> {
    fs::read_dir(proc).into_iter().flatten().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}
