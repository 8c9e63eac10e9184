//! What an earlier process left is finished by the next one.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use streamwarden::adapters::database::RecordingStore;
use streamwarden::adapters::spool::{Continues, Note, Spool};
use streamwarden::domain::layout::object_key;
use streamwarden::domain::recording::{RecordingSession, Segment, SegmentState};
use streamwarden::domain::sample;

use super::harness::{Harness, eventually};
use super::source::{Publisher, assert_unbroken, objects, video_packets};

fn session(stream: &str, started_at: &str) -> RecordingSession {
    RecordingSession { started_at: started_at.parse().expect("a time"), ..sample::session(stream) }
}

fn row(session: &RecordingSession, folder: &str, number: u32, state: SegmentState, file: &PathBuf) -> Segment {
    let bytes = std::fs::metadata(file).map_or(0, |found| found.len());
    Segment {
        state,
        bytes,
        spool_path: Spool::file(folder, number),
        object_key: object_key("", &session.stream, session.started_at, number),
        ..sample::segment(session, number)
    }
}

/// Segments of a real recording, in order.
async fn recorded(harness: &mut Harness) -> Vec<PathBuf> {
    harness.record().await;
    harness.upload();
    let publisher = Publisher::film(harness, "source");
    harness.uploaded(4).await;
    drop(publisher);
    let segments = harness.settled("source").await;
    harness.stop_actors().await;
    objects(harness, &segments)
}

#[actix::test]
async fn the_next_process_finishes_what_a_killed_one_left() {
    let mut harness = Harness::set().await;
    let files = recorded(&mut harness).await;

    // A session as kill -9 leaves it: 0 was being uploaded, 1 sealed, 2 closed but without a row, 3 in the middle of a
    // fragment, 4 just begun.
    let session = session("cam", "2026-11-20T10:00:00Z");
    let note = Note { session: session.clone(), key_prefix: String::new(), continues: None };
    let folder = harness.spool.begin(&note).expect("begun");
    let spool = harness.spool.clone();
    let path = |number| spool.path(&Spool::file(&folder, number)).expect("a path");
    for number in 0..3 {
        std::fs::copy(&files[number as usize], path(number)).expect("copied");
    }
    let whole = std::fs::read(&files[3]).expect("read");
    std::fs::write(path(3), &whole[..whole.len() * 3 / 4]).expect("written");
    std::fs::write(path(4), &whole[..28]).expect("written");
    harness.database.open_session(session.clone()).await.expect("opened");
    for (number, state) in [(0, SegmentState::Uploading), (1, SegmentState::Sealed), (3, SegmentState::Writing)] {
        harness.database.put_segment(row(&session, &folder, number, state, &path(number))).await.expect("put");
    }
    // By its timestamps number 2 is twice as long as it took to come.
    let written: DateTime<Utc> = "2026-11-20T10:00:05Z".parse().expect("a time");
    let file = std::fs::File::options().write(true).open(path(2)).expect("opened");
    file.set_modified(written.into()).expect("dated");
    // Another one lost its folder altogether.
    let vanished = self::session("gone", "2026-11-20T09:00:00Z");
    harness.database.open_session(vanished.clone()).await.expect("opened");
    harness.database.put_segment(row(&vanished, "main/gone/x", 0, SegmentState::Writing, &path(9))).await.expect("put");

    harness.record().await;
    harness.upload();
    let segments = eventually("the killed session to be in the store", async || {
        let mut all = harness.segments().await;
        all.retain(|segment| segment.session == session.id);
        (all.len() == 4 && all.iter().all(|segment| segment.state == SegmentState::Uploaded)).then_some(all)
    })
    .await;
    for (number, segment) in segments.iter().enumerate() {
        let key = format!("cam/2026-11-20/20261120_100000/segment_{number:03}.mp4");
        assert_eq!((segment.number as usize, &segment.object_key), (number, &key));
    }
    assert_eq!(segments[2].started_at, segments[1].ended_at(), "nothing lies between files of one run");
    assert_eq!(segments[2].ended_at(), written, "it was written last then");
    let cut = &segments[3];
    assert!(cut.reason.as_ref().is_some_and(|why| why.contains("cut short") && why.contains("cut off")), "{cut:?}");
    assert!(cut.frames > 0 && cut.frames < 50, "{}", cut.frames);
    assert_eq!(video_packets(&harness.object(cut)), cut.frames);
    let tracks = harness.database.segment(cut.id).await.expect("answers").and_then(|row| row.tracks);
    assert_eq!(tracks.and_then(|tracks| Some(tracks.first()?.frames)), Some(cut.frames));
    assert_unbroken(&objects(&harness, &segments));
    assert!(!path(4).exists(), "nothing was in it, and nobody was told that there was");
    let closed = harness.database.session(session.id).await.expect("answers").expect("a row");
    assert_eq!(closed.ended_at, Some(cut.ended_at()));
    assert!(closed.end_reason.is_some_and(|why| why.contains("ended without closing it")));

    eventually("the session without a folder to be closed", async || {
        harness.database.open_sessions().await.expect("answers").is_empty().then_some(())
    })
    .await;
    let missing = harness.segments_in(&[SegmentState::Missing]).await;
    assert_eq!(missing.iter().map(|segment| segment.session).collect::<Vec<_>>(), [vanished.id]);
    assert!(missing[0].reason.as_ref().is_some_and(|why| why.contains("not in the spool")), "{missing:?}");
    assert_eq!(harness.segments_in(&[SegmentState::Lost]).await, [], "absence is no loss");
    harness.end().await;
}

#[actix::test]
async fn a_session_cut_at_midnight_is_finished_in_both_its_days() {
    let mut harness = Harness::set().await;
    let files = recorded(&mut harness).await;
    let old = session("cam", "2026-12-31T23:59:56Z");
    let new = session("cam", "2027-01-01T00:00:00Z");
    let note = Note { session: old.clone(), key_prefix: "@b/".into(), continues: None };
    let old_folder = harness.spool.begin(&note).expect("begun");
    let continues = Some(Continues { folder: old_folder.clone(), from: 2 });
    let new_folder =
        harness.spool.begin(&Note { session: new.clone(), key_prefix: "@b/".into(), continues }).expect("begun");
    // 0 and 1 of the old day; 2 was moved to the new day already, 3 was not.
    for (folder, number, file) in [(&old_folder, 0, 0), (&old_folder, 1, 1), (&new_folder, 0, 2), (&old_folder, 3, 3)] {
        let path = harness.spool.path(&Spool::file(folder, number)).expect("a path");
        std::fs::copy(&files[file], path).expect("copied");
    }
    harness.record().await;
    harness.upload();
    let segments = eventually("both sessions to be in the store", async || {
        let mut all = harness.segments().await;
        all.retain(|segment| segment.stream.as_str() == "cam");
        (all.len() == 4 && all.iter().all(|segment| segment.state == SegmentState::Uploaded)).then_some(all)
    })
    .await;
    let keys: Vec<&str> = segments.iter().map(|segment| segment.object_key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "@b/cam/2026-12-31/20261231_235956/segment_000.mp4",
            "@b/cam/2026-12-31/20261231_235956/segment_001.mp4",
            "@b/cam/2027-01-01/20270101_000000/segment_000.mp4",
            "@b/cam/2027-01-01/20270101_000000/segment_001.mp4",
        ]
    );
    assert_unbroken(&objects(&harness, &segments));
    let ended: DateTime<Utc> =
        harness.database.session(new.id).await.expect("answers").expect("a row").ended_at.expect("an end");
    assert_eq!(ended, segments[3].ended_at());
    harness.end().await;
}

#[actix::test]
async fn a_stop_in_the_middle_leaves_nothing_for_the_next_start() {
    let mut harness = Harness::recording().await;
    let _publisher = Publisher::film(&harness, "cam");
    harness.records("cam").await;
    harness.uploaded(1).await;
    harness.stop_actors().await;
    assert_eq!(harness.database.open_sessions().await.expect("answers"), []);
    let left = harness.segments().await;
    let sessions = harness.database.session(left[0].session).await;
    assert_eq!(harness.spool.scan().expect("scanned").unfinished, [], "{sessions:?} {left:?}");
    assert!(left.iter().all(|segment| segment.state.is_playable()), "{left:?}");
    assert!(left.iter().all(|segment| segment.reason.is_none()), "its last file was closed, not cut: {left:?}");
    // The next start stores what was sealed and not stored.
    harness.upload();
    let segments = harness.uploaded(left.len()).await;
    assert_unbroken(&objects(&harness, &segments));
    harness.end().await;
}
