//! A host as everybody sees it: API, WebSocket, live store.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::history::{Metric, Reading};

/// Whether a host is heard of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum HostState {
    /// Its measurements come.
    #[default]
    Live,
    /// Nothing has been heard of it since its last measurement: what is shown is old.
    Silent,
}

impl HostState {
    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Silent => "silent",
        }
    }
}

/// A host. What could not be measured is null, and `unmeasured` says why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HostStatus {
    /// Its name: the setting `node` of its agent.
    #[schema(
        max_length = 64,
        pattern = r"^([0-9A-Za-z_-][0-9A-Za-z_.-]*|\.[0-9A-Za-z_-][0-9A-Za-z_.-]*|\.\.[0-9A-Za-z_.-]+)$"
    )]
    pub name: String,
    /// Whether it is heard of; judged where it is received.
    #[serde(default)]
    pub state: HostState,
    /// When it was measured; of a silent host, when it was last heard of.
    pub at: DateTime<Utc>,
    /// Seconds between two measurements.
    #[schema(minimum = 0.5, maximum = 3600.0)]
    pub interval: f64,
    /// Cores.
    pub cores: Option<u32>,
    /// Shares of all cores.
    pub cpu: Option<Cpu>,
    /// Load averages.
    pub load: Option<Load>,
    /// Memory.
    pub memory: Option<Memory>,
    /// Swap.
    pub swap: Option<Memory>,
    /// How long work waits for something (PSI).
    pub pressure: Option<Pressure>,
    /// Disks that are mounted, by the folder.
    pub disks: Vec<DiskStatus>,
    /// Network interfaces but the loopback.
    pub networks: Vec<NetworkStatus>,
    /// Sensors.
    pub temperatures: Vec<Temperature>,
    /// The MediaMTX of this host.
    pub mediamtx: Option<ProcessUsage>,
    /// What could not be measured, by the field's name, and why.
    pub unmeasured: BTreeMap<String, String>,
}

/// Percent of the time of all cores.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Cpu {
    /// Programs.
    pub user: f64,
    /// The kernel.
    pub system: f64,
    /// Waiting for a disk.
    pub iowait: f64,
    /// Given to others by the hypervisor.
    pub steal: f64,
    /// Everything but idle and iowait.
    pub busy: f64,
}

/// Load averages.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Load {
    /// Of a minute.
    pub one: f64,
    /// Of five minutes.
    pub five: f64,
    /// Of a quarter of an hour.
    pub fifteen: f64,
}

/// Bytes of memory, or of swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Memory {
    /// All.
    pub total: u64,
    /// Used and not to be had at once.
    pub used: u64,
}

/// Percent of ten seconds in which something waited.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PressureShare {
    /// Some tasks.
    pub some: f64,
    /// All tasks; null where the kernel does not tell.
    pub full: Option<f64>,
}

/// Pressure stall information of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Pressure {
    /// Waiting for a core.
    pub cpu: Option<PressureShare>,
    /// Waiting for memory.
    pub memory: Option<PressureShare>,
    /// Waiting for a disk.
    pub io: Option<PressureShare>,
}

/// Where a disk is going.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum DiskForecast {
    /// Not known yet: it takes half an hour of measurements.
    #[default]
    Unknown,
    /// It is not filling, or not within ten years.
    Steady,
    /// It is filling.
    Filling,
}

/// A disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DiskStatus {
    /// The folder where it is mounted; the shortest where there are several.
    pub mount: String,
    /// Its device.
    pub device: String,
    /// Bytes; null while it does not answer.
    pub total: Option<u64>,
    /// Bytes that programs without special rights may still write.
    pub free: Option<u64>,
    /// Percent used of what such programs may use.
    pub used_percent: Option<f64>,
    /// Inodes; null where the file system has no fixed number.
    pub inodes: Option<u64>,
    /// Free inodes.
    pub inodes_free: Option<u64>,
    /// Bytes/s read; null while unknown.
    pub read_rate: Option<f64>,
    /// Bytes/s written; null while unknown.
    pub write_rate: Option<f64>,
    /// Where it is going.
    #[serde(default)]
    pub forecast: DiskForecast,
    /// Days until it is full, where it is filling.
    pub days_until_full: Option<f64>,
    /// Why it has no numbers: it hangs, or we may not look at it.
    pub reason: Option<String>,
}

/// A network interface.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NetworkStatus {
    /// Its name.
    pub name: String,
    /// Bit/s received; null while unknown.
    pub received_bitrate: Option<f64>,
    /// Bit/s sent; null while unknown.
    pub sent_bitrate: Option<f64>,
    /// Bit/s that its link carries in each direction; null where nobody knows, as of a virtual interface or one without a cable.
    #[serde(default)]
    #[schema(required)]
    pub link_bitrate: Option<f64>,
    /// Packets that were dropped or in error since the host was started.
    pub faulty_packets: u64,
}

/// A sensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Temperature {
    /// Chip and label.
    pub name: String,
    /// Degrees.
    pub celsius: f64,
}

/// How the reason begins why [`HostStatus::mediamtx`] is not there, where no process was found (and not one that could not be read).
pub const NO_PROCESS: &str = "no process";

/// A process and what it takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProcessUsage {
    /// Process id.
    pub pid: u32,
    /// Percent of one core; null while unknown.
    pub cpu: Option<f64>,
    /// Bytes of memory that it holds.
    pub rss: u64,
    /// Threads.
    pub threads: u32,
    /// Open files and sockets; null without the right to count them.
    pub descriptors: Option<u32>,
    /// The most that it may have open.
    pub descriptor_limit: Option<u64>,
}

impl HostStatus {
    /// Percent used of the fullest disk.
    pub fn fullest_disk(&self) -> Option<f64> {
        self.disks.iter().filter_map(|disk| disk.used_percent).reduce(f64::max)
    }

    /// What its history keeps.
    pub fn reading(&self) -> Reading {
        let sum = |values: Vec<Option<f64>>| {
            let known: Vec<f64> = values.into_iter().flatten().collect();
            (!known.is_empty()).then(|| known.iter().sum::<f64>())
        };
        let disks = |rate: fn(&DiskStatus) -> Option<f64>| sum(self.disks.iter().map(rate).collect());
        let networks = |rate: fn(&NetworkStatus) -> Option<f64>| sum(self.networks.iter().map(rate).collect());
        let mediamtx = self.mediamtx.as_ref();
        let values = [
            (Metric::Cpu, self.cpu.map(|cpu| cpu.busy)),
            (Metric::CpuIowait, self.cpu.map(|cpu| cpu.iowait)),
            (Metric::CpuSteal, self.cpu.map(|cpu| cpu.steal)),
            (Metric::MemoryUsed, self.memory.map(|memory| memory.used as f64)),
            (Metric::SwapUsed, self.swap.map(|swap| swap.used as f64)),
            (Metric::Load, self.load.map(|load| load.one)),
            (Metric::NetworkIn, networks(|one| one.received_bitrate)),
            (Metric::NetworkOut, networks(|one| one.sent_bitrate)),
            (Metric::DiskRead, disks(|one| one.read_rate)),
            (Metric::DiskWrite, disks(|one| one.write_rate)),
            (Metric::DiskUsed, self.fullest_disk()),
            (Metric::Temperature, self.temperatures.iter().map(|one| one.celsius).reduce(f64::max)),
            (Metric::MediamtxCpu, mediamtx.and_then(|process| process.cpu)),
            (Metric::MediamtxRss, mediamtx.map(|process| process.rss as f64)),
            (Metric::CpuUser, self.cpu.map(|cpu| cpu.user)),
            (Metric::CpuSystem, self.cpu.map(|cpu| cpu.system)),
        ];
        let values = values.into_iter().filter_map(|(metric, value)| Some((metric, value?))).collect();
        Reading { second: self.at.timestamp(), values, ..Reading::default() }
    }
}
