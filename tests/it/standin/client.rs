//! An RTSP client made of bytes: says exactly what a test wants said, also what no decent client says.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::harness::{Harness, LIMIT};

/// A track of G.711 at 8 kHz: every payload is valid.
pub const SDP: &str = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
    m=audio 0 RTP/AVP 0\r\na=control:streamid=0\r\n";

/// A connection.
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
    base: String,
    sequence: u32,
    session: Option<String>,
    /// Interleaved packets that came between answers.
    pub packets: Vec<(u8, Vec<u8>)>,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Client {
    pub async fn connect(harness: &Harness) -> Self {
        Self::connect_with(harness, None).await
    }

    /// With a small receive buffer, so that not reading is felt soon.
    pub async fn connect_with(harness: &Harness, receive_buffer: Option<u32>) -> Self {
        let (address, _): (SocketAddr, _) = harness.server.addresses();
        let socket = TcpSocket::new_v4().expect("a socket");
        if let Some(size) = receive_buffer {
            socket.set_recv_buffer_size(size).expect("a buffer size");
        }
        let stream = socket.connect(address).await.expect("a connection");
        let base = harness.url("");
        Self { stream, buffer: Vec::new(), base, sequence: 0, session: None, packets: Vec::new() }
    }

    /// Sends bytes as they are.
    pub async fn send(&mut self, bytes: &[u8]) {
        timeout(LIMIT, self.stream.write_all(bytes)).await.expect("in time").expect("sent");
    }

    /// Sends a request to `path` and reads the answer.
    pub async fn ask(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Reply {
        self.sequence += 1;
        let session = self.session.as_ref().map(|id| format!("Session: {id}\r\n")).unwrap_or_default();
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let (base, sequence) = (&self.base, self.sequence);
        let text =
            format!("{method} {base}{path} RTSP/1.0\r\nCSeq: {sequence}\r\n{session}{length}{headers}\r\n{body}");
        self.send(text.as_bytes()).await;
        let reply = self.reply().await.expect("an answer");
        let id = reply.head.lines().find_map(|line| line.strip_prefix("Session: "));
        if let Some(id) = id.and_then(|value| value.split(';').next()) {
            self.session = Some(id.to_owned());
        }
        reply
    }

    pub async fn describe(&mut self, path: &str) -> Reply {
        self.ask("DESCRIBE", path, "Accept: application/sdp\r\n", "").await
    }

    pub async fn announce(&mut self, path: &str, sdp: &str) -> Reply {
        self.ask("ANNOUNCE", path, "Content-Type: application/sdp\r\n", sdp).await
    }

    pub async fn setup(&mut self, control: &str, transport: &str) -> Reply {
        self.ask("SETUP", control, &format!("Transport: {transport}\r\n"), "").await
    }

    /// Goes all the way to RECORD with [`SDP`].
    pub async fn publish(&mut self, path: &str) {
        assert_eq!(self.announce(path, SDP).await.status, 200);
        let control = format!("{path}/streamid=0");
        assert_eq!(self.setup(&control, "RTP/AVP/TCP;unicast;interleaved=0-1;mode=record").await.status, 200);
        assert_eq!(self.ask("RECORD", path, "", "").await.status, 200);
    }

    /// Goes all the way to PLAY of the first track.
    pub async fn play(&mut self, path: &str) {
        let reply = self.setup(&format!("{path}/trackID=0"), "RTP/AVP/TCP;unicast;interleaved=4-5").await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let reply = self.ask("PLAY", &format!("{path}/"), "Range: npt=0.000-\r\n", "").await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert!(reply.head.contains("RTP-Info: url="), "{reply:?}");
    }

    /// The next answer; `None` when the server has closed the connection.
    pub async fn reply(&mut self) -> Option<Reply> {
        loop {
            if self.buffer.first() == Some(&b'$') {
                if let Some(packet) = self.whole_packet() {
                    self.packets.push(packet);
                    continue;
                }
            } else if let Some(reply) = self.whole_reply() {
                return Some(reply);
            }
            if !self.more().await {
                return None;
            }
        }
    }

    /// The next interleaved packet; `None` when the server has closed the connection.
    pub async fn packet(&mut self) -> Option<(u8, Vec<u8>)> {
        if !self.packets.is_empty() {
            return Some(self.packets.remove(0));
        }
        loop {
            if let Some(packet) = self.whole_packet() {
                return Some(packet);
            }
            if !self.more().await {
                return None;
            }
        }
    }

    /// The next RTP packet, reports left out.
    pub async fn rtp(&mut self) -> Option<Vec<u8>> {
        loop {
            let (channel, packet) = self.packet().await?;
            if channel % 2 == 0 {
                return Some(packet);
            }
        }
    }

    async fn more(&mut self) -> bool {
        let mut bytes = [0; 16 * 1024];
        // A connection that is reset is closed as well.
        let read = timeout(LIMIT, self.stream.read(&mut bytes)).await.expect("something in time").unwrap_or(0);
        self.buffer.extend_from_slice(&bytes[..read]);
        read > 0
    }

    fn whole_packet(&mut self) -> Option<(u8, Vec<u8>)> {
        let [b'$', channel, high, low] = *self.buffer.first_chunk::<4>()? else { return None };
        let end = 4 + usize::from(u16::from_be_bytes([high, low]));
        if self.buffer.len() < end {
            return None;
        }
        let packet = self.buffer[4..end].to_vec();
        self.buffer.drain(..end);
        Some((channel, packet))
    }

    fn whole_reply(&mut self) -> Option<Reply> {
        let text = String::from_utf8_lossy(&self.buffer).into_owned();
        let (head, rest) = text.split_once("\r\n\r\n")?;
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: "))
            .map_or(0, |length| length.parse().expect("a length"));
        let body = rest.get(..length)?.to_owned();
        let status = head.split(' ').nth(1).expect("a status").parse().expect("a number");
        let head = head.to_owned();
        self.buffer.drain(..head.len() + 4 + length);
        Some(Reply { status, head, body })
    }
}

/// An interleaved RTP packet of G.711 on channel 0: its number is in the sequence, the timestamp and the payload.
pub fn frame(number: u32, payload: usize) -> Vec<u8> {
    let mut packet = vec![0x80, 0];
    packet.extend((number as u16).to_be_bytes());
    packet.extend((number * payload as u32).to_be_bytes());
    packet.extend(7_u32.to_be_bytes());
    packet.extend(number.to_be_bytes());
    packet.resize(12 + payload, 0x55);
    let mut frame = vec![b'$', 0];
    frame.extend((packet.len() as u16).to_be_bytes());
    frame.extend(packet);
    frame
}

/// The number in a packet that [`frame`] made.
pub fn number(packet: &[u8]) -> u32 {
    u32::from_be_bytes(packet[12..16].try_into().expect("four bytes"))
}
