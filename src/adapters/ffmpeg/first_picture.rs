//! The first picture of a file as a small JPEG, by one ffmpeg that never takes longer than its limit.
//!
//! Owns the process while it runs; a dropped future kills it. Talked to by whoever makes thumbnails.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use tokio::time::timeout;

use super::child::{Argument, ChildProcess, Ending, ProcessLaunch};
use crate::base::{Error, ErrorKind, Result};

/// Width of the picture, px; its height follows.
const WIDTH: u32 = 320;

/// Each step of the end of an ffmpeg that takes too long.
const STOP_WITHIN: Duration = Duration::from_millis(200);

/// Writes the first picture of `media` to `picture`. Spawns: see the contract of [`super::child`] about the thread.
///
/// # Errors
/// `Unavailable` when ffmpeg cannot be started, `Timeout`, `Invalid` with what ffmpeg says of the file.
pub async fn first_picture(ffmpeg: &Path, mark: &str, media: &Path, picture: &Path, limit: Duration) -> Result<()> {
    let launch = ProcessLaunch {
        program: ffmpeg.to_owned(),
        args: arguments(media, picture),
        label: "thumbnail".to_owned(),
        mark: mark.to_owned(),
        ..ProcessLaunch::default()
    };
    let (mut child, _events) = ChildProcess::spawn(launch)?;
    let Ok(exit) = timeout(limit, child.wait()).await else {
        child.stop(STOP_WITHIN).await;
        let text = format!("timeout: ffmpeg has made no picture within {} s", limit.as_secs());
        return Err(Error::new(ErrorKind::Timeout, text));
    };
    if exit.ending == Ending::Code(0) {
        return Ok(());
    }
    let said = exit.stderr.last().map_or("it said nothing", String::as_str);
    Err(Error::invalid("segment", format!("ffmpeg has made no picture of it: {said}")))
}

/// One thread, no sound, files alone.
fn arguments(media: &Path, picture: &Path) -> Vec<Argument> {
    let file = |path: &Path| {
        let mut text = OsString::from("file:");
        text.push(path);
        text
    };
    let scale = format!("scale={WIDTH}:-2");
    let mut all: Vec<Argument> = Vec::new();
    let before =
        ["-nostdin", "-hide_banner", "-loglevel", "error", "-threads", "1", "-protocol_whitelist", "file", "-i"];
    all.extend(before.iter().map(Argument::from));
    all.push(file(media).into());
    let after = ["-an", "-sn", "-frames:v", "1", "-vf", &scale, "-threads", "1", "-q:v", "6", "-f", "mjpeg", "-y"];
    all.extend(after.iter().map(Argument::from));
    all.push(file(picture).into());
    all
}
