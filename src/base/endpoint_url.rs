//! Reads the URL of an endpoint whose network is probed. Its scheme says how it is asked.
//!
//! Not `url::Url`, for the reasons of `source_url`. User names and passwords are refused: a probe logs in nowhere.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use super::source_url::{Authority, authority, check_text};
use super::{Error, Result};

/// How an endpoint is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointScheme {
    /// Echo requests; a TCP connection where this process may send none.
    Icmp,
    /// A TCP connection.
    Tcp,
    /// A TLS handshake.
    Tls,
    /// One GET.
    Http,
    /// One GET over TLS.
    Https,
    /// OPTIONS.
    Rtsp,
    /// OPTIONS over TLS.
    Rtsps,
    /// The handshake before any command (C0, C1, S0, S1, S2).
    Rtmp,
    /// The same over TLS.
    Rtmps,
    /// The first half of the handshake (induction), which leaves no connection behind.
    Srt,
}

impl EndpointScheme {
    /// All of them, for people.
    pub const LIST: &str = "icmp://, tcp://, tls://, http://, https://, rtsp://, rtsps://, rtmp://, rtmps://, srt://";

    const ALL: [(&str, Self, Option<u16>); 10] = [
        ("icmp", Self::Icmp, None),
        ("tcp", Self::Tcp, None),
        ("tls", Self::Tls, None),
        ("http", Self::Http, Some(80)),
        ("https", Self::Https, Some(443)),
        ("rtsp", Self::Rtsp, Some(554)),
        ("rtsps", Self::Rtsps, Some(322)),
        ("rtmp", Self::Rtmp, Some(1935)),
        ("rtmps", Self::Rtmps, Some(443)),
        ("srt", Self::Srt, None),
    ];

    /// Of a word, whatever its capitals.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(name, ..)| text.eq_ignore_ascii_case(name)).map(|(_, scheme, _)| scheme)
    }

    /// As it stands in a URL.
    pub fn word(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, scheme, _)| *scheme == self).map_or("", |(name, ..)| name)
    }

    /// Whether a certificate is shown.
    pub fn is_secure(self) -> bool {
        matches!(self, Self::Tls | Self::Https | Self::Rtsps | Self::Rtmps)
    }

    fn default_port(self) -> Option<u16> {
        Self::ALL.into_iter().find(|(_, scheme, _)| *scheme == self).and_then(|(.., port)| port)
    }
}

/// Where an endpoint is.
#[derive(Clone)]
pub struct EndpointUrl {
    /// How it is asked.
    pub scheme: EndpointScheme,
    /// A name, or an address without brackets; lower case.
    pub host: String,
    /// Its port; `None` only of ICMP: that of the connection which stands in for echo requests.
    pub port: Option<u16>,
    /// What is asked for over HTTP; begins with `/`. May hold a token.
    pub path: SecretString,
}

impl EndpointUrl {
    /// Reads and checks it; complaints are about `field` and quote nothing that may be secret.
    ///
    /// # Errors
    /// `Invalid`; fault and remedy are apart by `; ` where there is one of its own.
    pub fn read(url: &str, field: &str) -> Result<Self> {
        let fault = |text: String| Error::invalid(field, text);
        check_text(url).map_err(fault)?;
        let Some((scheme, after)) = url.split_once("://") else {
            return Err(fault(format!("does not say how it is asked; begin with one of {}", EndpointScheme::LIST)));
        };
        let scheme = EndpointScheme::parse(scheme).ok_or_else(|| {
            fault(format!("begins with a scheme that no probe speaks; use one of {}", EndpointScheme::LIST))
        })?;
        let Authority { userinfo, host, port, rest } = authority(after).map_err(fault)?;
        if userinfo.is_some() {
            return Err(fault("holds a user name or a password; leave them out, a probe logs in nowhere".into()));
        }
        if host.contains('%') {
            return Err(fault("names an interface behind '%'; write the address alone".into()));
        }
        let port = port.or(scheme.default_port());
        if port.is_none() && scheme != EndpointScheme::Icmp {
            return Err(fault(format!("needs a port; write it behind the host, as in {}://host:9000", scheme.word())));
        }
        let path = rest.split('#').next().unwrap_or_default();
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Self { scheme, host, port, path: SecretString::from(path) })
    }

    /// `srt://host:9000`: without what may be secret.
    pub fn origin(&self) -> String {
        let (scheme, host) = (self.scheme.word(), self.bracketed());
        match self.port {
            Some(port) if self.scheme.default_port() != Some(port) => format!("{scheme}://{host}:{port}"),
            _ => format!("{scheme}://{host}"),
        }
    }

    /// The host with its port, as HTTP wants them.
    pub fn authority(&self) -> String {
        match self.port {
            Some(port) if self.scheme.default_port() != Some(port) => format!("{}:{port}", self.bracketed()),
            _ => self.bracketed(),
        }
    }

    fn bracketed(&self) -> String {
        if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() }
    }
}

impl fmt::Debug for EndpointUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.origin())
    }
}

impl PartialEq for EndpointUrl {
    fn eq(&self, other: &Self) -> bool {
        (self.scheme, &self.host, self.port) == (other.scheme, &other.host, other.port)
            && self.path.expose_secret() == other.path.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_read_and_shown_without_what_may_be_secret() {
        for (url, origin, port, path) in [
            ("icmp://10.0.0.1", "icmp://10.0.0.1", None, "/"),
            ("ICMP://Gw.Example.org:22/", "icmp://gw.example.org:22", Some(22), "/"),
            ("tcp://[2001:db8::1]:5000", "tcp://[2001:db8::1]:5000", Some(5000), "/"),
            ("https://h/health?token=s3cret#x", "https://h", Some(443), "/health?token=s3cret"),
            ("http://h:8080?s3cret", "http://h:8080", Some(8080), "/?s3cret"),
            ("rtmp://h/app/s3cret", "rtmp://h", Some(1935), "/app/s3cret"),
            ("srt://h:9000?streamid=publish:s3cret", "srt://h:9000", Some(9000), "/?streamid=publish:s3cret"),
        ] {
            let read = EndpointUrl::read(url, "url").expect(url);
            assert_eq!((read.origin().as_str(), read.port, read.path.expose_secret()), (origin, port, path), "{url}");
            assert!(!format!("{read:?}").contains("s3cret"));
        }
    }

    #[test]
    fn what_is_no_endpoint_is_refused_in_words_without_secrets() {
        let long = format!("http://h/{}", "x".repeat(1_000_000));
        for (url, reason) in [
            ("", "does not say how"),
            ("10.0.0.1", "does not say how"),
            ("file:///etc/passwd", "no probe speaks"),
            ("gopher://h:70/x", "no probe speaks"),
            ("-tcp://h:1", "no probe speaks"),
            ("http://eve:s3cret@h/", "a probe logs in nowhere"),
            ("http://s3cret@h/", "a probe logs in nowhere"),
            ("tcp://h", "needs a port"),
            ("tls://h", "needs a port"),
            ("srt://h", "needs a port"),
            ("tcp://h:0", "port"),
            ("tcp://h:70000", "port"),
            ("http:///x", "names no host"),
            ("http://h/\r\nX-Evil: 1", "'\\r'"),
            ("http://h/a b", "' '"),
            ("http://h/\0", "'\\0'"),
            ("icmp://a;b", "';'"),
            ("icmp://-h", "'-'"),
            ("icmp://[::1", "']'"),
            ("icmp://[fe80::1%eth0]", "interface"),
            (long.as_str(), "bytes"),
        ] {
            let text = EndpointUrl::read(url, "url").expect_err(url).to_string();
            assert!(text.contains(reason) && !text.contains("s3cret") && text.len() < 300, "{url}: {text}");
        }
    }
}
