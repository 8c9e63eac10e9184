//! Whether sound comes at a path of a server: its sound track is read until the first packet, and no longer than a moment.
//!
//! No API of MediaMTX counts the bytes of one track, so that a track that was announced and sends nothing looks like any
//! other. Only the sound is asked for, so that no picture is sent for it. For that moment the server counts one reader
//! more. Owns one short connection. Talked to by the relays.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::timeout;

use super::rtsp::{Dialogue, Login, RtspAnswer, RtspRequest};
use super::rtsp_connection::RtspPlace;
use crate::domain::name::StreamName;

/// The server has so long for its answers.
const ANSWERS_WITHIN: Duration = Duration::from_secs(3);

/// Sound that does not come in this time does not come: every codec sends several packets a second.
const HEARD_WITHIN: Duration = Duration::from_secs(3);

/// True when sound comes, false when the track is there and nothing comes; `None` where nobody can say: no sound track, or a
/// server that lets us not read.
pub async fn comes(place: &RtspPlace, login: Option<Login<'_>>, name: &StreamName) -> Option<bool> {
    let mut reader = timeout(ANSWERS_WITHIN, Reader::open(place, login, name)).await.ok()?.ok()??;
    let heard = timeout(HEARD_WITHIN, packet(&mut reader.dialogue.stream)).await;
    reader.leave().await;
    match heard {
        Err(_) => Some(false),
        Ok(Ok(())) => Some(true),
        // Cut off: that is told elsewhere.
        Ok(Err(_)) => None,
    }
}

/// A session that plays the sound.
struct Reader<'a> {
    dialogue: Dialogue,
    login: Option<Login<'a>>,
    /// The answer that asked for the login.
    challenge: Option<RtspAnswer>,
    url: String,
    session: String,
}

impl<'a> Reader<'a> {
    async fn open(place: &RtspPlace, login: Option<Login<'a>>, name: &StreamName) -> std::io::Result<Option<Self>> {
        let url = format!("{}://{}/{name}", place.base.scheme(), place.host_and_port());
        let dialogue = Dialogue::open(place).await?;
        let mut reader = Self { dialogue, login, challenge: None, url: url.clone(), session: String::new() };
        let mut described = reader.ask("DESCRIBE", &url, "Accept: application/sdp\r\n").await?;
        if described.status == 401 {
            reader.challenge = Some(described);
            described = reader.ask("DESCRIBE", &url, "Accept: application/sdp\r\n").await?;
        }
        let base = described.header("content-base").unwrap_or(&url).to_owned();
        let Some(track) = sound_track(&described.body, &base).filter(|_| described.status == 200) else {
            return Ok(None);
        };
        let transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n";
        let set_up = reader.ask("SETUP", &track, transport).await?;
        let session = set_up.header("session").and_then(|value| value.split(';').next());
        let Some(session) = session.filter(|_| set_up.status == 200) else { return Ok(None) };
        reader.session = format!("Session: {}\r\n", session.trim());
        let headers = reader.session.clone();
        let playing = reader.ask("PLAY", &url, &headers).await?;
        Ok((playing.status == 200).then_some(reader))
    }

    async fn ask(&mut self, method: &str, url: &str, headers: &str) -> std::io::Result<RtspAnswer> {
        let authorization = self.authorization(method, url);
        let authorization = authorization.as_deref();
        self.dialogue.ask(RtspRequest { method, url, headers, body: "", authorization }).await
    }

    fn authorization(&self, method: &str, url: &str) -> Option<String> {
        self.challenge.as_ref()?.authorization(self.login?, method, url)
    }

    /// As one should; the end of the connection says the same.
    async fn leave(mut self) {
        let authorization = self.authorization("TEARDOWN", &self.url);
        let request = RtspRequest {
            method: "TEARDOWN",
            url: &self.url,
            headers: &self.session,
            body: "",
            authorization: authorization.as_deref(),
        };
        let _ = timeout(ANSWERS_WITHIN, self.dialogue.say(request)).await;
    }
}

/// Reads on until a packet of sound has come. Reports of the server about the track are none.
async fn packet(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<()> {
    loop {
        if stream.read_u8().await? != b'$' {
            return Err(std::io::Error::other("no packet"));
        }
        let (channel, length) = (stream.read_u8().await?, stream.read_u16().await?);
        let mut bytes = vec![0; usize::from(length)];
        stream.read_exact(&mut bytes).await?;
        if channel == 0 {
            return Ok(());
        }
    }
}

/// Address of the first sound track of a session description.
fn sound_track(description: &str, base: &str) -> Option<String> {
    let sound = description.split("\nm=").skip(1).find(|media| media.starts_with("audio "))?;
    let control = sound.lines().find_map(|line| line.strip_prefix("a=control:"))?.trim();
    let scheme = control.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    let absolute = scheme.is_some_and(|scheme| scheme == "rtsp" || scheme == "rtsps");
    Some(if absolute { control.to_owned() } else { format!("{}/{control}", base.trim_end_matches('/')) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sound_is_found_in_a_description() {
        let video = "v=0\r\ns=x\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\na=control:trackID=0\r\n";
        let sound = "m=audio 0 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=control:trackID=1\r\n";
        let own = "m=audio 0 RTP/AVP 8\r\na=control:RTSP://h:8554/gate/trackID=7\r\n";
        for (description, wanted) in [
            (video.to_owned(), None),
            (format!("{video}{sound}"), Some("rtsp://h:8554/gate/trackID=1")),
            (format!("{video}{own}{sound}"), Some("RTSP://h:8554/gate/trackID=7")),
            (format!("{video}m=audio 0 RTP/AVP 8\r\n"), None),
            (String::new(), None),
        ] {
            for base in ["rtsp://h:8554/gate", "rtsp://h:8554/gate/"] {
                assert_eq!(sound_track(&description, base).as_deref(), wanted, "{description}");
            }
        }
    }
}
