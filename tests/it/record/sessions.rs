//! What is recorded, frame by frame, and where it ends up.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use streamwarden::adapters::database::RecordingStore;
use streamwarden::adapters::live::Change;
use streamwarden::adapters::live::memory::MemoryLiveStore;
use streamwarden::config::settings::RecordSettings;
use streamwarden::demo::media_server::Options;
use streamwarden::domain::playlist::{PlaylistEntry, PlaylistKind, render};
use streamwarden::domain::recorded_track::RecordedTrack;
use streamwarden::domain::recording::{RecordingState, Segment, SegmentState};
use streamwarden::domain::segment_track::TrackKind;

use super::harness::{Harness, eventually};
use super::source::{Publisher, assert_unbroken, codecs, objects, packets, video_packets};

#[actix::test]
async fn every_frame_between_first_and_last_is_in_the_object_store() {
    let harness = Harness::recording().await;
    let publisher = Publisher::film(&harness, "site/cam.1");
    let status = harness.records("site/cam.1").await;
    harness.uploaded(4).await;
    drop(publisher);
    let segments = harness.settled("site/cam.1").await;

    // One session, numbered without a hole, in the fixed layout.
    let session = harness.database.session(status.session.expect("a session")).await.expect("answers").expect("a row");
    let start = session.started_at;
    for (place, segment) in segments.iter().enumerate() {
        assert_eq!((segment.session, segment.number as usize), (session.id, place));
        let day = start.format("%Y-%m-%d/%Y%m%d_%H%M%S");
        assert_eq!(segment.object_key, format!("site/cam.1/{day}/segment_{place:03}.mp4"));
        assert_eq!(segment.state, SegmentState::Uploaded, "{segment:?}");
        assert_eq!(segment.reason, None);
        assert_eq!(std::fs::metadata(harness.object(segment)).expect("an object").len(), segment.bytes);
        assert_eq!(video_packets(&harness.object(segment)), segment.frames);
        assert_tracks(&harness, segment).await;
        assert!(segment.init_bytes > 0 && segment.init_bytes + segment.media_bytes <= segment.bytes);
    }
    assert_eq!(session.end_reason.as_deref(), Some("the stream ended"));
    let frames = assert_unbroken(&objects(&harness, &segments));
    assert_eq!(frames as u64, segments.iter().map(|segment| segment.frames).sum::<u64>());
    assert!(frames > 25 * 6, "{frames} frames in {} segments", segments.len());
    assert_times_fit(&segments);

    // The playlist over them is what a player can read.
    let entries = PlaylistEntry::all(&segments, |segment| segment.object_key.clone());
    let playlist = harness.folder.path().join("objects/playlist.m3u8");
    std::fs::write(&playlist, render(&entries, PlaylistKind::Vod, None)).expect("written");
    assert_eq!(video_packets(&playlist), frames as u64);
    assert_eq!(assert_unbroken(&[playlist]), frames, "every picture is decoded, also the first ones behind a cut");
    harness.end().await;
}

/// What the ledger knows of each track is what ffprobe counts in the object, within the time of its segment.
async fn assert_tracks(harness: &Harness, segment: &Segment) {
    let row = harness.database.segment(segment.id).await.expect("answers").expect("a row");
    let facts = RecordedTrack::of(&row);
    let kinds: Vec<(TrackKind, &str)> = facts.iter().map(|track| (track.kind, track.codec.as_str())).collect();
    assert_eq!(kinds, [(TrackKind::Video, "avc1"), (TrackKind::Audio, "mp4a")]);
    for (track, kind) in facts.iter().zip(["v", "a"]) {
        assert_eq!((track.frames, track.key_frames), packets(&harness.object(segment), kind), "{kind}: {facts:?}");
        assert!(segment.started_at <= track.first_arrived_at && track.first_arrived_at < track.last_arrived_at);
        assert!(track.last_arrived_at <= segment.ended_at() && track.last_frame_us > 0, "{facts:?}");
    }
    // 25 pictures in a second; the server's sender reports move timestamps by some milliseconds.
    let picture = &facts[0];
    let us = picture.last_timestamp_us - picture.first_timestamp_us;
    assert!(us.abs_diff((picture.frames - 1) * 40_000) < 100_000, "{facts:?}");
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
    entries
        .flat_map(|path| if path.is_dir() { [vec![path.clone()], files_below(&path)].concat() } else { vec![path] })
        .collect()
}

/// Each begins where the one before it ends, as far as two clocks can agree.
fn assert_times_fit(segments: &[Segment]) {
    for pair in segments.windows(2) {
        let gap = (pair[1].started_at - pair[0].ended_at()).num_milliseconds();
        let times: Vec<_> = segments.iter().map(|segment| (segment.started_at, segment.duration_ms)).collect();
        assert!(gap.abs() < 500, "{gap} ms between {} and {}: {times:?}", pair[0].number, pair[1].number);
    }
}

#[actix::test]
async fn g711_is_recorded_as_aac() {
    let harness = Harness::recording().await;
    let _publisher = Publisher::with(&harness, "phone", "-c:v copy -c:a pcm_mulaw -ar 8000 -ac 1");
    let segments = harness.uploaded(1).await;
    assert_eq!(codecs(&harness.object(&segments[0])), ["h264", "aac"]);
    harness.end().await;
}

#[actix::test]
async fn midnight_begins_a_session_of_the_new_day_and_no_frame_is_lost() {
    let harness = Harness::recording().await;
    harness.set_clock("2026-12-31T23:59:54Z".parse().expect("a time"));
    let publisher = Publisher::film(&harness, "cam");
    let sessions = |segments: &[Segment]| {
        let mut ids: Vec<_> = segments.iter().map(|segment| segment.session).collect();
        ids.dedup();
        ids
    };
    eventually("two segments of the new day", async || {
        let all = harness.segments_in(&[SegmentState::Uploaded]).await;
        all.iter().any(|segment| segment.object_key.contains("2027-01-01/") && segment.number == 1).then_some(())
    })
    .await;
    drop(publisher);
    let segments = harness.settled("cam").await;
    let ids = sessions(&segments);
    assert_eq!(ids.len(), 2, "{segments:?}");
    let (old, new): (Vec<Segment>, Vec<Segment>) =
        segments.iter().cloned().partition(|segment| segment.session == ids[0]);
    for (day, part) in [("cam/2026-12-31/20261231_2359", &old), ("cam/2027-01-01/20270101_0000", &new)] {
        for (place, segment) in part.iter().enumerate() {
            assert_eq!(segment.number as usize, place);
            assert!(segment.object_key.starts_with(day), "{}", segment.object_key);
            assert!(harness.folder.path().join("spool").join(&segment.spool_path).exists(), "{}", segment.spool_path);
        }
    }
    let ended = harness.database.session(ids[0]).await.expect("answers").expect("a row");
    let begun = harness.database.session(ids[1]).await.expect("answers").expect("a row");
    assert!(ended.end_reason.is_some_and(|reason| reason.contains("new day")));
    assert!((begun.started_at - ended.ended_at.expect("an end")).num_seconds().abs() <= 1);
    assert_unbroken(&objects(&harness, &segments));
    harness.end().await;
}

#[actix::test]
async fn who_has_no_place_learns_why_and_gets_the_next_one() {
    let mut harness = Harness::set().await;
    harness.settings.max_concurrent = 1;
    harness.settings.exclude = vec!["*-sub".into()];
    harness.record().await;
    harness.upload();
    let first = Publisher::film(&harness, "a");
    harness.records("a").await;
    let _second = Publisher::film(&harness, "b");
    let _excluded = Publisher::film(&harness, "a-sub");
    let waiting = harness.status_where("b", |status| status.state == RecordingState::Paused).await;
    assert!(waiting.reason.as_ref().is_some_and(|why| why.contains("record.max_concurrent")), "{waiting:?}");
    drop(first);
    harness.records("b").await;
    assert_eq!(harness.status("a-sub").await, None);
    harness.end().await;
}

#[actix::test]
async fn a_path_on_demand_is_recorded_when_that_is_asked_for_and_says_so_until_then() {
    let options = Options { on_demand: vec!["looked-at".into()], ..Options::default() };
    let mut harness = Harness::set_on(Arc::new(MemoryLiveStore::new(Duration::from_secs(600))), &options).await;
    harness.record().await;
    harness.upload();
    let _other = Publisher::film(&harness, "always");
    let _publisher = Publisher::film(&harness, "looked-at");
    harness.records("always").await;
    let off = harness.status_where("looked-at", |status| status.state == RecordingState::Off).await;
    assert!(off.reason.as_ref().is_some_and(|why| why.contains("record.on_demand = true")), "{off:?}");
    harness.adjust(RecordSettings { on_demand: true, ..harness.settings.clone() });
    harness.records("looked-at").await;
    harness.adjust(harness.settings.clone());
    harness.status_where("looked-at", |status| status.state == RecordingState::Off).await;
    let streams: Vec<String> = harness.segments().await.iter().map(|segment| segment.stream.to_string()).collect();
    assert!(streams.iter().any(|stream| stream == "looked-at"), "{streams:?}");
    harness.end().await;
}

#[actix::test]
async fn a_camera_that_is_not_to_be_recorded_is_not() {
    let harness = Harness::recording().await;
    let _publisher = Publisher::film(&harness, "private");
    harness.records("private").await;
    let camera = |record| {
        serde_json::from_value(serde_json::json!({
            "id": 7, "name": "private", "kind": "generic", "host": null, "enabled": true, "record": record,
            "state": "running", "since": "2026-11-21T08:00:00Z", "restarts": 0, "lastError": null, "nextStart": null,
            "server": "main", "path": "private"
        }))
        .map(Change::Camera)
        .expect("a camera")
    };
    harness.live.publish(vec![camera(false)]).await.expect("told");
    let segments = harness.settled("private").await;
    let session = harness.database.session(segments[0].session).await.expect("answers").expect("a row");
    assert!(session.end_reason.is_some_and(|reason| reason.contains("record = false")));
    harness.live.publish(vec![camera(true)]).await.expect("told");
    harness.records("private").await;
    harness.end().await;
}

#[actix::test]
async fn uploaded_segments_leave_the_spool_in_time_and_stay_in_the_store() {
    let mut harness = Harness::recording().await;
    let publisher = Publisher::film(&harness, "cam");
    harness.uploaded(2).await;
    drop(publisher);
    harness.settled("cam").await;
    harness.stop_actors().await;
    // The next process keeps nothing.
    harness.rules.keep_local = Duration::ZERO;
    harness.upload();
    let evicted = eventually("eviction", async || {
        let all = harness.segments().await;
        all.iter().all(|segment| segment.state == SegmentState::Evicted).then_some(all)
    })
    .await;
    let left = files_below(&harness.folder.path().join("spool"));
    assert_eq!(left, [harness.spool.root().join("streamwarden-spool.json")], "nothing is left of the session's folder");
    assert_unbroken(&objects(&harness, &evicted));
    harness.end().await;
}
