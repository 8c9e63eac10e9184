//! URL templates of camera kinds: a new kind of camera is a row, not code.
//!
//! `{host} {port} {username} {password} {channel} {substream}` stand for the camera's columns, percent-encoded;
//! `{port=554}` gives the value where the column is empty; `{channel=01}` also says that a channel has two digits. Without a user name the credentials go, `@` and all; without
//! a port (and default) the `:` before it goes.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::CameraRow;
use crate::base::{Error, ErrorKind, Result, source_url};

/// Everything but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const WORDS: &str = "{host} {port} {username} {password} {channel} {substream}";

/// Longest word of a kind and longest template, in bytes.
const LONGEST_KIND: usize = 64;
const LONGEST_TEMPLATE: usize = 1_024;

/// The values a template may ask for, as they are in the row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Values<'a> {
    pub(super) host: Option<&'a str>,
    pub(super) port: Option<u16>,
    pub(super) username: Option<&'a str>,
    pub(super) password: Option<&'a str>,
    pub(super) channel: Option<&'a str>,
    pub(super) substream: Option<&'a str>,
}

/// The password of [`MARKED`]. Nothing of it is encoded.
const MARK: &str = "from-the-column";

/// A camera that has everything a template may ask for.
const MARKED: Values<'static> = Values {
    host: Some("camera.example"),
    port: Some(554),
    username: Some("user"),
    password: Some(MARK),
    channel: Some("1"),
    substream: Some("1"),
};

/// One text in a URL.
pub(super) fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// `user:password@` or nothing, encoded. An empty password is one: without the `:` ffmpeg sends no login at all.
pub(super) fn credentials(username: Option<&str>, password: Option<&str>) -> String {
    username.map_or(String::new(), |user| format!("{}:{}@", encode(user), encode(password.unwrap_or_default())))
}

/// Checks a template as it is when somebody saves it: known placeholders, and a URL comes out for a plain camera.
pub fn check_template(template: &str) -> Result<()> {
    source_url::read(&fill(template, &MARKED)?, "urlTemplate").map(|_| ())
}

/// Checks a kind as it is when somebody saves it: its word, and its template as [`check_template`]. The error names `kind`
/// or `urlTemplate`.
pub fn check_kind(kind: &str, template: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if kind.is_empty() || kind.len() > LONGEST_KIND || !kind.chars().all(plain) {
        let sentence = format!("is no word for a kind: use a-z, 0-9 and '-', at most {LONGEST_KIND} of them");
        return Err(Error::invalid("kind", sentence));
    }
    if template.len() > LONGEST_TEMPLATE {
        let sentence = format!("has {} bytes, at most {LONGEST_TEMPLATE} are allowed", template.len());
        return Err(Error::invalid("urlTemplate", sentence));
    }
    check_template(template).map_err(|error| Error::invalid("urlTemplate", error.message()))?;
    if takes_password(template) && !names_its_camera(template)? {
        let sentence = "takes {password} and names a host of its own, so that the passwords of all cameras of this kind \
                        would go there; write {host}, or a camera's whole address into its url column";
        return Err(Error::invalid("urlTemplate", sentence));
    }
    if holds_password(template)? {
        let sentence = "holds a password, and everybody may read templates; write {password}, and the camera's own into \
                        its column";
        return Err(Error::invalid("urlTemplate", sentence));
    }
    Ok(())
}

/// Whether a camera's password becomes part of the URL. Seen by filling it, so that no way of writing it is forgotten.
pub(super) fn takes_password(template: &str) -> bool {
    fill(template, &MARKED).is_ok_and(|url| url.contains(MARK))
}

/// Whether the host that is called is the camera's own.
fn names_its_camera(template: &str) -> Result<bool> {
    for host in ["camera.example", "other.example"] {
        let values = Values { host: Some(host), ..MARKED };
        if source_url::read(&fill(template, &values)?, "urlTemplate")?.host != host {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a password is written into the template itself.
fn holds_password(template: &str) -> Result<bool> {
    let url = fill(template, &MARKED)?;
    let parts = source_url::read(&url, "urlTemplate")?;
    let in_login = parts.userinfo.and_then(|login| login.split_once(':')).map(|(_, password)| password);
    let pairs = parts.rest.split(['/', '?', '&', ';', '_']).filter_map(|part| part.split_once('='));
    let named = pairs.filter(|(key, _)| ["pass", "pwd"].iter().any(|word| key.to_ascii_lowercase().contains(word)));
    let mut written = in_login.into_iter().chain(named.map(|(_, value)| value));
    Ok(written.any(|text| !text.is_empty() && !text.contains(MARK)))
}

/// Whether a kind may be deleted: no camera must need it. `Conflict` says how many do.
pub fn check_unused(kind: &str, rows: &[CameraRow]) -> Result<()> {
    match rows.iter().filter(|row| row.kind.trim().eq_ignore_ascii_case(kind.trim())).count() {
        0 => Ok(()),
        users => {
            let sentence = format!(
                "cameras of this kind: {users}; give them another kind first, those with a url of their own too"
            );
            Err(Error::new(ErrorKind::Conflict, sentence))
        }
    }
}

/// A number as long as its default where that begins with 0: `{channel=01}` makes 01 of 1.
fn padded(value: &str, default: Option<&str>) -> String {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match default {
        Some(default) if default.starts_with('0') && is_number(default) && is_number(value) => {
            format!("{value:0>width$}", width = default.len())
        }
        _ => value.to_owned(),
    }
}

/// Fills a template. An error names the missing column, or says that the template is at fault (field `kind`).
pub(super) fn fill(template: &str, values: &Values<'_>) -> Result<String> {
    const CREDENTIALS: &str = "username}:{password}@";
    let mut url = String::with_capacity(template.len() + 64);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        url.push_str(before);
        if let Some(tail) = after.strip_prefix(CREDENTIALS) {
            url.push_str(&credentials(values.username, values.password));
            rest = tail;
            continue;
        }
        let (inside, tail) = after
            .split_once('}')
            .ok_or_else(|| Error::invalid("kind", "the kind's url_template has a '{' without its '}'"))?;
        let (word, default) = match inside.split_once('=') {
            Some((word, default)) => (word, Some(default)),
            None => (inside, None),
        };
        let value = match word {
            "host" => values.host.map(|host| if host.contains(':') { format!("[{host}]") } else { host.to_owned() }),
            "port" => values.port.map(|port| port.to_string()),
            "username" => values.username.map(encode),
            // A user name without a password has an empty one: the factory state of many cameras.
            "password" => values.password.or(values.username.map(|_| "")).map(encode),
            "channel" => values.channel.map(|channel| encode(&padded(channel, default))),
            "substream" => values.substream.map(encode),
            _ => return Err(Error::invalid("kind", format!("the kind's url_template may hold {WORDS} and no other"))),
        };
        match value.or_else(|| default.map(str::to_owned)) {
            Some(value) => url.push_str(&value),
            None if word == "port" && url.ends_with(':') => {
                url.pop();
            }
            None => return Err(Error::invalid(word, format!("is empty, and cameras of this kind need their {word}"))),
        }
        rest = tail;
    }
    url.push_str(rest);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HIKVISION: &str =
        "rtsp://{username}:{password}@{host}:{port=554}/Streaming/Channels/{channel=1}0{substream=1}";

    const REOLINK: &str = "rtsp://{host}/Preview_{channel=01}_{substream=main}";

    #[test]
    fn templates_are_filled() {
        let host = Values { host: Some("10.0.0.9"), ..Values::default() };
        let table = [
            (HIKVISION, host, "rtsp://10.0.0.9:554/Streaming/Channels/101"),
            (HIKVISION, Values { username: Some("a"), ..host }, "rtsp://a:@10.0.0.9:554/Streaming/Channels/101"),
            (
                "rtsp://{host}/user={username}_password={password}_channel=1",
                Values { username: Some("admin"), ..host },
                "rtsp://10.0.0.9/user=admin_password=_channel=1",
            ),
            (
                HIKVISION,
                Values {
                    username: Some("ad min"),
                    password: Some("p@:/?#%'\"ü"),
                    port: Some(8554),
                    channel: Some("3"),
                    substream: Some("2"),
                    ..host
                },
                "rtsp://ad%20min:p%40%3A%2F%3F%23%25%27%22%C3%BC@10.0.0.9:8554/Streaming/Channels/302",
            ),
            ("rtsp://{host}:{port}/x", host, "rtsp://10.0.0.9/x"),
            (REOLINK, host, "rtsp://10.0.0.9/Preview_01_main"),
            (REOLINK, Values { channel: Some("1"), ..host }, "rtsp://10.0.0.9/Preview_01_main"),
            (REOLINK, Values { channel: Some("02"), ..host }, "rtsp://10.0.0.9/Preview_02_main"),
            (REOLINK, Values { channel: Some("12"), ..host }, "rtsp://10.0.0.9/Preview_12_main"),
            (REOLINK, Values { channel: Some("x"), ..host }, "rtsp://10.0.0.9/Preview_x_main"),
            ("rtsp://{host}/x", Values { host: Some("fe80::1"), ..host }, "rtsp://[fe80::1]/x"),
            (
                "http://{host}/?u={username}&p={password}",
                Values { username: Some("a&b"), password: Some("c"), ..host },
                "http://10.0.0.9/?u=a%26b&p=c",
            ),
            ("rtsp://{host}/{channel}", Values { channel: Some("../x"), ..host }, "rtsp://10.0.0.9/..%2Fx"),
        ];
        for (template, values, wanted) in table {
            assert_eq!(fill(template, &values).expect(template), wanted);
        }
    }

    #[test]
    fn faults_name_the_column_or_the_template() {
        let none = Values::default();
        for (template, field) in [
            (HIKVISION, "host"),
            ("rtsp://h/{channel}", "channel"),
            ("rtsp://h/?u={username}", "username"),
            ("rtsp://h/{token}", "kind"),
            ("rtsp://{credentials}h/", "kind"),
            ("rtsp://h/{host", "kind"),
        ] {
            assert_eq!(fill(template, &none).expect_err(template).field(), Some(field), "{template}");
        }
        assert!(check_template(HIKVISION).is_ok());
        for bad in ["file:///{host}", "{host}", "rtsp://{host}/{x}", "rtsp://{host}/a b", ""] {
            assert!(check_template(bad).is_err(), "{bad}");
            assert_eq!(check_kind("acme", bad).expect_err(bad).field(), Some("urlTemplate"), "{bad}");
        }
        assert!(check_kind("acme-2", HIKVISION).is_ok());
        assert!(check_kind("acme", "rtsp://203.0.113.9/{channel}").is_ok(), "no password goes there");
        let hidden = "rtsp://{credentials}203.0.113.9:23009/";
        assert_eq!(check_kind("acme", hidden).expect_err(hidden).field(), Some("urlTemplate"), "no word for users");
        for bad in [
            "rtsp://{username}:{password}@203.0.113.9/",
            "rtsp://{username=x}:{password=y}@203.0.113.9/",
            "rtsp://{host}.example.org/{password}",
        ] {
            let error = check_kind("acme", bad).expect_err(bad);
            assert!(error.field() == Some("urlTemplate") && error.to_string().contains("{host}"), "{error}");
        }
        for bad in ["", "Acme", "a b", "../x", "ä", &"x".repeat(65)] {
            assert_eq!(check_kind(bad, HIKVISION).expect_err(bad).field(), Some("kind"), "{bad}");
        }
        assert!(check_kind("acme", &format!("rtsp://{{host}}/{}", "x".repeat(2_000))).is_err());
        for good in [
            "rtsp://viewer@{host}/",
            "rtsp://viewer:{password}@{host}/",
            "http://{host}/?usr={username}&pwd={password}",
            "rtsp://{host}/user={username}_password={password}_channel={channel=1}",
        ] {
            assert!(check_kind("acme", good).is_ok(), "{good}");
        }
        for secret in [
            "rtsp://admin:s3cret@{host}/",
            "rtsp://{username}:s3cret@{host}/",
            "http://{host}/?user=a&password=s3cret",
            "rtsp://{host}/user=a_password=s3cret_channel=1",
        ] {
            let text = check_kind("acme", secret).expect_err(secret).to_string();
            assert!(text.contains("{password}") && !text.contains("s3cret"), "{text}");
        }
    }
}
