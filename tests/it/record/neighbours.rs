//! One bad file, object or prefix beside good ones: the good ones go on.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use streamwarden::adapters::database::RecordingStore;
use streamwarden::adapters::objects::ObjectStore;
use streamwarden::adapters::spool::{Note, Spool};
use streamwarden::domain::layout::object_key;
use streamwarden::domain::recording::{RecordingSession, Segment, SegmentState};
use streamwarden::domain::sample;

use super::harness::{Harness, eventually};
use super::source::{Publisher, assert_unbroken, objects, video_packets};
use crate::support::film::film;

/// A session of that day whose folder is in the spool.
struct Recorded {
    session: RecordingSession,
    folder: String,
}

impl Recorded {
    fn begin(harness: &Harness, stream: &str, started_at: &str) -> Self {
        let session = RecordingSession { started_at: started_at.parse().expect("a time"), ..sample::session(stream) };
        let note = Note { session: session.clone(), key_prefix: String::new(), continues: None };
        Self { folder: harness.spool.begin(&note).expect("begun"), session }
    }

    fn path(&self, harness: &Harness, number: u32) -> PathBuf {
        harness.spool.path(&Spool::file(&self.folder, number)).expect("a path")
    }

    fn row(&self, number: u32, state: SegmentState, bytes: usize) -> Segment {
        Segment {
            state,
            bytes: bytes as u64,
            spool_path: Spool::file(&self.folder, number),
            object_key: object_key("", &self.session.stream, self.session.started_at, number),
            ..sample::segment(&self.session, number)
        }
    }

    /// Segments with files in the spool, all in this state.
    async fn with(harness: &Harness, stream: &str, started_at: &str, count: u32, state: SegmentState) -> Vec<Segment> {
        let recorded = Self::begin(harness, stream, started_at);
        harness.database.open_session(recorded.session.clone()).await.expect("opened");
        let mut rows = Vec::new();
        for number in 0..count {
            std::fs::write(recorded.path(harness, number), b"media").expect("written");
            let row = recorded.row(number, state, 5);
            harness.database.put_segment(row.clone()).await.expect("put");
            rows.push(row);
        }
        harness.spool.finish(&recorded.folder).expect("finished");
        rows
    }
}

async fn states(harness: &Harness, rows: &[Segment]) -> Vec<SegmentState> {
    let all = harness.segments().await;
    let state = |row: &Segment| all.iter().find(|found| found.id == row.id).expect("its row").state;
    rows.iter().map(state).collect()
}

#[actix::test]
async fn a_prefix_that_cannot_be_written_holds_up_no_other() {
    let mut harness = Harness::set().await;
    harness.rules.workers = 1;
    // Older, and many: the queue gives them out first.
    let bad = Recorded::with(&harness, "bad", "2026-11-20T10:00:00Z", 40, SegmentState::Sealed).await;
    let good = Recorded::with(&harness, "good", "2026-11-20T11:00:00Z", 5, SegmentState::Sealed).await;
    let in_the_way = harness.folder.path().join("objects/bad");
    std::fs::write(&in_the_way, b"a file in place of the folder").expect("written");
    harness.upload();
    eventually("the good ones in the store", async || {
        states(&harness, &good).await.iter().all(|state| *state == SegmentState::Uploaded).then_some(())
    })
    .await;
    let waiting = states(&harness, &bad).await;
    assert!(waiting.iter().all(|state| matches!(state, SegmentState::Sealed | SegmentState::Uploading)), "{waiting:?}");
    std::fs::remove_file(&in_the_way).expect("removed");
    harness.uploaded(45).await;
    harness.end().await;
}

#[actix::test]
async fn a_segment_that_cannot_be_read_holds_up_no_other_of_its_session() {
    let mut harness = Harness::set().await;
    harness.rules.workers = 1;
    let rows = Recorded::with(&harness, "cam", "2026-11-20T10:00:00Z", 6, SegmentState::Sealed).await;
    // A link to itself: nobody, not even root, can open it.
    for row in &rows[..3] {
        let path = harness.spool.path(&row.spool_path).expect("a path");
        std::fs::remove_file(&path).and_then(|()| symlink(&path, &path)).expect("linked");
    }
    harness.upload();
    eventually("the whole ones in the store", async || {
        states(&harness, &rows[3..]).await.iter().all(|state| *state == SegmentState::Uploaded).then_some(())
    })
    .await;
    let waiting = states(&harness, &rows[..3]).await;
    assert!(waiting.iter().all(|state| matches!(state, SegmentState::Sealed | SegmentState::Uploading)), "{waiting:?}");
    harness.end().await;
}

#[actix::test]
async fn objects_and_files_that_refuse_do_not_keep_the_others_in_the_spool() {
    let mut harness = Harness::set().await;
    harness.rules.keep_local = Duration::ZERO;
    let rows = Recorded::with(&harness, "cam", "2026-11-20T10:00:00Z", 6, SegmentState::Uploaded).await;
    for row in &rows {
        let path = harness.spool.path(&row.spool_path).expect("a path");
        harness.objects.put(&row.object_key, &path).await.expect("stored");
    }
    // The oldest object cannot be asked for its size, the next has another one, the file of the third cannot be removed.
    let object = harness.object(&rows[0]);
    std::fs::remove_file(&object).and_then(|()| symlink(&object, &object)).expect("linked");
    std::fs::write(harness.object(&rows[1]), b"other media").expect("written");
    let file = harness.spool.path(&rows[2].spool_path).expect("a path");
    std::fs::remove_file(&file).and_then(|()| std::fs::create_dir(&file)).expect("a folder in its place");
    harness.upload();
    eventually("the good ones out of the spool", async || {
        states(&harness, &rows[3..]).await.iter().all(|state| *state == SegmentState::Evicted).then_some(())
    })
    .await;
    assert_eq!(states(&harness, &rows[..3]).await, [SegmentState::Uploaded; 3]);
    for row in &rows[3..] {
        assert!(!harness.spool.path(&row.spool_path).expect("a path").exists());
    }
    assert!(harness.spool.path(&rows[1].spool_path).expect("a path").exists(), "the store does not have it");
    harness.end().await;
}

/// One second of the film as a recorder writes it.
fn recording(to: &Path) {
    let done = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(film())
        .args(["-t", "1", "-c", "copy", "-movflags", "+frag_keyframe+empty_moov+default_base_moof", "-f", "mp4"])
        .arg(to)
        .stdin(Stdio::null())
        .status();
    assert!(done.expect("ffmpeg is installed").success());
}

/// A file that is being executed: nobody, not even root, can open it for writing.
struct Executed(Child);

impl Executed {
    fn at(path: &Path) -> Self {
        std::fs::copy("/bin/sleep", path).expect("copied");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("executable");
        let child = Command::new(path).arg("600").stdin(Stdio::null()).spawn().expect("it runs");
        Self(child)
    }
}

impl Drop for Executed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[actix::test]
async fn a_file_that_cannot_be_read_keeps_its_own_session_open_and_nothing_else() {
    let mut harness = Harness::set().await;
    let whole = harness.folder.path().join("whole.mp4");
    recording(&whole);
    let copy = |to: &Path| assert!(std::fs::copy(&whole, to).expect("copied") > 0);
    // As kill -9 leaves them. The older one has a file that cannot be opened between two whole ones.
    let bad = Recorded::begin(&harness, "bad", "2026-11-20T10:00:00Z");
    let good = Recorded::begin(&harness, "good", "2026-11-20T11:00:00Z");
    for found in [&bad, &good] {
        copy(&found.path(&harness, 0));
        harness.database.open_session(found.session.clone()).await.expect("opened");
    }
    copy(&bad.path(&harness, 2));
    let executed = Executed::at(&bad.path(&harness, 1));
    // And one whose note cannot be read: nobody knows what is in it, so nothing of it is lost.
    let hidden = Recorded::begin(&harness, "hidden", "2026-11-20T09:00:00Z");
    copy(&hidden.path(&harness, 0));
    harness.database.open_session(hidden.session.clone()).await.expect("opened");
    let row = hidden.row(0, SegmentState::Writing, 0);
    harness.database.put_segment(row.clone()).await.expect("put");
    let note = harness.spool.path(&hidden.folder).expect("a path").join("session.json");
    std::fs::rename(&note, note.with_extension("away"))
        .and_then(|()| std::fs::create_dir(&note))
        .expect("in its place");

    harness.record().await;
    harness.upload();
    let open = async || {
        let open = harness.database.open_sessions().await.expect("answers");
        open.into_iter().map(|session| session.stream.to_string()).collect::<Vec<_>>()
    };
    eventually("the healthy session closed", async || (open().await == ["hidden", "bad"]).then_some(())).await;
    let stored = harness.uploaded(3).await;
    let mut told: Vec<(&str, u32)> = stored.iter().map(|segment| (segment.stream.as_str(), segment.number)).collect();
    told.sort_unstable();
    assert_eq!(told, [("bad", 0), ("bad", 2), ("good", 0)]);
    for segment in &stored {
        assert_eq!(video_packets(&harness.object(segment)), segment.frames);
    }
    assert_eq!(states(&harness, &[row]).await, [SegmentState::Writing]);
    let trouble = harness.manager().await["recoveryTrouble"].clone();
    assert!(trouble.as_str().is_some_and(|words| words.contains("spool")), "{trouble}");

    // Once they can be read, they are finished by themselves.
    let path = bad.path(&harness, 1);
    copy(&path.with_extension("new"));
    std::fs::rename(path.with_extension("new"), &path).expect("a whole one in its place");
    drop(executed);
    std::fs::remove_dir(&note).and_then(|()| std::fs::rename(note.with_extension("away"), &note)).expect("back");
    eventually("all sessions closed", async || open().await.is_empty().then_some(())).await;
    let stored = harness.uploaded(5).await;
    assert_eq!(stored.iter().filter(|segment| segment.frames == 25).count(), 5, "{stored:?}");
    assert!(harness.segments_in(&[SegmentState::Lost]).await.is_empty());
    harness.end().await;
}

/// A file of the spool that is out of everybody's reach, root's too: a link to itself is in its place. ffmpeg goes on writing
/// what it has open.
struct Hidden {
    row: Segment,
    place: PathBuf,
    away: PathBuf,
}

impl Hidden {
    /// The file that is being written, and none of these.
    async fn next(harness: &Harness, others: &[Self]) -> Self {
        eventually("a file that is being written", async || {
            let writing = harness.segments_in(&[SegmentState::Writing]).await;
            let row = writing.into_iter().rfind(|row| others.iter().all(|other| other.row.id != row.id))?;
            let place = harness.spool.path(&row.spool_path).expect("a path");
            let away = harness.folder.path().join(format!("away-{}", row.number));
            std::fs::rename(&place, &away).ok()?;
            symlink(&place, &place).expect("linked");
            let hidden = Self { row, place, away };
            // Closed and opened again only afterwards, by whoever seals it.
            let pid = harness.pid("main:cam").await.expect("an ffmpeg");
            let open = std::fs::read_dir(format!("/proc/{pid}/fd")).expect("ours").flatten();
            let whole = hidden.away.canonicalize().expect("moved there");
            if open.filter_map(|file| std::fs::read_link(file.path()).ok()).any(|file| file == whole) {
                return Some(hidden);
            }
            hidden.put_back();
            None
        })
        .await
    }

    fn put_back(&self) {
        std::fs::rename(&self.away, &self.place).expect("in place of the link");
    }
}

#[actix::test]
async fn segments_that_cannot_be_read_for_a_while_are_stored_while_their_session_goes_on() {
    let harness = Harness::recording().await;
    let _publisher = Publisher::film(&harness, "cam");
    let session = harness.records("cam").await.session.expect("a session");
    let mut hidden = Vec::new();
    for _ in 0..2 {
        hidden.push(Hidden::next(&harness, &hidden).await);
    }
    let last = hidden[1].row.number;
    eventually("those that follow in the store", async || {
        let stored = harness.segments_in(&[SegmentState::Uploaded]).await;
        (stored.iter().filter(|row| row.number > last).count() >= 2).then_some(())
    })
    .await;
    let rows: Vec<Segment> = hidden.iter().map(|one| one.row.clone()).collect();
    assert_eq!(states(&harness, &rows).await, [SegmentState::Writing; 2], "they wait, and nothing of them is lost");

    hidden.iter().for_each(Hidden::put_back);
    eventually("they are in the store too", async || {
        states(&harness, &rows).await.iter().all(|state| *state == SegmentState::Uploaded).then_some(())
    })
    .await;
    assert_eq!(harness.records("cam").await.session, Some(session), "it is the same recording");
    let mut stored = harness.segments_in(&[SegmentState::Uploaded]).await;
    assert!(stored.iter().all(|row| row.session == session));
    stored.sort_by_key(|row| row.number);
    let whole = stored.iter().zip(0..).take_while(|(row, number)| row.number == *number).count();
    assert!(whole as u32 > last, "none is missing: {stored:?}");
    assert_unbroken(&objects(&harness, &stored[..whole]));
    harness.end().await;
}
