//! What a device tells by itself, over a WebSocket beside REST: that its stream has begun, ended or been interrupted. Only that something
//! has changed is taken from it; what is so now is asked for as ever.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::web_presenter::{EncoderAddress, url_host};
use super::{LONGEST_ANSWER, REQUEST_LIMIT};
use crate::adapters::request_thread::{Peer, apart};
use crate::adapters::tls::certificate_trust;

/// The property that says what the stream does.
const PROPERTY: &str = "/livestreams/0";
/// A device that streams tells its bit rate every second: one that says nothing for so long is asked whether it is there, and has as
/// long to say so.
const QUIET: Duration = Duration::from_secs(30);
/// Changes are told no faster.
const APART: Duration = Duration::from_millis(250);

/// Why nothing is heard any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventsEnded {
    /// The device has nothing of the kind, or cannot be reached.
    NotThere,
    /// It was heard, and is no more.
    Lost,
}

/// Listens at one of these addresses, which whoever asks has looked at, and says when the state of the stream has become another one.
pub async fn listen(address: EncoderAddress, at: Vec<SocketAddr>, changed: impl Fn() + Send + 'static) -> EventsEnded {
    // Nobody vouches for what it sends, nor for how much of it.
    apart(Peer::Device, async move { listen_here(&address, &at, changed).await }).await
}

async fn listen_here(address: &EncoderAddress, at: &[SocketAddr], changed: impl Fn()) -> EventsEnded {
    match timeout(REQUEST_LIMIT, connect(address, at)).await {
        Ok(Ok(socket)) => match hear(socket, changed).await {
            Some(()) => EventsEnded::Lost,
            None => EventsEnded::NotThere,
        },
        Ok(Err(error)) => {
            log::debug!(encoder = address.host.as_str(); "no events of an encoder: {error}");
            EventsEnded::NotThere
        }
        Err(_) => EventsEnded::NotThere,
    }
}

/// Any stream of bytes.
trait Connection: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Connection for T {}

type Socket = WebSocketStream<Box<dyn Connection>>;

async fn connect(address: &EncoderAddress, at: &[SocketAddr]) -> io::Result<Socket> {
    let connection = TcpStream::connect(at).await?;
    let host = address.host.trim_matches(['[', ']']).to_owned();
    let (scheme, connection): (_, Box<dyn Connection>) = match &address.tls {
        None => ("ws", Box::new(connection)),
        Some(trust) => {
            let config = certificate_trust::client("health.encoders[].ca_file", trust).map_err(io::Error::other)?;
            let name = ServerName::try_from(host).map_err(io::Error::other)?;
            let connector = TlsConnector::from(Arc::clone(&config));
            ("wss", Box::new(connector.connect(name, connection).await?))
        }
    };
    let url = format!("{scheme}://{}:{}/control/api/v1/event/websocket", url_host(&address.host), address.rest_port);
    let limits = WebSocketConfig::default()
        .max_message_size(Some(LONGEST_ANSWER))
        .max_frame_size(Some(LONGEST_ANSWER))
        .max_write_buffer_size(LONGEST_ANSWER);
    let (socket, _) = client_async_with_config(url, connection, Some(limits)).await.map_err(io::Error::other)?;
    Ok(socket)
}

/// `None` where the device does not let us subscribe.
async fn hear(mut socket: Socket, changed: impl Fn()) -> Option<()> {
    let subscribe = json!({ "type": "request", "id": 1, "data": { "action": "subscribe", "properties": [PROPERTY] } });
    socket.send(Message::text(subscribe.to_string())).await.ok()?;
    let (mut known, mut is_asked) = (None, false);
    loop {
        let heard = match timeout(QUIET, socket.next()).await {
            Ok(Some(Ok(heard))) => heard,
            Ok(Some(Err(_)) | None) => return Some(()),
            Err(_) if is_asked => return Some(()),
            Err(_) => {
                is_asked = true;
                socket.send(Message::Ping(Bytes::new())).await.ok();
                continue;
            }
        };
        is_asked = false;
        let Message::Text(text) = heard else { continue };
        let Some(status) = status_of(&text) else { continue };
        if known.as_ref() != Some(&status) {
            known = Some(status);
            changed();
            sleep(APART).await;
        }
    }
}

/// The word for what the stream does, where a message says it: the answer to our subscription, or the news of a change.
fn status_of(text: &str) -> Option<String> {
    let message: Value = serde_json::from_str(text).ok()?;
    let data = message.get("data")?;
    let value = match data.get("action")?.as_str()? {
        "propertyValueChanged" if data.get("property")?.as_str()? == PROPERTY => data.get("value")?,
        "subscribe" => data.get("values")?.get(PROPERTY)?,
        _ => return None,
    };
    Some(value.get("status")?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_stream_does_is_heard() {
        for (text, wanted) in [
            (r#"{"type":"event","data":{"action":"websocketOpened"}}"#, None),
            (
                r#"{"type":"response","id":1,"data":{"action":"subscribe","properties":["/livestreams/0"],"values":{"/livestreams/0":{"status":"Idle"}}}}"#,
                Some("Idle"),
            ),
            (r#"{"type":"response","id":1,"data":{"action":"subscribe","success":true}}"#, None),
            (
                r#"{"type":"event","data":{"action":"propertyValueChanged","property":"/livestreams/0","value":{"status":"Streaming","bitrate":1000}}}"#,
                Some("Streaming"),
            ),
            (
                r#"{"type":"event","data":{"action":"propertyValueChanged","property":"/system","value":{"status":"x"}}}"#,
                None,
            ),
            (
                r#"{"type":"event","data":{"action":"propertyValueChanged","property":"/livestreams/0","value":7}}"#,
                None,
            ),
            ("<html>", None),
            ("", None),
        ] {
            assert_eq!(status_of(text).as_deref(), wanted, "{text}");
        }
    }
}
