//! Reads a source URL as ffmpeg will read it, and refuses what could be read as anything else.
//!
//! Not `url::Url`: that one normalises (and so changes what the camera gets), knows nothing of `udp://@239.0.0.1:5000`,
//! and would put the text at fault, password and all, into its errors.

use super::{Error, Result};

/// Protocols a source may be read by. Everything else ffmpeg knows (`file:`, `concat:`, `pipe:`, ...) is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// RTSP, and RTSP over TLS.
    Rtsp,
    /// See [`Scheme::Rtsp`].
    Rtsps,
    /// RTMP, and RTMP over TLS.
    Rtmp,
    /// See [`Scheme::Rtmp`].
    Rtmps,
    /// SRT, we call.
    Srt,
    /// HLS, MPEG-TS or MJPEG over HTTP.
    Http,
    /// See [`Scheme::Http`].
    Https,
    /// MPEG-TS over UDP, multicast or not.
    Udp,
}

impl Scheme {
    /// All of them, for people.
    pub const LIST: &str = "rtsp://, rtsps://, rtmp://, rtmps://, srt://, http://, https://, udp://";

    const ALL: [(&str, Self, Option<u16>); 8] = [
        ("rtsp", Self::Rtsp, Some(554)),
        ("rtsps", Self::Rtsps, Some(322)),
        ("rtmp", Self::Rtmp, Some(1935)),
        ("rtmps", Self::Rtmps, Some(443)),
        ("srt", Self::Srt, None),
        ("http", Self::Http, Some(80)),
        ("https", Self::Https, Some(443)),
        ("udp", Self::Udp, None),
    ];

    /// Of a word, whatever its capitals.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(name, ..)| text.eq_ignore_ascii_case(name)).map(|(_, scheme, _)| scheme)
    }

    /// As it stands in a URL.
    pub fn word(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, scheme, _)| *scheme == self).map_or("", |(name, ..)| name)
    }

    /// The port of a URL that names none.
    pub fn default_port(self) -> Option<u16> {
        Self::ALL.into_iter().find(|(_, scheme, _)| *scheme == self).and_then(|(.., port)| port)
    }
}

/// Longest URL; ffmpeg's own limit is 4,096, and two of them must fit where `adapters::ffmpeg` hides them.
const LONGEST: usize = 1500;

/// The parts of a URL that we need.
#[derive(Debug, PartialEq, Eq)]
pub struct UrlParts<'a> {
    /// Its protocol.
    pub scheme: Scheme,
    /// Between `://` and `@`, when there is an `@`.
    pub userinfo: Option<&'a str>,
    /// Without brackets, lower case.
    pub host: String,
    /// As it is written.
    pub port: Option<u16>,
    /// From the first `/`, `?` or `#` after the authority.
    pub rest: &'a str,
}

/// Checks `url`; complaints are about `field` and quote nothing that may be a password.
pub fn read<'a>(url: &'a str, field: &str) -> Result<UrlParts<'a>> {
    let fault = |text: String| Error::invalid(field, text);
    check_text(url).map_err(fault)?;
    let Some((scheme, after)) = url.split_once("://") else {
        return Err(fault(format!("the URL does not begin with one of {}", Scheme::LIST)));
    };
    let scheme = Scheme::parse(scheme)
        .ok_or_else(|| fault(format!("URLs of this kind are not sources; use one of {}", Scheme::LIST)))?;
    let Authority { userinfo, host, port, rest } = authority(after).map_err(fault)?;
    if port.is_none() && matches!(scheme, Scheme::Udp | Scheme::Srt) {
        return Err(fault("a URL of this kind needs a port, as in srt://host:9000 or udp://239.0.0.1:5000".into()));
    }
    Ok(UrlParts { scheme, userinfo, host, port, rest })
}

/// Refuses what no URL has, and what is too long; the error is the fault in words, without what may be a password.
pub(super) fn check_text(url: &str) -> Result<(), String> {
    if url.len() > LONGEST {
        return Err(format!("the URL has {} bytes, at most {LONGEST} are allowed", url.len()));
    }
    match url.chars().find(|c| c.is_control() || c.is_whitespace() || "'\"`\\<>".contains(*c)) {
        Some(bad) => Err(format!("the URL holds {bad:?}; write it percent-encoded (%{:02X})", u32::from(bad))),
        None => Ok(()),
    }
}

/// What stands behind `://`.
pub(super) struct Authority<'a> {
    /// Between `://` and `@`, when there is an `@`.
    pub userinfo: Option<&'a str>,
    /// Without brackets, lower case.
    pub host: String,
    /// As it is written.
    pub port: Option<u16>,
    /// From the first `/`, `?` or `#` on.
    pub rest: &'a str,
}

/// Reads what stands behind `://`; the error is the fault in words.
pub(super) fn authority(after: &str) -> Result<Authority<'_>, String> {
    let end = after.find(['/', '?', '#']).unwrap_or(after.len());
    let (authority, rest) = after.split_at(end);
    let (userinfo, place) = match authority.rsplit_once('@') {
        Some((userinfo, place)) => (Some(userinfo), place),
        None => (None, authority),
    };
    let (host, port) = place_parts(place).map_err(|text| hint(text, rest))?;
    if host.is_empty() {
        return Err(hint("the URL names no host", rest));
    }
    check_host(&host)?;
    Ok(Authority { userinfo, host: host.to_ascii_lowercase(), port, rest })
}

/// A password with a bare `/`, `?` or `#` moves the end of the authority: the `@` behind it gives that away.
fn hint(text: &str, rest: &str) -> String {
    if rest.contains('@') {
        format!("{text}; in user names and passwords write / ? # @ : % as %2F %3F %23 %40 %3A %25")
    } else {
        text.to_owned()
    }
}

fn place_parts(place: &str) -> Result<(String, Option<u16>), &'static str> {
    const PORT: &str = "the port in the URL is not a number from 1 to 65535";
    let (host, port) = match place.strip_prefix('[') {
        Some(bracketed) => {
            let (host, after) = bracketed.split_once(']').ok_or("the URL's host begins with '[' and lacks ']'")?;
            let port = if after.is_empty() { None } else { Some(after.strip_prefix(':').ok_or(PORT)?) };
            (host, port)
        }
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    let port = match port {
        None => None,
        Some(text) if text.bytes().all(|b| b.is_ascii_digit()) => {
            Some(text.parse::<u16>().ok().filter(|port| *port > 0).ok_or(PORT)?)
        }
        Some(_) => return Err(PORT),
    };
    Ok((host.to_owned(), port))
}

/// A name, an IPv4 or an IPv6 address, without brackets; the error is the fault in words.
pub fn check_host(host: &str) -> Result<(), String> {
    if host.len() > 253 {
        return Err(format!("the host has {} bytes, at most 253 are allowed", host.len()));
    }
    if host.contains(':') {
        // `fe80::1%eth0`: the zone is a name of an interface.
        let address = host.split('%').next().unwrap_or(host);
        return match address.parse::<std::net::Ipv6Addr>() {
            Ok(_) if host.chars().all(|c| c.is_ascii_alphanumeric() || ":.%-_".contains(c)) => Ok(()),
            _ => Err("the host holds ':' and is not an IPv6 address; a port has its own place".into()),
        };
    }
    if host.starts_with('-') {
        return Err("the host begins with '-'".into());
    }
    match host.chars().find(|c| !(c.is_ascii_alphanumeric() || "._-".contains(*c))) {
        Some(bad) => Err(format!("the host holds {bad:?}; use a name or an address, without port and path")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_as_ffmpeg_reads_them() {
        let table = [
            ("rtsp://10.0.0.9/h264", Scheme::Rtsp, None, "10.0.0.9", None, "/h264"),
            ("RTSP://u:p%40ss@Cam.local:8554", Scheme::Rtsp, Some("u:p%40ss"), "cam.local", Some(8554), ""),
            ("rtsp://u:p@ss@h/x", Scheme::Rtsp, Some("u:p@ss"), "h", None, "/x"),
            ("rtsps://[fe80::1]:322/x?a=b", Scheme::Rtsps, None, "fe80::1", Some(322), "/x?a=b"),
            ("udp://@239.1.1.1:5000", Scheme::Udp, Some(""), "239.1.1.1", Some(5000), ""),
            ("srt://h:9000?streamid=read:x", Scheme::Srt, None, "h", Some(9000), "?streamid=read:x"),
            ("rtsp://h/$(reboot);ls|cat&x", Scheme::Rtsp, None, "h", None, "/$(reboot);ls|cat&x"),
        ];
        for (url, scheme, userinfo, host, port, rest) in table {
            let wanted = UrlParts { scheme, userinfo, host: host.into(), port, rest };
            assert_eq!(read(url, "url").expect(url), wanted, "{url}");
        }
    }

    #[test]
    fn what_is_not_a_source_is_refused_in_words_without_the_password() {
        let long = format!("rtsp://h/{}", "x".repeat(1_000_000));
        for (url, reason) in [
            ("", "does not begin"),
            ("-i", "does not begin"),
            ("/etc/passwd", "does not begin"),
            ("concat:/etc/passwd|x", "does not begin"),
            ("file:///etc/passwd", "not sources"),
            ("pipe://0", "not sources"),
            ("-rtsp://h/x", "not sources"),
            ("subfile,,start,0,end,9,,:rtsp://h/x", "not sources"),
            ("rtsp://s3cret", "kept"),
            ("rtsp:///x", "no host"),
            ("rtsp://u:s3cret@/x", "no host"),
            ("rtsp://h:0/x", "port"),
            ("rtsp://h:70000/x", "port"),
            ("rtsp://h:+5/x", "port"),
            ("rtsp://u:s3c/ret@h/x", "%2F"),
            ("rtsp://h/x\nfile '/etc/passwd'", "'\\n'"),
            ("rtsp://h/x'", "'\\''"),
            ("rtsp://h/a b", "' '"),
            ("rtsp://h/\0", "'\\0'"),
            ("rtsp://a;b/x", "';'"),
            ("rtsp://-h/x", "'-'"),
            ("srt://h", "needs a port"),
            ("rtsp://[::1/x", "']'"),
            ("rtsp://[h:x]/x", "IPv6"),
            (long.as_str(), "1000009 bytes"),
        ] {
            match read(url, "url") {
                Ok(parts) => assert_eq!(reason, "kept", "{parts:?}"),
                Err(error) => {
                    let text = error.to_string();
                    assert!(text.contains(reason), "{text} lacks {reason}");
                    assert!(!text.contains("s3c") && text.len() < 300, "{text}");
                }
            }
        }
    }
}
