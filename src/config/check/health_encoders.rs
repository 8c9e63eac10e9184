//! `health.encoders`: hardware encoders that are asked, each with a name and a host of its own.

use super::checker::Checker;
use super::health_name::name;
use super::health_targets::{HOUR, SECOND};
use super::urls::host;
use super::values::{duration, flag, one_of, text, whole};
use crate::config::complaint::ConfigFault;
use crate::config::settings::{EncoderSettings, EncoderSpeech};

const LIST: &str = "health.encoders";
/// Each has a task and series of its own.
const MOST: usize = 200;
/// Ports of the devices.
const REST_PORT: u16 = 80;
const TEXT_PORT: u16 = 9977;

/// All of them that are right; what is wrong with the others has been complained of.
pub(super) fn encoders(check: &mut Checker<'_>) -> Vec<EncoderSettings> {
    let count = check.raw.items(LIST);
    if count > MOST {
        check.complain(LIST, ConfigFault::new(format!("holds {count} encoders"), format!("keep {MOST} at most")));
    }
    let mut encoders: Vec<EncoderSettings> = Vec::new();
    let given = (0..count.min(MOST)).filter(|index| check.raw.mentions(&format!("{LIST}[{index}].")));
    for index in given.collect::<Vec<_>>() {
        let Some(encoder) = one(check, index) else { continue };
        if encoders.iter().any(|earlier| earlier.name == encoder.name) {
            let fault = format!("{:?} is the name of another encoder too", encoder.name);
            check
                .complain(&format!("{LIST}[{index}].name"), ConfigFault::new(fault, "give every encoder its own name"));
        }
        encoders.push(encoder);
    }
    encoders
}

fn one(check: &mut Checker<'_>, index: usize) -> Option<EncoderSettings> {
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
    let encoder = EncoderSettings {
        name: name.clone().unwrap_or_default(),
        host: host.clone().unwrap_or_default(),
        protocol: protocol.unwrap_or(EncoderSpeech::Auto),
        rest_port: port(check, "rest_port", REST_PORT),
        text_port: port(check, "text_port", TEXT_PORT),
        interval: check.read(&key("interval"), |entry| duration(entry, SECOND..=HOUR)).unwrap_or(2 * SECOND),
        always_on: check.read(&key("always_on"), flag).unwrap_or(false),
    };
    name.and(host).map(|_| encoder)
}
