//! `health.platforms`: platforms that streams are sent to, each with a token.

use secrecy::SecretString;
use url::{Host, Url};

use super::checker::Checker;
use super::health_name::name;
use super::health_targets::{HOUR, SECOND};
use super::urls::with_host;
use super::values::{duration, list, one_of, text};
use crate::config::complaint::ConfigFault;
use crate::config::raw::RawEntry;
use crate::config::settings::PlatformSettings;

const LIST: &str = "health.platforms";
const MOST: usize = 20;
/// Of one platform; each has series of its own.
const MOST_EVENTS: usize = 50;
const KINDS: [&str; 1] = ["vimeo"];
const VIMEO: &str = "https://api.vimeo.com";

/// All of them that are right; what is wrong with the others has been complained of.
pub(super) fn platforms(check: &mut Checker<'_>) -> Vec<PlatformSettings> {
    let count = check.raw.items(LIST);
    if count > MOST {
        check.complain(LIST, ConfigFault::new(format!("holds {count} platforms"), format!("keep {MOST} at most")));
    }
    let mut platforms: Vec<PlatformSettings> = Vec::new();
    let given = (0..count.min(MOST)).filter(|index| check.raw.mentions(&format!("{LIST}[{index}].")));
    for index in given.collect::<Vec<_>>() {
        let Some(platform) = one(check, index) else { continue };
        if platforms.iter().any(|earlier| earlier.name == platform.name) {
            let fault = format!("{:?} is the name of another platform too", platform.name);
            check.complain(
                &format!("{LIST}[{index}].name"),
                ConfigFault::new(fault, "give every platform its own name"),
            );
        }
        platforms.push(platform);
    }
    platforms
}

fn one(check: &mut Checker<'_>, index: usize) -> Option<PlatformSettings> {
    let key = |name: &str| format!("{LIST}[{index}].{name}");
    let kind = check.read(&key("kind"), |entry| one_of(&text(entry)?, &KINDS, "a platform"));
    let is_named = check.is_given(&key("name"));
    let name = check.read(&key("name"), name).or_else(|| (!is_named).then(|| "vimeo".to_owned()));
    let token = check.read(&key("token"), token);
    if token.is_none() && !check.is_given(&key("token")) {
        let remedy =
            "make one with the scopes public, private and stats in your account, and name its file in token_file";
        check.complain(&key("token"), ConfigFault::new("is missing", remedy));
    }
    let url = match check.read(&key("url"), interface) {
        Some(url) => Some(url),
        None => Url::parse(VIMEO).ok(),
    };
    let events = check.read(&key("events"), events).unwrap_or_default();
    let interval = check.read(&key("interval"), |entry| duration(entry, 10 * SECOND..=HOUR)).unwrap_or(60 * SECOND);
    Some(PlatformSettings {
        name: name?,
        kind: kind.unwrap_or_else(|| "vimeo".to_owned()),
        url: url?,
        token: token?,
        events,
        interval,
    })
}

/// The token goes there with each request: nobody on the way may read it.
fn interface(entry: &RawEntry) -> Result<Url, ConfigFault> {
    let url = with_host(entry, &["https", "http"], VIMEO, "write the token into the key token")?;
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if url.scheme() == "https" || is_here {
        return Ok(url);
    }
    Err(ConfigFault::new("would send the token in clear over the network", format!("write it like {VIMEO}")))
}

/// What goes into a header. The value is never repeated: it is a secret.
fn token(entry: &RawEntry) -> Result<SecretString, ConfigFault> {
    let typed = text(entry)?;
    let typed = typed.trim();
    if typed.len() > 4_096 || !typed.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(ConfigFault::new("is not a token", "write letters, digits and punctuation without spaces"));
    }
    Ok(SecretString::from(typed.to_owned()))
}

fn events(entry: &RawEntry) -> Result<Vec<String>, ConfigFault> {
    let ids = list(entry)?;
    let remedy = "write the numbers that stand in the addresses of the events: [\"1234567\"]";
    if ids.len() > MOST_EVENTS {
        return Err(ConfigFault::new(format!("names {} events", ids.len()), format!("name {MOST_EVENTS} at most")));
    }
    match ids.iter().find(|id| id.is_empty() || id.len() > 20 || !id.bytes().all(|byte| byte.is_ascii_digit())) {
        Some(bad) => {
            let shown: String = bad.chars().take(40).collect();
            Err(ConfigFault::new(format!("{shown:?} is not the id of an event"), remedy))
        }
        None => Ok(ids),
    }
}
