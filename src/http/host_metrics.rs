//! What `/metrics` has of hosts. A value that could not be measured has no sample, and a silent host has none but its state.

use super::exposition::{Exposition, MetricKind};
use crate::domain::host::{DiskStatus, HostState, HostStatus, NetworkStatus};

/// A number of a host.
type HostValue = fn(&HostStatus) -> Option<f64>;
/// Families with one sample a host.
const OF_HOST: [(&str, &str, HostValue); 11] = [
    ("host_cpu_user_ratio", "Share of all cores in programs.", |host| Some(host.cpu?.user / 100.0)),
    ("host_cpu_system_ratio", "Share of all cores in the kernel.", |host| Some(host.cpu?.system / 100.0)),
    ("host_cpu_iowait_ratio", "Share of all cores waiting for a disk.", |host| Some(host.cpu?.iowait / 100.0)),
    ("host_cpu_steal_ratio", "Share of all cores given to others by the hypervisor.", |host| {
        Some(host.cpu?.steal / 100.0)
    }),
    ("host_load1", "Load average of a minute.", |host| Some(host.load?.one)),
    ("host_memory_bytes", "Memory.", |host| Some(host.memory?.total as f64)),
    ("host_memory_used_bytes", "Memory in use.", |host| Some(host.memory?.used as f64)),
    ("host_mediamtx_cpu_ratio", "Share of one core that MediaMTX uses.", |host| {
        Some(host.mediamtx.as_ref()?.cpu? / 100.0)
    }),
    ("host_mediamtx_memory_bytes", "Memory that MediaMTX holds.", |host| Some(host.mediamtx.as_ref()?.rss as f64)),
    ("host_mediamtx_threads", "Threads of MediaMTX.", |host| Some(f64::from(host.mediamtx.as_ref()?.threads))),
    ("host_mediamtx_open_files", "Files and sockets that MediaMTX has open.", |host| {
        Some(f64::from(host.mediamtx.as_ref()?.descriptors?))
    }),
];

/// One sample for each host, disk and interface.
pub(super) fn hosts(text: &mut Exposition, hosts: &[HostStatus]) {
    let mut family = text.family("host_live", MetricKind::Gauge, "1 while the measurements of a host come.");
    for host in hosts {
        family.sample(&[("host", &host.name)], u64::from(host.state == HostState::Live));
    }
    let live: Vec<&HostStatus> = hosts.iter().filter(|host| host.state == HostState::Live).collect();
    for (name, help, value) in OF_HOST {
        let mut family = text.family(name, MetricKind::Gauge, help);
        for host in &live {
            if let Some(value) = value(host) {
                family.sample(&[("host", &host.name)], value);
            }
        }
    }
    disks(text, &live);
    networks(text, &live);
}

fn disks(text: &mut Exposition, hosts: &[&HostStatus]) {
    type DiskValue = fn(&DiskStatus) -> Option<f64>;
    let families: [(&str, &str, DiskValue); 6] = [
        ("host_disk_bytes", "Size of a disk.", |disk| Some(disk.total? as f64)),
        ("host_disk_free_bytes", "Bytes of a disk that programs may still write.", |disk| Some(disk.free? as f64)),
        ("host_disk_free_inodes", "Inodes of a disk that are free.", |disk| Some(disk.inodes_free? as f64)),
        ("host_disk_read_bytes_per_second", "Bytes read of a disk.", |disk| disk.read_rate),
        ("host_disk_written_bytes_per_second", "Bytes written to a disk.", |disk| disk.write_rate),
        ("host_disk_days_until_full", "Days until a disk is full, where it is filling.", |disk| disk.days_until_full),
    ];
    for (name, help, value) in families {
        let mut family = text.family(name, MetricKind::Gauge, help);
        for (host, disk) in hosts.iter().flat_map(|host| host.disks.iter().map(move |disk| (host, disk))) {
            if let Some(value) = value(disk) {
                family.sample(&[("host", &host.name), ("mount", &disk.mount)], value);
            }
        }
    }
}

fn networks(text: &mut Exposition, hosts: &[&HostStatus]) {
    type NetworkValue = fn(&NetworkStatus) -> Option<f64>;
    let families: [(&str, &str, NetworkValue); 3] = [
        (
            "host_network_link_bytes_per_second",
            "Bytes that the link of an interface carries in each direction.",
            |one| Some(one.link_bitrate? / 8.0),
        ),
        ("host_network_received_bytes_per_second", "Bytes received by an interface.", |one| {
            Some(one.received_bitrate? / 8.0)
        }),
        ("host_network_sent_bytes_per_second", "Bytes sent by an interface.", |one| Some(one.sent_bitrate? / 8.0)),
    ];
    for (name, help, value) in families {
        let mut family = text.family(name, MetricKind::Gauge, help);
        for (host, one) in hosts.iter().flat_map(|host| host.networks.iter().map(move |one| (host, one))) {
            if let Some(value) = value(one) {
                family.sample(&[("host", &host.name), ("interface", &one.name)], value);
            }
        }
    }
}
