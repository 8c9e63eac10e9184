//! This host, as the kernel tells of it: files of `/proc` and `/sys`, and `statvfs`.
//!
//! [`HostMeter`] measures, and makes rates of two measurements. A file that is not there or says something else costs its own
//! value and no other; the reason is told. A disk that hangs is looked at by a thread of its own, which nobody waits for.
//! The texts are read by `procfs-core`, but for those of pressure and of limits: it panics on short ones, and wants two lines of pressure
//! where older kernels have one. Used by the actors of the role `agent`.

mod disks;
mod files;
mod mediamtx;
mod parse;
mod process;
mod sensors;

use std::collections::BTreeMap;
use std::time::Instant;

use chrono::Utc;

use self::disks::Disks;
use self::files::HostFiles;
pub use self::files::HostSources;
use self::mediamtx::Search;
pub use self::process::this_process;
use crate::domain::host::{HostCounters, HostRates, HostState, HostStatus, rates};

/// Measures a host again and again.
pub struct HostMeter {
    name: String,
    sources: HostSources,
    /// Seconds between two measurements, for those who wait for the next one.
    interval: f64,
    disks: Disks,
    search: Search,
    started: Instant,
    before: Option<HostCounters>,
}

impl HostMeter {
    /// Measures the host of this `name` every `interval` seconds.
    pub fn new(name: String, sources: HostSources, interval: f64) -> Self {
        let (disks, search) = (Disks::default(), Search::default());
        Self { name, sources, interval, disks, search, started: Instant::now(), before: None }
    }

    /// Measures now. Blocks for some milliseconds, and for some seconds when a disk begins to hang.
    pub fn measure(&mut self) -> HostStatus {
        let mut files = HostFiles { proc: &self.sources.proc, sys: &self.sources.sys, unmeasured: BTreeMap::new() };
        let cpu = files.parsed("cpu", "stat", parse::cpu);
        let memory = files.parsed("memory", "meminfo", parse::memory);
        let swap = memory.map(|(_, swap)| swap).filter(|swap| swap.total > 0);
        if swap.is_none() {
            files.lacks("swap", "this host has no swap");
        }
        let load = files.parsed("load", "loadavg", parse::load);
        let pressure = files.pressure();
        let (disks, disk_bytes) = self.disks.look(&mut files);
        let (networks, network_bytes) = files.networks();
        let temperatures = sensors::temperatures(&self.sources.sys);
        if temperatures.is_empty() {
            files.lacks("temperatures", "this host shows no sensors");
        }
        let found = self.search.find(&self.sources).map_err(|why| files.lacks("mediamtx", &why)).ok();
        if found.as_ref().is_some_and(|(_, process)| process.descriptors.is_none()) {
            files.lacks("mediamtx.descriptors", "its open files may be counted by its own user and by root alone");
        }
        let counters = HostCounters {
            steady: self.started.elapsed().as_secs_f64(),
            cpu: cpu.map(|(ticks, _)| ticks),
            disks: disk_bytes,
            networks: network_bytes,
            mediamtx: found.as_ref().map(|(found, _)| (found.identity(), found.cpu_seconds)),
        };
        let rates = self.before.as_ref().map(|before| rates(before, &counters));
        self.before = Some(counters);
        let mut status = HostStatus {
            name: self.name.clone(),
            state: HostState::Live,
            at: Utc::now(),
            interval: self.interval,
            cores: cpu.map(|(_, cores)| cores),
            cpu: None,
            load,
            memory: memory.map(|(memory, _)| memory),
            swap,
            pressure,
            disks,
            networks,
            temperatures,
            mediamtx: found.map(|(_, process)| process),
            unmeasured: files.unmeasured,
        };
        complete(&mut status, rates.as_ref());
        status
    }
}

/// Completes a status with rates; says why where there are none.
fn complete(status: &mut HostStatus, rates: Option<&HostRates>) {
    let later = match rates {
        None => "a rate takes two measurements; this was the first",
        Some(_) => "its counters began anew; the next measurement has it",
    };
    let none = HostRates::default();
    let rates = rates.unwrap_or(&none);
    let mut lacks = |what: String| _ = status.unmeasured.entry(what).or_insert_with(|| later.to_owned());
    status.cpu = rates.cpu;
    if status.cpu.is_none() {
        lacks("cpu".to_owned());
    }
    for disk in &mut status.disks {
        let rate = rates.disks.get(&disk.device);
        (disk.read_rate, disk.write_rate) = (rate.map(|rate| rate.0.round()), rate.map(|rate| rate.1.round()));
    }
    for network in &mut status.networks {
        let rate = rates.networks.get(&network.name);
        network.received_bitrate = rate.map(|rate| (rate.0 * 8.0).round());
        network.sent_bitrate = rate.map(|rate| (rate.1 * 8.0).round());
        if rate.is_none() {
            lacks(format!("networks.{}", network.name));
        }
    }
    if let Some(process) = &mut status.mediamtx {
        process.cpu = rates.mediamtx.map(|cpu| (cpu * 100.0).round() / 100.0);
        if process.cpu.is_none() {
            lacks("mediamtx.cpu".to_owned());
        }
    }
}

#[cfg(test)]
mod tests;
