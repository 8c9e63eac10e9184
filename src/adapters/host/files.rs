//! Where the kernel's files are, and what one measurement reads of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::parse;
use crate::domain::host::{IoBytes, NetworkStatus, Pressure, PressureShare};

/// Where to look, and for whom.
#[derive(Clone, Debug)]
pub struct HostSources {
    /// `/proc`.
    pub proc: PathBuf,
    /// `/sys`.
    pub sys: PathBuf,
    /// Ports of this host at which MediaMTX listens, those of its API first.
    pub ports: Vec<u16>,
}

impl HostSources {
    /// Of this machine.
    pub fn of_this_machine(ports: Vec<u16>) -> Self {
        Self { proc: "/proc".into(), sys: "/sys".into(), ports }
    }
}

/// The files of one measurement, and what could not be read of them.
pub(super) struct HostFiles<'a> {
    pub(super) proc: &'a Path,
    pub(super) sys: &'a Path,
    pub(super) unmeasured: BTreeMap<String, String>,
}

impl HostFiles<'_> {
    /// Why a value is not there; the first reason counts.
    pub(super) fn lacks(&mut self, what: &str, why: &str) {
        self.unmeasured.entry(what.to_owned()).or_insert_with(|| why.to_owned());
    }

    /// A file of `/proc`; why not is noted.
    pub(super) fn read(&mut self, what: &str, file: &str) -> Option<String> {
        match fs::read_to_string(self.proc.join(file)) {
            Ok(text) => Some(text),
            Err(error) => {
                self.lacks(what, &format!("/proc/{file}: {error}"));
                None
            }
        }
    }

    /// What a file says.
    pub(super) fn parsed<T>(&mut self, what: &str, file: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let value = parse(&self.read(what, file)?);
        if value.is_none() {
            self.lacks(what, &format!("/proc/{file} is not understood"));
        }
        value
    }

    pub(super) fn networks(&mut self) -> (Vec<NetworkStatus>, BTreeMap<String, IoBytes>) {
        let (mut networks, mut bytes) = (Vec::new(), BTreeMap::new());
        for (name, counted, faulty_packets) in self.parsed("networks", "net/dev", parse::networks).unwrap_or_default() {
            let (received_bitrate, sent_bitrate) = (None, None);
            let link_bitrate = link_bitrate(self.sys, &name);
            networks.push(NetworkStatus {
                name: name.clone(),
                received_bitrate,
                sent_bitrate,
                link_bitrate,
                faulty_packets,
            });
            bytes.insert(name, counted);
        }
        (networks, bytes)
    }

    pub(super) fn pressure(&mut self) -> Option<Pressure> {
        let share = |file: &str| -> Option<PressureShare> {
            parse::pressure(&fs::read_to_string(self.proc.join("pressure").join(file)).ok()?)
        };
        let pressure = Pressure { cpu: share("cpu"), memory: share("memory"), io: share("io") };
        if pressure.cpu.is_none() && pressure.memory.is_none() && pressure.io.is_none() {
            self.lacks("pressure", "the kernel does not tell it (/proc/pressure; boot with psi=1)");
            return None;
        }
        Some(pressure)
    }
}

/// What the link of an interface carries (Linux, `Documentation/ABI/testing/sysfs-class-net`: Mbit/s; -1, or an error, where it is not
/// known).
fn link_bitrate(sys: &Path, name: &str) -> Option<f64> {
    let speed: f64 = line(&sys.join("class/net").join(name).join("speed"))?.parse().ok()?;
    (speed > 0.0).then_some(speed * 1e6)
}

/// A small file of one line.
pub(super) fn line(path: &Path) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}
