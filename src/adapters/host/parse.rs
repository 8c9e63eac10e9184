//! The kernel's texts. Pure.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use procfs_core::net::{InterfaceDeviceStatus, TcpNetEntries, TcpState};
use procfs_core::process::{MountInfo, Stat};
use procfs_core::{
    DiskStat, ExplicitSystemInfo, FromBufRead, FromBufReadSI, FromRead, KernelStats, LoadAverage, Meminfo,
};

use crate::domain::host::{CpuTicks, IoBytes, Load, Memory, PressureShare};

/// What `procfs-core` multiplies with; only the byte order of addresses is used here.
const SYSTEM: ExplicitSystemInfo = ExplicitSystemInfo {
    boot_time_secs: 0,
    ticks_per_second: 100,
    page_size: 4_096,
    is_little_endian: cfg!(target_endian = "little"),
};

/// `/proc/stat`: ticks of all cores, and how many cores there are.
pub(super) fn cpu(text: &str) -> Option<(CpuTicks, u32)> {
    let stats = KernelStats::from_buf_read(text.as_bytes(), &SYSTEM).ok()?;
    let total = stats.total;
    // Guests are counted in user and nice already.
    let ticks = CpuTicks {
        user: total.user + total.nice,
        system: total.system + total.irq.unwrap_or(0) + total.softirq.unwrap_or(0),
        idle: total.idle,
        iowait: total.iowait?,
        steal: total.steal?,
    };
    let cores = u32::try_from(stats.cpu_time.len()).ok().filter(|cores| *cores > 0)?;
    Some((ticks, cores))
}

/// `/proc/meminfo`: memory and swap.
pub(super) fn memory(text: &str) -> Option<(Memory, Memory)> {
    let info = Meminfo::from_buf_read(text.as_bytes()).ok()?;
    let memory = Memory { total: info.mem_total, used: info.mem_total.saturating_sub(info.mem_available?) };
    let swap = Memory { total: info.swap_total, used: info.swap_total.saturating_sub(info.swap_free) };
    Some((memory, swap))
}

/// `/proc/loadavg`.
pub(super) fn load(text: &str) -> Option<Load> {
    let load = LoadAverage::from_read(text.as_bytes()).ok()?;
    let exact = |value: f32| (f64::from(value) * 100.0).round() / 100.0;
    Some(Load { one: exact(load.one), five: exact(load.five), fifteen: exact(load.fifteen) })
}

/// `/proc/pressure/*`: the averages of ten seconds.
pub(super) fn pressure(text: &str) -> Option<PressureShare> {
    let average = |kind: &str| -> Option<f64> {
        let line = text.lines().find_map(|line| line.strip_prefix(kind))?;
        line.split_whitespace().find_map(|word| word.strip_prefix("avg10="))?.parse().ok()
    };
    Some(PressureShare { some: average("some ")?, full: average("full ") })
}

/// `/proc/net/dev`: interfaces but the loopback, by name, with their bytes and their packets in error or dropped.
pub(super) fn networks(text: &str) -> Option<Vec<(String, IoBytes, u64)>> {
    let InterfaceDeviceStatus(all) = InterfaceDeviceStatus::from_buf_read(text.as_bytes()).ok()?;
    let interface = |(name, one): (String, procfs_core::net::DeviceStatus)| {
        let bytes = IoBytes { read: one.recv_bytes, written: one.sent_bytes };
        (name, bytes, one.recv_errs + one.recv_drop + one.sent_errs + one.sent_drop)
    };
    let mut networks: Vec<_> = all.into_iter().filter(|(name, _)| name != "lo").map(interface).collect();
    networks.sort_by(|a, b| a.0.cmp(&b.0));
    Some(networks)
}

/// `/proc/diskstats`: bytes read and written, by major and minor number.
pub(super) fn disks(text: &str) -> Option<BTreeMap<(u32, u32), IoBytes>> {
    let disk = |line: &str| {
        let stat = DiskStat::from_line(line).ok()?;
        let number = (u32::try_from(stat.major).ok()?, u32::try_from(stat.minor).ok()?);
        // Sectors, which count 512 bytes whatever the disk has.
        let bytes = |sectors: u64| sectors.checked_mul(512);
        Some((number, IoBytes { read: bytes(stat.sectors_read)?, written: bytes(stat.sectors_written)? }))
    };
    Some(text.lines().filter_map(disk).collect())
}

/// A line of `/proc/self/mountinfo`: number of the device, place, kind, device.
pub(super) fn mount(line: &str) -> Option<((u32, u32), String, String, String)> {
    let info = MountInfo::from_line(line).ok()?;
    let (major, minor) = info.majmin.split_once(':')?;
    let number = (major.parse().ok()?, minor.parse().ok()?);
    let at = unescaped(info.mount_point.to_str()?);
    Some((number, at, info.fs_type, unescaped(&info.mount_source.unwrap_or_default())))
}

/// Blanks and the like are octal there.
fn unescaped(word: &str) -> String {
    word.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

/// What `/proc/PID/stat` tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ProcessStat {
    /// CPU time in ticks.
    pub(super) ticks: u64,
    pub(super) threads: u32,
    /// Its start, in ticks after that of the host.
    pub(super) start: u64,
    /// Memory that it holds, in pages.
    pub(super) pages: u64,
}

/// `/proc/PID/stat`.
pub(super) fn process(text: &str) -> Option<ProcessStat> {
    let stat = Stat::from_read(text.as_bytes()).ok()?;
    let threads = u32::try_from(stat.num_threads).ok()?;
    Some(ProcessStat { ticks: stat.utime + stat.stime, threads, start: stat.starttime, pages: stat.rss })
}

/// `/proc/PID/limits`: the most files that a process may have open.
pub(super) fn most_files(text: &str) -> Option<u64> {
    // `procfs-core` panics on a line that is too short.
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// `/proc/net/tcp` and `tcp6`: the inode of the socket that listens at a port.
pub(super) fn listener(text: &str, port: u16) -> Option<u64> {
    let TcpNetEntries(entries) = TcpNetEntries::from_buf_read(text.as_bytes(), &SYSTEM).ok()?;
    let is_ours = |at: SocketAddr, state: &TcpState| at.port() == port && *state == TcpState::Listen;
    entries.iter().find(|entry| is_ours(entry.local_address, &entry.state)).map(|entry| entry.inode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_the_kernel_are_read() {
        let stat = "cpu  10 5 20 400 30 1 2 7 0 0\ncpu0 5 2 10 200 15 0 1 3 0 0\ncpu1 5 3 10 200 15 1 1 4 0 0\nintr 1 0\n\
                    ctxt 1\nbtime 1\nprocesses 1\nprocs_running 1\nprocs_blocked 0\n";
        let ticks = CpuTicks { user: 15, system: 23, idle: 400, iowait: 30, steal: 7 };
        assert_eq!(cpu(stat), Some((ticks, 2)));
        assert_eq!((cpu("cpu  10 5"), cpu(""), cpu("nonsense")), (None, None, None));
        assert_eq!((memory("MemTotal: 1000 kB"), memory("x")), (None, None));
        let load_of = load("0.50 1.25 2.00 1/100 7\n");
        assert_eq!((load_of, load("0.5 x")), (Some(Load { one: 0.5, five: 1.25, fifteen: 2.0 }), None));
        let psi = "some avg10=1.50 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.25 avg60=0.00 avg300=0.00 total=1\n";
        assert_eq!(pressure(psi), Some(PressureShare { some: 1.5, full: Some(0.25) }));
        assert_eq!(pressure("some avg10=2.00 total=1"), Some(PressureShare { some: 2.0, full: None }));
        assert_eq!((pressure(""), pressure("some")), (None, None));
        let dev = "Inter-|   Receive\n face |bytes\n    lo: 9 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n  eth0: 100 2 1 2 0 0 0 0 200 3 4 8 0 0 0 0\n";
        assert_eq!(networks(dev), Some(vec![("eth0".to_owned(), IoBytes { read: 100, written: 200 }, 15)]));
    }

    #[test]
    fn disks_and_processes_are_read() {
        let table = "   8       0 sda 10 0 4 1 20 0 6 1 0 1 1\nbroken\n 253 1 vda1 1 1 2 1 1 1 3 1 0 1 1\n";
        let all = disks(table).expect("read");
        assert_eq!(all.get(&(8, 0)), Some(&IoBytes { read: 2_048, written: 3_072 }));
        assert_eq!((all.len(), all.contains_key(&(253, 1))), (2, true));
        let one = "7 (a) b (c) S 1 7 7 0 -1 4194560 1 0 0 0 30 12 0 0 20 0 9 0 4711 1000 256 18446744073709551615 1 1 0 0 0 0 \
                   0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0";
        assert_eq!(process(one), Some(ProcessStat { ticks: 42, threads: 9, start: 4_711, pages: 256 }));
        assert_eq!((process("7 (a"), process("")), (None, None));
        let tcp = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
                   0: 0100007F:270D 0100007F:1111 01 00000000:00000000 00:00000000 00000000  0 0 11 1 x\n   \
                   1: 0100007F:270D 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0 0 815 1 x\n";
        assert_eq!((listener(tcp, 9_997), listener(tcp, 9_998)), (Some(815), None));
        let limits =
            "Limit  Soft Limit  Hard Limit  Units\nMax processes  1  2  processes\nMax open files  1024  4096  files\n";
        assert_eq!(
            (most_files(limits), most_files("nonsense"), most_files("Max open files")),
            (Some(1_024), None, None)
        );
    }
}
