//! Whether a server takes our login for publishing: one `ANNOUNCE`, as ffmpeg sends it, to a path that nobody uses.
//!
//! Nothing is published: the connection is closed before any stream is set up. Owns one short connection. Talked to by
//! `streamwarden check`.

use std::time::Duration;

use tokio::time::timeout;

use super::rtsp::{Dialogue, RtspAnswer, RtspRequest};
use super::rtsp_connection::RtspPlace;
use crate::base::{Error, ErrorKind, Result};

pub use super::rtsp::Login;

/// The path that is asked for.
pub const TRIED_PATH: &str = "streamwarden-check";

const ANNOUNCE: &str = "ANNOUNCE";

/// One stream that every server can take.
const SDP: &str = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=streamwarden check\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n\
    m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:trackID=0\r\n";

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

/// Asks the RTSP side of a server, within `limit`.
///
/// # Errors
/// `Unavailable` or `Timeout` with a sentence when it does not answer in RTSP.
pub async fn try_publishing(place: &RtspPlace, login: Option<Login<'_>>, limit: Duration) -> Result<Publishing> {
    let silent = || {
        let text = format!("{} did not answer in RTSP within {} s", place.host_and_port(), limit.as_secs());
        Error::new(ErrorKind::Timeout, format!("{text}; is another program listening there? Look at its log"))
    };
    timeout(limit, ask(place, login)).await.unwrap_or_else(|_| Err(silent()))
}

async fn ask(place: &RtspPlace, login: Option<Login<'_>>) -> Result<Publishing> {
    let broken = |error: std::io::Error| place.fault(error);
    let mut dialogue = Dialogue::open(place).await.map_err(broken)?;
    let (scheme, place_shown) = (place.base.scheme(), place.host_and_port());
    let url = format!("{scheme}://{place_shown}/{TRIED_PATH}");
    let first = announce(&mut dialogue, &url, None).await.map_err(broken)?;
    if first.status != 401 {
        return Ok(judged(&first, Publishing::AllowedToAnybody));
    }
    let Some(login) = login else { return Ok(Publishing::WantsLogin) };
    let Some(authorization) = first.authorization(login, ANNOUNCE, &url) else {
        let text = format!(
            "{place_shown} asks for a login in a way that is neither Basic nor Digest with MD5; see rtspAuthMethods"
        );
        return Err(Error::new(ErrorKind::Unsupported, text));
    };
    let second = match announce(&mut dialogue, &url, Some(&authorization)).await {
        Ok(second) => second,
        // Some hang up after a refusal and want to be called again.
        Err(_) => {
            dialogue = Dialogue::open(place).await.map_err(broken)?;
            announce(&mut dialogue, &url, Some(&authorization)).await.map_err(broken)?
        }
    };
    Ok(judged(&second, Publishing::Allowed))
}

async fn announce(dialogue: &mut Dialogue, url: &str, authorization: Option<&str>) -> std::io::Result<RtspAnswer> {
    let headers = "Content-Type: application/sdp\r\n";
    dialogue.ask(RtspRequest { method: ANNOUNCE, url, headers, body: SDP, authorization }).await
}

fn judged(answer: &RtspAnswer, allowed: Publishing) -> Publishing {
    match answer.status {
        200..300 => allowed,
        401 | 403 => Publishing::RefusesLogin,
        status => Publishing::RefusesPath(format!("{status} {}", answer.reason).trim_end().to_owned()),
    }
}
