//! What changes while recordings go on: a setting, the wall clock, the live store's subscriptions; and a stop in bad times.

use std::sync::Arc;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use rusqlite::Connection;
use streamwarden::adapters::database::RecordingStore;
use streamwarden::config::settings::RecordSettings;
use streamwarden::domain::recording::{RecordingState, RecordingStatus, SegmentState};
use uuid::Uuid;

use super::harness::{Harness, eventually};
use super::source::Publisher;
use crate::support::live::SwitchedLive;

/// Waits for the session after this one.
async fn next_session(harness: &Harness, first: Uuid) -> Uuid {
    let is_next = |status: &RecordingStatus| {
        status.state == RecordingState::Recording && status.session.is_some_and(|session| session != first)
    };
    harness.status_where("cam", is_next).await.session.expect("a session")
}

#[actix::test]
async fn another_length_of_segments_acts_at_the_next_cut() {
    let harness = Harness::recording().await;
    let _publisher = Publisher::film(&harness, "cam");
    let first = harness.records("cam").await.session.expect("a session");
    harness.uploaded(1).await;
    harness.adjust(RecordSettings { segment_duration: Duration::from_secs(4), ..harness.settings.clone() });
    let next = next_session(&harness, first).await;
    let ended = harness.database.session(first).await.expect("answers").expect("a row");
    assert!(ended.end_reason.as_ref().is_some_and(|why| why.contains("record.segment_duration")), "{ended:?}");
    let longer = eventually("a segment of the new length", async || {
        let stored = harness.segments_in(&[SegmentState::Uploaded]).await;
        stored.into_iter().find(|segment| segment.session == next && segment.number == 0)
    })
    .await;
    assert!(longer.duration_ms >= 3_900, "{longer:?}");
    harness.end().await;
}

#[actix::test]
async fn a_wall_clock_that_is_set_back_dates_nothing_into_the_future() {
    let harness = Harness::recording().await;
    let _publisher = Publisher::film(&harness, "cam");
    let first = harness.records("cam").await.session.expect("a session");
    harness.uploaded(1).await;
    let back = TimeDelta::hours(3);
    harness.set_clock(Utc::now() - back);
    let next = next_session(&harness, first).await;
    // A session is shown before the catalogue has its row.
    let row = async |id| eventually("its row", async || harness.database.session(id).await.expect("answers")).await;
    let (before, after) = (row(first).await, row(next).await);
    assert!(before.end_reason.as_ref().is_some_and(|why| why.contains("set back")), "{before:?}");
    let wall = Utc::now() - back;
    assert!(after.started_at <= wall && after.started_at > wall - TimeDelta::hours(1), "{after:?} at {wall}");
    // Within the first session time never went back.
    let segments = harness.finished(first).await;
    for pair in segments.windows(2) {
        let overlap = pair[0].ended_at() - pair[1].started_at;
        assert!(pair[1].number > pair[0].number && overlap < TimeDelta::seconds(1), "{overlap}: {pair:?}");
    }
    let started = segments.last().expect("segments").started_at;
    assert!(started >= before.started_at && started <= Utc::now(), "{started}");
    harness.end().await;
}

#[actix::test]
async fn a_stop_with_a_catalogue_that_refuses_lets_ffmpeg_close_its_last_file() {
    let mut harness = Harness::recording().await;
    let _publisher = Publisher::film(&harness, "cam");
    harness.records("cam").await;
    harness.uploaded(1).await;
    let catalogue = Connection::open(harness.folder.path().join("test.db")).expect("the file");
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON segments BEGIN SELECT RAISE(ABORT, 'no'); END";
    catalogue.execute_batch(refuse).expect("made");
    harness.status_where("cam", |status| status.reason.is_some()).await;
    let state = harness.recorder("main:cam").await.expect("a recorder").state;
    let folder = harness.spool.path(state["folder"].as_str().expect("a folder")).expect("a path");
    harness.stop_actors().await;
    let last = (0..1000).map(|n| folder.join(format!("segment_{n:03}.mp4"))).take_while(|file| file.exists()).last();
    let bytes = std::fs::read(last.expect("files")).expect("read");
    assert!(bytes.windows(4).any(|kind| kind == b"mfra"), "ffmpeg ends a file that it closes itself with an index");
    // Nothing was said to be finished: the next start finds it all.
    assert_eq!(harness.database.open_sessions().await.expect("answers").len(), 1);
    catalogue.execute_batch("DROP TRIGGER refuse").expect("dropped");
    harness.record().await;
    harness.upload();
    let files = std::fs::read_dir(&folder).expect("there").flatten();
    let files = files.filter(|file| file.file_name().to_string_lossy().ends_with(".mp4")).count();
    harness.uploaded(files).await;
    harness.end().await;
}

#[actix::test]
async fn recorders_hear_of_streams_after_their_subscription_has_ended() {
    let live = Arc::new(SwitchedLive::new());
    let mut harness = Harness::set_with(live.clone()).await;
    harness.record().await;
    let _a = Publisher::film(&harness, "a");
    harness.records("a").await;
    live.sever();
    let _b = Publisher::film(&harness, "b");
    harness.records("b").await;
    harness.end().await;
}
