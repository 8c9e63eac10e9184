//! The mark in the environment of our children, which says whose they are.

use std::fs;

/// Environment variable that marks our children, so that a later start knows the leftovers of a killed one.
/// Value: `<mark>:<pid of the owner>:<start time of the owner>`.
pub const MARK_VARIABLE: &str = "STREAMWARDEN_MARK";

/// Start time of a process in clock ticks since boot (field 22 of `/proc/PID/stat`); `None` when there is no such
/// process. Together with the pid it names one process for ever (per boot).
pub fn start_time(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command name (field 2) may hold spaces and parentheses; the last ')' ends it. What follows begins at field 3.
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(19)?.parse().ok()
}

/// Whether somebody has suspended it: SIGSTOP, a debugger (state `T` or `t`, field 3 of `/proc/PID/stat`).
pub(super) fn is_suspended(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(')').and_then(|(_, after)| after.split_ascii_whitespace().next());
    matches!(state, Some("T" | "t"))
}

/// Our mark with our own identity, so that a child of a living owner is never taken for a leftover.
pub(super) fn owner_mark(mark: &str) -> String {
    let pid = std::process::id();
    let started = start_time(pid).unwrap_or(0);
    format!("{mark}:{pid}:{started}")
}
