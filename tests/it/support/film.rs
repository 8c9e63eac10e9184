//! A film whose every frame is known, and which of its frames are found in what was recorded of it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// 60 s of 192x108 at 25 frames/s, a keyframe every second, no two frames alike, with sound. Encoded once and kept in
/// cargo's own folder for files of tests.
pub fn film() -> &'static Path {
    static FILM: OnceLock<PathBuf> = OnceLock::new();
    FILM.get_or_init(|| {
        let film = Path::new(env!("CARGO_TARGET_TMPDIR")).join("film.mkv");
        if !film.exists() {
            // Other test programs may be doing the same: whoever is last replaces the film by an equal one.
            let unfinished = film.with_file_name(format!("film-{}.mkv", std::process::id()));
            let args = "-f lavfi -i testsrc2=size=192x108:rate=25 -f lavfi -i sine=frequency=440:sample_rate=44100 -t 60 \
                        -c:v libx264 -preset ultrafast -tune zerolatency -g 25 -pix_fmt yuv420p -c:a aac -y";
            ffmpeg(args.split_whitespace().chain([unfinished.to_str().expect("text")]));
            std::fs::rename(&unfinished, &film).expect("the film is in its place");
        }
        film
    })
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

/// A digest of every decoded frame, in order.
fn frames(file: &Path) -> Vec<String> {
    let args = ["-i", file.to_str().expect("a path"), "-map", "0:v", "-fps_mode", "passthrough", "-f", "framemd5", "-"];
    let text = ffmpeg(args.into_iter());
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit(',').next().expect("a digest").trim().to_owned()).collect()
}

/// Places in the film of every frame in these files, one file after the other; `None` for a frame that is none of it.
pub fn places(files: &[PathBuf]) -> Vec<Option<usize>> {
    let film = frames(film());
    let recorded = files.iter().flat_map(|file| frames(file));
    recorded.map(|frame| film.iter().position(|one| *one == frame)).collect()
}
