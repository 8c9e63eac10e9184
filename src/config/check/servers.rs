//! `servers`: at least one, names and API URLs unique.

use secrecy::SecretString;
use url::Url;

use super::certificates::trust;
use super::checker::Checker;
use super::urls;
use super::values::text;
use crate::config::complaint::ConfigFault;
use crate::config::raw::RawEntry;
use crate::config::settings::ServerSettings;

const API_EXAMPLE: &str = "http://127.0.0.1:9997";
const RTSP_EXAMPLE: &str = "rtsp://127.0.0.1:8554";

/// Port MediaMTX listens on for RTSP unless told otherwise.
const RTSP_PORT: u16 = 8554;

const HLS_EXAMPLE: &str = "https://media.example.org:8888";
const WEBRTC_EXAMPLE: &str = "https://media.example.org:8889";

/// Longest name of a server; it becomes part of folders and keys.
const LONGEST_NAME: usize = 64;

/// All servers; with none configured, the MediaMTX of this machine under the name `main`.
pub(super) fn all(check: &mut Checker<'_>) -> Vec<ServerSettings> {
    let count = check.raw.items("servers").max(1);
    let silent = |index: &usize| *index > 0 && !check.raw.mentions(&format!("servers[{index}]."));
    if let Some(index) = (0..count).find(silent) {
        let fault = ConfigFault::new("says nothing", "give it name and api_url, and number the servers without a gap");
        check.complain(&format!("servers[{index}]"), fault);
        return Vec::new();
    }
    let mut servers: Vec<ServerSettings> = Vec::new();
    for index in 0..count {
        let Some(server) = one(check, index) else { continue };
        if servers.iter().any(|earlier| earlier.name == server.name) {
            let fault = ConfigFault::new(
                format!("{:?} is the name of another server too", server.name),
                "give every server its own name",
            );
            check.complain(&format!("servers[{index}].name"), fault);
        }
        if let Some(same) = servers.iter().find(|earlier| earlier.api_url == server.api_url) {
            let fault = format!("is the API of {:?} too, so every stream would count twice", same.name);
            check
                .complain(&format!("servers[{index}].api_url"), ConfigFault::new(fault, "keep one of the two servers"));
        }
        servers.push(server);
    }
    servers
}

/// One server; `None` when name or API are wrong, which has been complained of.
fn one(check: &mut Checker<'_>, index: usize) -> Option<ServerSettings> {
    let key = |name: &str| format!("servers[{index}].{name}");
    let typed = check.read(&key("name"), name);
    let name = required(check, &key("name"), typed, index, || "main".to_owned());
    let typed = check.read(&key("api_url"), |entry| urls::api(entry, API_EXAMPLE));
    let api_url = required(check, &key("api_url"), typed, index, || parsed(API_EXAMPLE));
    let rtsp_url = check.read(&key("rtsp_url"), |entry| urls::rtsp(entry, RTSP_EXAMPLE));
    let hls_url = check.read(&key("hls_url"), |entry| urls::player(entry, HLS_EXAMPLE));
    let webrtc_url = check.read(&key("webrtc_url"), |entry| urls::player(entry, WEBRTC_EXAMPLE));
    let (api_username, api_password) = account(check, &key("api_username"), &key("api_password"));
    let api_trust = trust(check, |name| key(&format!("api_{name}")), "api_url", "https", api_url.as_ref());
    let plain = (!check.is_given(&key("rtsp_url"))).then(|| parsed(RTSP_EXAMPLE));
    let rtsp_trust =
        trust(check, |name| key(&format!("rtsp_{name}")), "rtsp_url", "rtsps", rtsp_url.as_ref().or(plain.as_ref()));
    let (publish_username, publish_password) = account(check, &key("publish_username"), &key("publish_password"));
    let (name, api_url) = (name?, api_url?);
    let rtsp_url = rtsp_url.unwrap_or_else(|| beside(&api_url));
    Some(ServerSettings {
        name,
        api_url,
        rtsp_url,
        hls_url,
        webrtc_url,
        api_username,
        api_password,
        api_trust,
        rtsp_trust,
        publish_username,
        publish_password,
    })
}

/// The default of a key counts for the first server only: a second one that forgot its URL is not the first again.
fn required<T>(
    check: &mut Checker<'_>,
    key: &str,
    value: Option<T>,
    index: usize,
    default: impl FnOnce() -> T,
) -> Option<T> {
    if value.is_some() || check.is_given(key) {
        return value;
    }
    if index == 0 {
        return Some(default());
    }
    check.complain(key, ConfigFault::new("is missing", "only the first server has defaults: write this key"));
    None
}

fn name(entry: &RawEntry) -> Result<String, ConfigFault> {
    let name = text(entry)?;
    let remedy = "use letters, digits, '_' and '-', at most 64";
    if let Some(bad) = name.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))) {
        return Err(ConfigFault::new(format!("holds {bad:?}"), remedy));
    }
    if name.len() > LONGEST_NAME {
        return Err(ConfigFault::new(format!("has {} letters", name.len()), remedy));
    }
    Ok(name)
}

/// The name of a server that is configured.
pub(super) fn server_name(entry: &RawEntry, servers: &[ServerSettings]) -> Result<String, ConfigFault> {
    let name = text(entry)?;
    // With no server left the servers themselves have been complained of.
    if servers.is_empty() || servers.iter().any(|server| server.name == name) {
        return Ok(name);
    }
    let known: Vec<_> = servers.iter().map(|server| server.name.as_str()).collect();
    let shown: String = name.chars().take(64).collect();
    Err(ConfigFault::new(
        format!("{shown:?} is not the name of a server"),
        format!("known servers: {}", known.join(", ")),
    ))
}

/// Username and password: both or neither.
fn account(check: &mut Checker<'_>, user_key: &str, password_key: &str) -> (Option<String>, Option<SecretString>) {
    let user = check.read(user_key, text);
    let password = check.read(password_key, text).map(SecretString::from);
    for (given, missing) in [(user_key, password_key), (password_key, user_key)] {
        if check.is_given(given) && !check.is_given(missing) {
            let part = missing.rsplit('.').next().unwrap_or(missing);
            check.complain(given, ConfigFault::new(format!("is given without {part}"), "give both, or neither"));
        }
    }
    (user, password)
}

/// RTSP on its usual port of the host that answers the API.
fn beside(api_url: &Url) -> Url {
    let host = api_url.host_str().unwrap_or("127.0.0.1");
    parsed(&format!("rtsp://{host}:{RTSP_PORT}"))
}

fn parsed(url: &str) -> Url {
    Url::parse(url).expect("made of a constant and a host that came out of a URL")
}
