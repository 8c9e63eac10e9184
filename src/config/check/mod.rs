//! Raw values -> [`Settings`], or complaints: one function per section, every value looked at, nothing given up early.

mod sections;
mod servers;
mod urls;
mod values;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use super::complaint::{Complaint, ConfigFault};
use super::raw::{Raw, RawEntry};
use super::settings::Settings;

/// Words `roles` may hold. `domain::role` has the same list; a test compares them, as neither layer sees the other.
pub const ROLES: [&str; 3] = ["monitor", "restream", "record"];

/// Checks everything. The result is fit for use only when no complaint was added.
pub(super) fn settings(
    raw: &Raw,
    env: &BTreeMap<String, String>,
    host_name: Option<&str>,
    complaints: &mut Vec<Complaint>,
) -> Settings {
    let mut check = Checker { raw, complaints };
    let data_dir = sections::data_dir(&mut check);
    let servers = servers::all(&mut check);
    Settings {
        node: sections::node(&mut check, host_name),
        roles: sections::roles(&mut check),
        http: sections::http(&mut check),
        monitor: sections::monitor(&mut check),
        database: sections::database(&mut check, env, &data_dir),
        restream: sections::restream(&mut check, &servers),
        record: sections::record(&mut check),
        upload: sections::upload(&mut check),
        objects: sections::objects(&mut check, &data_dir),
        ffmpeg: sections::ffmpeg(&mut check),
        servers,
        data_dir,
    }
}

/// Reads values by key and collects what is wrong with them.
struct Checker<'a> {
    raw: &'a Raw,
    complaints: &'a mut Vec<Complaint>,
}

impl Checker<'_> {
    /// The value of a key; `None` when it is not given, or wrong and complained of.
    fn read<T>(&mut self, key: &str, parse: impl FnOnce(&RawEntry) -> Result<T, ConfigFault>) -> Option<T> {
        let entry = self.raw.get(key)?;
        if entry.in_file {
            return None; // Its file could not be read, which has been complained of.
        }
        match parse(entry) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.complaints.push(fault.at(key, Some(entry.origin.to_string())));
                None
            }
        }
    }

    /// Complains of a key that is given (with its place) or missing (without).
    fn complain(&mut self, key: &str, fault: ConfigFault) {
        let place = self.raw.get(key).map(|entry| entry.origin.to_string());
        self.complaints.push(fault.at(key, place));
    }

    fn is_given(&self, key: &str) -> bool {
        self.raw.get(key).is_some()
    }
}

/// Checks an address to listen on, as `http.listen` and `--listen` take it. Loopback only: there is no login yet.
///
/// # Errors
/// One complaint with the key `http.listen`.
pub fn listen_address(text: &str) -> Result<SocketAddr, Complaint> {
    parse_listen(text).map_err(|fault| fault.at("http.listen", None))
}

fn parse_listen(text: &str) -> Result<SocketAddr, ConfigFault> {
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    let address: SocketAddr = numeric.parse().map_err(|_| {
        let shown: String = text.chars().take(60).collect();
        ConfigFault::new(
            format!("{shown:?} is not an address and a port"),
            "write 127.0.0.1:8080, [::1]:8080 or localhost:8080; port 0 lets the system choose",
        )
    })?;
    // ::ffff:127.0.0.1 is loopback as well, which `is_loopback` does not know.
    let host = match address.ip() {
        IpAddr::V6(ip) => ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4),
        ip => ip,
    };
    if host.is_loopback() {
        return Ok(address);
    }
    Err(ConfigFault::new(
        format!("{address} can be reached from other machines, and this version has no login yet"),
        "listen on 127.0.0.1 or [::1] and let a reverse proxy or an SSH tunnel with its own login bring people in",
    ))
}
