//! Bytes of an RTSP connection: requests and interleaved packets out of a buffer, answers into one.
//!
//! Owns framing (RFC 2326 10.12), the limit on a request's size and the reading of request targets. Decides nothing.
//! Talked to by `connection`.

use bytes::{Buf, Bytes, BytesMut};
use rtsp_types::headers::{self, HeaderName, HeaderValue};
use rtsp_types::{Message, ParseError, Request, Response, StatusCode, Version};

use crate::domain::name::StreamName;

/// Largest request with its body; a session description of hundreds of tracks fits.
const LARGEST_REQUEST: usize = 64 * 1024;

/// What a client sent.
#[derive(Debug)]
pub enum Incoming {
    /// An interleaved packet, not copied out of the buffer it came in.
    Packet {
        /// Its channel.
        channel: u8,
        /// RTP or RTCP.
        payload: Bytes,
    },
    /// A request, with its target as it stands in the request line.
    Request(Box<Request<Vec<u8>>>, String),
    /// An answer to nothing we asked: ignored.
    Answer,
}

/// The client does not speak RTSP, or too much of it at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// Takes the next whole thing out of the buffer; `None` when more bytes are needed.
pub fn next(buffer: &mut BytesMut) -> Result<Option<Incoming>, Malformed> {
    // Some clients end a request with one line end too many.
    let blank = buffer.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    buffer.advance(blank);
    match buffer.first() {
        None => Ok(None),
        Some(b'$') => Ok(packet(buffer)),
        Some(_) => message(buffer),
    }
}

fn packet(buffer: &mut BytesMut) -> Option<Incoming> {
    let [_, channel, high, low] = *buffer.first_chunk::<4>()?;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if buffer.len() < 4 + length {
        return None;
    }
    buffer.advance(4);
    Some(Incoming::Packet { channel, payload: buffer.split_to(length).freeze() })
}

fn message(buffer: &mut BytesMut) -> Result<Option<Incoming>, Malformed> {
    match Message::<Vec<u8>>::parse(&buffer[..]) {
        Ok((message, length)) => {
            let line = buffer.split_to(length);
            Ok(Some(match message {
                Message::Request(request) => Incoming::Request(Box::new(request), target(&line)),
                _ => Incoming::Answer,
            }))
        }
        Err(ParseError::Incomplete(_)) if buffer.len() < LARGEST_REQUEST => Ok(None),
        Err(_) => Err(Malformed),
    }
}

/// The second word of the request line. `Url` would have resolved `..` before we could refuse it.
fn target(request: &[u8]) -> String {
    let line = request.split(|byte| *byte == b'\r' || *byte == b'\n').next().unwrap_or_default();
    String::from_utf8_lossy(line).split(' ').nth(1).unwrap_or_default().to_owned()
}

/// Path and query of a target `rtsp://host/path?query`, the path without its leading slash.
pub fn path_and_query(target: &str) -> (&str, &str) {
    let after_scheme = target.split_once("://").map_or(target, |(_, rest)| rest);
    let after_host = after_scheme.split_once('/').map_or("", |(_, rest)| rest);
    after_host.split_once('?').unwrap_or((after_host, ""))
}

/// The rule of MediaMTX 1.20 for a path name, and ours on its length.
pub fn is_path_name(name: &str) -> bool {
    StreamName::parse(name).is_ok()
}

/// Which of these control attributes a publisher's SETUP means; the path itself stands for an only track.
pub fn track_of(target: &str, path: &str, controls: &[&str]) -> Option<usize> {
    let exact = controls.iter().position(|control| {
        let tail = control.split_once("://").map_or(*control, |_| path_and_query(control).0);
        !tail.is_empty() && (target.ends_with(&format!("/{tail}")) || target == *control)
    });
    exact.or_else(|| (controls.len() == 1 && path_and_query(target).0.trim_end_matches('/') == path).then_some(0))
}

/// Splits a reader's SETUP target path into the stream's path and the number in `trackID=`.
pub fn reader_track(target: &str) -> Option<(&str, usize)> {
    let (before, number) = target.rsplit_once("trackID=")?;
    let (path, _) = path_and_query(before);
    Some((path.trim_end_matches('/'), number.parse().ok()?))
}

/// An answer under construction.
pub struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, String)>,
    body: Vec<u8>,
}

impl Answer {
    /// An answer with this status.
    pub fn new(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sets the body and its type.
    #[must_use]
    pub fn with_body(mut self, kind: &str, body: Vec<u8>) -> Self {
        self.body = body;
        self.with(headers::CONTENT_TYPE, kind)
    }

    /// Appends the answer to a request with this CSeq.
    pub fn write(self, sequence: Option<&HeaderValue>, out: &mut Vec<u8>) {
        let mut answer = Response::builder(Version::V1_0, self.status)
            .header(headers::SERVER, "streamwarden stand-in")
            .build(self.body);
        if let Some(sequence) = sequence {
            answer.insert_header(headers::CSEQ, sequence.as_str());
        }
        for (name, value) in self.headers {
            answer.insert_header(name, value);
        }
        // Writing into memory cannot fail.
        let _ = answer.write(out);
    }
}

/// Appends an interleaved packet.
pub fn write_packet(channel: u8, payload: &[u8], out: &mut Vec<u8>) {
    let length = u16::try_from(payload.len()).expect("packets come from frames with 16-bit lengths");
    out.extend([b'$', channel]);
    out.extend(length.to_be_bytes());
    out.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer(bytes: &[u8]) -> BytesMut {
        BytesMut::from(bytes)
    }

    #[test]
    fn packets_and_requests_come_out_whole() {
        let whole = b"$\x02\x00\x03abcOPTIONS rtsp://h/a/../b?x=1 RTSP/1.0\r\nCSeq: 1\r\n\r\n$\x03\x00\x00";
        // Every cut must give the same things in the same order.
        for cut in 0..=whole.len() {
            let mut seen = Vec::new();
            let mut bytes = buffer(&whole[..cut]);
            for rest in [&b""[..], &whole[cut..]] {
                bytes.extend_from_slice(rest);
                while let Some(incoming) = next(&mut bytes).expect("well-formed") {
                    seen.push(match incoming {
                        Incoming::Packet { channel, payload } => format!("{channel} {payload:?}"),
                        Incoming::Request(request, target) => format!("{:?} {target}", request.method()),
                        Incoming::Answer => "answer".to_owned(),
                    });
                }
            }
            assert_eq!(seen, ["2 b\"abc\"", "Options rtsp://h/a/../b?x=1", "3 b\"\""], "cut at {cut}");
        }
    }

    #[test]
    fn what_is_not_rtsp_is_refused() {
        assert_eq!(next(&mut buffer(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")).err(), Some(Malformed));
        let endless = format!("OPTIONS * RTSP/1.0\r\nX: {}", "x".repeat(LARGEST_REQUEST));
        assert_eq!(next(&mut buffer(endless.as_bytes())).err(), Some(Malformed));
        assert!(matches!(next(&mut buffer(&[b'\n'; 1 << 20])), Ok(None)));
        assert!(matches!(next(&mut buffer(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n")), Ok(Some(Incoming::Answer))));
    }

    #[test]
    fn targets_are_read_as_they_stand() {
        for (target, path, query) in [
            ("rtsp://h:8554/cam/front?token=x", "cam/front", "token=x"),
            ("rtsp://h/a/../b", "a/../b", ""),
            ("rtsp://h", "", ""),
            ("*", "", ""),
            ("rtsp://u:p@h/", "", ""),
        ] {
            assert_eq!(path_and_query(target), (path, query), "{target}");
        }
        assert_eq!(reader_track("rtsp://h/cam/front/trackID=1"), Some(("cam/front", 1)));
        assert_eq!(reader_track("rtsp://h/cam?x=y/trackID=0"), Some(("cam", 0)));
        assert_eq!(reader_track("rtsp://h/cam/?x=y/trackID=0"), Some(("cam", 0)));
        assert_eq!(reader_track("rtsp://h/cam"), None);
        assert_eq!(reader_track("rtsp://h/cam/trackID=x"), None);
    }

    #[test]
    fn a_publisher_names_tracks_in_its_own_way() {
        let two = ["streamid=0", "rtsp://other/x/streamid=1"];
        assert_eq!(track_of("rtsp://h/cam/streamid=0", "cam", &two), Some(0));
        assert_eq!(track_of("rtsp://h/cam?x=y/streamid=0", "cam", &two), Some(0));
        assert_eq!(track_of("rtsp://h/x/streamid=1", "cam", &two), Some(1));
        assert_eq!(track_of("rtsp://h/cam/streamid=5", "cam", &two), None);
        assert_eq!(track_of("rtsp://h/cam", "cam", &two), None);
        assert_eq!(track_of("rtsp://h/cam", "cam", &[""]), Some(0), "one track without a name");
    }
}
