//! The process of MediaMTX: who listens at its ports, else who has its name.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::unistd::{SysconfVar, sysconf};

use super::files::{HostSources, line};
use super::parse;
use crate::domain::host::MediamtxProcess;

/// The name of its program.
const NAME: &str = "mediamtx";
/// A host without it is searched so often: every process has to be looked at for it.
const SEARCH_EVERY: Duration = Duration::from_secs(30);

/// A process that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Found {
    pid: u32,
    /// Its start, so that another process with the same id is not taken for it.
    start: u64,
    /// CPU time so far.
    pub(super) cpu_seconds: f64,
}

impl Found {
    /// What makes it the same process.
    pub(super) fn identity(&self) -> (u32, u64) {
        (self.pid, self.start)
    }
}

/// Looks for it again and again.
#[derive(Default)]
pub(super) struct Search {
    known: Option<Found>,
    searched: Option<Instant>,
}

impl Search {
    /// The process, the one of the last time first; else why not.
    pub(super) fn find(&mut self, sources: &HostSources) -> Result<(Found, MediamtxProcess), String> {
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
        found.ok_or_else(|| format!("no process that we may see listens at {place} or is named {NAME}"))
    }
}

fn ports(ports: &[u16]) -> String {
    match ports {
        [] => "a port of a configured server".to_owned(),
        ports => format!("port {}", ports.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")),
    }
}

/// This very process: its CPU time in seconds, and the rest.
pub fn this_process() -> Option<(f64, MediamtxProcess)> {
    look(Path::new("/proc"), std::process::id()).map(|(found, process)| (found.cpu_seconds, process))
}

fn look(proc: &Path, pid: u32) -> Option<(Found, MediamtxProcess)> {
    let folder = proc.join(pid.to_string());
    let stat = parse::process(&line(&folder.join("stat"))?)?;
    let (ticks, page) = (system(SysconfVar::CLK_TCK)?, system(SysconfVar::PAGE_SIZE)?);
    let process = MediamtxProcess {
        pid,
        cpu: None,
        rss: stat.pages * page,
        threads: stat.threads,
        descriptors: fs::read_dir(folder.join("fd")).ok().map(|entries| entries.count() as u32),
        descriptor_limit: fs::read_to_string(folder.join("limits")).ok().and_then(|text| parse::most_files(&text)),
    };
    Some((Found { pid, start: stat.start, cpu_seconds: stat.ticks as f64 / ticks as f64 }, process))
}

fn system(what: SysconfVar) -> Option<u64> {
    u64::try_from(sysconf(what).ok()??).ok().filter(|value| *value > 0)
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
