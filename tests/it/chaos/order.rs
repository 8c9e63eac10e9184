//! Whether a process has tidied up after itself, as the kernel sees it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// More sockets than before that are no leak: connections that are kept open for the next question.
const KEPT_OPEN: usize = 10;

/// What a process has open, by sort. A fault is made so often that one leaked descriptor for each is more than any
/// allowance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptors(BTreeMap<&'static str, usize>);

impl Descriptors {
    /// As it is now.
    pub fn of(pid: u32) -> Self {
        let mut sorts = BTreeMap::new();
        for entry in fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten() {
            let target = fs::read_link(entry.path()).unwrap_or_default();
            let sort = match target.to_string_lossy().split(':').next() {
                Some("socket") => "sockets",
                Some("pipe") => "pipes",
                _ => "files",
            };
            *sorts.entry(sort).or_default() += 1;
        }
        Self(sorts)
    }

    /// Not more than before, but for a few kept connections.
    pub fn are_like(&self, before: &Self) -> bool {
        ["sockets", "pipes", "files"].into_iter().all(|sort| {
            let allowed = if sort == "sockets" { KEPT_OPEN } else { 0 };
            self.count(sort) <= before.count(sort) + allowed
        })
    }

    fn count(&self, sort: &str) -> usize {
        self.0.get(sort).copied().unwrap_or_default()
    }
}

/// State, parent and process group of every process (fields 3 to 5 of `/proc/PID/stat`, proc(5)).
fn processes() -> impl Iterator<Item = (u32, char, u32, u32)> {
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name may hold spaces; the last ')' ends it.
        let mut rest = stat.rsplit_once(')')?.1.split_ascii_whitespace();
        let state = rest.next()?.chars().next()?;
        Some((pid, state, rest.next()?.parse().ok()?, rest.next()?.parse().ok()?))
    })
}

/// Children that have ended and that their parent has not waited for.
pub fn zombies_of(parent: u32) -> Vec<u32> {
    processes().filter(|(_, state, of, _)| *state == 'Z' && *of == parent).map(|(pid, ..)| pid).collect()
}

/// Whoever is in one of these process groups.
pub fn members(groups: &BTreeSet<u32>) -> Vec<u32> {
    processes().filter(|(_, _, _, group)| groups.contains(group)).map(|(pid, ..)| pid).collect()
}
