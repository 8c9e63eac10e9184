//! Finds and ends processes that an earlier instance of us left behind, and touches nothing else.
//!
//! The parent-death signal ends our children when we are killed; this is for what escapes it. A process is ours when
//! its environment holds our mark; it is left over when the owner named in the mark (pid and start time) is gone.
//! Talked to by the app at start, before anything is spawned.

use std::fs;
use std::time::Duration;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::{Pid, getpgid};

use super::mark::{MARK_VARIABLE, start_time};

/// A process that was left over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Orphan {
    /// Its id.
    pub pid: u32,
    /// See [`start_time`].
    pub started: u64,
}

/// Every living process with this mark whose owner is gone. Processes of other users cannot be read, and are not ours.
pub fn find(mark: &str) -> Vec<Orphan> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| {
        let started = start_time(pid)?;
        (is_left_over(pid, mark) && start_time(pid) == Some(started)).then_some(Orphan { pid, started })
    })
    .collect()
}

/// Kills what [`find`] finds, each with its group when it leads one, and waits until it is gone (2 s at most).
/// Returns how many there were. Blocks shortly: call it before the first actor runs.
pub fn end(mark: &str) -> usize {
    let orphans = find(mark);
    for orphan in &orphans {
        log::warn!(pid = orphan.pid; "ending a process that an earlier run left behind");
        kill_one(orphan);
    }
    for _ in 0..200 {
        if orphans.iter().all(|orphan| start_time(orphan.pid) != Some(orphan.started) || is_zombie(orphan.pid)) {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    orphans.len()
}

fn kill_one(orphan: &Orphan) {
    let Ok(number) = i32::try_from(orphan.pid) else { return };
    let pid = Pid::from_raw(number);
    if start_time(orphan.pid) != Some(orphan.started) {
        return;
    }
    let leads = getpgid(Some(pid)).is_ok_and(|group| group == pid);
    let killed = if leads { killpg(pid, Signal::SIGKILL) } else { kill(pid, Signal::SIGKILL) };
    if let Err(errno) = killed {
        log::warn!(pid = orphan.pid; "cannot end it: {errno}");
    }
}

fn is_left_over(pid: u32, mark: &str) -> bool {
    let Ok(environment) = fs::read(format!("/proc/{pid}/environ")) else { return false };
    let prefix = format!("{MARK_VARIABLE}={mark}:");
    let owner = environment.split(|byte| *byte == 0).find_map(|entry| entry.strip_prefix(prefix.as_bytes()));
    let owner = owner.and_then(|owner| std::str::from_utf8(owner).ok()).and_then(|owner| owner.split_once(':'));
    let Some((Ok(owner), Ok(started))) = owner.map(|(pid, time)| (pid.parse::<u32>(), time.parse::<u64>())) else {
        return false;
    };
    start_time(owner) != Some(started) && !is_zombie(pid)
}

fn is_zombie(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('Z'))
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};

    use super::*;

    /// A marked process that leads a group with one more process in it.
    fn marked(mark: &str, owner: u32, started: u64) -> std::process::Child {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 1000 & wait"]).stdout(Stdio::null()).process_group(0);
        command.env(MARK_VARIABLE, format!("{mark}:{owner}:{started}"));
        command.spawn().expect("sh")
    }

    #[test]
    fn only_marked_processes_without_their_owner_are_ended() {
        let mark = format!("orphans-test-{}", std::process::id());
        let (us, now) = (std::process::id(), start_time(std::process::id()).expect("we live"));
        let mut orphan = marked(&mark, us, now + 1);
        let mut owned = marked(&mark, us, now);
        let mut foreign = marked(&format!("{mark}-other"), us, now + 1);
        // The child of `orphan` is in its group and carries the mark as well.
        while find(&mark).len() < 2 {
            std::thread::yield_now();
        }
        assert!(find(&mark).iter().any(|found| found.pid == orphan.id()));
        assert_eq!(end(&mark), 2);
        assert!(!orphan.wait().expect("reaped").success());
        assert!(find(&mark).is_empty());
        for bystander in [&mut owned, &mut foreign] {
            assert!(bystander.try_wait().expect("alive").is_none(), "not ours to kill");
            let group = Pid::from_raw(i32::try_from(bystander.id()).expect("pid"));
            killpg(group, Signal::SIGKILL).expect("kill");
            bystander.wait().expect("reaped");
        }
        assert_eq!(start_time(0), None);
    }
}
