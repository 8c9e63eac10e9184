//! CPU and memory of processes and threads, as `/proc` tells them.

use std::fs;
use std::path::Path;
use std::time::Duration;

/// CPU seconds of a process so far.
pub fn cpu(pid: u32) -> f64 {
    ticks(Path::new(&format!("/proc/{pid}/stat")))
}

/// CPU seconds of one thread of ours so far.
pub fn cpu_of_thread(tid: u32) -> f64 {
    ticks(Path::new(&format!("/proc/self/task/{tid}/stat")))
}

/// CPU time of the calling thread so far, as of the last tick: on a busy machine it says more than the clock.
pub fn cpu_of_this_thread() -> Duration {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(stat.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0))
}

/// Fields 14 and 15 of a `stat`, in ticks of 10 ms (proc(5)).
fn ticks(stat: &Path) -> f64 {
    let stat = fs::read_to_string(stat).unwrap_or_default();
    // The name may hold spaces; the last ')' ends it, and field 3 follows.
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    rest.split_ascii_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// Proportional set size in MiB: shared pages are divided by those who share them.
pub fn pss(pid: u32) -> f64 {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let line = rollup.lines().find(|line| line.starts_with("Pss:")).unwrap_or_default();
    line.split_ascii_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// Load of the machine over the last minute, for whoever reads the figures.
pub fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!("load {} on {} cores", load.split(' ').next().unwrap_or("unknown"), cores())
}

/// CPU cores that we may use.
pub fn cores() -> f64 {
    std::thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64)
}

/// MiB that the machine can still give.
pub fn available() -> f64 {
    let info = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = info.lines().find(|line| line.starts_with("MemAvailable:")).unwrap_or_default();
    line.split_ascii_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// CPU time of the whole machine so far.
pub struct Busy {
    idle: f64,
    all: f64,
}

/// See [`Busy`].
pub fn busy() -> Busy {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = stat.lines().next().unwrap_or_default();
    // user nice system idle iowait irq softirq steal (proc(5)).
    let ticks: Vec<f64> = line.split_ascii_whitespace().skip(1).take(8).filter_map(|n| n.parse().ok()).collect();
    Busy { idle: ticks.iter().skip(3).take(2).sum(), all: ticks.iter().sum() }
}

impl Busy {
    /// Busy fraction since then.
    pub fn since(&self, before: &Self) -> f64 {
        1.0 - (self.idle - before.idle) / (self.all - before.all).max(1.0)
    }
}
