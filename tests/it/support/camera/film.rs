//! What a camera sends: real H.264 and sound, made once by ffmpeg and kept in cargo's own folder for files of tests.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;

use super::{Behaviour, Sound, packet, stamp};

/// H.264 of these sizes and distances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
    /// Frames per second.
    pub fps: u32,
    /// Frames from one key frame to the next.
    pub key_frame_every: u32,
    /// Frames that are sent after later ones.
    pub b_frames: u32,
}

impl Default for Picture {
    fn default() -> Self {
        Self { width: 192, height: 108, fps: 25, key_frame_every: 25, b_frames: 0 }
    }
}

/// One unit of a track: a picture, a frame of sound, some packets of a transport stream.
pub(super) struct Unit {
    /// When it is sent, from the beginning of the film.
    pub due: Duration,
    /// What its RTP time says, from the beginning of the film.
    pub time: Duration,
    payload: Payload,
}

enum Payload {
    Nals(Vec<Vec<u8>>),
    Whole(Vec<u8>),
}

impl Unit {
    /// RTP payloads, the last one with the marker.
    pub(super) fn payloads(&self) -> Vec<Vec<u8>> {
        match &self.payload {
            Payload::Nals(nals) => packet::h264(nals, &stamp::sei()),
            Payload::Whole(bytes) => vec![bytes.clone()],
        }
    }
}

/// One track of a camera.
pub(super) struct Track {
    pub is_picture: bool,
    pub payload_type: u8,
    /// Units of RTP time per second.
    pub clock: u32,
    /// Its lines of the session description.
    pub lines: String,
    /// Played over and over.
    pub units: Vec<Unit>,
    pub length: Duration,
}

/// What a track is made of.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Recipe {
    Video(Picture),
    Sound(Sound),
    TransportStream(Picture),
}

/// The tracks of a camera, in the order of its session description.
pub(super) fn tracks(behaviour: &Behaviour) -> Vec<Arc<Track>> {
    let recipes = match (behaviour.picture, behaviour.sound) {
        (Some(picture), _) if behaviour.transport_stream => vec![Recipe::TransportStream(picture)],
        (Some(picture), Sound::None) => vec![Recipe::Video(picture)],
        (Some(picture), sound) => vec![Recipe::Video(picture), Recipe::Sound(sound)],
        (None, Sound::None) => Vec::new(),
        (None, sound) => vec![Recipe::Sound(sound)],
    };
    recipes.into_iter().map(track).collect()
}

/// Made once.
fn track(recipe: Recipe) -> Arc<Track> {
    static MADE: Mutex<Option<HashMap<Recipe, Arc<Track>>>> = Mutex::new(None);
    let mut made = super::locked(&MADE);
    let track = made.get_or_insert_default().entry(recipe).or_insert_with(|| {
        Arc::new(match recipe {
            Recipe::Video(picture) => video(picture),
            Recipe::Sound(kind) => sound(kind),
            Recipe::TransportStream(picture) => transport_stream(picture),
        })
    });
    Arc::clone(track)
}

fn video(picture: Picture) -> Track {
    let film = file(picture);
    let annexb = ffmpeg(&film, "-map 0:v -c copy -bsf:v h264_mp4toannexb,h264_metadata=aud=insert -f h264");
    let mut pictures: Vec<Vec<Vec<u8>>> = Vec::new();
    for nal in nals(&annexb) {
        match nal[0] & 0x1f {
            9 => pictures.push(Vec::new()),
            _ => pictures.last_mut().expect("a delimiter comes first").push(nal.to_vec()),
        }
    }
    let times = times(&film);
    assert_eq!(times.len(), pictures.len(), "one time for every picture");
    let first = times.iter().copied().fold(f64::INFINITY, f64::min);
    let parameters: Vec<String> = [7, 8]
        .iter()
        .filter_map(|kind| pictures[0].iter().find(|nal| nal[0] & 0x1f == *kind))
        .map(|nal| base64::engine::general_purpose::STANDARD.encode(nal))
        .collect();
    let frame = Duration::from_secs(1) / picture.fps;
    let length = frame * u32::try_from(pictures.len()).expect("some pictures");
    let units = pictures.into_iter().zip(times).enumerate().map(|(index, (nals, time))| Unit {
        due: frame * u32::try_from(index).expect("some pictures"),
        time: Duration::from_secs_f64(time - first),
        payload: Payload::Nals(nals),
    });
    let lines = format!(
        "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n\
         a=fmtp:96 packetization-mode=1;sprop-parameter-sets={}\r\n",
        parameters.join(",")
    );
    Track { is_picture: true, payload_type: 96, clock: 90_000, lines, units: units.collect(), length }
}

fn sound(sound: Sound) -> Track {
    let tone = Path::new("sine=frequency=440:sample_rate=16000:duration=16");
    let (payload_type, clock, lines, samples, frames) = match sound {
        Sound::None => unreachable!("no track"),
        Sound::Pcma => {
            let bytes = ffmpeg(tone, "-ar 8000 -c:a pcm_alaw -f alaw");
            (8, 8_000, String::from("a=rtpmap:8 PCMA/8000\r\n"), 160, chunks(&bytes, 160))
        }
        Sound::G726 => {
            let bytes = ffmpeg(tone, "-ar 8000 -ac 1 -c:a g726le -b:a 32k -f g726le");
            (98, 8_000, String::from("a=rtpmap:98 G726-32/8000\r\n"), 160, chunks(&bytes, 80))
        }
        Sound::Aac => {
            let bytes = ffmpeg(tone, "-ar 16000 -ac 1 -c:a aac -f adts");
            let lines = "a=rtpmap:97 mpeg4-generic/16000/1\r\na=fmtp:97 streamtype=5;profile-level-id=1;mode=AAC-hbr;\
                         sizelength=13;indexlength=3;indexdeltalength=3;config=1408\r\n";
            (97, 16_000, lines.to_owned(), 1_024, adts(&bytes))
        }
    };
    let frame = Duration::from_secs(1) * samples / clock;
    let length = frame * u32::try_from(frames.len()).expect("some frames");
    let units = frames.into_iter().enumerate().map(|(index, bytes)| {
        let due = frame * u32::try_from(index).expect("some frames");
        Unit { due, time: due, payload: Payload::Whole(bytes) }
    });
    let lines = format!("m=audio 0 RTP/AVP {payload_type}\r\n{lines}");
    Track { is_picture: false, payload_type, clock, lines, units: units.collect(), length }
}

fn transport_stream(picture: Picture) -> Track {
    let film = file(picture);
    let bytes = ffmpeg(&film, "-c:v copy -c:a aac -f mpegts");
    let parts = chunks(&bytes, 7 * 188);
    let length = Duration::from_secs(u64::from(seconds(picture)));
    let count = u32::try_from(parts.len()).expect("some packets");
    // Its own clock tells when each belongs; they are sent evenly.
    let units = parts.into_iter().zip(0_u32..).map(|(bytes, index)| {
        let due = length * index / count;
        Unit { due, time: due, payload: Payload::Whole(bytes) }
    });
    let lines = "m=video 0 RTP/AVP 33\r\na=rtpmap:33 MP2T/90000\r\n".to_owned();
    Track { is_picture: true, payload_type: 33, clock: 90_000, lines, units: units.collect(), length }
}

/// Length of the film in seconds: whole distances of key frames.
fn seconds(picture: Picture) -> u32 {
    (2 * picture.key_frame_every / picture.fps).max(20)
}

/// The film of these sizes.
fn file(picture: Picture) -> PathBuf {
    let Picture { width, height, fps, key_frame_every, b_frames } = picture;
    let name = format!("camera-{width}x{height}-{fps}-{key_frame_every}-{b_frames}");
    let film = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.mp4"));
    if !film.exists() {
        // Other test programs may be doing the same: whoever is last replaces the film by an equal one.
        let unfinished = film.with_file_name(format!("{name}-{}.mp4", std::process::id()));
        let seconds = seconds(picture);
        let args = format!(
            "-f lavfi -i testsrc2=size={width}x{height}:rate={fps} -f lavfi -i sine=frequency=440:sample_rate=16000 \
             -t {seconds} -c:v libx264 -preset ultrafast -pix_fmt yuv420p -threads 1 -bf {b_frames} -x264-params \
             keyint={key_frame_every}:min-keyint={key_frame_every}:scenecut=0:slices=1:rc-lookahead=0 -c:a aac -y"
        );
        let mut command = Command::new("ffmpeg");
        command.args(["-nostdin", "-hide_banner", "-loglevel", "error"]).args(args.split_whitespace()).arg(&unfinished);
        assert!(command.status().expect("ffmpeg is installed").success(), "{args}");
        std::fs::rename(&unfinished, &film).expect("the film is in its place");
    }
    film
}

/// What ffmpeg writes of a file (or of a source of its own) with these arguments.
fn ffmpeg(input: &Path, args: &str) -> Vec<u8> {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-hide_banner", "-loglevel", "error"]);
    if !input.is_absolute() {
        command.args(["-f", "lavfi"]);
    }
    command.arg("-i").arg(input).args(args.split_whitespace()).arg("-").stdin(Stdio::null());
    let done = command.output().expect("ffmpeg is installed");
    assert!(done.status.success(), "{args}: {}", String::from_utf8_lossy(&done.stderr));
    done.stdout
}

/// Presentation times of all pictures, in the order in which they are sent.
fn times(film: &Path) -> Vec<f64> {
    let args = "-loglevel error -select_streams v -show_entries packet=pts_time -of csv=p=0 -i";
    let done = Command::new("ffprobe").args(args.split(' ')).arg(film).output().expect("ffprobe is installed");
    let text = String::from_utf8(done.stdout).expect("text");
    text.lines().filter_map(|line| line.trim_end_matches(',').parse().ok()).collect()
}

/// NAL units of an Annex B stream.
fn nals(stream: &[u8]) -> Vec<&[u8]> {
    let starts: Vec<usize> =
        stream.windows(3).enumerate().filter(|(_, window)| *window == [0, 0, 1]).map(|(at, _)| at + 3).collect();
    let ends = starts.iter().skip(1).map(|start| start - 3).chain([stream.len()]);
    // What is left before a start code of four bytes is no part of the unit.
    let trimmed = starts.iter().zip(ends).map(|(start, end)| {
        let nal = &stream[*start..end];
        &nal[..nal.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)]
    });
    trimmed.filter(|nal| !nal.is_empty()).collect()
}

fn chunks(bytes: &[u8], size: usize) -> Vec<Vec<u8>> {
    bytes.chunks_exact(size).map(<[u8]>::to_vec).collect()
}

/// Payloads of the frames of an ADTS stream.
fn adts(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    while let Some(header) = bytes.first_chunk::<7>() {
        let length = usize::from(header[3] & 3) << 11 | usize::from(header[4]) << 3 | usize::from(header[5]) >> 5;
        frames.push(packet::aac(&bytes[7..length]));
        bytes = &bytes[length..];
    }
    frames
}
