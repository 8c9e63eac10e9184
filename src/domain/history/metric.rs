//! The numbers that have a past.

use std::str::FromStr;

/// A number of a stream or of a host. Its id is part of stored rows and is never used again for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Metric {
    /// Bit/s that a server receives of a stream.
    Bitrate = 0,
    /// Bit/s that a server sends to a stream's readers.
    BitrateOut = 1,
    /// Readers of a stream.
    Readers = 2,
    /// Round trip time in ms: of a stream over SRT, or of an endpoint as its probes have measured it.
    Rtt = 3,
    /// SRT: percent of packets lost.
    LossRate = 4,
    /// SRT: estimated capacity of the link in Mbit/s.
    LinkCapacity = 5,
    /// SRT: Mbit/s received.
    RecvRate = 6,
    /// SRT: packets per second that were sent once more.
    RetransmitRate = 7,
    /// Frames per second of the picture, as a probe has counted them.
    Fps = 8,
    /// Percent of a host's cores in use.
    Cpu = 32,
    /// Percent of them that wait for a disk.
    CpuIowait = 33,
    /// Percent of them that the hypervisor gave to others.
    CpuSteal = 34,
    /// Bytes of memory in use.
    MemoryUsed = 35,
    /// Bytes of swap in use.
    SwapUsed = 36,
    /// Load average of one minute.
    Load = 37,
    /// Bit/s received, all interfaces.
    NetworkIn = 38,
    /// Bit/s sent, all interfaces.
    NetworkOut = 39,
    /// Bytes/s read, all disks.
    DiskRead = 40,
    /// Bytes/s written, all disks.
    DiskWrite = 41,
    /// Percent used of the fullest disk.
    DiskUsed = 42,
    /// Degrees Celsius, the hottest sensor.
    Temperature = 43,
    /// Percent of one core that MediaMTX uses.
    MediamtxCpu = 44,
    /// Bytes of memory that MediaMTX holds.
    MediamtxRss = 45,
    /// Percent of a host's cores in programs.
    CpuUser = 46,
    /// Percent of a host's cores in the kernel.
    CpuSystem = 47,
}

/// Every metric with its word and its scale.
const TABLE: [(Metric, &str, f64); 25] = [
    (Metric::Bitrate, "bitrate", 1.0),
    (Metric::BitrateOut, "bitrateOut", 1.0),
    (Metric::Readers, "readers", 1.0),
    (Metric::Rtt, "rtt", 1000.0),
    (Metric::LossRate, "lossRate", 1000.0),
    (Metric::LinkCapacity, "linkCapacityMbps", 1000.0),
    (Metric::RecvRate, "recvRateMbps", 1000.0),
    (Metric::RetransmitRate, "retransmitRate", 100.0),
    (Metric::Fps, "fps", 100.0),
    (Metric::Cpu, "cpu", 100.0),
    (Metric::CpuIowait, "cpuIowait", 100.0),
    (Metric::CpuSteal, "cpuSteal", 100.0),
    (Metric::MemoryUsed, "memoryUsed", 1.0),
    (Metric::SwapUsed, "swapUsed", 1.0),
    (Metric::Load, "load", 100.0),
    (Metric::NetworkIn, "networkIn", 1.0),
    (Metric::NetworkOut, "networkOut", 1.0),
    (Metric::DiskRead, "diskRead", 1.0),
    (Metric::DiskWrite, "diskWrite", 1.0),
    (Metric::DiskUsed, "diskUsed", 100.0),
    (Metric::Temperature, "temperature", 10.0),
    (Metric::MediamtxCpu, "mediamtxCpu", 100.0),
    (Metric::MediamtxRss, "mediamtxRss", 1.0),
    (Metric::CpuUser, "cpuUser", 100.0),
    (Metric::CpuSystem, "cpuSystem", 100.0),
];

impl Metric {
    /// Every metric.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|(metric, ..)| *metric)
    }

    /// Those of a stream.
    pub fn of_streams() -> impl Iterator<Item = Self> {
        Self::all().filter(|metric| !metric.is_of_hosts())
    }

    /// Whether it is a host's.
    pub fn is_of_hosts(self) -> bool {
        self.id() >= 32
    }

    /// The word of the API; the unit is that of the same name elsewhere in the API.
    pub fn as_str(self) -> &'static str {
        self.row().1
    }

    /// Steps of one unit that a stored number can tell apart, as far as the 1 % allows.
    pub(super) fn scale(self) -> f64 {
        self.row().2
    }

    /// Its id in stored rows.
    pub(super) fn id(self) -> u8 {
        self as u8
    }

    /// Of an id; `None` when a newer program wrote it.
    pub(super) fn of_id(id: u8) -> Option<Self> {
        Self::all().find(|metric| metric.id() == id)
    }

    fn row(self) -> &'static (Self, &'static str, f64) {
        TABLE.iter().find(|(metric, ..)| *metric == self).unwrap_or(&TABLE[0])
    }
}

impl FromStr for Metric {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        Self::all().find(|metric| metric.as_str() == word).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_ids_lead_back() {
        for metric in Metric::all() {
            assert_eq!((metric.as_str().parse(), Metric::of_id(metric.id())), (Ok(metric), Some(metric)));
        }
        assert_eq!(("x".parse::<Metric>(), Metric::of_id(200)), (Err(()), None));
        assert_eq!(Metric::of_streams().count(), 9);
        assert_eq!([Metric::Bitrate, Metric::Rtt, Metric::Cpu, Metric::MediamtxRss].map(Metric::id), [0, 3, 32, 45]);
    }
}
