//! A few words of RTSP, spoken to a server over one connection: a request, its answer, and the login that it asks for.
//!
//! Owns nothing but the connection. Used by [`super::publish`] and [`super::sound`].

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use super::rtsp_connection::{RtspPlace, RtspStream};
use crate::base::redact;

/// Longest line of an answer, in bytes.
const LONGEST: u64 = 16 * 1024;

/// Longest body that is read, in bytes.
const LONGEST_BODY: u64 = 256 * 1024;

/// User name and password.
pub type Login<'a> = (&'a str, &'a SecretString);

/// A connection and the number of its last request.
pub(super) struct Dialogue {
    pub(super) stream: BufReader<Box<dyn RtspStream>>,
    number: u32,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct RtspRequest<'a> {
    pub method: &'a str,
    pub url: &'a str,
    /// Whole lines, each with its end.
    pub headers: &'a str,
    pub body: &'a str,
    /// Value of `Authorization`.
    pub authorization: Option<&'a str>,
}

/// An answer, as far as it is looked at.
#[derive(Debug, Default)]
pub(super) struct RtspAnswer {
    pub status: u16,
    pub reason: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Dialogue {
    pub(super) async fn open(place: &RtspPlace) -> std::io::Result<Self> {
        Ok(Self { stream: BufReader::new(place.connect().await?), number: 0 })
    }

    /// Asks, and waits for the answer.
    pub(super) async fn ask(&mut self, request: RtspRequest<'_>) -> std::io::Result<RtspAnswer> {
        self.say(request).await?;
        self.answer().await
    }

    /// Asks, and waits for nothing.
    pub(super) async fn say(&mut self, request: RtspRequest<'_>) -> std::io::Result<()> {
        let RtspRequest { method, url, headers, body, authorization } = request;
        self.number += 1;
        let login = authorization.map(|value| format!("Authorization: {value}\r\n")).unwrap_or_default();
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let text = format!(
            "{method} {url} RTSP/1.0\r\nCSeq: {}\r\nUser-Agent: streamwarden\r\n{headers}{login}{length}\r\n{body}",
            self.number
        );
        self.stream.write_all(text.as_bytes()).await?;
        // What is encrypted waits for it.
        self.stream.flush().await
    }

    async fn answer(&mut self) -> std::io::Result<RtspAnswer> {
        let mut answer = RtspAnswer::default();
        for line in 0.. {
            let mut text = Vec::new();
            if (&mut self.stream).take(LONGEST).read_until(b'\n', &mut text).await? == 0 || line > 100 {
                return Err(std::io::Error::other("it closed the connection, or does not speak RTSP"));
            }
            let text = String::from_utf8_lossy(&text);
            let text = text.trim_end();
            if line == 0 {
                let status = text.strip_prefix("RTSP/1.0 ").and_then(|rest| rest.split_once(' ').or(Some((rest, ""))));
                let (status, reason) = status.ok_or_else(|| std::io::Error::other("it does not speak RTSP"))?;
                answer.status = status.parse().map_err(|_| std::io::Error::other("it does not speak RTSP"))?;
                answer.reason = redact::text(reason).chars().filter(|c| !c.is_control()).take(100).collect();
            } else if text.is_empty() {
                break;
            } else if let Some((name, value)) = text.split_once(':') {
                answer.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
            }
        }
        let length: u64 = answer.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
        if length > LONGEST_BODY {
            return Err(std::io::Error::other("its answer is too long"));
        }
        let mut body = Vec::new();
        (&mut self.stream).take(length).read_to_end(&mut body).await?;
        answer.body = String::from_utf8_lossy(&body).into_owned();
        Ok(answer)
    }
}

impl RtspAnswer {
    /// Value of the first header of this name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The header that answers the challenge: Digest where it is offered, as the password is not sent then.
    pub(super) fn authorization(&self, (user, password): Login<'_>, method: &str, url: &str) -> Option<String> {
        let challenges = || self.headers.iter().filter(|(name, _)| name == "www-authenticate").map(|(_, value)| value);
        let digest = challenges().filter_map(|challenge| {
            let parameters = after_scheme(challenge, "digest")?;
            let algorithm = parameter(parameters, "algorithm");
            let md5 = algorithm.is_none_or(|algorithm| algorithm.eq_ignore_ascii_case("md5"));
            let plain = parameter(parameters, "qop").is_none();
            (md5 && plain).then_some(())?;
            let (realm, nonce) = (parameter(parameters, "realm")?, parameter(parameters, "nonce")?);
            let secret = md5_hex(&format!("{user}:{realm}:{}", password.expose_secret()));
            let response = md5_hex(&format!("{secret}:{nonce}:{}", md5_hex(&format!("{method}:{url}"))));
            Some(format!(
                "Digest username=\"{}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{url}\", response=\"{response}\"",
                user.replace('\\', "\\\\").replace('"', "\\\"")
            ))
        });
        let basic = challenges().filter_map(|challenge| {
            after_scheme(challenge, "basic")?;
            Some(format!("Basic {}", STANDARD.encode(format!("{user}:{}", password.expose_secret()))))
        });
        digest.chain(basic).next()
    }
}

fn after_scheme<'a>(challenge: &'a str, scheme: &str) -> Option<&'a str> {
    let (found, rest) = challenge.split_once(' ').unwrap_or((challenge, ""));
    found.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// A parameter of a challenge, without its quotes.
fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = parameters;
    loop {
        let (key, value) = rest.split_once('=')?;
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => value.split_once(',').unwrap_or((value, "")),
        };
        if key.trim().trim_start_matches(',').trim().eq_ignore_ascii_case(name) {
            return Some(value.trim());
        }
        rest = after;
    }
}

fn md5_hex(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_answered_as_the_standards_say() {
        let password = SecretString::from("Circle Of Life");
        let url = "rtsp://h:8554/x";
        let challenged = |challenges: &[&str]| {
            let header = |text: &&str| ("www-authenticate".to_owned(), (*text).to_owned());
            RtspAnswer { status: 401, headers: challenges.iter().map(header).collect(), ..RtspAnswer::default() }
        };
        let answer = |challenges: &[&str]| challenged(challenges).authorization(("Mufasa", &password), "ANNOUNCE", url);
        let digest = "Digest realm=\"a, realm\", nonce=\"dcd98b71\"";
        let secret = md5_hex("Mufasa:a, realm:Circle Of Life");
        let response = md5_hex(&format!("{secret}:dcd98b71:{}", md5_hex("ANNOUNCE:rtsp://h:8554/x")));
        let told = answer(&["Basic realm=\"a\"", digest]).expect("Digest wins");
        assert!(told.starts_with("Digest ") && told.contains(&format!("response=\"{response}\"")), "{told}");
        assert!(!told.contains("Circle"), "{told}");
        // RFC 7617.
        let aladdin = SecretString::from("open sesame");
        let basic = challenged(&["basic realm=\"a\""]);
        let told = basic.authorization(("Aladdin", &aladdin), "ANNOUNCE", url);
        assert_eq!(told.as_deref(), Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
        assert_eq!(answer(&["Digest realm=\"a\", nonce=\"b\", algorithm=SHA-256"]), None);
        assert_eq!(answer(&["Bearer"]), None);
        assert_eq!(md5_hex("abc"), "900150983cd24fb0d6963f7d28e17f72", "RFC 1321");
    }

    #[test]
    fn parameters_are_found_whatever_stands_around_them() {
        let text = r#"realm="a, nonce=\"x" , nonce="n=1",algorithm=MD5, stale=FALSE"#;
        assert_eq!(parameter(text, "algorithm"), Some("MD5"));
        assert_eq!(parameter(r#"realm="r", nonce="n=1""#, "nonce"), Some("n=1"));
        assert_eq!(parameter("realm=\"r\"", "nonce"), None);
    }
}
