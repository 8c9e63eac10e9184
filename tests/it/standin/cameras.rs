//! The sample cameras of the demo: they play, drop out, come back, and leave nothing behind.

use std::path::PathBuf;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use streamwarden::base::ErrorKind;
use streamwarden::demo::cameras::{Dropout, SampleCameras, SampleOptions};
use url::Url;

use super::ffmpeg::{Ffmpeg, packets};
use crate::support::wait::eventually;

fn options(count: usize) -> SampleOptions {
    SampleOptions { ffmpeg: PathBuf::from("ffmpeg"), count, dropout: None, uplink: None, mark: "test".to_owned() }
}

/// Processes that publish to this URL.
fn publishers(url: &Url) -> Vec<Pid> {
    let processes = std::fs::read_dir("/proc").expect("/proc").filter_map(Result::ok);
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).rfind(|part| !part.is_empty()) == Some(url.as_str().as_bytes())
    })
    .map(Pid::from_raw)
    .collect()
}

/// True when the source can be read right now.
async fn plays(url: &Url) -> bool {
    let (status, frames, _) = Ffmpeg::read(url.as_str(), "v:0", 2).end().await;
    status.success() && packets(&frames).len() == 2
}

#[tokio::test]
async fn they_play_picture_and_sound_and_leave_nothing_behind() {
    let cameras = SampleCameras::start(options(3)).await.expect("sample cameras");
    let sources = cameras.source_urls();
    assert_eq!(sources.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["cam1", "cam2", "cam3"]);
    for (_, url) in &sources {
        let (status, sound, stderr) = Ffmpeg::read(url.as_str(), "a:0", 40).end().await;
        assert!(status.success() && packets(&sound).len() == 40, "{stderr}");
        assert!(plays(url).await);
        assert_eq!(publishers(url).len(), 1);
    }
    // A camera that dies comes back by itself.
    let (_, url) = &sources[0];
    let before = publishers(url);
    kill(before[0], Signal::SIGKILL).expect("a signal");
    eventually("another process", || async {
        let now = publishers(url);
        (!now.is_empty() && now != before).then_some(())
    })
    .await;
    eventually("a picture", || async { plays(url).await.then_some(()) }).await;
    cameras.stop().await;
    for (_, url) in &sources {
        assert_eq!(publishers(url), [], "{url}");
    }
}

#[tokio::test]
async fn the_third_drops_out_now_and_then() {
    let dropout = Dropout { every: Duration::from_secs(1), pause: Duration::from_secs(1) };
    let cameras = SampleCameras::start(SampleOptions { dropout: Some(dropout), ..options(3) }).await.expect("cameras");
    let sources = cameras.source_urls();
    let others = [publishers(&sources[0].1), publishers(&sources[1].1)];
    for _ in 0..2 {
        eventually("a dropout", || async { publishers(&sources[2].1).is_empty().then_some(()) }).await;
        eventually("a recovery", || async { (!publishers(&sources[2].1).is_empty()).then_some(()) }).await;
    }
    assert_eq!(others, [publishers(&sources[0].1), publishers(&sources[1].1)], "the others never stopped");
    drop(cameras);
    assert_eq!(publishers(&sources[0].1), [], "dropped means ended");
}

#[tokio::test]
async fn an_ffmpeg_that_cannot_is_an_error() {
    for (program, reason) in
        [("/nonexistent/ffmpeg", "/nonexistent/ffmpeg"), ("/bin/false", "cannot play a sample camera")]
    {
        let options = SampleOptions { ffmpeg: PathBuf::from(program), ..options(1) };
        let error = SampleCameras::start(options).await.err().expect(reason);
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.to_string().contains(reason), "{error}");
    }
    assert_eq!(SampleCameras::start(options(0)).await.err().expect("no cameras").kind(), ErrorKind::Invalid);
}
