//! Files of earlier versions: migrated once, with all that they hold.

use rusqlite::Connection;

use super::tests::fresh;
use super::{open, sqlite_schema};
use crate::adapters::database::{CameraStore, NodeStore, RecordingStore, SegmentQuery, behaviour};
use crate::domain::recording::SegmentState;

const OWNERLESS: &str = "UPDATE sessions SET node = ''; UPDATE segments SET node = ''";

#[tokio::test]
async fn an_older_schema_is_migrated_and_keeps_its_rows() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("new/folder/old.db");
    drop(open(&path).await.expect("folders are made"));
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).expect("there").permissions());
    assert_eq!(mode & 0o777, 0o600, "it holds passwords");
    std::fs::remove_file(&path).expect("removed");
    let mut old = Connection::open(&path).expect("opened");
    sqlite_schema::bring_up_to(&mut old, 1);
    old.execute_batch("INSERT INTO cameras(name) VALUES ('gate')").expect("a row of version 1");
    drop(old);
    let (one, two) = futures_util::future::join(open(&path), open(&path)).await;
    let (one, _two) = (one.expect("migrated"), two.expect("migrated by the other"));
    assert_eq!(one.cameras().await.expect("listed").len(), 1);
    assert!(one.recordings().await.expect("asked").is_empty());
}

#[tokio::test]
async fn rows_of_version_15_get_their_copies() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("test.db");
    let first = open(&path).await.expect("opened").for_node("here");
    let made = behaviour::copy_behaviour::one_in_each_state(&*first).await;
    drop(first);
    let back = "DROP TABLE notifications; DROP TABLE notification_episodes; DROP TABLE notification_receivers; DROP TABLE notification_lease; ALTER TABLE incidents DROP COLUMN verdict; ALTER TABLE segments DROP COLUMN tracks; DROP TABLE recording_locks; DROP TABLE recording_cleanups_done; DROP TABLE recording_cleanups; DROP VIEW segment_states; DROP TABLE copies; DELETE FROM refinery_schema_history WHERE version >= 16";
    Connection::open(&path).and_then(|shell| shell.execute_batch(back)).expect("back to version 15");
    let again = open(&path).await.expect("migrated");
    behaviour::copy_behaviour::are_carried_over(&*again, &made).await;
}

#[tokio::test]
async fn rows_of_an_earlier_version_are_adopted_once() {
    let fresh = fresh().await;
    let (a, b) = (fresh.for_node("a"), fresh.for_node("b"));
    let make = async || fresh.shell().execute_batch(OWNERLESS).expect("made");
    behaviour::node_behaviour::rows_of_an_earlier_version_are_adopted_once(&*a, &*b, make).await;
}

#[tokio::test]
async fn a_table_of_version_5_keeps_its_rows_and_learns_a_state() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("test.db");
    let mut old = Connection::open(&path).expect("opened");
    sqlite_schema::bring_up_to(&mut old, 5);
    let rows = "INSERT INTO sessions VALUES ('01933333-0000-7000-8000-000000000001', 'main', 'cam', \
                '2026-03-01T12:00:00.000000Z', NULL, NULL); \
                INSERT INTO segments VALUES ('01933333-0000-7000-8000-000000000002', \
                '01933333-0000-7000-8000-000000000001', 'main', 'cam', 0, 'sealed', '2026-03-01T12:00:00.000000Z', \
                '2026-03-01T12:00:10.000000Z', 10000, 5, 1, 1, 1, 'p', 'k', NULL); \
                INSERT INTO camera_probes VALUES (7, 'f', '2026-03-01T12:00:00.000000Z', '{}')";
    old.execute_batch(rows).expect("rows of an earlier version");
    let database = open(&path).await.expect("migrated").for_node("here");
    database.adopt().await.expect("no node has joined yet");
    let query = SegmentQuery { limit: 9, ..SegmentQuery::default() };
    let segment = database.segments(query).await.expect("listed").remove(0);
    assert_eq!(segment.state, SegmentState::Sealed);
    // The connection that was open before knows the new rule as well.
    let count = old.execute("UPDATE segments SET state = 'missing'", []).expect("a state");
    let wrong = old.execute("UPDATE segments SET state = 'gone'", []).expect_err("the rule holds");
    assert!(count == 1 && wrong.to_string().contains("CHECK"), "{wrong}");
    assert_eq!(database.segment(segment.id).await.expect("read").map(|one| one.state), Some(SegmentState::Missing));
    for (pragma, wanted) in [("integrity_check", Some("ok")), ("foreign_key_check", None)] {
        let found: Option<String> = old.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0)).ok();
        assert_eq!(found.as_deref(), wanted, "{pragma}");
    }
    let looks: i64 =
        old.query_row("SELECT count(*) FROM camera_probes WHERE node = ''", [], |row| row.get(0)).expect("asked");
    assert_eq!(looks, 1);
}
