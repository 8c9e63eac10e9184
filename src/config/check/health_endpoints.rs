//! `health.endpoints`: what is asked over the network.

use std::time::Duration;

use secrecy::SecretString;

use super::certificates::trust;
use super::checker::Checker;
use super::health_name::name;
use super::values::{duration, fraction, text, whole};
use crate::base::endpoint_url::EndpointUrl;
use crate::config::complaint::ConfigFault;
use crate::config::raw::RawEntry;
use crate::config::settings::{ApiTrust, EndpointSettings};

const LIST: &str = "health.endpoints";

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// More is no list that somebody looks at.
const MOST: usize = 10_000;

/// Echo requests of one probe are sent in so long a time, and the last one needs some for its answer.
const LEAST_LIMIT_OF_ICMP: Duration = SECOND;

/// What `health` has of endpoints.
pub(super) struct EndpointsOfHealth {
    pub endpoint_workers: usize,
    pub endpoint_window: Duration,
    pub endpoints: Vec<EndpointSettings>,
}

/// All of it. `taken`: names of targets, which no endpoint may have too.
pub(super) fn endpoints(check: &mut Checker<'_>, taken: &[&str]) -> EndpointsOfHealth {
    let endpoint_workers = check.read("health.endpoint_workers", |entry| whole(entry, 1..=1024)).unwrap_or(64) as usize;
    let window = check.read("health.endpoint_window", |entry| duration(entry, MINUTE..=HOUR));
    let count = check.raw.items(LIST);
    if count > MOST {
        let fault = ConfigFault::new(format!("holds {count} endpoints"), format!("keep {MOST} at most"));
        check.complain(LIST, fault);
    }
    let mut endpoints: Vec<EndpointSettings> = Vec::new();
    for index in 0..count.min(MOST) {
        let section = format!("{LIST}[{index}]");
        if !check.raw.mentions(&format!("{section}.")) {
            continue;
        }
        let Some(endpoint) = one(check, &section) else { continue };
        let is_target = taken.contains(&endpoint.name.as_str());
        if is_target || endpoints.iter().any(|earlier| earlier.name == endpoint.name) {
            let whose = if is_target { "a target" } else { "another endpoint" };
            let fault = format!("{:?} is the name of {whose} too", endpoint.name);
            let fault = ConfigFault::new(fault, "give every target and every endpoint its own name");
            check.complain(&format!("{section}.name"), fault);
        }
        endpoints.push(endpoint);
    }
    EndpointsOfHealth { endpoint_workers, endpoint_window: window.unwrap_or(10 * MINUTE), endpoints }
}

/// One endpoint; `None` when its name or address is wrong, which has been complained of.
fn one(check: &mut Checker<'_>, section: &str) -> Option<EndpointSettings> {
    let key = |name: &str| format!("{section}.{name}");
    let name = check.read(&key("name"), name);
    if !check.is_given(&key("name")) {
        let remedy = "give the endpoint a name: figures and incidents carry it";
        check.complain(&key("name"), ConfigFault::new("is missing", remedy));
    }
    let url = check.read(&key("url"), url);
    if !check.is_given(&key("url")) {
        let remedy = "write where it is and how it is asked, as in icmp://10.0.0.1 or https://example.org/health";
        check.complain(&key("url"), ConfigFault::new("is missing", remedy));
    }
    let limit = check.read(&key("limit"), |entry| duration(entry, SECOND / 5..=MINUTE)).unwrap_or(5 * SECOND);
    let is_icmp = url.as_ref().is_some_and(|(_, read)| read.scheme.word() == "icmp");
    if is_icmp && limit < LEAST_LIMIT_OF_ICMP {
        let fault = ConfigFault::new("is too short for four echo requests, 200 ms apart", "write 1s or more");
        check.complain(&key("limit"), fault);
    }
    let is_secure = url.as_ref().is_none_or(|(_, read)| read.scheme.is_secure());
    let trust = whose_certificate(check, &key, is_secure);
    let times = |entry: &RawEntry| whole(entry, 1..=100);
    let settings = EndpointSettings {
        name: name.clone().unwrap_or_default(),
        interval: check.read(&key("interval"), |entry| duration(entry, SECOND..=DAY)).unwrap_or(30 * SECOND),
        limit,
        down_after: check.read(&key("down_after"), times).unwrap_or(3) as u32,
        up_after: check.read(&key("up_after"), times).unwrap_or(2) as u32,
        max_loss: check.read(&key("max_loss"), loss).unwrap_or(0.2),
        max_latency: check.read(&key("max_latency"), |entry| duration(entry, SECOND / 1000..=MINUTE)),
        certificate_left: check
            .read(&key("certificate_left"), |entry| duration(entry, Duration::ZERO..=365 * DAY))
            .unwrap_or(14 * DAY),
        trust,
        url: url?.0,
    };
    name.map(|_| settings)
}

fn whose_certificate(check: &mut Checker<'_>, key: &impl Fn(&str) -> String, is_secure: bool) -> ApiTrust {
    for given in [key("fingerprint"), key("ca_file")] {
        if check.is_given(&given) && !is_secure {
            let fault = "has nothing to say about an endpoint without TLS";
            let remedy = "write tls://, https://, rtsps:// or rtmps:// there, or leave it out";
            check.complain(&given, ConfigFault::new(fault, remedy));
        }
    }
    trust(check, key, "endpoint", "tls", None)
}

/// A share above nothing: with 0 one packet that is lost would be too much for a whole window.
fn loss(entry: &RawEntry) -> Result<f64, ConfigFault> {
    let share = fraction(entry)?;
    if share <= 0.0 {
        return Err(ConfigFault::new("is nothing", "write a share such as 0.05; 1 for no limit"));
    }
    Ok(share)
}

/// The address. The value is never repeated: it may hold a token.
fn url(entry: &RawEntry) -> Result<(SecretString, EndpointUrl), ConfigFault> {
    let typed = text(entry)?;
    let remedy = "write it like icmp://10.0.0.1, tcp://host:5000, https://host/health, rtmp://host or srt://host:9000";
    let read = EndpointUrl::read(typed.trim(), "url").map_err(|error| {
        let (fault, remedy) = error.message().split_once("; ").unwrap_or((error.message(), remedy));
        ConfigFault::new(fault.to_owned(), remedy.to_owned())
    })?;
    Ok((SecretString::from(typed.trim().to_owned()), read))
}
