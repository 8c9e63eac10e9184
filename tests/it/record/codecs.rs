//! What a stream is made of decides how it is recorded, and whether.

use std::path::Path;
use std::process::{Command, Stdio};

use streamwarden::domain::recording::{RecordingState, SegmentState};

use super::harness::{Harness, eventually};
use super::source::{Publisher, codecs};
use crate::support::film::film;
use crate::support::rtp_publisher::{Script, publish};

#[actix::test]
async fn vp9_is_paused_with_the_reason_and_never_called_recorded() {
    let harness = Harness::recording().await;
    let vp9 = "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 25 -strict experimental -c:a libopus";
    let _publisher = Publisher::with(&harness, "vp9", vp9);
    let paused = harness.status_where("vp9", |status| status.reason.is_some()).await;
    let why = paused.reason.unwrap_or_default();
    assert_eq!(paused.state, RecordingState::Paused, "{why}");
    assert!(why.contains("VP9 cannot be recorded") && why.contains("publish H264 or H265"), "{why}");
    // While another stream is recorded it stays as it is: no ffmpeg reads it, and nothing of it is stored.
    let _other = Publisher::film(&harness, "film");
    let segments = harness.uploaded(2).await;
    assert!(segments.iter().all(|segment| segment.stream.as_str() == "film"), "{segments:?}");
    let after = harness.status("vp9").await.expect("a status");
    assert_eq!((after.state, after.reason), (RecordingState::Paused, Some(why)));
    assert_eq!(harness.pid("main:vp9").await, None);
    harness.end().await;
}

/// MD5 of each packet of sound.
fn sound(file: &Path) -> Vec<String> {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-nostdin", "-v", "error", "-i"]).arg(file).args(["-map", "0:a", "-c", "copy", "-f", "framemd5", "-"]);
    let done = ffmpeg.stdin(Stdio::null()).output().expect("ffmpeg is installed");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let text = String::from_utf8(done.stdout).expect("text");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit(',').next().expect("a hash").trim().to_owned()).collect()
}

#[actix::test]
async fn metadata_beside_aac_leaves_its_packets_as_they_were_sent() {
    let harness = Harness::recording().await;
    let script = Script { sound: Some(|_| true), metadata: true, seconds: 8, ..Script::PLAIN };
    let publisher = publish(&harness.media.rtsp_url(), "cam", script);
    let sent = tokio::task::spawn_blocking(|| publisher.join().expect("sent"));
    let recorded = harness.records("cam").await;
    sent.await.expect("sent");
    let session = recorded.session.expect("a session");
    let segments = harness.finished(session).await;
    assert!(segments.len() >= 2, "{segments:?}");
    let film = sound(film());
    for segment in &segments {
        let file = harness.object(segment);
        assert_eq!(codecs(&file), ["h264", "aac"]);
        let kept = sound(&file);
        let place = film.iter().position(|packet| Some(packet) == kept.first()).expect("a packet of the film");
        assert!(kept.len() > 10 && film[place..].starts_with(&kept), "{} packets, {place}", kept.len());
    }
    harness.end().await;
}

#[actix::test]
async fn mp3_is_recorded_as_aac() {
    let harness = Harness::recording().await;
    let _publisher = Publisher::with(&harness, "cam", "-c:v copy -c:a libmp3lame");
    let segment = eventually("a segment with sound", async || {
        let all = harness.segments_in(&[SegmentState::Uploaded]).await;
        all.into_iter().find(|segment| codecs(&harness.object(segment)).len() == 2)
    })
    .await;
    let file = harness.object(&segment);
    assert_eq!(codecs(&file), ["h264", "aac"]);
    // Two seconds, in packets of 1,024 samples, of a tone and not of silence.
    assert!(sound(&file).len() > 40, "{segment:?}");
    let volume = loudest(&file);
    assert!(volume > -40.0, "{volume} dB");
    harness.end().await;
}

/// The loudest sample of a file, in decibels below full scale.
fn loudest(file: &Path) -> f64 {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-nostdin", "-hide_banner", "-i"]).arg(file).args([
        "-map",
        "0:a",
        "-af",
        "volumedetect",
        "-f",
        "null",
        "-",
    ]);
    let done = ffmpeg.stdin(Stdio::null()).output().expect("ffmpeg is installed");
    let text = String::from_utf8(done.stderr).expect("text");
    let told = text.lines().find_map(|line| line.split_once("max_volume: "));
    told.and_then(|(_, rest)| rest.split(' ').next()?.parse().ok()).expect("a volume")
}
