//! What happens when something that recording needs is taken away.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rusqlite::Connection;
use streamwarden::actors::supervision::Observe;
use streamwarden::actors::supervision::testkit::{Provoke, ProvokedFault};
use streamwarden::adapters::database::RecordingStore;
use streamwarden::adapters::spool::Spool;
use streamwarden::config::settings::{ApiTrust, RecordSettings};
use streamwarden::domain::recording::{RecordingState, RecordingStatus, SegmentState};
use url::Url;

use super::harness::{Harness, eventually};
use super::source::{Publisher, assert_unbroken, objects, video_packets};
use crate::support::encrypted::{certificate, digest, encrypted, fingerprint};
use crate::support::rights::{Right, skip};
use crate::support::rtp_publisher::{Script, publish};

fn signal(pid: u32, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(pid).expect("a pid")), signal).expect("it is ours and runs");
}

#[actix::test]
async fn a_killed_ffmpeg_is_followed_by_a_new_session_at_once() {
    let harness = Harness::recording().await;
    let _publisher = Publisher::film(&harness, "cam");
    let first = harness.records("cam").await.session.expect("a session");
    harness.uploaded(3).await;
    harness.has_fragment().await;
    let pid = harness.pid("main:cam").await.expect("a pid");
    signal(pid, Signal::SIGKILL);
    let begun = Instant::now();
    let is_next = |status: &RecordingStatus| status.session.is_some_and(|session| session != first);
    harness.status_where("cam", is_next).await;
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?} until a new session", begun.elapsed());
    let next = harness.status_where("cam", |status| is_next(status) && status.state == RecordingState::Recording).await;
    assert_ne!(harness.pid("main:cam").await, Some(pid));

    // What it was writing has been repaired: at most the open fragment is gone.
    let session = harness.database.session(first).await.expect("answers").expect("a row");
    assert!(session.end_reason.is_some_and(|reason| reason.contains("SIGKILL")));
    let segments = harness.finished(first).await;
    let last = segments.last().expect("segments");
    assert!(last.reason.as_ref().is_some_and(|why| why.contains("cut short") && why.contains("SIGKILL")), "{last:?}");
    assert_eq!(video_packets(&harness.object(last)), last.frames);
    assert_unbroken(&objects(&harness, &segments));
    let next = next.session.expect("a session");
    // What everybody sees may be ahead of the catalogue.
    let following =
        eventually("a row of the next session", async || harness.database.session(next).await.expect("answers")).await;
    let lost = following.started_at - last.ended_at();
    assert!(lost.num_seconds() < 15, "{lost} between the sessions");
    harness.end().await;
}

#[actix::test]
async fn a_killed_ffmpeg_loses_no_more_where_sound_is_announced_and_does_not_come() {
    let harness = Harness::recording().await;
    let silent = Script { sound: Some(|_| false), ..Script::PLAIN };
    let publisher = publish(&harness.media.rtsp_url(), "cam", silent);
    let first = harness.records("cam").await.session.expect("a session");
    harness.uploaded(1).await;
    harness.has_fragment().await;
    let killed = Utc::now();
    signal(harness.pid("main:cam").await.expect("a pid"), Signal::SIGKILL);
    let segments = harness.finished(first).await;
    assert_unbroken(&objects(&harness, &segments));
    // The open fragment, and what waits for the sound.
    let lost = killed - segments.last().expect("segments").ended_at();
    assert!(lost.num_seconds() < 5, "{lost} until the end");
    tokio::task::spawn_blocking(move || publisher.join().expect("sent")).await.expect("sent");
    harness.end().await;
}

/// It is told to stop twice, with two deadlines: the first is not taken back by the second.
#[actix::test]
async fn a_recorder_that_is_leaving_while_everything_stops_closes_its_session() {
    let mut harness = Harness::recording().await;
    let _publisher = Publisher::film(&harness, "cam");
    let session = harness.records("cam").await.session.expect("a session");
    harness.uploaded(1).await;
    harness.adjust(RecordSettings { exclude: vec!["cam".into()], ..harness.settings.clone() });
    // The manager has heard of it before it answers.
    harness.manager().await;
    harness.stop_actors().await;
    assert_eq!(harness.database.open_sessions().await.expect("answers"), Vec::new());
    let row = harness.database.session(session).await.expect("answers").expect("a row");
    assert!(row.end_reason.is_some(), "{row:?}");
    assert_eq!(harness.segments_in(&[SegmentState::Writing]).await, Vec::new());
    harness.end().await;
}

#[actix::test]
async fn a_frozen_ffmpeg_is_noticed_and_its_file_closed() {
    let harness = Harness::recording().await;
    let _publisher = Publisher::film(&harness, "cam");
    let first = harness.records("cam").await.session.expect("a session");
    signal(harness.pid("main:cam").await.expect("a pid"), Signal::SIGSTOP);
    harness
        .status_where("cam", |status| {
            status.state == RecordingState::Recording && status.session.is_some_and(|session| session != first)
        })
        .await;
    let session = harness.database.session(first).await.expect("answers").expect("a row");
    assert!(session.end_reason.is_some_and(|reason| reason.contains("no media")));
    harness.end().await;
}

#[actix::test]
async fn a_recorder_that_panics_is_rebuilt_and_its_session_is_finished() {
    let harness = Harness::recording().await;
    let _publisher = Publisher::film(&harness, "cam");
    let first = harness.records("cam").await.session.expect("a session");
    harness.uploaded(1).await;
    let pid = harness.pid("main:cam").await.expect("a pid");
    harness.provoke("recorders/main:cam", ProvokedFault::Panic).await;
    harness
        .status_where("cam", |status| {
            status.state == RecordingState::Recording && status.session.is_some_and(|session| session != first)
        })
        .await;
    assert!(harness.recorder("main:cam").await.is_some_and(|recorder| recorder.restarts == 1));
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists(), "its ffmpeg went with it");
    let segments = harness.finished(first).await;
    assert_unbroken(&objects(&harness, &segments));
    harness.end().await;
}

#[actix::test]
async fn a_spool_that_cannot_be_used_pauses_the_recording_and_says_why() {
    let harness = Harness::recording().await;
    let _publisher = Publisher::film(&harness, "cam");
    harness.records("cam").await;
    harness.uploaded(1).await;
    // Root may write everywhere, so the folder itself is taken away: a file stands in its place.
    let spool = harness.folder.path().join("spool");
    std::fs::rename(&spool, harness.folder.path().join("hidden")).expect("moved");
    std::fs::write(&spool, b"in the way").expect("written");
    let paused = harness.status_where("cam", |status| status.state == RecordingState::Paused).await;
    assert!(paused.reason.as_ref().is_some_and(|why| why.contains("move it away")), "{paused:?}");
    assert!(harness.manager().await["obstacle"].as_str().is_some_and(|why| why.contains("move it away")));

    std::fs::remove_file(&spool).expect("removed");
    std::fs::rename(harness.folder.path().join("hidden"), &spool).expect("moved back");
    harness.records("cam").await;
    // Nothing that is called uploaded is missing, and everything on the disk is accounted for in the end.
    eventually("the interrupted session to be finished", async || {
        let open = harness.database.open_sessions().await.expect("answers");
        let pending = harness.segments_in(&[SegmentState::Sealed, SegmentState::Uploading]).await;
        (open.len() <= 1 && pending.is_empty()).then_some(())
    })
    .await;
    for segment in harness.segments_in(&[SegmentState::Uploaded]).await {
        assert_eq!(std::fs::metadata(harness.object(&segment)).expect("an object").len(), segment.bytes);
    }
    harness.end().await;
}

#[actix::test]
async fn a_full_disk_pauses_the_recording_and_says_why() {
    let mut harness = Harness::set().await;
    harness.settings.min_free = u64::MAX;
    harness.record().await;
    let _publisher = Publisher::film(&harness, "cam");
    let paused = harness.status_where("cam", |status| status.state == RecordingState::Paused).await;
    assert!(paused.reason.as_ref().is_some_and(|why| why.contains("record.min_free")), "{paused:?}");
    assert_eq!(harness.segments().await, []);
    harness.end().await;
}

#[actix::test]
async fn a_locked_database_costs_no_frame() {
    let harness = Harness::recording().await;
    let publisher = Publisher::film(&harness, "cam");
    let session = harness.records("cam").await.session;
    harness.uploaded(1).await;
    let lock = Connection::open(harness.folder.path().join("test.db")).expect("the file");
    lock.execute_batch("BEGIN IMMEDIATE").expect("locked");
    let troubled = harness.status_where("cam", |status| status.reason.is_some()).await;
    assert_eq!((troubled.state, troubled.session), (RecordingState::Recording, session));
    // Locked, or, when the machine is busy, without an answer in time.
    assert!(troubled.reason.as_ref().is_some_and(|why| why.contains("test.db")), "{troubled:?}");
    let before = harness.segments_in(&[SegmentState::Uploaded]).await.len();
    lock.execute_batch("ROLLBACK").expect("unlocked");
    harness.uploaded(before + 2).await;
    harness.status_where("cam", |status| status.reason.is_none()).await;
    drop(publisher);
    let segments = harness.settled("cam").await;
    assert!(segments.iter().all(|segment| Some(segment.session) == session), "one session throughout");
    assert_unbroken(&objects(&harness, &segments));
    harness.end().await;
}

#[actix::test]
async fn an_object_store_that_is_away_delays_uploads_and_nothing_else() {
    let harness = Harness::recording().await;
    let publisher = Publisher::film(&harness, "cam");
    harness.uploaded(1).await;
    let objects_folder = harness.folder.path().join("objects");
    std::fs::rename(&objects_folder, harness.folder.path().join("unmounted")).expect("moved");
    eventually("segments that wait", async || {
        (harness.segments_in(&[SegmentState::Sealed]).await.len() >= 2).then_some(())
    })
    .await;
    assert_eq!(harness.status("cam").await.map(|status| status.state), Some(RecordingState::Recording));
    std::fs::rename(harness.folder.path().join("unmounted"), &objects_folder).expect("moved back");
    drop(publisher);
    let segments = harness.settled("cam").await;
    assert_unbroken(&objects(&harness, &segments));
    harness.end().await;
}

#[actix::test]
async fn a_store_on_the_spools_disk_leaves_as_much_free_as_recordings_do() {
    let mut harness = Harness::set().await;
    harness.rules.min_free = u64::MAX;
    harness.record().await;
    harness.upload();
    let publisher = Publisher::film(&harness, "cam");
    let waiting = async || {
        let view = harness.uploads().send(Observe).await.expect("the manager answers");
        let troubles: Vec<_> = view.children.iter().map(|worker| worker.state["trouble"].to_string()).collect();
        let sealed = harness.segments_in(&[SegmentState::Sealed]).await.len();
        (sealed >= 2 && troubles.iter().all(|why| why.contains("record.min_free"))).then_some(())
    };
    eventually("segments that wait for room", waiting).await;
    assert_eq!(harness.segments_in(&[SegmentState::Uploading, SegmentState::Uploaded]).await, []);
    drop(publisher);
    harness.end().await;
}

/// Set for the one that runs where it may mount.
const MAY_MOUNT: &str = "STREAMWARDEN_TEST_MAY_MOUNT";

/// Runs itself once more among mounts of its own, which nobody else sees and which end with it.
#[test]
fn a_disk_that_fills_up_under_ffmpeg_pauses_the_recording_and_goes_on_with_room() {
    if std::env::var_os(MAY_MOUNT).is_some() {
        return actix::System::new().block_on(a_disk_fills_up());
    }
    let unshare = |args: &[&str]| {
        let mut command = Command::new("unshare");
        command.arg("--mount").args(args);
        command
    };
    let allowed = |args: &&[&str]| unshare(args).arg("true").output().is_ok_and(|done| done.status.success());
    let ways: [&[&str]; 2] = [&[], &["--map-root-user"]];
    let Some(way) = ways.into_iter().find(|way| allowed(way)) else {
        return skip(Right::Mount, "this machine lets nobody mount, not even in a namespace");
    };
    let name =
        format!("{}::a_disk_that_fills_up_under_ffmpeg_pauses_the_recording_and_goes_on_with_room", module_path!());
    let name = name.split_once("::").expect("a crate").1;
    let mut command = unshare(way);
    command.arg(std::env::current_exe().expect("a path")).args([name, "--exact", "--nocapture"]).env(MAY_MOUNT, "1");
    let done = command.output().expect("unshare");
    let told = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && told.contains("1 passed"), "{told}");
}

async fn a_disk_fills_up() {
    let mut harness = Harness::set().await;
    let mount = Mount::tiny(harness.folder.path().join("spool"));
    harness.spool = Arc::new(Spool::open(harness.folder.path().join("spool")).expect("a spool on it"));
    harness.record().await;
    harness.upload();
    let _publisher = Publisher::film(&harness, "cam");
    harness.records("cam").await;
    let paused = harness.status_where("cam", |status| status.state == RecordingState::Paused).await;
    assert!(paused.reason.as_ref().is_some_and(|why| why.contains("disk of the spool is full")), "{paused:?}");
    mount.grow();
    harness.records("cam").await;
    let stored = harness.segments_in(&[SegmentState::Uploaded]).await;
    assert_unbroken(&objects(&harness, &stored));
    let count = stored.len();
    harness.uploaded(count + 1).await;
    harness.end_after(move || drop(mount)).await;
}

/// A file system of its own.
struct Mount(PathBuf);

impl Mount {
    fn tiny(folder: PathBuf) -> Self {
        std::fs::create_dir_all(&folder).expect("made");
        let mount = Self(folder);
        mount.run("mount", &["-t", "tmpfs", "-o", "size=400k", "tmpfs"]);
        mount
    }

    fn grow(&self) {
        self.run("mount", &["-t", "tmpfs", "-o", "remount,size=20M", "tmpfs"]);
    }

    fn run(&self, program: &str, args: &[&str]) {
        let done = Command::new(program).args(args).arg(&self.0).status();
        assert!(done.expect(program).success());
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[actix::test]
async fn an_upload_worker_that_panics_is_rebuilt_and_leaves_nothing_claimed() {
    let mut harness = Harness::set().await;
    harness.rules.workers = 1;
    harness.record().await;
    harness.upload();
    let publisher = Publisher::film(&harness, "cam");
    harness.uploaded(1).await;
    for _ in 0..3 {
        let worker = eventually("the worker to run", async || {
            harness.uploads().send(Provoke::at("1", ProvokedFault::Panic)).await.expect("an answer").then_some(())
        });
        worker.await;
    }
    drop(publisher);
    let segments = harness.settled("cam").await;
    assert!(segments.iter().all(|segment| segment.state == SegmentState::Uploaded));
    let view = harness.uploads().send(Observe).await.expect("the manager answers");
    assert!(view.children[0].restarts >= 1, "{view:?}");
    harness.end().await;
}

#[actix::test]
async fn nobody_reads_the_servers_password_in_ps() {
    let mut harness = Harness::set().await;
    harness.login = Some(("reader".into(), "s3cret-word".into()));
    harness.record().await;
    let _publisher = Publisher::film(&harness, "cam");
    harness.records("cam").await;
    let pid = harness.pid("main:cam").await.expect("a pid");
    let shown = std::fs::read(format!("/proc/{pid}/cmdline")).expect("a command line");
    let shown = String::from_utf8_lossy(&shown).replace('\0', " ");
    assert!(shown.contains("/cam") && !shown.contains("s3cret") && !shown.contains("reader"), "{shown}");
    harness.end().await;
}

#[actix::test]
async fn over_tls_only_the_server_with_the_right_certificate_is_recorded() {
    let mut harness = Harness::set().await;
    let folder = tempfile::tempdir().expect("a folder");
    certificate(folder.path());
    let (address, _serving) = encrypted(folder.path(), &harness.media.rtsp_url()).await;
    let url: Url = format!("rtsps://{address}").parse().expect("a URL");
    harness.secure = Some((url.clone(), ApiTrust::Fingerprint([10; 32])));
    harness.record().await;
    let _publisher = Publisher::film(&harness, "cam");
    let why = |status: &RecordingStatus| status.reason.clone().unwrap_or_default();
    let shown = fingerprint(folder.path());
    harness.status_where("cam", |status| why(status).contains(&format!("its SHA-256 fingerprint is {shown}"))).await;
    assert!(harness.segments().await.is_empty(), "nothing is read from it");
    harness.stop_actors().await;

    let mut last = None;
    for right in [ApiTrust::File(folder.path().join("server.crt")), ApiTrust::Fingerprint(digest(folder.path()))] {
        harness.secure = Some((url.clone(), right));
        harness.record().await;
        harness.upload();
        // The status of the recorder before it may still be there.
        let is_next = |status: &RecordingStatus| {
            status.state == RecordingState::Recording && status.session.is_some() && status.session != last
        };
        last = harness.status_where("cam", is_next).await.session;
        let session = last.expect("a session");
        let segments = eventually("a segment of it", async || {
            let mut all = harness.segments_in(&[SegmentState::Uploaded]).await;
            all.retain(|segment| segment.session == session);
            (!all.is_empty()).then_some(all)
        })
        .await;
        assert_unbroken(&objects(&harness, &segments));
        harness.stop_actors().await;
    }
    harness.end().await;
}
