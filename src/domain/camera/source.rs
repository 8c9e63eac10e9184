//! A row that has passed every check: what ffmpeg gets, and what may be shown of it.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

use crate::base::source_url::{self as url, Scheme};
use crate::base::stable_hash::fnv1a;
use crate::base::{Error, Result, redact};
use crate::domain::name::StreamName;

use super::CameraRow;
use super::destination::Destination;
use super::template::{self, Values};
use super::words::{AudioPolicy, Transport, quoted};

/// URL template of each kind.
pub type Kinds = BTreeMap<String, String>;

/// Longest text of a column other than `url` and `name`, in bytes.
const LONGEST: usize = 256;

/// A checked camera.
#[derive(Clone, Debug)]
pub struct CameraSource {
    /// Primary key of the row.
    pub id: i64,
    /// Path to publish under.
    pub name: StreamName,
    /// Where ffmpeg reads; may hold credentials.
    pub url: SecretString,
    /// The URL as everybody may see it.
    pub shown: String,
    /// Its protocol.
    pub scheme: Scheme,
    /// Its host, lower case, without port: the key of the per-host start budget.
    pub host: String,
    /// RTSP only.
    pub transport: Transport,
    /// Sound.
    pub audio: AudioPolicy,
    /// Texts that no log may show.
    pub secrets: Vec<SecretString>,
}

impl CameraSource {
    /// Checks a row against the known kinds. The error names the column at fault, in words for people.
    pub fn from_row(row: &CameraRow, kinds: &Kinds) -> Result<Self> {
        let name = name_of(&row.name)?;
        let transport = filled(row.transport.as_deref()).map_or(Ok(Transport::default()), str::parse)?;
        let audio = filled(row.audio.as_deref()).map_or(Ok(AudioPolicy::default()), str::parse)?;
        let url = with_lower_scheme(url_for(row, kinds)?);
        let parts = url::read(&url, "url")?;
        let (scheme, host) = (parts.scheme, parts.host.clone());
        // Of RTSP alone: elsewhere the column changes nothing.
        let transport = if matches!(scheme, Scheme::Rtsp | Scheme::Rtsps) { transport } else { Transport::default() };
        let shown = shown(&url, &parts, &secrets(row, parts.userinfo, ""));
        let secrets = secrets(row, parts.userinfo, parts.rest);
        Ok(Self { id: row.id, name, url: url.into(), shown, scheme, host, transport, audio, secrets })
    }

    /// Whether it was given anything to log in with.
    pub fn has_login(&self) -> bool {
        self.shown.contains("***")
    }

    /// Whether its URL has no path, as that of the kind `generic`.
    pub fn has_no_path(&self) -> bool {
        let place = self.shown.split_once("://").map_or("", |(_, place)| place);
        place.split_once('/').is_none_or(|(_, path)| path.is_empty())
    }

    /// Whether it calls us, so that nobody can look at it without taking its call.
    pub fn calls_us(&self) -> bool {
        let query = self.shown.split_once('?').map_or("", |(_, query)| query);
        self.scheme == Scheme::Srt && query.split('&').any(|pair| pair == "mode=listener")
    }

    /// Where it is read, without credentials: equal when only those differ.
    pub fn place(&self) -> String {
        self.shown.replacen("://***@", "://", 1)
    }

    /// The port that is called; `None` where the protocol has none of its own.
    pub fn port(&self) -> Option<u16> {
        let port = url::read(self.url.expose_secret(), "url").ok().and_then(|parts| parts.port);
        port.or(self.scheme.default_port())
    }

    /// Whether a running ffmpeg of `self` would be started the same way for `other`, whatever sound the camera has.
    pub fn runs_like(&self, other: &Self) -> bool {
        self.audio == other.audio && self.runs_like_but_for_sound(other)
    }

    /// The same for somebody who knows what becomes of the sound. The id of the row makes no difference.
    pub fn runs_like_but_for_sound(&self, other: &Self) -> bool {
        let Self { id: _, name, url, shown: _, scheme: _, host: _, transport, audio: _, secrets: _ } = self;
        (name, transport) == (&other.name, &other.transport) && url.expose_secret() == other.url.expose_secret()
    }

    /// What a look at this source is kept under. Made of what everybody may see, so that it tells nothing of a password:
    /// another password does not change what a camera sends. It is kept in databases, so it must never change.
    pub fn fingerprint(&self) -> String {
        let transport = if self.transport == Transport::Udp { "udp" } else { "" };
        format!("{:016x}", fnv1a([self.shown.as_str(), transport]))
    }
}

/// The path. Who wrote a text for people there is told where that goes.
fn name_of(name: &str) -> Result<StreamName> {
    let is_for_people =
        !name.chars().any(char::is_control) && name.contains(|c: char| c == ' ' || c.is_alphabetic() && !c.is_ascii());
    StreamName::parse(name).map_err(|error| match is_for_people {
        true => Error::invalid("name", format!("{}; a text for people goes into label", error.message())),
        false => error,
    })
}

/// What is called for a row, with its credentials.
fn url_for(row: &CameraRow, kinds: &Kinds) -> Result<String> {
    match filled(row.url.as_ref().map(ExposeSecret::expose_secret)) {
        Some(own) => with_credentials(own, row),
        None => from_template(row, kinds),
    }
}

/// Where the row's password is sent; `None` for a row that comes to no URL.
pub(super) fn destination(row: &CameraRow, kinds: &Kinds) -> Option<Destination> {
    let url = url_for(row, kinds).ok()?;
    let parts = url::read(&url, "url").ok()?;
    let is_own = filled(row.url.as_ref().map(ExposeSecret::expose_secret)).is_some();
    Some(Destination {
        scheme: parts.scheme,
        port: parts.port.or(parts.scheme.default_port()),
        kind: (!is_own).then(|| row.kind.trim().to_ascii_lowercase()),
        hidden: parts.rest.contains('@'),
        host: parts.host,
    })
}

/// Host of a row as far as it can be told, for display: of the row's own URL, else of its column.
pub(super) fn host_of(row: &CameraRow) -> Option<String> {
    match filled(row.url.as_ref().map(ExposeSecret::expose_secret)) {
        Some(own) => url::read(own, "url").ok().map(|parts| parts.host),
        None => filled(row.host.as_deref()).filter(|host| url::check_host(host).is_ok()).map(str::to_owned),
    }
}

/// The row's own URL as everybody may see it.
pub(super) fn url_of(row: &CameraRow) -> Option<String> {
    let own = filled(row.url.as_ref().map(ExposeSecret::expose_secret))?;
    if let Ok(parts) = url::read(own, "url") {
        return Some(shown(own, &parts, &secrets(row, parts.userinfo, "")));
    }
    // Nobody knows where in it a password would be.
    let lower = own.to_ascii_lowercase();
    let tells =
        ["@", "=", "pass", "pwd"].iter().any(|word| lower.contains(word)) || holds(own, &secrets(row, None, ""));
    Some(if tells { hidden_behind_scheme(own) } else { own.to_owned() })
}

/// The column `host` as everybody may see it: people write `user:password@host` into it, and whole URLs.
pub(super) fn host_column_of(row: &CameraRow) -> Option<String> {
    let tells = |host: &str| host.contains(['@', '=', '/']) || holds(host, &secrets(row, None, ""));
    row.host.as_deref().map(|host| if tells(host) { hidden_behind_scheme(host) } else { host.to_owned() })
}

fn hidden_behind_scheme(text: &str) -> String {
    match text.split_once("://") {
        Some((scheme, _)) if Scheme::parse(scheme).is_some() => format!("{scheme}://***"),
        _ => "***".to_owned(),
    }
}

/// The template of a kind, whatever its capitals and the blanks around it.
fn template_of<'a>(kind: &str, kinds: &'a Kinds) -> Option<&'a String> {
    let kind = kind.trim();
    kinds.get(kind).or_else(|| kinds.iter().find(|(name, _)| name.eq_ignore_ascii_case(kind)).map(|(_, found)| found))
}

/// ffmpeg knows its protocols by their small letters.
fn with_lower_scheme(url: String) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => format!("{}://{rest}", scheme.to_ascii_lowercase()),
        None => url,
    }
}

/// Blank columns count as empty: people type them.
fn filled(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

/// A column that ends up in a URL.
fn column<'a>(field: &str, text: Option<&'a str>) -> Result<Option<&'a str>> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    if text.len() > LONGEST {
        return Err(Error::invalid(field, format!("has {} bytes, at most {LONGEST} are allowed", text.len())));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::invalid(field, "holds a control character (a line end, a NUL); remove it"));
    }
    Ok(Some(text))
}

fn from_template(row: &CameraRow, kinds: &Kinds) -> Result<String> {
    let template = template_of(&row.kind, kinds).ok_or_else(|| {
        let known = kinds.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let kind = quoted(&row.kind);
        Error::invalid(
            "kind",
            format!("{kind} is not a known kind of camera; known are {known}; or write the url column"),
        )
    })?;
    let host = filled(column("host", row.host.as_deref())?)
        .ok_or_else(|| Error::invalid("host", "is empty; write the camera's name or address, or its whole url"))?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    url::check_host(host).map_err(|text| Error::invalid("host", text))?;
    let port = row.port.map(|port| {
        u16::try_from(port).ok().filter(|port| *port > 0).ok_or_else(|| {
            let what = match port {
                CameraRow::NOT_A_NUMBER => match &row.port_text {
                    Some(text) => format!("{} is not a number", quoted(text)),
                    None => "holds something that is not a number".to_owned(),
                },
                port => format!("{port} is not a port"),
            };
            Error::invalid("port", format!("{what}; use a number from 1 to 65535, or leave it empty"))
        })
    });
    let values = Values {
        host: Some(host),
        port: port.transpose()?,
        username: column("username", row.username.as_deref())?,
        password: column("password", row.password.as_ref().map(ExposeSecret::expose_secret))?,
        channel: filled(column("channel", row.channel.as_deref())?),
        substream: filled(column("substream", row.substream.as_deref())?),
    };
    let url = template::fill(template, &values)?;
    // The password was entered beside this host.
    if values.password.is_some() && template::takes_password(template) {
        let called = url::read(&url, "url")?.host;
        if !called.eq_ignore_ascii_case(host) {
            let sentence = "the kind's url_template names a host of its own, and the stored password is for the host of \
                            this row; write {host} into the template, or the camera's whole address into url";
            return Err(Error::invalid("kind", sentence));
        }
    }
    Ok(url)
}

/// The row's own URL; credentials in their columns are put into a URL that has none.
fn with_credentials(own: &str, row: &CameraRow) -> Result<String> {
    let parts = url::read(own, "url")?;
    let takes_userinfo = !matches!(parts.scheme, Scheme::Srt | Scheme::Udp);
    let username = column("username", row.username.as_deref())?;
    let password = column("password", row.password.as_ref().map(ExposeSecret::expose_secret))?;
    let in_query = matches!(parts.scheme, Scheme::Rtmp | Scheme::Rtmps);
    if let (true, None, Some(username)) = (in_query, parts.userinfo, username) {
        return Ok(with_credentials_in_query(own, parts.rest, username, password.unwrap_or_default()));
    }
    let Some((scheme, rest)) = own.split_once("://").filter(|_| takes_userinfo) else { return Ok(own.to_owned()) };
    Ok(match (parts.userinfo, username) {
        (None, Some(_)) => format!("{scheme}://{}{rest}", template::credentials(username, password)),
        // Without the ':' of an empty password ffmpeg sends no login at all.
        (Some(user), _) if !user.is_empty() && !user.contains(':') => {
            format!("{scheme}://{user}:{}", &rest[user.len()..])
        }
        _ => own.to_owned(),
    })
}

/// RTMP has no login of its own, and servers look for one in the query: MediaMTX as `user` and `pass`, cameras by Reolink as
/// `user` and `password`. (`rtmp://user:password@` is Adobe's login, which neither knows; a URL that has it is left alone.)
fn with_credentials_in_query(own: &str, rest: &str, username: &str, password: &str) -> String {
    let query = rest.split_once('?').map(|(_, query)| query);
    let names = |key: &str| query.is_some_and(|query| query.split('&').any(|pair| pair.starts_with(key)));
    if names("user=") {
        return own.to_owned();
    }
    let (username, password) = (template::encode(username), template::encode(password));
    let joint = if query.is_some() { '&' } else { '?' };
    format!("{own}{joint}user={username}&pass={password}&password={password}")
}

/// Everything of a row and its URL that may be a password, as it is written and as it is meant. `rest`: path and query.
fn secrets(row: &CameraRow, userinfo: Option<&str>, rest: &str) -> Vec<SecretString> {
    let password = row.password.iter().map(|password| password.expose_secret().to_owned());
    let mut written: Vec<&str> =
        userinfo.and_then(|userinfo| userinfo.split_once(':')).map(|(_, password)| password).into_iter().collect();
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    if names_one(path) {
        // Whole, and what follows each `=`: ffmpeg may quote a part.
        written.push(path.trim_start_matches('/'));
        written.extend(path.split('/').filter(|part| redact::looks_like_token(part)));
        written.extend(path.split(['/', '&', ';', '_']).filter_map(|part| part.split_once('=')).filter_map(credential));
    }
    written.extend(query.split('&').filter_map(|pair| pair.split_once('=')).filter_map(credential));
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    // An empty one is found in every text and hides nothing.
    let mut all: Vec<String> = password.filter(|password| !password.is_empty()).collect();
    for text in written.into_iter().flat_map(|text| [text.to_owned(), decoded(text)]) {
        if !text.is_empty() && !all.contains(&text) {
            all.push(text);
        }
    }
    all.into_iter().map(SecretString::from).collect()
}

fn credential<'a>((key, value): (&str, &'a str)) -> Option<&'a str> {
    redact::names_credential(key).then_some(value)
}

/// Whether a path holds what looks like a password.
fn names_one(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    ["pass", "pwd", "token=", "secret=", "key=", "auth="].iter().any(|word| lower.contains(word))
        || path.split('/').any(redact::looks_like_token)
}

/// The URL without its credentials. Some cameras take them in the path (`/user=admin_password=x_channel=1`, a token): such a
/// path is not shown.
fn shown(url: &str, parts: &url::UrlParts<'_>, secrets: &[SecretString]) -> String {
    let start = &url[..url.len() - parts.rest.len()];
    let (scheme, authority) = start.split_once("://").unwrap_or_default();
    let place = match authority.rsplit_once('@') {
        Some(("", place)) => format!("@{place}"),
        Some((_, place)) => format!("***@{place}"),
        None => authority.to_owned(),
    };
    let (path, query) = match parts.rest.split_once('?') {
        Some((path, query)) if !holds(query, secrets) => (path, format!("?{}", redact::query(query))),
        Some((path, _)) => (path, "?***".to_owned()),
        None => (parts.rest, String::new()),
    };
    if path.contains('@') {
        // Perhaps the end of a password with a bare '/', and then what looks like the host is its beginning.
        return format!("{scheme}://***");
    }
    let path = if names_one(path) || holds(path, secrets) { "/***" } else { path };
    format!("{scheme}://{place}{path}{query}")
}

/// Whether a part of a URL holds one of these texts, as it is or percent-encoded.
fn holds(part: &str, secrets: &[SecretString]) -> bool {
    let mut texts = secrets.iter().map(ExposeSecret::expose_secret);
    texts.any(|text| part.contains(text) || part.contains(&template::encode(text)))
}

#[cfg(test)]
mod tests;
