//! A film whose every frame is known, and which of its frames are found in what was recorded of it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use url::Url;

/// 60 s of 192x108 at 25 frames/s, a keyframe every second, no two frames alike, with sound. Encoded once and kept in
/// cargo's own folder for files of tests.
pub fn film() -> &'static Path {
    static FILM: OnceLock<PathBuf> = OnceLock::new();
    FILM.get_or_init(|| encoded("film.mkv", "-t 60 -preset ultrafast -tune zerolatency"))
}

/// 20 s of the same with three B-frames between two others.
pub fn film_of_reordered_pictures() -> &'static Path {
    static FILM: OnceLock<PathBuf> = OnceLock::new();
    FILM.get_or_init(|| encoded("film-reordered.mkv", "-t 20 -preset veryfast -bf 3 -b_strategy 0"))
}

fn encoded(name: &str, how: &str) -> PathBuf {
    let film = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if !film.exists() {
        // Other test programs may be doing the same: whoever is last replaces the film by an equal one.
        let unfinished = film.with_file_name(format!("{}-{name}", std::process::id()));
        let sources = "-f lavfi -i testsrc2=size=192x108:rate=25 -f lavfi -i sine=frequency=440:sample_rate=44100";
        let args = format!("{sources} {how} -c:v libx264 -g 25 -pix_fmt yuv420p -c:a aac -y");
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
    static FILM: OnceLock<Vec<String>> = OnceLock::new();
    let film = FILM.get_or_init(|| frames(film()));
    let recorded = files.iter().flat_map(|file| frames(file));
    recorded.map(|frame| film.iter().position(|one| *one == frame)).collect()
}
