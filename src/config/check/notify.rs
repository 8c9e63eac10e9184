//! `notify`: who is told of incidents, of what, when and how.

use std::time::Duration;

use url::Url;

use super::checker::Checker;
use super::notify_target::{MOST, target};
use super::urls;
use super::values::{duration, flag, list, one_of, path, text};
use crate::base::upload_window::UploadWindow;
use crate::config::complaint::ConfigFault;
use crate::config::notify_settings::MessageLength;
use crate::config::raw::RawEntry;
use crate::config::settings::{NotifySettings, ReceiverSettings, TimeZone};

/// Words `severity` may hold, the mildest first. `domain::notify` has the same list; a test compares them, as neither layer sees the
/// other.
pub const SEVERITIES: [&str; 3] = ["info", "warning", "critical"];

/// Words `kinds` may hold: the kinds of incidents, as `domain::incident` has them; a test compares them.
pub const NOTIFIED_KINDS: [&str; 31] = [
    "cameraDown",
    "cameraStalled",
    "cameraDegraded",
    "otherPublisher",
    "planHeld",
    "serverDown",
    "serverRestarted",
    "serviceDown",
    "recordingPaused",
    "streamFlapping",
    "sourceReplaced",
    "tracksChanged",
    "readersGone",
    "counterReset",
    "hostSilent",
    "diskNearlyFull",
    "objectConflict",
    "probeFailed",
    "receiverFailing",
    "endpointDown",
    "endpointDegraded",
    "encoderDown",
    "encoderStalled",
    "encoderStopped",
    "encoderCacheFull",
    "encoderChanged",
    "platformDown",
    "ingestDown",
    "ingestLinkExpires",
    "streamUnusual",
    "endpointUnusual",
];

/// No line of one's own is longer, in bytes.
const LONGEST_LINE: usize = 500;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

pub(super) fn notify(check: &mut Checker<'_>) -> NotifySettings {
    let page_url = check.read("notify.page_url", page);
    let time_zone = check.read("notify.time_zone", time_zone).unwrap_or_default();
    let count = check.raw.items("notify.receivers");
    if count > MOST {
        let fault = ConfigFault::new(format!("has {count} receivers"), format!("name at most {MOST}"));
        check.complain("notify.receivers", fault);
        return NotifySettings { page_url, time_zone, receivers: Vec::new() };
    }
    let mut receivers: Vec<ReceiverSettings> = Vec::new();
    for index in 0..count {
        let section = format!("notify.receivers[{index}]");
        if !check.raw.mentions(&format!("{section}.")) {
            let fault =
                ConfigFault::new("says nothing", "give it name and kind, and number the receivers without a gap");
            check.complain(&section, fault);
            return NotifySettings { page_url, time_zone, receivers: Vec::new() };
        }
        let Some(receiver) = one(check, &section) else { continue };
        if receivers.iter().any(|earlier| earlier.name == receiver.name) {
            let fault = format!("{:?} is the name of another receiver too", receiver.name);
            check.complain(&format!("{section}.name"), ConfigFault::new(fault, "give every receiver its own name"));
        }
        receivers.push(receiver);
    }
    NotifySettings { page_url, time_zone, receivers }
}

/// One receiver; `None` when name or target are wrong, which has been complained of.
fn one(check: &mut Checker<'_>, section: &str) -> Option<ReceiverSettings> {
    let key = |name: &str| format!("{section}.{name}");
    let name = check.read(&key("name"), name);
    if name.is_none() && !check.is_given(&key("name")) {
        check.complain(&key("name"), ConfigFault::new("is missing", "give the receiver a name, such as \"ops\""));
    }
    let target = target(check, section);
    let ca_file = check.read(&key("ca_file"), path);
    let severity = check.read(&key("severity"), severity).unwrap_or_else(|| "warning".to_owned());
    let escalate_after = given(check, &key("escalate_after"), seconds(MINUTE), seconds(7 * DAY));
    let quiet_hours = check.read(&key("quiet_hours"), window);
    let quiet_severity = check.read(&key("quiet_severity"), |entry| match text(entry)?.as_str() {
        "none" => Ok(None),
        _ => severity_or_none(entry).map(Some),
    });
    if check.is_given(&key("quiet_severity")) && !check.is_given(&key("quiet_hours")) {
        let fault = ConfigFault::new("is given without quiet_hours", "give both, or leave it out");
        check.complain(&key("quiet_severity"), fault);
    }
    if check.is_given(&key("escalate_after")) && check.is_given(&key("group_wait")) {
        let fault = ConfigFault::new("has no use beside escalate_after", "leave one of the two out");
        check.complain(&key("group_wait"), fault);
    }
    let receiver = ReceiverSettings {
        name: name.clone().unwrap_or_default(),
        ca_file,
        severity,
        kinds: check.read(&key("kinds"), kinds).unwrap_or_default(),
        streams: check.read(&key("streams"), prefixes).unwrap_or_default(),
        group_wait: lasting(check, &key("group_wait"), 10, Duration::ZERO, seconds(HOUR)),
        group_interval: lasting(check, &key("group_interval"), MINUTE, Duration::ZERO, seconds(DAY)),
        resolved: check.read(&key("resolved"), flag).unwrap_or(true),
        resolve_after: lasting(check, &key("resolve_after"), MINUTE, Duration::ZERO, seconds(DAY)),
        repeat: given(check, &key("repeat"), seconds(MINUTE), seconds(30 * DAY)),
        escalate_after,
        quiet_hours,
        quiet_severity: quiet_severity.unwrap_or_else(|| Some("critical".to_owned())),
        length: check.read(&key("length"), length).unwrap_or(MessageLength::Long),
        line: check.read(&key("line"), line),
        target: target?,
    };
    name.map(|_| receiver)
}

fn lasting(check: &mut Checker<'_>, key: &str, default: u64, least: Duration, most: Duration) -> Duration {
    check.read(key, |entry| duration(entry, least..=most)).unwrap_or(seconds(default))
}

fn given(check: &mut Checker<'_>, key: &str, least: Duration, most: Duration) -> Option<Duration> {
    check.read(key, |entry| duration(entry, least..=most))
}

fn page(entry: &RawEntry) -> Result<Url, ConfigFault> {
    urls::with_host(
        entry,
        &["http", "https"],
        "https://video.example.org",
        "leave it out: everybody who is told would read it",
    )
}

/// `+02:00`, or `local`.
fn time_zone(entry: &RawEntry) -> Result<TimeZone, ConfigFault> {
    let typed = text(entry)?;
    if typed == "local" {
        return Ok(TimeZone::Machine);
    }
    let parsed = (|| {
        let (sign, rest) = typed.split_at_checked(1)?;
        let (hours, minutes) = rest.split_once(':')?;
        let is_number = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        let (hours, minutes) = match is_number(hours) && is_number(minutes) {
            true => (hours.parse::<i32>().ok()?, minutes.parse::<i32>().ok()?),
            false => return None,
        };
        let sign = match sign {
            "+" => 1,
            "-" => -1,
            _ => return None,
        };
        (hours <= 14 && minutes < 60).then_some(TimeZone::Fixed(sign * (hours * 60 + minutes)))
    })();
    let shown: String = typed.chars().take(40).collect();
    let remedy = "write what it is ahead of UTC, as in \"+02:00\", or \"local\" for the clock of this machine";
    parsed.ok_or_else(|| ConfigFault::new(format!("{shown:?} is no time zone"), remedy))
}

fn name(entry: &RawEntry) -> Result<String, ConfigFault> {
    let name = text(entry)?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.len() <= 64 && name.chars().all(allowed) && name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Ok(name);
    }
    let remedy = "begin with a letter or digit and go on with letters, digits, '_', '-' and '.', at most 64";
    Err(ConfigFault::new("is not a plain name", remedy))
}

fn severity(entry: &RawEntry) -> Result<String, ConfigFault> {
    let typed = text(entry)?;
    one_of(&typed, &SEVERITIES, "a severity")
}

fn severity_or_none(entry: &RawEntry) -> Result<String, ConfigFault> {
    let typed = text(entry)?;
    one_of(&typed, &["info", "warning", "critical", "none"], "a severity or \"none\"")
}

fn kinds(entry: &RawEntry) -> Result<Vec<String>, ConfigFault> {
    list(entry)?.iter().map(|kind| one_of(kind, &NOTIFIED_KINDS, "a kind of incident")).collect()
}

/// Beginnings of names.
fn prefixes(entry: &RawEntry) -> Result<Vec<String>, ConfigFault> {
    let prefixes = list(entry)?;
    let is_good = |prefix: &String| !prefix.is_empty() && prefix.len() <= 200 && !prefix.contains(['*', '?']);
    match prefixes.iter().find(|prefix| !is_good(prefix)) {
        _ if prefixes.len() > MOST => {
            Err(ConfigFault::new(format!("has {} entries", prefixes.len()), format!("name at most {MOST}")))
        }
        Some(bad) => {
            let shown: String = bad.chars().take(40).collect();
            let remedy = "write how names begin, without * and ?: [\"studio/\", \"gate\"]";
            Err(ConfigFault::new(format!("{shown:?} is not the beginning of a name"), remedy))
        }
        None => Ok(prefixes),
    }
}

fn window(entry: &RawEntry) -> Result<UploadWindow, ConfigFault> {
    let typed = text(entry)?;
    UploadWindow::parse(&typed).ok_or_else(|| {
        let shown: String = typed.chars().take(40).collect();
        let remedy = "write two times by the clock of notify.time_zone, as in \"22:00-06:00\"";
        ConfigFault::new(format!("{shown:?} is no stretch of a day"), remedy)
    })
}

fn length(entry: &RawEntry) -> Result<MessageLength, ConfigFault> {
    let typed = text(entry)?;
    let word = one_of(&typed, &["short", "long"], "a length")?;
    Ok(if word == "short" { MessageLength::Short } else { MessageLength::Long })
}

fn line(entry: &RawEntry) -> Result<String, ConfigFault> {
    let typed = text(entry)?;
    if typed.len() > LONGEST_LINE || typed.chars().any(char::is_control) {
        return Err(ConfigFault::new("is no line", format!("write one line of at most {LONGEST_LINE} bytes")));
    }
    crate::base::placeholders::check(&typed).map_err(|why| {
        let known = crate::base::placeholders::NAMES.map(|name| format!("{{{name}}}")).join(" ");
        ConfigFault::new(why, format!("write text with any of {known}"))
    })?;
    Ok(typed)
}
