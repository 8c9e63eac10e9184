//! Somebody who watches a path of the media server: what arrives, how late it is, and what its clock says.
//!
//! It comes back whenever it is cut off or nobody publishes, as people do. A thread of its own: it measures the path, not the
//! runtime of the test.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use url::Url;

use super::camera::stamp;
use super::wait::eventually;

/// Between two tries.
const AGAIN: Duration = Duration::from_millis(100);
/// Silence of the server; a path that sends nothing is still watched.
const TIMEOUT: Duration = Duration::from_millis(500);

/// A picture that has arrived.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    pub arrived: Instant,
    /// How long ago the camera sent it; unknown for what carries no stamp.
    pub age: Option<Duration>,
    /// What its RTP time says, counted from the picture that was under way when the viewer joined, which is left out.
    pub time: Duration,
}

/// What has arrived so far.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// How often it found a stream and was let in.
    pub joined: usize,
    /// Of all joins.
    pub frames: Vec<Frame>,
    /// Packets of sound.
    pub sound: usize,
    /// Encodings of the tracks of the last join, in capitals: `H264`, `PCMA`.
    pub tracks: Vec<String>,
}

/// A viewer of one path. Dropped, it goes.
pub struct Viewer {
    seen: Arc<Mutex<Seen>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Viewer {
    /// Watches `rtsp://host:port/path`.
    pub fn of(url: &Url) -> Self {
        let (seen, stop) = (Arc::<Mutex<Seen>>::default(), Arc::<AtomicBool>::default());
        let (url, told, stopped) = (url.clone(), Arc::clone(&seen), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::SeqCst) {
                // An error is a path without a stream, or its end.
                let _ = watch(&url, &told, &stopped);
                std::thread::sleep(AGAIN);
            }
        });
        Self { seen, stop, thread: Some(thread) }
    }

    /// What has arrived so far.
    pub fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for so many more pictures, and returns them.
    pub async fn next(&self, count: usize) -> Vec<Frame> {
        let wanted = self.seen().frames.len() + count;
        eventually(&format!("{count} pictures"), || async {
            let seen = self.seen();
            (seen.frames.len() >= wanted).then(|| seen.frames[wanted - count..wanted].to_vec())
        })
        .await
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A media of the session description.
struct Media {
    is_picture: bool,
    encoding: String,
    control: String,
}

fn medias(sdp: &str) -> Vec<Media> {
    let mut medias: Vec<Media> = Vec::new();
    for line in sdp.lines() {
        if let Some(media) = line.strip_prefix("m=") {
            // Those with a fixed number need no name.
            let encoding = match media.split_whitespace().last() {
                Some("0") => "PCMU",
                Some("8") => "PCMA",
                other => other.unwrap_or_default(),
            };
            let encoding = encoding.to_owned();
            medias.push(Media { is_picture: media.starts_with("video"), encoding, control: String::new() });
        } else if let Some(media) = medias.last_mut() {
            if let Some(map) = line.strip_prefix("a=rtpmap:") {
                let name = map.split_whitespace().nth(1).and_then(|name| name.split('/').next());
                media.encoding = name.unwrap_or_default().to_ascii_uppercase();
            } else if let Some(control) = line.strip_prefix("a=control:") {
                control.clone_into(&mut media.control);
            }
        }
    }
    medias
}

struct Dialogue<'a> {
    writer: TcpStream,
    reader: BufReader<TcpStream>,
    stop: &'a AtomicBool,
    sequence: u32,
    session: String,
}

impl Dialogue<'_> {
    /// Asks, and reads the answer: its headers and its body.
    fn ask(&mut self, method: &str, target: &str, headers: &str) -> io::Result<(String, String)> {
        self.sequence += 1;
        let session = if self.session.is_empty() { String::new() } else { format!("Session: {}\r\n", self.session) };
        let sequence = self.sequence;
        let text = format!("{method} {target} RTSP/1.0\r\nCSeq: {sequence}\r\n{session}{headers}\r\n");
        self.writer.write_all(text.as_bytes())?;
        // Packets may come first.
        while self.peek()? == b'$' {
            self.packet()?;
        }
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
                break;
            }
            if let Some((key, value)) = line.split_once(':') {
                match key.to_ascii_lowercase().as_str() {
                    "content-length" => length = value.trim().parse().unwrap_or(0),
                    "session" => self.session = value.split(';').next().unwrap_or_default().trim().to_owned(),
                    _ => {}
                }
            }
            head.push_str(&line);
        }
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body)?;
        if head.starts_with("RTSP/1.0 200") {
            Ok((head, String::from_utf8_lossy(&body).into_owned()))
        } else {
            Err(io::Error::other(head))
        }
    }

    /// The first byte of what comes next; waits for it as long as nobody says stop.
    fn peek(&mut self) -> io::Result<u8> {
        loop {
            match self.reader.fill_buf() {
                Ok([]) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(bytes) => return Ok(bytes[0]),
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    if self.stop.load(Ordering::SeqCst) {
                        return Err(io::ErrorKind::Interrupted.into());
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// An interleaved packet.
    fn packet(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let mut head = [0; 4];
        self.reader.read_exact(&mut head)?;
        let mut packet = vec![0; usize::from(u16::from_be_bytes([head[2], head[3]]))];
        self.reader.read_exact(&mut packet)?;
        Ok((head[1], packet))
    }
}

/// Watches once, to the end.
fn watch(url: &Url, told: &Mutex<Seen>, stop: &AtomicBool) -> io::Result<()> {
    let address = url.socket_addrs(|| Some(554))?[0];
    let writer = TcpStream::connect(address)?;
    writer.set_read_timeout(Some(TIMEOUT))?;
    let reader = BufReader::new(writer.try_clone()?);
    let mut dialogue = Dialogue { writer, reader, stop, sequence: 0, session: String::new() };
    let (_, sdp) = dialogue.ask("DESCRIBE", url.as_str(), "Accept: application/sdp\r\n")?;
    let medias = medias(&sdp);
    for (index, media) in medias.iter().enumerate() {
        let base = url.as_str().trim_end_matches('/');
        let target =
            if media.control.contains("://") { media.control.clone() } else { format!("{base}/{}", media.control) };
        let channel = index * 2;
        let transport = format!("Transport: RTP/AVP/TCP;unicast;interleaved={channel}-{}\r\n", channel + 1);
        dialogue.ask("SETUP", &target, &transport)?;
    }
    dialogue.ask("PLAY", url.as_str(), "")?;
    let note = |change: &dyn Fn(&mut Seen)| change(&mut told.lock().unwrap_or_else(PoisonError::into_inner));
    note(&|seen| {
        seen.joined += 1;
        seen.tracks = medias.iter().map(|media| media.encoding.clone()).collect();
    });
    let mut clock = Clock::default();
    let mut age = None;
    // A picture may be under way when a reader joins: of that one only the rest comes, without its stamp.
    let mut is_whole = false;
    loop {
        if stop.load(Ordering::SeqCst) || dialogue.peek()? != b'$' {
            return Ok(());
        }
        let (channel, packet) = dialogue.packet()?;
        let Some(media) = medias.get(usize::from(channel / 2)).filter(|_| channel % 2 == 0) else { continue };
        let Some((marker, time, payload)) = rtp(&packet) else { continue };
        if !media.is_picture {
            note(&|seen| seen.sound += 1);
            continue;
        }
        age = age.or_else(|| stamp_in(payload));
        if marker {
            let frame = Frame { arrived: Instant::now(), age: age.take(), time: clock.since_first(time) };
            if std::mem::replace(&mut is_whole, true) {
                note(&|seen| seen.frames.push(frame));
            }
        }
    }
}

/// Marker, time and payload of an RTP packet without extensions.
fn rtp(packet: &[u8]) -> Option<(bool, u32, &[u8])> {
    let head = packet.first_chunk::<12>()?;
    let time = u32::from_be_bytes([head[4], head[5], head[6], head[7]]);
    Some((head[1] & 0x80 != 0, time, &packet[12..]))
}

/// The stamp of a payload of RFC 6184, alone or among small units.
fn stamp_in(payload: &[u8]) -> Option<Duration> {
    if payload.first()? & 0x1f != 24 {
        return stamp::age(payload);
    }
    let mut rest = &payload[1..];
    while let Some((size, after)) = rest.split_first_chunk::<2>() {
        let (nal, tail) = after.split_at_checked(usize::from(u16::from_be_bytes(*size)))?;
        if let Some(age) = stamp::age(nal) {
            return Some(age);
        }
        rest = tail;
    }
    None
}

/// RTP time of a video track (90 kHz), which wraps.
#[derive(Default)]
struct Clock {
    last: Option<u32>,
    ticks: i64,
}

impl Clock {
    fn since_first(&mut self, time: u32) -> Duration {
        let step = self.last.replace(time).map_or(0, |last| i64::from(time.wrapping_sub(last) as i32));
        self.ticks += step;
        Duration::from_secs_f64(self.ticks.max(0) as f64 / 90_000.0)
    }
}
