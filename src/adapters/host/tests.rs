//! Against this machine, and against folders where nothing is as it should be.

use std::fs;
use std::net::TcpListener;

use super::*;

#[test]
fn this_machine_is_measured() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let mut meter = HostMeter::new("here".to_owned(), HostSources::of_this_machine(vec![port]), 10.0);
    let first = meter.measure();
    assert!(first.cpu.is_none() && first.unmeasured["cpu"].contains("two measurements"), "{first:?}");
    assert!(first.memory.is_some_and(|memory| memory.total > memory.used && memory.used > 0), "{first:?}");
    assert!(first.cores.is_some_and(|cores| cores > 0) && first.load.is_some());
    assert!(!first.disks.is_empty(), "{:?}", first.unmeasured);
    for disk in &first.disks {
        let used = disk.used_percent.is_some_and(|used| (0.0..=100.0).contains(&used));
        assert!(used && disk.total >= disk.free || disk.reason.is_some(), "{disk:?}");
    }
    let process = first.mediamtx.expect("whoever listens at the port: this test");
    assert_eq!(process.pid, std::process::id());
    assert!(process.rss > 1 << 20 && process.threads > 0 && process.descriptors.is_some_and(|count| count > 2));
    assert!(process.descriptor_limit.is_some());

    meter.started = meter.started.checked_sub(std::time::Duration::from_secs(1)).expect("a second");
    let second = meter.measure();
    let again = second.mediamtx.as_ref().expect("the same");
    assert_eq!((again.pid, again.cpu.is_some()), (std::process::id(), true));
    assert!(second.networks.iter().all(|one| one.received_bitrate.is_some()), "{:?}", second.networks);
    assert_eq!(second.reading().second, second.at.timestamp());
}

#[test]
fn the_speed_of_a_link_is_known_or_is_not_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let (proc, sys) = (folder.path().join("proc"), folder.path().join("sys"));
    fs::create_dir_all(proc.join("net")).expect("made");
    let head = "Inter-|   Receive                                                |  Transmit\n\
                 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n";
    let line = |name: &str| format!("  {name}: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n");
    fs::write(proc.join("net/dev"), [head.to_owned(), line("eth0"), line("eth1"), line("tun0")].concat())
        .expect("written");
    for (name, speed) in [("eth0", "2500\n"), ("eth1", "-1\n")] {
        fs::create_dir_all(sys.join("class/net").join(name)).expect("made");
        fs::write(sys.join("class/net").join(name).join("speed"), speed).expect("written");
    }
    let status = HostMeter::new("h".to_owned(), HostSources { proc, sys, ports: Vec::new() }, 10.0).measure();
    let links: Vec<_> = status.networks.iter().map(|one| (one.name.as_str(), one.link_bitrate)).collect();
    assert_eq!(links, [("eth0", Some(2.5e9)), ("eth1", None), ("tun0", None)]);
}

#[test]
fn what_is_not_there_is_null_with_a_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let proc = folder.path().join("proc");
    fs::create_dir_all(proc.join("net")).expect("made");
    fs::write(proc.join("stat"), "nonsense\n").expect("written");
    fs::write(proc.join("loadavg"), "0.50 0.40 0.30 1/100 7\n").expect("written");
    let sources = HostSources { proc, sys: folder.path().join("sys"), ports: vec![9_997] };
    let status = HostMeter::new("odd".to_owned(), sources, 10.0).measure();
    assert_eq!(status.load.map(|load| load.one), Some(0.5), "one that is wrong costs no other");
    assert!(status.cpu.is_none() && status.memory.is_none() && status.pressure.is_none() && status.mediamtx.is_none());
    for what in ["cpu", "memory", "swap", "networks", "disks", "pressure", "temperatures", "mediamtx"] {
        assert!(status.unmeasured.contains_key(what), "{what}: {:?}", status.unmeasured);
    }
    assert!(status.unmeasured["mediamtx"].contains("9997"), "{:?}", status.unmeasured);
    assert!(!status.unmeasured.values().any(|why| why.contains(&*folder.path().to_string_lossy())), "no paths of here");
    let json = serde_json::to_value(&status).expect("JSON");
    assert!(
        json["cpu"].is_null() && json["memory"].is_null() && json["mediamtx"].is_null(),
        "null and not zero: {json}"
    );
    let metrics: Vec<_> = status.reading().values.iter().map(|(metric, _)| metric.as_str()).collect();
    assert_eq!(metrics, ["load"]);
}
