//! Whether a server takes our login for publishing: one `ANNOUNCE`, as ffmpeg sends it, to a path that nobody uses.
//!
//! Nothing is published: the connection is closed before any stream is set up. Owns one short connection. Talked to by
//! `streamwarden check`.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Url;

use crate::base::{Error, Kind, Result, redact};

/// The path that is asked for.
pub const TRIED_PATH: &str = "streamwarden-check";

/// One stream that every server can take.
const SDP: &str = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=streamwarden check\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n\
    m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:trackID=0\r\n";

/// Longest header of an answer, in bytes.
const LONGEST: u64 = 16 * 1024;

/// User name and password.
pub type Login<'a> = (&'a str, &'a SecretString);

/// What the server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Publishing {
    /// It takes us.
    Allowed,
    /// It takes us, and asks for no login at all.
    AllowedToAnybody,
    /// It wants a login, and none is set.
    WantsLogin,
    /// It refuses the login that is set.
    RefusesLogin,
    /// It refuses this path for another reason, before or after the login: its words.
    RefusesPath(String),
}

/// Asks the RTSP server at `base`, within `limit`.
///
/// # Errors
/// `Unavailable` or `Timeout` with a sentence when it does not answer in RTSP.
pub async fn try_publishing(base: &Url, login: Option<Login<'_>>, limit: Duration) -> Result<Publishing> {
    let host = base.host_str().unwrap_or_default();
    let place = format!("{host}:{}", base.port().unwrap_or(554));
    let silent = || {
        let text = format!("{place} did not answer in RTSP within {} s", limit.as_secs());
        Error::new(Kind::Timeout, format!("{text}; is another program listening there? Look at its log"))
    };
    timeout(limit, ask(&place, login)).await.unwrap_or_else(|_| Err(silent()))
}

async fn ask(place: &str, login: Option<Login<'_>>) -> Result<Publishing> {
    let broken = |error: std::io::Error| {
        let text =
            format!("{place} cannot be talked to in RTSP ({error}); correct rtsp_url, or look at that server's log");
        Error::unavailable(text).with_source(error)
    };
    let mut stream = BufReader::new(TcpStream::connect(place).await.map_err(broken)?);
    let url = format!("rtsp://{place}/{TRIED_PATH}");
    let first = announce(&mut stream, &url, 1, None).await.map_err(broken)?;
    if first.status != 401 {
        return Ok(first.judged(Publishing::AllowedToAnybody));
    }
    let Some(login) = login else { return Ok(Publishing::WantsLogin) };
    let Some(authorization) = first.authorization(login, &url) else {
        let text =
            format!("{place} asks for a login in a way that is neither Basic nor Digest with MD5; see rtspAuthMethods");
        return Err(Error::new(Kind::Unsupported, text));
    };
    let second = match announce(&mut stream, &url, 2, Some(&authorization)).await {
        Ok(second) => second,
        // Some hang up after a refusal and want to be called again.
        Err(_) => {
            stream = BufReader::new(TcpStream::connect(place).await.map_err(broken)?);
            announce(&mut stream, &url, 1, Some(&authorization)).await.map_err(broken)?
        }
    };
    Ok(second.judged(Publishing::Allowed))
}

/// An answer, as far as it is looked at.
#[derive(Debug, Default)]
struct Answer {
    status: u16,
    reason: String,
    /// Values of `WWW-Authenticate`.
    challenges: Vec<String>,
}

async fn announce(
    stream: &mut BufReader<TcpStream>,
    url: &str,
    number: u32,
    authorization: Option<&str>,
) -> std::io::Result<Answer> {
    let login = authorization.map(|value| format!("Authorization: {value}\r\n")).unwrap_or_default();
    let request = format!(
        "ANNOUNCE {url} RTSP/1.0\r\nCSeq: {number}\r\nUser-Agent: streamwarden-check\r\nContent-Type: application/sdp\r\n\
        {login}Content-Length: {}\r\n\r\n{SDP}",
        SDP.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Answer::default();
    let mut length = 0;
    for line in 0.. {
        let mut text = Vec::new();
        if (&mut *stream).take(LONGEST).read_until(b'\n', &mut text).await? == 0 || line > 100 {
            return Err(std::io::Error::other("it hung up, or does not speak RTSP"));
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
            match name.to_ascii_lowercase().as_str() {
                "www-authenticate" => answer.challenges.push(value.trim().to_owned()),
                "content-length" => length = value.trim().parse().unwrap_or(0),
                _ => {}
            }
        }
    }
    let mut body = (&mut *stream).take(length);
    tokio::io::copy(&mut body, &mut tokio::io::sink()).await?;
    Ok(answer)
}

impl Answer {
    fn judged(self, allowed: Publishing) -> Publishing {
        match self.status {
            200..300 => allowed,
            401 | 403 => Publishing::RefusesLogin,
            status => Publishing::RefusesPath(format!("{status} {}", self.reason).trim_end().to_owned()),
        }
    }

    /// The header that answers the challenge: Digest where it is offered, as the password is not sent then.
    fn authorization(&self, (user, password): Login<'_>, url: &str) -> Option<String> {
        let digest = self.challenges.iter().filter_map(|challenge| {
            let parameters = after_scheme(challenge, "digest")?;
            let algorithm = parameter(parameters, "algorithm");
            let md5 = algorithm.is_none_or(|algorithm| algorithm.eq_ignore_ascii_case("md5"));
            let plain = parameter(parameters, "qop").is_none();
            (md5 && plain).then_some(())?;
            let (realm, nonce) = (parameter(parameters, "realm")?, parameter(parameters, "nonce")?);
            let secret = md5_hex(&format!("{user}:{realm}:{}", password.expose_secret()));
            let response = md5_hex(&format!("{secret}:{nonce}:{}", md5_hex(&format!("ANNOUNCE:{url}"))));
            Some(format!(
                "Digest username=\"{}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{url}\", response=\"{response}\"",
                user.replace('\\', "\\\\").replace('"', "\\\"")
            ))
        });
        let basic = self.challenges.iter().filter_map(|challenge| {
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
        let answer = |challenges: &[&str]| {
            let challenges = challenges.iter().map(|text| (*text).to_owned()).collect();
            Answer { status: 401, challenges, ..Answer::default() }.authorization(("Mufasa", &password), url)
        };
        let digest = "Digest realm=\"a, realm\", nonce=\"dcd98b71\"";
        let secret = md5_hex("Mufasa:a, realm:Circle Of Life");
        let response = md5_hex(&format!("{secret}:dcd98b71:{}", md5_hex("ANNOUNCE:rtsp://h:8554/x")));
        let told = answer(&["Basic realm=\"a\"", digest]).expect("Digest wins");
        assert!(told.starts_with("Digest ") && told.contains(&format!("response=\"{response}\"")), "{told}");
        assert!(!told.contains("Circle"), "{told}");
        // RFC 7617.
        let aladdin = SecretString::from("open sesame");
        let basic = Answer { challenges: vec!["basic realm=\"a\"".to_owned()], ..Answer::default() };
        let told = basic.authorization(("Aladdin", &aladdin), url);
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
