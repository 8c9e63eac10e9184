//! Rates from counters. A counter that went back was begun anew: there is no rate then.

use std::collections::BTreeMap;

use super::status::Cpu;

/// Ticks of all cores since the start, as `/proc/stat` has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuTicks {
    /// Programs, those with a lower priority included.
    pub user: u64,
    /// The kernel, interrupts included.
    pub system: u64,
    /// Nothing to do.
    pub idle: u64,
    /// Waiting for a disk.
    pub iowait: u64,
    /// Given to others by the hypervisor.
    pub steal: u64,
}

/// Bytes in and out since the start: read and written, or received and sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IoBytes {
    /// Read, or received.
    pub read: u64,
    /// Written, or sent.
    pub written: u64,
}

/// What only goes up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HostCounters {
    /// When, in seconds of a clock that nobody sets.
    pub steady: f64,
    /// Of the cores.
    pub cpu: Option<CpuTicks>,
    /// Of disks, by device.
    pub disks: BTreeMap<String, IoBytes>,
    /// Of interfaces, by name.
    pub networks: BTreeMap<String, IoBytes>,
    /// CPU seconds of MediaMTX, with its process id and start.
    pub mediamtx: Option<((u32, u64), f64)>,
}

/// What became of them between two measurements.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HostRates {
    /// Shares of the cores.
    pub cpu: Option<Cpu>,
    /// Bytes/s of disks, by device.
    pub disks: BTreeMap<String, (f64, f64)>,
    /// Bytes/s of interfaces, by name.
    pub networks: BTreeMap<String, (f64, f64)>,
    /// Percent of one core.
    pub mediamtx: Option<f64>,
}

/// The rates between two measurements; none over less than a tenth of a second.
pub fn rates(before: &HostCounters, now: &HostCounters) -> HostRates {
    let seconds = now.steady - before.steady;
    if seconds < 0.1 {
        return HostRates::default();
    }
    let each = |before: &BTreeMap<String, IoBytes>, now: &BTreeMap<String, IoBytes>| {
        let rate = |(name, now): (&String, &IoBytes)| {
            let before = before.get(name)?;
            let read = now.read.checked_sub(before.read)? as f64 / seconds;
            Some((name.clone(), (read, now.written.checked_sub(before.written)? as f64 / seconds)))
        };
        now.iter().filter_map(rate).collect()
    };
    let mediamtx = match (before.mediamtx, now.mediamtx) {
        (Some((one, before)), Some((other, now))) if one == other && now >= before => {
            Some((now - before) / seconds * 100.0)
        }
        _ => None,
    };
    HostRates {
        cpu: before.cpu.zip(now.cpu).and_then(|(before, now)| shares(before, now)),
        disks: each(&before.disks, &now.disks),
        networks: each(&before.networks, &now.networks),
        mediamtx,
    }
}

fn shares(before: CpuTicks, now: CpuTicks) -> Option<Cpu> {
    let user = now.user.checked_sub(before.user)?;
    let system = now.system.checked_sub(before.system)?;
    // The kernel's own documentation: idle and iowait may go back a little.
    let idle = now.idle.saturating_sub(before.idle);
    let iowait = now.iowait.saturating_sub(before.iowait);
    let steal = now.steal.checked_sub(before.steal)?;
    let all = user + system + idle + iowait + steal;
    let share = |part: u64| (part as f64 / all as f64 * 10_000.0).round() / 100.0;
    (all > 0).then(|| Cpu {
        user: share(user),
        system: share(system),
        iowait: share(iowait),
        steal: share(steal),
        busy: share(user + system + steal),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(user: u64, system: u64, idle: u64, iowait: u64, steal: u64) -> CpuTicks {
        CpuTicks { user, system, idle, iowait, steal }
    }

    #[test]
    fn ticks_become_shares() {
        let cpu = |user, system, iowait, steal, busy| Some(Cpu { user, system, iowait, steal, busy });
        let before = ticks(100, 100, 100, 100, 100);
        for (now, wanted) in [
            (ticks(150, 120, 110, 110, 110), cpu(50.0, 20.0, 10.0, 10.0, 80.0)),
            (ticks(100, 100, 200, 100, 100), cpu(0.0, 0.0, 0.0, 0.0, 0.0)),
            (ticks(200, 100, 99, 100, 100), cpu(100.0, 0.0, 0.0, 0.0, 100.0)),
            (before, None),
            (ticks(99, 200, 200, 200, 200), None),
        ] {
            assert_eq!(shares(before, now), wanted, "{now:?}");
        }
    }

    #[test]
    fn counters_become_rates() {
        let bytes = |read, written| IoBytes { read, written };
        let named = |name: &str, one: IoBytes| BTreeMap::from([(name.to_owned(), one)]);
        let at = |steady, disk, cpu_seconds, pid| HostCounters {
            steady,
            cpu: None,
            disks: named("vda", disk),
            networks: BTreeMap::new(),
            mediamtx: Some(((pid, 7), cpu_seconds)),
        };
        let before = at(10.0, bytes(1_000, 500), 2.0, 1);
        for (now, disk, mediamtx) in [
            (at(20.0, bytes(2_000, 500), 3.0, 1), Some((100.0, 0.0)), Some(10.0)),
            (at(20.0, bytes(999, 600), 3.0, 2), None, None),
            (at(20.0, bytes(1_000, 500), 1.0, 1), Some((0.0, 0.0)), None),
            (at(10.05, bytes(2_000, 500), 3.0, 1), None, None),
        ] {
            let rates = rates(&before, &now);
            assert_eq!((rates.disks.get("vda").copied(), rates.mediamtx), (disk, mediamtx), "{now:?}");
        }
        let other = HostCounters { disks: named("sda", bytes(1, 1)), ..at(20.0, bytes(0, 0), 0.0, 1) };
        assert!(rates(&before, &other).disks.is_empty(), "seen for the first time");
    }
}
