//! A publisher that sets every timestamp: the pictures and the sound of the film over RTSP at natural speed, stamped as a test
//! wants them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use url::Url;

use super::film::Film;

/// Pictures in a second of most films, samples of sound in a second and in a packet.
pub const RATE: usize = 25;
const SAMPLES: usize = 44_100;
const PACKET: usize = 1_024;
/// Longest payload of a packet.
const PAYLOAD: usize = 1_300;
/// A document of metadata, as cameras send them.
const METADATA: &[u8] = b"<?xml version=\"1.0\"?><tt:MetadataStream xmlns:tt=\"http://www.onvif.org/ver10/schema\"/>";

/// What is sent.
#[derive(Clone, Copy)]
pub struct Script {
    /// What it shows. Of a film of H.265 the pictures are, of every film the sound is AAC.
    pub film: Film,
    /// The time in seconds that picture number `.0`, which is due after `.1` seconds, is stamped with. It may be below zero.
    pub stamp: fn(usize, f64) -> f64,
    /// Whether a picture is sent that is due after so many seconds.
    pub pictures: fn(f64) -> bool,
    /// Whether sound is sent after so many seconds; `None`: there is no track of sound.
    pub sound: Option<fn(f64) -> bool>,
    /// A third track, behind that of sound: ONVIF metadata, once in a second.
    pub metadata: bool,
    /// The first timestamp, of 90,000 in a second.
    pub first: u32,
    /// When what is due after so many seconds is sent: never before what comes before it.
    pub sent: fn(f64) -> f64,
    /// How long it goes on.
    pub seconds: usize,
}

impl Script {
    /// Pictures alone, stamped as they are sent.
    pub const PLAIN: Self = Self {
        film: Film::Plain,
        stamp: |_, time| time,
        pictures: |_| true,
        sound: None,
        metadata: false,
        first: 1_000_000_000,
        sent: |time| time,
        seconds: 20,
    };
    /// Its number of what is no picture: sound is stamped like pictures.
    const SOUND: usize = 0;
}

/// What was sent, in order.
#[derive(Debug, Default)]
pub struct Sent {
    /// When each picture was, or was left out.
    pub pictures: Vec<DateTime<Utc>>,
    /// The place in the film of each packet of sound, and when it was.
    pub sound: Vec<(usize, DateTime<Utc>)>,
}

/// Publishes; the thread returns what was sent when.
pub fn publish(server: &Url, path: &str, script: Script) -> JoinHandle<Sent> {
    let address = format!("{}:{}", server.host_str().expect("a host"), server.port().unwrap_or(554));
    let url = format!("rtsp://{address}/{path}");
    spawn(move || {
        let stream = TcpStream::connect(&address).expect("the media server listens");
        let mut sender = Sender { stream, url, asked: 0, session: String::new(), sequence: [0; 3] };
        sender.begin(&script);
        sender.play(script)
    })
}

struct Sender {
    stream: TcpStream,
    url: String,
    asked: usize,
    session: String,
    /// Of pictures, of sound and of metadata.
    sequence: [u16; 3],
}

impl Sender {
    fn begin(&mut self, script: &Script) {
        let (url, sound, metadata) = (self.url.clone(), script.sound.is_some(), script.metadata);
        assert!(sound || !metadata, "metadata is the third track");
        let picture = match script.film {
            Film::Hevc => "H265/90000",
            _ => "H264/90000\r\na=fmtp:96 packetization-mode=1",
        };
        let mut description = format!(
            "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=video 0 RTP/AVP 96\r\na=rtpmap:96 {picture}\r\na=control:streamid=0\r\n"
        );
        if sound {
            description += "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC/44100/1\r\na=fmtp:97 streamtype=5;\
                profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=1208\r\n\
                a=control:streamid=1\r\n";
        }
        if metadata {
            description +=
                "m=application 0 RTP/AVP 98\r\na=rtpmap:98 vnd.onvif.metadata/90000\r\na=control:streamid=2\r\n";
        }
        let length = format!("Content-Type: application/sdp\r\nContent-Length: {}\r\n", description.len());
        self.ask("ANNOUNCE", &url, &length, &description);
        for track in 0..1 + usize::from(sound) + usize::from(metadata) {
            let (rtp, rtcp) = (2 * track, 2 * track + 1);
            let transport = format!("Transport: RTP/AVP/TCP;unicast;interleaved={rtp}-{rtcp};mode=record\r\n");
            self.ask("SETUP", &format!("{url}/streamid={track}"), &transport, "");
        }
        self.ask("RECORD", &url, "", "");
    }

    fn ask(&mut self, method: &str, url: &str, headers: &str, body: &str) {
        self.asked += 1;
        let (asked, session) = (self.asked, &self.session);
        let text = format!("{method} {url} RTSP/1.0\r\nCSeq: {asked}\r\n{session}{headers}\r\n{body}");
        self.stream.write_all(text.as_bytes()).expect("sent");
        let mut answer = Vec::new();
        let mut byte = [0];
        while !answer.ends_with(b"\r\n\r\n") {
            self.stream.read_exact(&mut byte).expect("an answer");
            answer.push(byte[0]);
        }
        let answer = String::from_utf8(answer).expect("text");
        assert!(answer.starts_with("RTSP/1.0 200"), "{method}: {answer}");
        if let Some(id) = answer.lines().find_map(|line| line.strip_prefix("Session: ")) {
            self.session = format!("Session: {}\r\n", id.split(';').next().expect("an id"));
        }
    }

    fn play(&mut self, script: Script) -> Sent {
        let media = film_media(script.film);
        let begun = Instant::now();
        let (mut sent, mut packets, mut reports) = (Sent::default(), 0, [0.0; 2]);
        while sent.pictures.len() < script.seconds * script.film.rate() {
            let now = begun.elapsed().as_secs_f64();
            let number = sent.pictures.len();
            let picture = number as f64 / script.film.rate() as f64;
            let sound = (packets * PACKET) as f64 / SAMPLES as f64;
            if let Some(plays) = script.sound
                && (script.sent)(sound) <= now
                && sound <= picture
            {
                if plays(sound) {
                    let place = packets % media.sound.len();
                    let packet = &media.sound[place];
                    let stamp = ((script.stamp)(Script::SOUND, sound) * SAMPLES as f64).round() as i64 as u32;
                    if sound >= reports[1] {
                        self.report(3, 0x22, stamp);
                        reports[1] = sound + 2.0;
                    }
                    let head = [0, 16, (packet.len() >> 5) as u8, (packet.len() << 3) as u8];
                    self.rtp(1, true, stamp, &[&head, &packet[..]].concat());
                    sent.sound.push((place, Utc::now()));
                }
                packets += 1;
            } else if (script.sent)(picture) <= now {
                let stamp = ((script.stamp)(number, picture) * 90_000.0) as i64 as u32;
                let stamp = script.first.wrapping_add(stamp);
                if !(script.pictures)(picture) {
                    sent.pictures.push(Utc::now());
                    continue;
                }
                // With a single track there is nothing to tell its time from.
                if script.sound.is_some() && picture >= reports[0] {
                    self.report(1, 0x11, stamp);
                    reports[0] = picture + 2.0;
                }
                // Over and over.
                if script.metadata && number.is_multiple_of(RATE) {
                    self.rtp(2, true, stamp, METADATA);
                }
                let units = &media.pictures[number % media.pictures.len()];
                self.picture(script.film, units, stamp);
                sent.pictures.push(Utc::now());
            } else {
                sleep(Duration::from_millis(4));
            }
        }
        sent
    }

    fn picture(&mut self, film: Film, units: &[Vec<u8>], stamp: u32) {
        for (place, unit) in units.iter().enumerate() {
            let is_last = place + 1 == units.len();
            if unit.len() <= PAYLOAD {
                self.rtp(0, is_last, stamp, unit);
                continue;
            }
            // Fragmentation units: FU-A (RFC 6184, 5.8), and those of H.265, whose units have a head of two bytes (RFC 7798, 4.4.3).
            let (head, kind) = match film {
                Film::Hevc => (vec![unit[0] & 0x81 | 49 << 1, unit[1]], unit[0] >> 1 & 0x3f),
                _ => (vec![unit[0] & 0xe0 | 28], unit[0] & 0x1f),
            };
            let pieces: Vec<&[u8]> = unit[head.len()..].chunks(PAYLOAD).collect();
            for (number, piece) in pieces.iter().enumerate() {
                let (first, last) = (number == 0, number + 1 == pieces.len());
                let marks = if first { 0x80 } else { 0 } | if last { 0x40 } else { 0 };
                self.rtp(0, is_last && last, stamp, &[&head, &[marks | kind][..], piece].concat());
            }
        }
    }

    fn rtp(&mut self, track: usize, marker: bool, stamp: u32, payload: &[u8]) {
        let mut packet = vec![0x80, (96 + track as u8) | if marker { 0x80 } else { 0 }];
        packet.extend(self.sequence[track].to_be_bytes());
        packet.extend(stamp.to_be_bytes());
        packet.extend([0, 0, 0, 0x11 * (1 + track as u8)]);
        packet.extend(payload);
        self.sequence[track] = self.sequence[track].wrapping_add(1);
        self.frame(2 * track as u8, &packet);
    }

    /// A sender report: this timestamp is now.
    fn report(&mut self, channel: u8, source: u8, stamp: u32) {
        let now = Utc::now();
        let mut packet = vec![0x80, 200, 0, 6, 0, 0, 0, source];
        packet.extend(((now.timestamp() + 2_208_988_800) as u32).to_be_bytes());
        packet.extend(((u64::from(now.timestamp_subsec_nanos()) << 32) / 1_000_000_000).to_be_bytes()[4..].iter());
        packet.extend(stamp.to_be_bytes());
        packet.extend([0; 8]);
        self.frame(channel, &packet);
    }

    fn frame(&mut self, channel: u8, packet: &[u8]) {
        let mut frame = vec![b'$', channel];
        frame.extend((packet.len() as u16).to_be_bytes());
        frame.extend(packet);
        self.stream.write_all(&frame).expect("the media server takes it");
    }
}

/// The film as it is sent.
struct FilmMedia {
    /// NAL units of each picture.
    pictures: Vec<Vec<Vec<u8>>>,
    /// Packets of AAC.
    sound: Vec<Vec<u8>>,
}

fn film_media(film: Film) -> &'static FilmMedia {
    static MEDIA: [OnceLock<FilmMedia>; Film::COUNT] = [const { OnceLock::new() }; Film::COUNT];
    let format = if film == Film::Hevc { "hevc" } else { "h264" };
    MEDIA[film as usize].get_or_init(|| FilmMedia {
        pictures: pictures(
            &bytes(film, &format!("-an -c:v copy -bsf:v {format}_mp4toannexb -f {format}")),
            if film == Film::Hevc { hevc_slice } else { h264_slice },
        ),
        sound: packets(&bytes(film, "-vn -c:a copy -f adts")),
    })
}

fn bytes(film: Film, how: &str) -> Vec<u8> {
    let done = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(film.path())
        .args(how.split(' '))
        .arg("-")
        .stdin(Stdio::null())
        .output()
        .expect("ffmpeg is installed");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    done.stdout
}

/// Whether a unit is a slice, and then whether it is the first one of its picture: it begins with macroblock 0.
fn h264_slice(unit: &[u8]) -> Option<bool> {
    matches!(unit[0] & 0x1f, 1 | 5).then(|| unit[1] & 0x80 != 0)
}

/// The same of H.265 (`first_slice_segment_in_pic_flag`).
fn hevc_slice(unit: &[u8]) -> Option<bool> {
    (unit[0] >> 1 & 0x3f < 32).then(|| unit[2] & 0x80 != 0)
}

/// Cuts a byte stream (annex B of ITU-T H.264 and H.265) into pictures.
fn pictures(stream: &[u8], slice: fn(&[u8]) -> Option<bool>) -> Vec<Vec<Vec<u8>>> {
    let starts: Vec<usize> = (0..stream.len() - 3).filter(|at| stream[*at..].starts_with(&[0, 0, 1])).collect();
    let ends = starts.iter().skip(1).copied().chain([stream.len()]);
    let units = starts.iter().zip(ends).map(|(start, end)| {
        let unit = &stream[start + 3..end];
        let length = unit.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        unit[..length].to_vec()
    });
    let (mut found, mut open, mut has_slice) = (Vec::new(), Vec::new(), false);
    for unit in units {
        let is_first = slice(&unit);
        if has_slice && is_first != Some(false) {
            found.push(std::mem::take(&mut open));
            has_slice = false;
        }
        has_slice |= is_first.is_some();
        open.push(unit);
    }
    found.push(open);
    found
}

/// Cuts ADTS into its packets, without their heads.
fn packets(stream: &[u8]) -> Vec<Vec<u8>> {
    let (mut found, mut rest) = (Vec::new(), stream);
    while let Some(head) = rest.first_chunk::<7>() {
        let length = usize::from(head[3] & 3) << 11 | usize::from(head[4]) << 3 | usize::from(head[5]) >> 5;
        found.push(rest[7..length].to_vec());
        rest = &rest[length..];
    }
    found
}
