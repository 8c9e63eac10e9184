//! The spool on a real file system.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::*;
use crate::domain::recording::RecordingSession;
use crate::domain::sample;

fn note(id: u128, stream: &str) -> Note {
    let started_at: DateTime<Utc> = "2026-11-21T08:00:00Z".parse().expect("a time");
    let session = RecordingSession { id: Uuid::from_u128(id), started_at, ..sample::session(stream) };
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
    assert_eq!(spool.scan().expect("a spool that does not exist yet").unfinished, []);
    let note = note(1, "site/cam.1");
    let folder = spool.begin(&note).expect("begun");
    assert_eq!(folder, format!("main/site=2Fcam=2E1/20261121_080000_{}", Uuid::from_u128(1)));
    put(&spool, &folder, 1, &tiny_mp4());
    put(&spool, &folder, 0, b"x");
    let found = spool.scan().expect("scanned").unfinished;
    assert_eq!(found, [Unfinished { folder: folder.clone(), note, files: vec![0, 1] }]);

    spool.finish(&folder).expect("finished");
    assert_eq!(spool.scan().expect("scanned").unfinished, []);
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
    std::fs::create_dir_all(spool.root().join("+ours/b/c")).expect("made");
    let found = spool.scan().expect("scanned");
    assert_eq!(found.unfinished.iter().map(|found| found.folder.as_str()).collect::<Vec<_>>(), [folder.as_str()]);
    let unreadable: Vec<&str> = found.unreadable.iter().map(|found| found.folder.as_str()).collect();
    assert_eq!(unreadable, ["main/a/broken", "main/a/somebody's"]);
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
    put(&spool, &folder, 4, &whole[..20]);
    assert_eq!(spool.seal(&folder, 4).expect("checked"), None, "no media had come");
    let name = folder.replace('/', ".");
    let kept = quarantine(&spool);
    let wanted = [
        (format!("{name}.segment_001.mp4.from_byte_{}", whole.len()), vec![0, 0, 1]),
        (format!("{name}.segment_002.mp4"), whole[..whole.len() - 1].to_vec()),
        (format!("{name}.segment_003.mp4"), b"\0\0\0\x08ftyp\0\0\0\x08what".to_vec()),
    ];
    assert_eq!(kept, wanted, "kept for people");
    assert_eq!(spool.files(&folder).expect("listed"), [0, 1]);
    assert_eq!(spool.seal(&folder, 2).expect_err("gone").kind(), ErrorKind::NotFound);
}

/// What lies in the quarantine, by name.
fn quarantine(spool: &Spool) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(spool.root().join(QUARANTINE)).expect("there").flatten();
    let mut found: Vec<_> = entries
        .map(|entry| (entry.file_name().into_string().expect("text"), std::fs::read(entry.path()).expect("read")))
        .collect();
    found.sort();
    found
}

#[test]
fn only_an_incomplete_box_is_cut_off() {
    let (_keep, spool) = spool();
    let folder = spool.begin(&note(1, "a")).expect("begun");
    let whole = tiny_mp4();
    let fragment = &whole[whole.windows(4).position(|kind| kind == b"moof").expect("one") - 4..];
    // An unknown box between two fragments costs neither of them; one whose length cannot be ends what is played only.
    let unknown = [&whole[..], b"\0\0\0\x10soon\0\0\0\0\0\0\0\0", fragment].concat();
    let zeros = [&whole[..], &[0; 64]].concat();
    put(&spool, &folder, 0, &unknown);
    put(&spool, &folder, 1, &zeros);
    for (number, bytes, frames, damaged) in [(0, &unknown, 2, false), (1, &zeros, 1, true)] {
        let sealed = spool.seal(&folder, number).expect("sealed").expect("whole");
        assert_eq!((sealed.bytes, sealed.checked.video_frames), (bytes.len() as u64, frames));
        assert_eq!(sealed.damage.is_some(), damaged, "{sealed:?}");
        assert_eq!(&std::fs::read(spool.path(&Spool::file(&folder, number)).expect("a path")).expect("read"), bytes);
    }
    // Where there is no quarantine, the end stays in the file.
    std::fs::write(spool.root().join(QUARANTINE), b"a file in its place").expect("written");
    put(&spool, &folder, 2, &[&whole[..], &[0, 0, 1]].concat());
    let sealed = spool.seal(&folder, 2).expect("sealed").expect("whole");
    assert_eq!(sealed.bytes, whole.len() as u64 + 3);
    assert!(sealed.damage.is_some_and(|why| why.contains("3 bytes cannot be played")));
}

#[test]
fn the_quarantine_is_bounded() {
    let (_keep, spool) = spool();
    let folder = spool.begin(&note(1, "a")).expect("begun");
    let place = spool.root().join(QUARANTINE);
    std::fs::create_dir(&place).expect("made");
    for (name, age) in [("older", 20), ("old", 10)] {
        let file = std::fs::File::create(place.join(name)).expect("made");
        file.set_len(MOST_BYTES / 2).expect("sparse");
        file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(age)).expect("dated");
    }
    let whole = tiny_mp4();
    put(&spool, &folder, 0, &[&whole[..], &[0, 0, 1]].concat());
    spool.seal(&folder, 0).expect("sealed").expect("whole");
    assert!(!place.join("older").exists() && place.join("old").exists(), "the oldest goes");
    assert_eq!(std::fs::read_dir(&place).expect("there").count(), 2);
}

#[test]
fn one_folder_that_cannot_be_read_hides_its_own_sessions_only() {
    let (_keep, spool) = spool();
    let (bad, good) = (note(1, "a"), note(2, "b"));
    let (bad_folder, good_folder) = (spool.begin(&bad).expect("begun"), spool.begin(&good).expect("begun"));
    let session = spool.path(&bad_folder).expect("a path").join("session.json");
    std::fs::remove_file(&session).and_then(|()| std::fs::create_dir(&session)).expect("a folder in its place");
    let scan = spool.scan().expect("the walk goes on");
    assert_eq!(scan.unfinished.iter().map(|found| &found.folder).collect::<Vec<_>>(), [&good_folder]);
    assert!(scan.may_hide(&bad.session) && !scan.may_hide(&good.session));
    assert!(
        scan.may_hide(&RecordingSession { started_at: DateTime::UNIX_EPOCH, ..bad.session }),
        "its stamp may differ"
    );
    let above = Scan {
        unreadable: vec![Unreadable { folder: "main/b".into(), error: Error::unavailable("no") }],
        ..Scan::default()
    };
    assert!(above.may_hide(&good.session) && !above.may_hide(&note(3, "bc").session));
}

#[test]
fn a_removal_that_a_crash_interrupted_is_completed_by_the_next_scan() {
    let (_keep, spool) = spool();
    // At each step: marked finished, renamed, emptied. And as an earlier release left it: the folder alone.
    for step in ["finished", "renamed", "half emptied", "alone"] {
        let folder = spool.begin(&note(1, "a")).expect("begun");
        let path = spool.path(&folder).expect("a path");
        let removing =
            path.with_file_name(format!(".{}.removing", path.file_name().expect("one").to_str().expect("text")));
        match step {
            "finished" => std::fs::write(path.join("finished"), b"").expect("marked"),
            "renamed" => std::fs::rename(&path, &removing).expect("renamed"),
            "half emptied" => {
                std::fs::rename(&path, &removing).expect("renamed");
                std::fs::remove_file(removing.join("session.json")).expect("removed");
            }
            _ => std::fs::remove_file(path.join("session.json")).expect("removed"),
        }
        let scan = spool.scan().expect("scanned");
        assert!(scan.unfinished.is_empty() && scan.unreadable.is_empty(), "{step}: {scan:?}");
        assert!(!path.exists() && !removing.exists(), "{step}");
    }
    // A folder with something of somebody else's stays as it is, and is still known to be finished.
    let folder = spool.begin(&note(2, "a")).expect("begun");
    let path = spool.path(&folder).expect("a path");
    std::fs::write(path.join("notes.txt"), b"hello").expect("written");
    spool.finish(&folder).expect("finished");
    assert!(path.join("session.json").exists() && path.join("notes.txt").exists());
    let scan = spool.scan().expect("scanned");
    assert!(scan.unfinished.is_empty() && scan.unreadable.is_empty(), "{scan:?}");
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
    assert_eq!(spool.adopt((&old, 7), (&new, 0)).expect_err("taken").kind(), ErrorKind::Conflict);
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
    assert_eq!(spool.scan().expect("scanned").unfinished[0].note.session.stream.as_str(), long);
    assert!(spool.path(&folder).expect("a path").exists());
}
