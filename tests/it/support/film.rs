//! Films whose every frame is known, and which of their frames are found in what was recorded of them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use url::Url;

/// Pictures in a second of most films.
const RATE: usize = 25;

/// A film of 192x108, no two frames alike, with sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Film {
    /// 60 s of H.264, a key frame every second.
    Plain,
    /// 30 s of it, a key frame every eight seconds.
    RareKeyFrames,
    /// 30 s of H.265, a key frame every second.
    Hevc,
    /// 30 s of H.264 with a picture a second, each other one a key frame.
    PictureASecond,
}

impl Film {
    /// So many there are.
    pub const COUNT: usize = 4;

    /// Its file: encoded once and kept in cargo's own folder for files of tests.
    pub fn path(self) -> &'static Path {
        static FILMS: [OnceLock<PathBuf>; Film::COUNT] = [const { OnceLock::new() }; Film::COUNT];
        let h264 = "-c:v libx264 -preset ultrafast -tune zerolatency";
        FILMS[self as usize].get_or_init(|| match self {
            Self::Plain => encoded("film.mkv", RATE, &format!("-t 60 {h264} -g 25")),
            Self::RareKeyFrames => encoded("film-rare-key-frames.mkv", RATE, &format!("-t 30 {h264} -g 200")),
            Self::PictureASecond => encoded("film-picture-a-second.mkv", 1, &format!("-t 30 {h264} -g 2")),
            Self::Hevc => {
                let options = "keyint=25:min-keyint=25:scenecut=0:open-gop=0:bframes=0:log-level=none";
                encoded("film-hevc.mkv", RATE, &format!("-t 30 -c:v libx265 -preset ultrafast -x265-params {options}"))
            }
        })
    }

    /// Pictures from one key frame to the next.
    pub fn between_key_frames(self) -> usize {
        match self {
            Self::Plain | Self::Hevc => 25,
            Self::RareKeyFrames => 200,
            Self::PictureASecond => 2,
        }
    }

    /// Pictures in a second.
    pub fn rate(self) -> usize {
        if self == Self::PictureASecond { 1 } else { RATE }
    }

    /// Places in it of every frame in these files, one file after the other; `None` for a frame that is none of it.
    pub fn places(self, files: &[PathBuf]) -> Vec<Option<usize>> {
        static FRAMES: [OnceLock<Vec<String>>; Film::COUNT] = [const { OnceLock::new() }; Film::COUNT];
        let film = FRAMES[self as usize].get_or_init(|| frames(self.path()));
        let recorded = files.iter().flat_map(|file| frames(file));
        recorded.map(|frame| film.iter().position(|one| *one == frame)).collect()
    }

    /// Places in it of every packet of sound in a file, as it was copied; `None` for one that is none of it.
    pub fn sound_places(self, file: &Path) -> Vec<Option<usize>> {
        static PACKETS: [OnceLock<HashMap<String, usize>>; Film::COUNT] = [const { OnceLock::new() }; Film::COUNT];
        let film = PACKETS[self as usize].get_or_init(|| {
            let packets = sound_packets(self.path());
            let places: HashMap<String, usize> = packets.iter().cloned().zip(0..).collect();
            assert_eq!(places.len(), packets.len(), "no two are alike");
            places
        });
        sound_packets(file).iter().map(|packet| film.get(packet).copied()).collect()
    }
}

/// [`Film::Plain`].
pub fn film() -> &'static Path {
    Film::Plain.path()
}

/// 20 s of the same with three B-frames between two others.
pub fn film_of_reordered_pictures() -> &'static Path {
    static FILM: OnceLock<PathBuf> = OnceLock::new();
    FILM.get_or_init(|| {
        encoded("film-reordered.mkv", RATE, "-t 20 -c:v libx264 -preset veryfast -bf 3 -b_strategy 0 -g 25")
    })
}

fn encoded(name: &str, rate: usize, how: &str) -> PathBuf {
    let film = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if !film.exists() {
        // Other test programs may be doing the same: whoever is last replaces the film by an equal one.
        let unfinished = film.with_file_name(format!("{}-{name}", std::process::id()));
        let sound = "sine=frequency=440:sample_rate=44100";
        let sources = format!("-f lavfi -i testsrc2=size=192x108:rate={rate} -f lavfi -i {sound}");
        let args = format!("{sources} {how} -pix_fmt yuv420p -c:a aac -y");
        ffmpeg(args.split_whitespace().chain([unfinished.to_str().expect("text")]));
        std::fs::rename(&unfinished, &film).expect("the film is in its place");
    }
    film
}

/// Writes one picture of it.
pub fn still(file: &Path) {
    let (film, file) = (film().to_str().expect("text"), file.to_str().expect("text"));
    ffmpeg(["-i", film, "-frames:v", "1", "-pix_fmt", "yuvj420p", "-y", file].into_iter());
}

/// What ffmpeg writes to its stdout.
fn ffmpeg<'a>(args: impl Iterator<Item = &'a str>) -> String {
    let done = Command::new("ffmpeg")
        .args(["-nostdin", "-hide_banner", "-loglevel", "error"])
        .args(args)
        .stdin(Stdio::null())
        .output()
        .expect("ffmpeg is installed");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("text")
}

/// Time in seconds and digest of every decoded frame, in order.
fn digests<'a>(input: impl IntoIterator<Item = &'a str>, more: &[&'a str]) -> Vec<(f64, String)> {
    let decode = ["-map", "0:v", "-fps_mode", "passthrough", "-enc_time_base", "1:90000"];
    let args = input.into_iter().chain(decode).chain(more.iter().copied()).chain(["-f", "framemd5", "-"]);
    let text = ffmpeg(args);
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let read = |line: &str| {
        let columns: Vec<&str> = line.split(',').map(str::trim).collect();
        (columns[2].parse::<f64>().expect("a time") / 90_000.0, columns.last().expect("a digest").to_string())
    };
    lines.map(read).collect()
}

/// A digest of every decoded frame of a file, in order.
fn frames(file: &Path) -> Vec<String> {
    let digests = digests(["-i", file.to_str().expect("a path")], &[]);
    digests.into_iter().map(|(_, digest)| digest).collect()
}

/// A digest of every packet of sound in a file or playlist, in order.
fn sound_packets(file: &Path) -> Vec<String> {
    let copy = "-map 0:a? -c copy -copyts -f framemd5 -";
    let text = ffmpeg(["-i", file.to_str().expect("a path")].into_iter().chain(copy.split(' ')));
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit(',').next().expect("a digest").trim().to_owned()).collect()
}

/// A picture that a reader has got.
#[derive(Clone, Copy, Debug)]
pub struct Watched {
    /// Its time for the reader.
    pub seconds: f64,
    /// Its place in the film; `None` when it is none of it.
    pub place: Option<usize>,
}

/// Reads so many pictures of a path, if there are as many; returns how many could be decoded.
pub fn pictures(url: &Url, most: usize) -> usize {
    digests(["-rtsp_transport", "tcp", "-i", url.as_str()], &["-frames:v", &most.to_string()]).len()
}

/// So many pictures of a path that somebody plays this film to.
pub fn watch(url: &Url, film: &Path, pictures: usize) -> Vec<Watched> {
    let (film, count) = (frames(film), pictures.to_string());
    let seen = digests(["-rtsp_transport", "tcp", "-i", url.as_str()], &["-frames:v", &count]);
    let place = |digest: String| film.iter().position(|one| *one == digest);
    seen.into_iter().map(|(seconds, digest)| Watched { seconds, place: place(digest) }).collect()
}

/// Places in the film of every frame in these files, one file after the other; `None` for a frame that is none of it.
pub fn places(files: &[PathBuf]) -> Vec<Option<usize>> {
    Film::Plain.places(files)
}
