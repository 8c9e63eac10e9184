//! The spool on a real file system.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::*;
use crate::domain::name::StreamName;
use crate::domain::recording::Session;

fn note(id: u128, stream: &str) -> Note {
    let started_at: DateTime<Utc> = "2026-11-21T08:00:00Z".parse().expect("a time");
    let stream = StreamName::parse(stream).expect(stream);
    let session = Session {
        id: Uuid::from_u128(id),
        server: "main".into(),
        stream,
        started_at,
        ended_at: None,
        end_reason: None,
    };
    Note { session, key_prefix: String::new(), continues: None }
}

fn spool() -> (tempfile::TempDir, Spool) {
    let folder = tempfile::tempdir().expect("a folder");
    let spool = Spool::open(folder.path().join("spool")).expect("made");
    (folder, spool)
}

/// The smallest file with one whole fragment: one track, one sample of one second.
fn tiny_mp4() -> Vec<u8> {
    fn atom(kind: &str, parts: &[&[u8]]) -> Vec<u8> {
        let body = parts.concat();
        [&(body.len() as u32 + 8).to_be_bytes(), kind.as_bytes(), &body].concat()
    }
    let word = |value: u32| value.to_be_bytes();
    let tkhd = atom("tkhd", &[&[0; 12], &word(1)]);
    let mdhd = atom("mdhd", &[&[0; 12], &word(1000)]);
    let hdlr = atom("hdlr", &[&[0; 8], b"vide"]);
    let moov = atom("moov", &[&atom("trak", &[&tkhd, &atom("mdia", &[&mdhd, &hdlr])])]);
    let tfhd = atom("tfhd", &[&word(8), &word(1), &word(1000)]);
    let trun = atom("trun", &[&word(0), &word(1)]);
    let moof = atom("moof", &[&atom("traf", &[&tfhd, &trun])]);
    [atom("ftyp", &[b"isom"]), moov, moof, atom("mdat", &[b"sample"])].concat()
}

fn put(spool: &Spool, folder: &str, number: u32, bytes: &[u8]) {
    std::fs::write(spool.path(&Spool::file(folder, number)).expect("a path"), bytes).expect("written");
}

#[test]
fn a_session_is_found_until_it_is_finished_and_gone_after_its_last_file() {
    let (_keep, spool) = spool();
    assert_eq!(spool.unfinished().expect("a spool that does not exist yet"), []);
    let note = note(1, "site/cam.1");
    let folder = spool.begin(&note).expect("begun");
    assert_eq!(folder, format!("main/site=2Fcam=2E1/20261121_080000_{}", Uuid::from_u128(1)));
    put(&spool, &folder, 1, &tiny_mp4());
    put(&spool, &folder, 0, b"x");
    let found = spool.unfinished().expect("scanned");
    assert_eq!(found, [Unfinished { folder: folder.clone(), note, files: vec![0, 1] }]);

    spool.finish(&folder).expect("finished");
    assert_eq!(spool.unfinished().expect("scanned"), []);
    spool.remove(&Spool::file(&folder, 0)).expect("removed");
    spool.remove(&Spool::file(&folder, 0)).expect("twice is fine");
    assert_eq!(spool.files(&folder).expect("listed"), [1]);
    spool.remove(&Spool::file(&folder, 1)).expect("removed");
    assert!(!spool.root().join("main").exists(), "empty folders go as well");
    assert!(spool.root().exists());
}

#[test]
fn an_empty_session_leaves_nothing() {
    let (_keep, spool) = spool();
    let folder = spool.begin(&note(1, "a")).expect("begun");
    spool.finish(&folder).expect("finished");
    spool.finish(&folder).expect("twice is fine");
    assert!(!spool.root().join("main").exists());
}

#[test]
fn strange_things_in_the_spool_are_left_alone() {
    let (_keep, spool) = spool();
    let folder = spool.begin(&note(1, "a")).expect("begun");
    std::fs::create_dir_all(spool.root().join("main/a/somebody's")).expect("made");
    std::fs::create_dir_all(spool.root().join("main/a/broken")).expect("made");
    std::fs::write(spool.root().join("main/a/broken/session.json"), b"{").expect("written");
    std::fs::write(spool.root().join("main/a/readme"), b"hello").expect("written");
    let found = spool.unfinished().expect("scanned");
    assert_eq!(found.iter().map(|found| found.folder.as_str()).collect::<Vec<_>>(), [folder.as_str()]);
    assert!(spool.root().join("main/a/broken/session.json").exists());
}

#[test]
fn sealing_keeps_what_is_whole_and_deletes_what_is_nothing() {
    let (_keep, spool) = spool();
    let folder = spool.begin(&note(1, "a")).expect("begun");
    let whole = tiny_mp4();
    put(&spool, &folder, 0, &whole);
    put(&spool, &folder, 1, &[&whole[..], &[0, 0, 1]].concat());
    put(&spool, &folder, 2, &whole[..whole.len() - 1]);

    let sealed = spool.seal(&folder, 0).expect("sealed").expect("whole");
    assert_eq!((sealed.bytes, sealed.damage.is_none()), (whole.len() as u64, true));
    assert_eq!((sealed.checked.video_frames, sealed.checked.duration_ms), (1, 1000));

    let sealed = spool.seal(&folder, 1).expect("sealed").expect("repaired");
    assert_eq!(sealed.bytes, whole.len() as u64);
    assert!(sealed.damage.as_ref().is_some_and(|why| why.contains("last 3 bytes")), "{sealed:?}");
    assert_eq!(std::fs::read(spool.path(&Spool::file(&folder, 1)).expect("a path")).expect("read"), whole);

    assert_eq!(spool.seal(&folder, 2).expect("checked"), None);
    put(&spool, &folder, 3, b"\0\0\0\x08ftyp\0\0\0\x08what");
    assert_eq!(spool.seal(&folder, 3).expect("checked"), None);
    assert!(spool.path(&folder).expect("a path").join("segment_003.mp4.broken").exists(), "kept for people");
    assert_eq!(spool.files(&folder).expect("listed"), [0, 1]);
    assert_eq!(spool.seal(&folder, 2).expect_err("gone").kind(), Kind::NotFound);
}

#[test]
fn files_written_after_midnight_move_to_their_session_and_never_onto_another() {
    let (_keep, spool) = spool();
    let (old, new) = (spool.begin(&note(1, "a")).expect("begun"), spool.begin(&note(2, "a")).expect("begun"));
    put(&spool, &old, 7, b"x");
    spool.adopt((&old, 7), (&new, 0)).expect("moved");
    spool.adopt((&old, 7), (&new, 0)).expect("twice is fine");
    assert_eq!((spool.files(&old).expect("listed"), spool.files(&new).expect("listed")), (vec![], vec![0]));
    put(&spool, &old, 7, b"y");
    assert_eq!(spool.adopt((&old, 7), (&new, 0)).expect_err("taken").kind(), Kind::Conflict);
}

#[test]
fn paths_stay_in_the_spool_and_faults_name_the_remedy() {
    let (keep, spool) = spool();
    for bad in ["", "/etc/passwd", "../x", "a/../../x", "./a"] {
        assert!(spool.path(bad).is_err(), "{bad}");
    }
    assert!(spool.probe().expect("writable") > 0);
    std::fs::remove_dir_all(spool.root()).expect("removed");
    std::fs::write(keep.path().join("spool"), b"a file").expect("written");
    for error in [spool.probe().expect_err("a file"), spool.begin(&note(1, "a")).expect_err("a file")] {
        assert!(error.message().contains("no folder") && error.message().contains("move it away"), "{error}");
    }
}

#[test]
fn a_name_of_200_bytes_has_a_folder() {
    let (_keep, spool) = spool();
    let long = vec!["a"; 100].join("/");
    let folder = spool.begin(&note(1, &long)).expect("begun");
    assert_eq!(spool.unfinished().expect("scanned")[0].note.session.stream.as_str(), long);
    assert!(spool.path(&folder).expect("a path").exists());
}
