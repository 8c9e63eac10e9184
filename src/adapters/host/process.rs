//! A process and what it takes, as `/proc` tells of it.

use std::fs;
use std::path::Path;

use nix::unistd::{SysconfVar, sysconf};

use super::files::line;
use super::parse;
use crate::domain::host::ProcessUsage;

/// A process that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Found {
    pub(super) pid: u32,
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

/// This very process: its CPU time in seconds, and the rest.
pub fn this_process() -> Option<(f64, ProcessUsage)> {
    look(Path::new("/proc"), std::process::id()).map(|(found, process)| (found.cpu_seconds, process))
}

/// The process with this id, as the folder `/proc` tells of it.
pub(super) fn look(proc: &Path, pid: u32) -> Option<(Found, ProcessUsage)> {
    let folder = proc.join(pid.to_string());
    let stat = parse::process(&line(&folder.join("stat"))?)?;
    let (ticks, page) = (system(SysconfVar::CLK_TCK)?, system(SysconfVar::PAGE_SIZE)?);
    let process = ProcessUsage {
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
