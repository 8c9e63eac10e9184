//! Looking at processes as an outsider does: through `/proc`.

use std::fs;
use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use streamwarden::adapters::ffmpeg::child::MARK_VARIABLE;
use url::Url;

/// What a marked process does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Job {
    /// ffmpeg that publishes this path.
    Relay(String),
    /// ffmpeg that cuts this path into segments.
    Recorder(String),
    /// ffprobe and everything else.
    Other,
}

/// A living process of a program under test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    pub pid: u32,
    pub args: Vec<String>,
    pub job: Job,
}

/// Every living process that carries the mark of this data folder.
pub fn marked(data_dir: &Path) -> Vec<Process> {
    let prefix = format!("{MARK_VARIABLE}={}:", data_dir.display());
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let ours = pids.filter(|pid| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|entry| entry.starts_with(prefix.as_bytes()))
    });
    // One that has no arguments is a zombie, or on its way into the program.
    ours.map(|pid| (pid, words(pid, "cmdline")))
        .filter(|(_, args)| !args.is_empty())
        .map(|(pid, args)| Process { pid, job: job(&args), args })
        .collect()
}

/// The zero-ended words of a file in `/proc/PID`; none when the process is gone.
pub fn words(pid: u32, file: &str) -> Vec<String> {
    let bytes = fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let parts = bytes.split(|byte| *byte == 0).filter(|part| !part.is_empty());
    parts.map(|part| String::from_utf8_lossy(part).into_owned()).collect()
}

fn job(args: &[String]) -> Job {
    let path = |arg: Option<&String>| {
        let url = Url::parse(arg?).ok().filter(|url| url.scheme() == "rtsp")?;
        Some(url.path().trim_start_matches('/').to_owned())
    };
    let source = args.iter().position(|arg| arg == "-i").and_then(|at| args.get(at + 1));
    if args.iter().any(|arg| arg == "-segment_list") {
        return path(source).map_or(Job::Other, Job::Recorder);
    }
    path(args.last()).filter(|_| args.iter().any(|arg| arg == "-progress")).map_or(Job::Other, Job::Relay)
}

/// Whether it lives; a zombie does not.
pub fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !matches!(rest.trim_start().as_bytes().first(), Some(b'Z' | b'X')))
}

/// Whether SIGSTOP has reached every thread of it.
pub fn is_stopped(pid: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let states = threads.map(|thread| fs::read_to_string(thread.path().join("stat")).unwrap_or_default());
    states.map(|stat| stat.rsplit_once(") T").is_some()).reduce(|all, one| all && one) == Some(true)
}

/// Sends a signal; one that comes too late is no fault.
pub fn send(pid: u32, signal: Signal) {
    let _ = kill(Pid::from_raw(i32::try_from(pid).expect("a pid")), signal);
}
