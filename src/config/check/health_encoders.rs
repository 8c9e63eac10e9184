//! `health.encoders`: hardware encoders that are asked, each with a name and a host of its own.

use super::certificates::trust;
use super::checker::Checker;
use super::health_name::name;
use super::health_targets::{HOUR, SECOND};
use super::urls::host;
use super::values::{duration, flag, one_of, text, whole};
use crate::base::redact;
use crate::config::complaint::ConfigFault;
use crate::config::raw::RawEntry;
use crate::config::settings::{ApiTrust, EncoderSettings, EncoderSpeech, PlatformSettings, ServerSettings};

const LIST: &str = "health.encoders";
/// Each has a task and series of its own.
const MOST: usize = 200;
/// Ports of the devices.
const REST_PORT: u16 = 80;
const REST_PORT_TLS: u16 = 443;
const TEXT_PORT: u16 = 9977;

/// All of them that are right; what is wrong with the others has been complained of.
pub(super) fn encoders(
    check: &mut Checker<'_>,
    servers: &[ServerSettings],
    platforms: &[PlatformSettings],
) -> Vec<EncoderSettings> {
    let count = check.raw.items(LIST);
    if count > MOST {
        check.complain(LIST, ConfigFault::new(format!("holds {count} encoders"), format!("keep {MOST} at most")));
    }
    let mut encoders: Vec<EncoderSettings> = Vec::new();
    let given = (0..count.min(MOST)).filter(|index| check.raw.mentions(&format!("{LIST}[{index}].")));
    for index in given.collect::<Vec<_>>() {
        let Some(encoder) = one(check, index, servers, platforms) else { continue };
        if encoders.iter().any(|earlier| earlier.name == encoder.name) {
            let fault = format!("{:?} is the name of another encoder too", encoder.name);
            check
                .complain(&format!("{LIST}[{index}].name"), ConfigFault::new(fault, "give every encoder its own name"));
        }
        encoders.push(encoder);
    }
    encoders
}

/// `platform/id`, of a platform of the configuration.
fn feeds_event(entry: &RawEntry, platforms: &[PlatformSettings]) -> Result<String, ConfigFault> {
    let typed = text(entry)?;
    let typed = typed.trim();
    let remedy =
        "write the name of a section [[health.platforms]], a slash and the number of the event, like vimeo/1234567";
    let (platform, id) = match typed.split_once('/') {
        Some((platform, id)) if !platform.is_empty() && id.len() <= 60 && is_id(id) => (platform, id),
        _ => return Err(ConfigFault::new(format!("{:?} is no live event", short(typed)), remedy)),
    };
    if !platforms.iter().any(|known| known.name == platform) {
        let known: Vec<&str> = platforms.iter().map(|known| known.name.as_str()).collect();
        let remedy = match known.is_empty() {
            true => format!(
                "add a section [[health.platforms]] with this name and its token, or leave feeds_event out ({remedy})"
            ),
            false => format!("{remedy}; known: {}", known.join(", ")),
        };
        return Err(ConfigFault::new(format!("{platform:?} is not the name of a platform"), remedy));
    }
    Ok(format!("{platform}/{id}"))
}

fn is_id(id: &str) -> bool {
    !id.is_empty() && id.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-'))
}

/// `server/name`, of a media server of the configuration.
fn feeds_stream(entry: &RawEntry, servers: &[ServerSettings]) -> Result<String, ConfigFault> {
    let typed = text(entry)?;
    let typed = typed.trim();
    let remedy = "write the name of the media server, a slash and the name of the path, like main/studio";
    let (server, name) = match typed.split_once('/') {
        Some((server, name)) if !server.is_empty() && !name.is_empty() && typed.len() <= 300 => (server, name),
        _ => return Err(ConfigFault::new(format!("{:?} is no stream", short(typed)), remedy)),
    };
    if !servers.iter().any(|known| known.name == server) {
        return Err(ConfigFault::new(format!("{:?} is not the name of a media server", short(server)), remedy));
    }
    Ok(format!("{server}/{name}"))
}

/// Whether REST is encrypted, and whose certificate the device may show.
fn tls(check: &mut Checker<'_>, key: &impl Fn(&str) -> String, protocol: Option<EncoderSpeech>) -> Option<ApiTrust> {
    let is_on = check.read(&key("tls"), flag).unwrap_or(false);
    if is_on && protocol == Some(EncoderSpeech::Text) {
        let fault =
            ConfigFault::new("is on, and the text protocol has no TLS", "write protocol = \"rest\", or leave it out");
        check.complain(&key("tls"), fault);
    }
    for given in [key("fingerprint"), key("ca_file")] {
        if check.is_given(&given) && !is_on {
            let fault = "has nothing to say about a device without TLS";
            check.complain(&given, ConfigFault::new(fault, "write tls = true too, or leave it out"));
        }
    }
    let trust = trust(check, key, "encoder", "https", None);
    is_on.then_some(trust)
}

fn short(typed: &str) -> String {
    redact::text(typed).chars().take(60).collect()
}

fn one(
    check: &mut Checker<'_>,
    index: usize,
    servers: &[ServerSettings],
    platforms: &[PlatformSettings],
) -> Option<EncoderSettings> {
    let key = |name: &str| format!("{LIST}[{index}].{name}");
    let name = check.read(&key("name"), name);
    let host = check.read(&key("host"), host);
    for (missing, remedy) in [
        ("name", "give the encoder a name: figures and incidents carry it"),
        ("host", "write its host name or address, as its display shows it"),
    ] {
        if !check.is_given(&key(missing)) {
            check.complain(&key(missing), ConfigFault::new("is missing", remedy));
        }
    }
    let port = |check: &mut Checker<'_>, which: &str, default: u16| {
        check.read(&key(which), |entry| whole(entry, 1..=65_535)).map_or(default, |port| port as u16)
    };
    let protocol = check.read(&key("protocol"), |entry| {
        Ok(match one_of(&text(entry)?, &["auto", "rest", "text"], "a protocol of encoders")?.as_str() {
            "rest" => EncoderSpeech::Rest,
            "text" => EncoderSpeech::Text,
            _ => EncoderSpeech::Auto,
        })
    });
    let tls = tls(check, &key, protocol);
    let encoder = EncoderSettings {
        name: name.clone().unwrap_or_default(),
        host: host.clone().unwrap_or_default(),
        protocol: protocol.unwrap_or(EncoderSpeech::Auto),
        rest_port: port(check, "rest_port", if tls.is_some() { REST_PORT_TLS } else { REST_PORT }),
        tls,
        text_port: port(check, "text_port", TEXT_PORT),
        interval: check.read(&key("interval"), |entry| duration(entry, SECOND..=HOUR)).unwrap_or(2 * SECOND),
        always_on: check.read(&key("always_on"), flag).unwrap_or(false),
        feeds_event: check.read(&key("feeds_event"), |entry| feeds_event(entry, platforms)),
        feeds_stream: check.read(&key("feeds_stream"), |entry| feeds_stream(entry, servers)),
    };
    name.and(host).map(|_| encoder)
}
