//! Publishers that come, go and take a path over: what is kept of each, and how.

use std::time::Duration;

use streamwarden::adapters::database::{RecordingStore, SegmentQuery};
use streamwarden::demo::demo_server::AnyServer;
use streamwarden::domain::recording::{RecordingState, RecordingStatus, Segment, SegmentState};

use super::harness::{Harness, eventually};
use super::source::{Publisher, codecs, objects, tags};
use crate::support::film::{Film, places};
use crate::support::rtp_publisher::{RATE, Script, publish};

async fn segments_of(harness: &Harness, stream: &str) -> Vec<Segment> {
    let query = SegmentQuery { stream: Some(stream.to_owned()), limit: 1_000, ..SegmentQuery::default() };
    harness.database.segments(query).await.expect("listed")
}

#[actix::test]
async fn every_session_of_a_publisher_that_reconnects_is_recorded() {
    const TIMES: usize = 3;
    const SECONDS: usize = 5;
    /// The first key frame is sent before anybody can ask for it, so the second is the first that a reader can get. On a busy machine
    /// a poll and the start of ffmpeg may take until the third, and no longer.
    const LATEST: usize = 2 * RATE;
    let harness = Harness::recording().await;
    let server = harness.media.rtsp_url();
    let reconnect = move || {
        for _ in 0..TIMES {
            publish(&server, "cam", Script { seconds: SECONDS, ..Script::PLAIN }).join().expect("sent");
            std::thread::sleep(Duration::from_secs(1));
        }
    };
    tokio::task::spawn_blocking(reconnect).await.expect("sent");
    harness.settled("cam").await;
    let segments = segments_of(&harness, "cam").await;
    let sessions: Vec<&[Segment]> = segments.chunk_by(|one, other| one.session == other.session).collect();
    assert_eq!(sessions.len(), TIMES, "no visit is missed: {segments:?}");
    let (mut kept, mut possible) = (0, 0);
    for segments in sessions {
        let mut frames = places(&objects(&harness, segments));
        // When a publisher leaves, MediaMTX may have sent its readers only the first packets of the last picture (1.20.1).
        if let (AnyServer::Real(_), [.., Some(before), last @ None]) = (&harness.media, frames.as_mut_slice()) {
            *last = Some(*before + 1);
        }
        let (first, last) = (frames[0].expect("of the film"), frames[frames.len() - 1].expect("of the film"));
        assert_eq!(last - first + 1, frames.len(), "all from the first key frame on: {frames:?}");
        assert!(first % RATE == 0 && first <= LATEST, "{first} to {last}");
        kept += frames.len();
        possible += SECONDS * RATE - first.max(RATE);
    }
    assert!(kept * 100 >= possible * 95, "{kept} of {possible}");
    harness.end().await;
}

#[actix::test]
async fn a_recording_whose_pictures_stay_out_says_so_until_they_come() {
    let harness = Harness::recording().await;
    let pictures = |time: f64| !(4.0..24.0).contains(&time);
    let script = Script { pictures, sound: Some(|_| true), seconds: 30, ..Script::PLAIN };
    let publisher = publish(&harness.media.rtsp_url(), "cam", script);
    let fine = harness.records("cam").await;
    assert_eq!(fine.reason, None, "both come");
    let tells = |status: &RecordingStatus| status.reason.as_ref().is_some_and(|why| why.contains("picture"));
    let missing = harness.status_where("cam", tells).await;
    // From ffmpeg 7 on the sound does not keep a run going: it says so when it is started again.
    let reason = missing.reason.expect("told");
    assert!(missing.state != RecordingState::Recording || reason.contains("only the sound is recorded"), "{reason}");
    harness.status_where("cam", |status| status.state == RecordingState::Recording && status.reason.is_none()).await;
    tokio::task::spawn_blocking(|| publisher.join().expect("sent")).await.expect("sent");
    harness.settled("cam").await;
    harness.end().await;
}

#[actix::test]
async fn other_tracks_begin_a_run_that_fits_them() {
    let harness = Harness::recording_at_its_polls().await;
    let first = Publisher::film(&harness, "cam");
    harness.records("cam").await;
    harness.uploaded(1).await;
    // Each takes the path over from the one before.
    let _second = Publisher::with(
        &harness,
        "cam",
        "-c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=25 -c:a copy",
    );
    let of = async |video: &str, tag: &str| {
        eventually(&format!("a segment of {video}"), async || {
            let all = harness.segments_in(&[SegmentState::Uploaded]).await;
            let fits = |segment: &Segment| tags(&harness.object(segment)).first().is_some_and(|found| found == tag);
            all.into_iter().find(fits)
        })
        .await
    };
    let hevc = of("H.265, marked for every player", "hvc1").await;
    assert_eq!(codecs(&harness.object(&hevc)), ["hevc", "aac"]);
    let _third = Publisher::with(&harness, "cam", "-c:v copy -c:a pcm_mulaw -ar 8000 -ac 1");
    let phone = eventually("a segment after the second takeover", async || {
        let all = harness.segments_in(&[SegmentState::Uploaded]).await;
        let later = all.into_iter().filter(|segment| segment.started_at > hevc.started_at);
        later.into_iter().find(|segment| tags(&harness.object(segment)).first().is_some_and(|tag| tag == "avc1"))
    })
    .await;
    assert_eq!(codecs(&harness.object(&phone)), ["h264", "aac"]);
    // From one of its key frames on: the first is sent before anybody can ask for it. A run that went by the tracks of the last poll
    // failed, and ffmpeg started twice (3 to 4 s).
    let begins = places(&[harness.object(&phone)]).first().copied().flatten().expect("a picture of the film");
    assert!(begins % RATE == 0 && begins <= 2 * RATE, "recorded from picture {begins} of it on");
    drop(first);
    harness.end().await;
}

#[actix::test]
async fn h265_of_which_nobody_tells_is_marked_for_every_player_from_its_second_file_on() {
    let mut harness = Harness::set().await;
    harness.api_is_away = true;
    let mut harness = harness.started().await;
    let _first = Publisher::film(&harness, "cam");
    harness.records("cam").await;
    harness.uploaded(1).await;
    harness.stop_polls().await;
    // Takes the path over from the one before.
    let how = "-c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=25 -c:a copy";
    let _second = Publisher::with(&harness, "cam", how);
    let segment = eventually("a segment of H.265", async || {
        let all = harness.segments_in(&[SegmentState::Uploaded]).await;
        all.into_iter().find(|segment| tags(&harness.object(segment)).first().is_some_and(|tag| tag == "hvc1"))
    })
    .await;
    let before = harness.segments_in(&[SegmentState::Uploaded]).await;
    let wrong = before.iter().filter(|one| tags(&harness.object(one)).first().is_some_and(|tag| tag == "hev1"));
    assert!(wrong.count() <= 2, "the one that told, and what came until it was sealed: {before:?}");
    assert_eq!(codecs(&harness.object(&segment)), ["hevc", "aac"]);
    harness.end().await;
}

#[actix::test]
async fn a_picture_a_second_is_recorded_beside_sound() {
    let harness = Harness::recording().await;
    let script = Script { film: Film::PictureASecond, sound: Some(|_| true), seconds: 25, ..Script::PLAIN };
    let publisher = publish(&harness.media.rtsp_url(), "cam", script);
    harness.uploaded(3).await;
    tokio::task::spawn_blocking(|| publisher.join().expect("sent")).await.expect("sent");
    let segments = harness.settled("cam").await;
    let places = Film::PictureASecond.places(&objects(&harness, &segments));
    let first = places.first().copied().flatten().expect("a picture of the film");
    assert!(places.len() >= 12, "from picture {first} of 25 on: {places:?}");
    harness.end().await;
}
