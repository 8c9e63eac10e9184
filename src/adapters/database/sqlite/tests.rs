//! What every database does, and what only a file can suffer. Faults are real ones: other connections hold real locks,
//! the file is really replaced.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tempfile::TempDir;
use tokio_util::task::AbortOnDropHandle;

use super::{Sqlite, WaitFor, open, open_with_limit};
use crate::adapters::database::behaviour::recording_behaviour::segment;
use crate::adapters::database::{CameraStore, DatabaseHealth, RecordingStore, SegmentQuery, Skip, behaviour};
use crate::base::error::ErrorKind;
use crate::domain::camera::{CameraEdit, CameraRow};
use crate::domain::name::StreamName;
use crate::domain::recording::{RecordingSession, SegmentState};
use crate::domain::sample;

/// A database in a folder of its own, which goes with it.
pub(super) struct FreshFile {
    database: Arc<Sqlite>,
    listener: AbortOnDropHandle<()>,
    folder: TempDir,
}

impl Deref for FreshFile {
    type Target = Sqlite;
    fn deref(&self) -> &Sqlite {
        &self.database
    }
}

impl FreshFile {
    fn path(&self) -> PathBuf {
        self.folder.path().join("test.db")
    }

    /// What another process has: a connection of its own.
    pub(super) fn shell(&self) -> Connection {
        let shell = Connection::open(self.path()).expect("opened");
        shell.busy_timeout(Duration::from_secs(5)).expect("set");
        shell
    }
}

pub(super) async fn fresh() -> FreshFile {
    let folder = tempfile::tempdir().expect("a folder");
    let database = open(folder.path().join("test.db")).await.expect("opened").for_node("here");
    FreshFile { listener: behaviour::listening(&database), database, folder }
}

async fn impatient() -> FreshFile {
    let folder = tempfile::tempdir().expect("a folder");
    let limit = Duration::from_millis(300);
    let database = open_with_limit(folder.path().join("test.db"), limit, WaitFor::None).await.expect("opened");
    let database = database.for_node("here");
    FreshFile { listener: behaviour::listening(&database), database, folder }
}

behaviour::tests!(fresh);

fn gate() -> CameraEdit {
    CameraEdit { name: Some("gate".to_owned()), ..CameraEdit::default() }
}

async fn refusal(path: &Path) -> (ErrorKind, String) {
    let Err(error) = open(path).await else { panic!("{} was opened", path.display()) };
    (error.kind(), error.to_string())
}

#[tokio::test]
async fn two_words_in_the_shell_make_a_camera() {
    let fresh = fresh().await;
    let mut changes = fresh.camera_changes();
    changes.mark_unchanged();
    let shell = fresh.shell();
    let began = Instant::now();
    let rows = "INSERT INTO cameras(name, url) VALUES ('a', 'rtsp://h/x');
                INSERT INTO cameras(name, kind, host, username, password) VALUES ('b', 'dahua', 'h', 'u', 'p');
                UPDATE cameras SET updated_at = '2000-01-01T00:00:00.000Z'";
    shell.execute_batch(rows).expect("inserted");
    changes.changed().await.expect("watched");
    assert!(began.elapsed() < Duration::from_secs(10), "a foreign change must act soon");
    let cameras = fresh.cameras().await.expect("listed");
    assert_eq!(cameras.len(), 2);
    assert!(cameras.iter().all(|camera| camera.enabled && camera.record));
    assert_eq!(cameras[1].kind, "dahua");
    shell.execute("UPDATE cameras SET port = 1 WHERE name = 'a'", []).expect("updated");
    let camera = fresh.camera(cameras[0].id).await.expect("read").expect("there");
    assert!(camera.updated_at.expect("kept").as_str() > "2020", "the trigger keeps the time of the change");
}

#[tokio::test]
async fn a_listener_that_was_ended_is_started_again_and_has_missed_nothing() {
    let fresh = fresh().await;
    let mut changes = fresh.camera_changes();
    let insert = |name: &str| fresh.shell().execute("INSERT INTO cameras(name, url) VALUES (?1, 'rtsp://h/x')", [name]);
    insert("first").expect("inserted");
    changes.changed().await.expect("watched");
    // There is one at a time.
    let second = fresh.database.listen(Arc::new(|| ())).await.expect_err("the first is at work");
    assert!(second.kind() == ErrorKind::Unavailable && second.to_string().contains("hangs"), "{second}");
    fresh.listener.abort();
    while !fresh.listener.is_finished() {
        tokio::task::yield_now().await;
    }
    changes.mark_unchanged();
    insert("meanwhile").expect("inserted");
    let steps = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let counted = Arc::clone(&steps);
    let count = Arc::new(move || _ = counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
    let database = Arc::clone(&fresh.database);
    let again = AbortOnDropHandle::new(tokio::spawn(async move { drop(database.listen(count).await) }));
    changes.changed().await.expect("nobody knows what was missed: read again");
    insert("last").expect("inserted");
    changes.changed().await.expect("watched");
    drop(again);
    // A thread that panics is an end like any other.
    let panics = fresh.database.listen(Arc::new(|| panic!("provoked by the test"))).await.expect_err("it panics");
    assert!(panics.kind() == ErrorKind::Internal && panics.to_string().contains("panicked"), "{panics}");
    let _third = behaviour::listening(&fresh.database);
    changes.mark_unchanged();
    insert("and after it").expect("inserted");
    changes.changed().await.expect("watched");
    assert!(steps.load(std::sync::atomic::Ordering::Relaxed) > 0, "every look is progress");
}

#[tokio::test]
async fn segments_are_no_change_of_the_cameras() {
    let fresh = fresh().await;
    let session = recorded(&fresh, 3).await;
    fresh.add_camera(gate()).await.expect("added");
    let mut changes = fresh.camera_changes();
    changes.wait_for(|count| *count > 0).await.expect("watched");
    let before = *changes.borrow();
    fresh.put_segment(segment(&session, 4, SegmentState::Sealed)).await.expect("put");
    fresh.delete_camera(1).await.expect("deleted");
    let after = *changes.wait_for(|count| *count > before).await.expect("watched");
    assert_eq!(after, before + 1, "the segment before it was not announced");
}

#[tokio::test]
async fn hostile_rows_leave_the_others_readable() {
    let fresh = fresh().await;
    let shell = fresh.shell();
    let hostile = "PRAGMA ignore_check_constraints = 1;
        INSERT INTO cameras(name) VALUES ('good1');
        INSERT INTO cameras(name, port, enabled, url) VALUES (x'fffe00', 'eighty', 'perhaps', 7.5);
        INSERT INTO cameras(name, kind, host) VALUES ('nul' || char(0) || 'x', x'00', -1);
        INSERT INTO cameras(name, url) VALUES (hex(zeroblob(500000)), hex(zeroblob(500000)));
        INSERT INTO cameras(name, updated_at) VALUES (CAST(x'c3' AS TEXT), x'01');
        INSERT INTO cameras(name) VALUES ('good2')";
    shell.execute_batch(hostile).expect("SQLite takes anything");
    let cameras = fresh.cameras().await.expect("listed");
    let names: Vec<&str> = cameras.iter().map(|camera| camera.name.as_str()).collect();
    assert_eq!((names.len(), names[0], names[5]), (6, "good1", "good2"));
    assert_eq!((cameras[1].port, cameras[1].enabled), (Some(CameraRow::NOT_A_NUMBER), false));
    assert_eq!((cameras[1].port_text.as_deref(), &cameras[0].port_text), (Some("eighty"), &None));
    for hostile in &names[1..5] {
        assert!(StreamName::parse(hostile).is_err(), "{hostile:.40} must be refused by the rules");
    }
    assert_eq!(names[3].len(), 4_097, "a megabyte does not travel");
    assert!(fresh.camera(3).await.expect("read").is_some());
}

#[tokio::test]
async fn a_lock_by_another_process_is_named_and_does_not_stop_reading() {
    let fresh = impatient().await;
    let shell = fresh.shell();
    shell.execute_batch("BEGIN IMMEDIATE").expect("locked");
    let began = Instant::now();
    let error = fresh.add_camera(gate()).await.expect_err("locked");
    assert!(began.elapsed() < Duration::from_secs(10));
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("locked by another process"), "{error}");
    let unwell = fresh.ping().await.expect_err("locked").to_string();
    assert!(unwell.contains("locked by another process"), "{unwell}");
    assert!(fresh.cameras().await.expect("readers go on").is_empty());
    shell.execute_batch("ROLLBACK").expect("unlocked");
    fresh.add_camera(gate()).await.expect("it recovers by itself");
    // On a slow machine that is said behind it.
    assert!(fresh.ping().await.expect("answers").contains("test.db, cameras: 1"));
}

#[tokio::test]
async fn a_file_that_others_keep_for_themselves_is_named_as_slow() {
    let fresh = fresh().await;
    let shell = fresh.shell();
    shell.execute_batch("BEGIN IMMEDIATE").expect("locked");
    // Asked first: the lock lasts longer than half a second from then on.
    let unlock = async {
        let held = move || {
            std::thread::sleep(Duration::from_millis(600));
            shell.execute_batch("ROLLBACK").expect("unlocked");
        };
        tokio::task::spawn_blocking(held).await.expect("done");
    };
    let (added, ()) = tokio::join!(fresh.add_camera(gate()), unlock);
    added.expect("late is not never");
    let words = fresh.ping().await.expect("answers");
    assert!(words.contains("cameras: 1; slow: the slowest of its last answers took "), "{words}");
}

#[tokio::test]
async fn a_full_disk_is_named_and_nothing_is_half_written() {
    let fresh = fresh().await;
    fresh.add_camera(gate()).await.expect("added");
    let set_room = async |pages| {
        let text = format!("PRAGMA max_page_count = {pages}");
        let set = move |connection: &mut rusqlite::Connection| Ok(connection.query_row(&text, [], |_| Ok(()))?);
        fresh.database.file.call(super::ConnectionRole::Writer, set).await.expect("set");
    };
    set_room(1).await;
    let big = CameraEdit { name: Some("n".repeat(100_000)), ..CameraEdit::default() };
    let error = fresh.add_camera(big.clone()).await.expect_err("full");
    assert!(error.kind() == ErrorKind::Unavailable && error.to_string().contains("disk is full"), "{error}");
    assert_eq!(fresh.cameras().await.expect("listed").len(), 1);
    set_room(1_000_000).await;
    fresh.add_camera(big).await.expect("space again");
}

#[tokio::test]
async fn a_question_that_takes_too_long_is_interrupted() {
    let fresh = impatient().await;
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    let job = move |connection: &mut Connection| Ok(connection.query_row(endless, [], |row| row.get::<_, i64>(0))?);
    let began = Instant::now();
    let error = fresh.database.file.call(super::ConnectionRole::Reader, job).await.expect_err("endless");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(began.elapsed() < Duration::from_secs(10));
    fresh.cameras().await.expect("the connection is good for the next one");
}

#[tokio::test]
async fn nobody_who_asks_for_one_row_waits_behind_a_long_list() {
    let fresh = fresh().await;
    let id = fresh.add_camera(gate()).await.expect("added").id;
    let session = recorded(&fresh, 1).await;
    // Whoever reads a long list is in the middle of it, for as long as this test wants.
    let (go_on, held) = std::sync::mpsc::channel::<()>();
    let (begun, begins) = tokio::sync::oneshot::channel();
    let file = Arc::clone(&fresh.database.file);
    let long = AbortOnDropHandle::new(tokio::spawn(async move {
        let job = move |_: &mut Connection| {
            _ = begun.send(());
            Ok(held.recv())
        };
        file.call(super::ConnectionRole::Lists, job).await.map(|_| ())
    }));
    begins.await.expect("it has begun");
    let database = Arc::clone(&fresh.database);
    let list = AbortOnDropHandle::new(tokio::spawn(async move { database.segments(SegmentQuery::default()).await }));
    for _ in 0..3 {
        fresh.camera(id).await.expect("one row");
        fresh.session(session.id).await.expect("one row");
        fresh.segment_counts().await.expect("a few sums");
        fresh.ping().await.expect("it answers");
        assert!(!list.is_finished(), "it is a long list too, and would hold up whoever asks for one row");
    }
    drop(go_on);
    long.await.expect("it ends").expect("read");
    list.await.expect("it ends").expect("read");
}

#[tokio::test]
async fn a_replaced_file_is_taken_up_and_a_removed_one_is_not_made_anew() {
    let (fresh, restored) = (fresh().await, fresh().await);
    fresh.add_camera(gate()).await.expect("added");
    let mut changes = fresh.camera_changes();
    let name = CameraEdit { name: Some("restored".to_owned()), ..CameraEdit::default() };
    restored.add_camera(name).await.expect("added");
    restored.add_camera(gate()).await.expect("added");
    recorded(&restored, 1).await;
    assert!(fresh.recordings().await.expect("listed").is_empty());
    let backup = fresh.folder.path().join("backup.db");
    restored.shell().execute("VACUUM INTO ?1", [backup.to_str()]).expect("copied");

    std::fs::remove_file(fresh.path()).expect("removed");
    let error = fresh.cameras().await.expect_err("gone");
    assert!(error.kind() == ErrorKind::Unavailable && error.to_string().contains("put it back"), "{error}");
    assert!(!fresh.path().exists(), "an empty table would stop every camera");

    changes.mark_unchanged();
    std::fs::rename(&backup, fresh.path()).expect("restored");
    changes.changed().await.expect("watched");
    let cameras = fresh.cameras().await.expect("listed");
    assert_eq!(cameras.iter().map(|camera| camera.name.as_str()).collect::<Vec<_>>(), ["restored", "gate"]);
    fresh.delete_camera(cameras[0].id).await.expect("written to the new file");
    assert_eq!(fresh.shell().query_row("SELECT count(*) FROM cameras", [], |row| row.get(0)), Ok(1));
    // Long lists have a connection of their own.
    assert_eq!(fresh.recordings().await.expect("listed").len(), 1);
    let opened = fresh.database.file.connections();
    fresh.recordings().await.expect("listed");
    fresh.cameras().await.expect("listed");
    assert_eq!(fresh.database.file.connections(), opened, "what was opened to the new file stays");
}

#[tokio::test]
async fn files_that_are_not_ours_are_refused_by_name() {
    let fresh = fresh().await;
    let inside = |name: &str| fresh.folder.path().join(name);
    std::fs::write(inside("text.db"), "this is not a database, and it is long enough to be sure ".repeat(100))
        .expect("written");
    let (kind, sentence) = refusal(&inside("text.db")).await;
    assert!(kind == ErrorKind::Unavailable && sentence.contains("is not a SQLite database"), "{sentence}");

    Connection::open(inside("foreign.db")).and_then(|c| c.execute_batch("CREATE TABLE songs (x)")).expect("made");
    let (kind, sentence) = refusal(&inside("foreign.db")).await;
    assert!(kind == ErrorKind::Unsupported && sentence.contains("songs"), "{sentence}");

    let newer = "INSERT INTO refinery_schema_history VALUES (99, 'later', '2030-01-01T00:00:00Z', '1')";
    fresh.shell().execute(newer, []).expect("inserted");
    let (kind, sentence) = refusal(&fresh.path()).await;
    assert!(kind == ErrorKind::Unsupported && sentence.contains("schema version 99"), "{sentence}");

    let (kind, sentence) = refusal(fresh.folder.path()).await;
    assert!(kind == ErrorKind::Unavailable && sentence.contains("cannot be opened"), "{sentence}");
    let (kind, _) = refusal(&inside("text.db/below.db")).await;
    assert_eq!(kind, ErrorKind::Unavailable);
}

#[tokio::test]
async fn a_claim_that_nobody_waits_for_goes_back() {
    let fresh = fresh().await;
    recorded(&fresh, 1).await;
    let job =
        |connection: &mut Connection| super::sqlite_segments::claim(connection, "here", &Skip::default(), || false);
    fresh.database.file.call(super::ConnectionRole::Writer, job).await.expect("claimed and put back");
    assert!(fresh.claim_upload(Skip::default()).await.expect("claimed").is_some());
}

/// A session with so many sealed segments.
async fn recorded(fresh: &FreshFile, count: u32) -> RecordingSession {
    let session = RecordingSession {
        started_at: chrono::DateTime::from_timestamp(1_770_000_000, 0).expect("a time"),
        ..sample::session("cam")
    };
    fresh.open_session(session.clone()).await.expect("opened");
    for number in 0..count {
        fresh.put_segment(segment(&session, number, SegmentState::Sealed)).await.expect("put");
    }
    session
}

#[tokio::test]
async fn a_file_that_is_locked_at_start_is_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("test.db");
    let shell = Connection::open(&path).expect("opened");
    shell.execute_batch("BEGIN EXCLUSIVE; CREATE TABLE t (x)").expect("locked");
    let limit = Duration::from_millis(300);
    let Err(error) = open_with_limit(path.clone(), limit, WaitFor::None).await else { panic!("opened") };
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let waiting = open_with_limit(path.clone(), limit, WaitFor::ForLocks).await.expect("waits");
    let mut changes = waiting.camera_changes();
    let _listener = behaviour::listening(&waiting);
    let error = waiting.ping().await.expect_err("locked");
    assert!(error.to_string().contains("locked by another process"), "{error}");
    shell.execute_batch("ROLLBACK").expect("unlocked");
    tokio::time::timeout(Duration::from_secs(10), changes.changed()).await.expect("announced").expect("watched");
    assert!(waiting.cameras().await.expect("migrated").is_empty());

    // What waiting does not mend is refused at once.
    let other = folder.path().join("other.db");
    Connection::open(&other)
        .and_then(|shell| shell.execute_batch("CREATE TABLE songs (x)"))
        .expect("another program's");
    let Err(error) = open_with_limit(other, limit, WaitFor::ForLocks).await else { panic!("opened") };
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}
