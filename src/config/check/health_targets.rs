//! `health`: which streams are probed, each target with one place, a name of its own and times that fit together.

use std::time::Duration;

use secrecy::SecretString;

use super::checker::Checker;
use super::health_endpoints::{EndpointsOfHealth, endpoints};
use super::health_name::name;
use super::sections::pattern;
use super::servers::server_name;
use super::values::{duration, text, whole};
use crate::base::source_url;
use crate::config::complaint::ConfigFault;
use crate::config::raw::RawEntry;
use crate::config::settings::{AnomalySettings, HealthSettings, ServerSettings, TargetPlace, TargetSettings};

/// The list of targets.
const TARGETS: &str = "health.targets";

pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// More is no list of targets; a pattern names many paths at once.
const MOST: usize = 10_000;

/// Connecting and finding out about the tracks take so long, besides what is measured.
const BESIDE_WINDOW: Duration = Duration::from_secs(5);

/// All of it but anomalies, encoders and platforms, which have files of their own.
pub(super) fn health(check: &mut Checker<'_>, servers: &[ServerSettings]) -> HealthSettings {
    let workers = check.read("health.workers", |entry| whole(entry, 1..=256)).unwrap_or(4) as usize;
    let lasting =
        |check: &mut Checker<'_>, key: &str, least, most| check.read(key, |entry| duration(entry, least..=most));
    let interval = lasting(check, "health.interval", 5 * SECOND, DAY).unwrap_or(60 * SECOND);
    let window = lasting(check, "health.window", SECOND, 60 * SECOND).unwrap_or(5 * SECOND);
    let limit = lasting(check, "health.limit", 2 * SECOND, HOUR).unwrap_or(20 * SECOND);
    let common = TargetSettings {
        name: String::new(),
        place: TargetPlace::Path { server: None, pattern: String::new() },
        interval,
        limit,
    };
    if check.is_given("health.window") || check.is_given("health.limit") {
        fits(check, "health.limit", window, limit);
    }
    let mut targets: Vec<TargetSettings> = Vec::new();
    let count = check.raw.items(TARGETS);
    if count > MOST {
        let fault = ConfigFault::new(
            format!("holds {count} targets"),
            format!("keep {MOST} at most; a pattern names many paths"),
        );
        check.complain(TARGETS, fault);
    }
    for index in
        (0..count.min(MOST)).filter(|index| check.raw.mentions(&format!("{TARGETS}[{index}]."))).collect::<Vec<_>>()
    {
        let Some(target) = one(check, index, &common, window, servers) else { continue };
        if targets.iter().any(|earlier| earlier.name == target.name) {
            let fault = format!("{:?} is the name of another target too", target.name);
            check.complain(
                &format!("{TARGETS}[{index}].name"),
                ConfigFault::new(fault, "give every target its own name"),
            );
        }
        targets.push(target);
    }
    let taken: Vec<&str> = targets.iter().map(|target| target.name.as_str()).collect();
    let EndpointsOfHealth { endpoint_workers, endpoint_window, endpoints } = endpoints(check, &taken);
    HealthSettings {
        workers,
        window,
        interval,
        limit,
        targets,
        endpoint_workers,
        endpoint_window,
        endpoints,
        anomalies: AnomalySettings::default(),
        encoders: Vec::new(),
        platforms: Vec::new(),
    }
}

/// One target; `None` when its name or place is wrong, which has been complained of.
fn one(
    check: &mut Checker<'_>,
    index: usize,
    common: &TargetSettings,
    window: Duration,
    servers: &[ServerSettings],
) -> Option<TargetSettings> {
    let key = |name: &str| format!("{TARGETS}[{index}].{name}");
    let name = check.read(&key("name"), name);
    if !check.is_given(&key("name")) {
        check.complain(
            &key("name"),
            ConfigFault::new("is missing", "give the target a name: figures and incidents carry it"),
        );
    }
    let path = check.read(&key("path"), path);
    let server = check.read(&key("server"), |entry| server_name(entry, servers));
    let url = check.read(&key("url"), url);
    let interval = check.read(&key("interval"), |entry| duration(entry, 5 * SECOND..=DAY)).unwrap_or(common.interval);
    let limit = check.read(&key("limit"), |entry| duration(entry, 2 * SECOND..=HOUR)).unwrap_or(common.limit);
    if check.is_given(&key("limit")) {
        fits(check, &key("limit"), window, limit);
    }
    let (has_path, has_url) = (check.is_given(&key("path")), check.is_given(&key("url")));
    match (has_path, has_url) {
        (false, false) => {
            check.complain(&key("path"), ConfigFault::new("is missing, and url too", "write one of the two"))
        }
        (true, true) => check.complain(&key("url"), ConfigFault::new("is given beside path", "keep one of the two")),
        (false, true) if check.is_given(&key("server")) => {
            let fault = ConfigFault::new("says where a path is, and there is an url", "leave it out");
            check.complain(&key("server"), fault);
        }
        _ => {}
    }
    let place = match (path, url) {
        (Some(pattern), None) => TargetPlace::Path { server, pattern },
        (None, Some(url)) => TargetPlace::Url(url),
        _ => return None,
    };
    Some(TargetSettings { name: name?, place, interval, limit })
}

/// A probe that is ended before it can have measured anything would always fail.
fn fits(check: &mut Checker<'_>, key: &str, window: Duration, limit: Duration) {
    let least = window + BESIDE_WINDOW;
    if limit < least {
        let fault = format!("is {} s, and a probe takes health.window and some seconds to connect", limit.as_secs());
        let remedy = format!("write {} s or more, or a shorter health.window", least.as_secs());
        check.complain(key, ConfigFault::new(fault, remedy));
    }
}

fn path(entry: &RawEntry) -> Result<String, ConfigFault> {
    let typed = text(entry)?;
    if typed.contains("://") {
        return Err(ConfigFault::new(
            "is an address and no path",
            "write an address into url, or the name of the path alone",
        ));
    }
    pattern(&typed)?;
    Ok(typed)
}

/// The address of a stream. The value is never repeated: it may hold a password.
fn url(entry: &RawEntry) -> Result<SecretString, ConfigFault> {
    let typed = text(entry)?;
    let remedy = "write the address of a stream, as in rtsp://host:8554/path or https://host/live/index.m3u8";
    let parts = source_url::read(typed.trim(), "url").map_err(|error| {
        let (fault, remedy) = error.message().split_once("; ").unwrap_or((error.message(), remedy));
        ConfigFault::new(fault.to_owned(), remedy.to_owned())
    })?;
    if parts.rest.split(['?', '&']).any(|pair| pair == "mode=listener") {
        return Err(ConfigFault::new("lets the stream call us, and a probe calls", "leave mode=listener out"));
    }
    Ok(SecretString::from(typed.trim().to_owned()))
}
