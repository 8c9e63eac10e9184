//! Finds and ends processes that an earlier instance of us left behind, and touches nothing else.
//!
//! The parent-death signal ends our children when we are killed; this is for what escapes it. A process is ours when
//! its environment holds our mark; it is left over when the owner named in the mark (pid and start time) is gone.
//! Talked to by the app at start, before anything is spawned.

use std::fs;

/// Start time of a process in clock ticks since boot (field 22 of `/proc/PID/stat`); `None` when there is no such
/// process. Together with the pid it names one process for ever (per boot).
pub fn start_time(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command name (field 2) may hold spaces and parentheses; the last ')' ends it. What follows begins at field 3.
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(19)?.parse().ok()
}
