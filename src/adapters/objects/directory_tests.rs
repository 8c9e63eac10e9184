//! Tests of the object directory, on a real folder.

use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::base::error::ErrorKind;

const KEY: &str = "site/cam1/2026-11-21/20261121_082501/segment_000.mp4";

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn file(folder: &TempDir, content: &[u8]) -> PathBuf {
    let path = folder.path().join("source.mp4");
    fs::write(&path, content).expect("written");
    path
}

fn incoming(folder: &TempDir) -> usize {
    fs::read_dir(folder.path().join("objects").join(INCOMING)).expect("there").count()
}

fn open(folder: &TempDir) -> Directory {
    Directory::open(folder.path().join("objects")).expect("opened")
}

#[tokio::test]
async fn an_object_comes_back_whole_and_in_parts() {
    let folder = folder();
    let store = open(&folder);
    let content: Vec<u8> = (0..CHUNK * 2 + 77).map(|n| (n % 251) as u8).collect();
    let source = file(&folder, &content);
    assert_eq!(store.size(KEY).await.expect("asked"), None);
    assert_eq!(store.put(KEY, &source).await.expect("stored").bytes, content.len() as u64);
    assert_eq!(store.size(KEY).await.expect("asked"), Some(content.len() as u64));
    assert_eq!(store.read(KEY, 0, content.len() as u64).await.expect("read"), content);
    assert_eq!(store.read(KEY, 300_000, 1_000).await.expect("read"), content[300_000..301_000]);
    assert!(store.read(KEY, content.len() as u64, 0).await.expect("read").is_empty());
    assert_eq!(incoming(&folder), 0);
    // The source going bad must not reach the object.
    fs::write(&source, b"").expect("truncated");
    assert_eq!(store.size(KEY).await.expect("asked"), Some(content.len() as u64));
    // Stored again: replaced.
    assert_eq!(store.put(KEY, &file(&folder, b"short")).await.expect("stored").bytes, 5);
    assert_eq!(store.read(KEY, 0, 5).await.expect("read"), b"short"[..]);
}

#[tokio::test]
async fn a_range_comes_in_pieces_of_one_object_also_when_it_is_replaced_meanwhile() {
    let folder = folder();
    let store = open(&folder);
    let content: Vec<u8> = (0..CHUNK * 2 + 77).map(|n| (n % 249) as u8).collect();
    store.put(KEY, &file(&folder, &content)).await.expect("stored");
    let mut pieces = store.stream(KEY, 5, content.len() as u64 - 5).await.expect("a range");
    let mut read = pieces.next().await.expect("a piece").expect("read").to_vec();
    assert_eq!(read.len(), CHUNK);
    store.put(KEY, &file(&folder, b"short")).await.expect("replaced");
    while let Some(piece) = pieces.next().await {
        let piece = piece.expect("read");
        assert!(piece.len() <= CHUNK);
        read.extend_from_slice(&piece);
    }
    assert!(read == content[5..], "all of the object that was opened");
    assert_eq!(store.stream(KEY, 0, 6).await.err().expect("outside").field(), Some("range"));
    assert!(store.stream(KEY, 5, 0).await.expect("an empty range").next().await.is_none());
    // A file that shrinks under our hands ends with an error, never with fewer bytes.
    let mut cut = store.stream(KEY, 0, 5).await.expect("a range");
    fs::write(folder.path().join("objects").join(KEY), b"12").expect("cut");
    assert!(cut.next().await.expect("a word").is_err());
}

#[tokio::test]
async fn many_objects_are_asked_for_together_and_a_bad_one_costs_no_neighbour() {
    let folder = folder();
    let store = open(&folder);
    store.put(KEY, &file(&folder, b"12345")).await.expect("stored");
    fs::create_dir_all(folder.path().join("objects/site/folder")).expect("made");
    let keys = ["site/none", KEY, "../x", "site/folder"].map(str::to_owned);
    let sizes = store.sizes(&keys).await.expect("the store answers");
    let told: Vec<_> = sizes.iter().map(|size| size.as_ref().ok().copied().flatten()).collect();
    assert_eq!(told, [None, Some(5), None, None]);
    assert!(sizes[2].is_err() && sizes[0].is_ok() && sizes[3].is_ok());
    fs::rename(folder.path().join("objects"), folder.path().join("elsewhere")).expect("not mounted");
    store.sizes(&keys).await.expect_err("no word about any of them");
}

#[tokio::test]
async fn ranges_and_keys_are_checked_before_anything_is_touched() {
    let folder = folder();
    let store = open(&folder);
    let source = file(&folder, b"12345");
    store.put(KEY, &source).await.expect("stored");
    for (offset, length) in [(0, 6), (5, 1), (u64::MAX, 1), (1, u64::MAX), (0, u64::MAX)] {
        let error = store.read(KEY, offset, length).await.expect_err("outside");
        assert_eq!(error.field(), Some("range"), "{error}");
    }
    assert_eq!(store.read("no/such", 0, 1).await.expect_err("none").kind(), ErrorKind::NotFound);
    for key in ["../outside", "/etc/passwd", "", "a//b", "+incoming/x"] {
        assert_eq!(store.put(key, &source).await.expect_err(key).field(), Some("objectKey"));
        assert!(store.size(key).await.is_err() && store.read(key, 0, 0).await.is_err());
    }
    assert!(!folder.path().join("outside").exists());
    assert_eq!(store.size("site").await.expect("asked"), None, "a folder is no object");
    assert_eq!(store.size(&format!("{KEY}/below")).await.expect("asked"), None);
}

#[tokio::test]
async fn a_failed_put_leaves_nothing_behind() {
    let folder = folder();
    let store = open(&folder);
    let missing = store.put(KEY, &folder.path().join("none")).await.expect_err("no source");
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    let unreadable = store.put(KEY, folder.path()).await.expect_err("a folder is no source");
    assert_eq!(unreadable.kind(), ErrorKind::Unavailable);
    let source = file(&folder, b"12345");
    fs::write(folder.path().join("objects/blocked"), b"a file").expect("written");
    let blocked = store.put("blocked/x", &source).await.expect_err("a file stands in the way");
    assert!(blocked.to_string().contains("move it away"), "{blocked}");
    fs::create_dir(folder.path().join("objects/taken")).expect("made");
    let taken = store.put("taken", &source).await.expect_err("a folder stands in the way");
    // What each of them is about: a file of the spool, a folder in the store, one object.
    let scopes = [missing, unreadable, blocked, taken].map(|error| error.scope());
    assert_eq!(scopes, [Scope::Item, Scope::Item, Scope::Prefix, Scope::Item]);
    assert_eq!(store.size(KEY).await.expect("asked"), None);
    assert_eq!(incoming(&folder), 0);
}

#[tokio::test]
async fn leftovers_of_a_crash_go_and_those_of_a_neighbour_stay() {
    let folder = folder();
    let store = open(&folder);
    store.put(KEY, &file(&folder, b"12345")).await.expect("stored");
    let crashed = folder.path().join("objects").join(INCOMING).join("crashed");
    fs::write(&crashed, b"half").expect("written");
    let running = Incoming::new(&folder.path().join("objects")).expect("begun");
    let again = open(&folder);
    assert!(!crashed.exists(), "nobody writes it any more");
    assert!(running.path.exists(), "its writer lives");
    drop(running);
    assert_eq!(again.size(KEY).await.expect("asked"), Some(5));
}

#[tokio::test]
async fn a_disk_that_is_not_mounted_is_named_and_not_written_beneath() {
    let folder = folder();
    let store = open(&folder);
    let source = file(&folder, b"12345");
    let (root, away) = (folder.path().join("objects"), folder.path().join("away"));
    fs::rename(&root, &away).expect("unmounted");
    fs::create_dir(&root).expect("the mount point stays");
    for error in [
        store.put(KEY, &source).await.expect_err("not mounted"),
        store.size(KEY).await.expect_err("not mounted"),
        store.ping().await.expect_err("not mounted"),
    ] {
        assert!(error.kind() == ErrorKind::Unavailable && error.to_string().contains("mount the disk"), "{error}");
        assert_eq!(error.scope(), Scope::Service);
    }
    assert_eq!(fs::read_dir(&root).expect("there").count(), 0);
    fs::remove_dir(&root).and_then(|()| fs::rename(&away, &root)).expect("mounted");
    store.put(KEY, &source).await.expect("it recovers by itself");
    let words = store.ping().await.expect("answers");
    assert!(words.starts_with("directory ") && words.ends_with("B free"), "{words}");
}

#[test]
fn faults_of_the_disk_are_sentences() {
    for (kind, words) in [
        (std::io::ErrorKind::StorageFull, "disk of objects.directory is full"),
        (std::io::ErrorKind::ReadOnlyFilesystem, "read-only"),
        (std::io::ErrorKind::PermissionDenied, "owner or mode"),
        (std::io::ErrorKind::CrossesDevices, "several file systems"),
        (std::io::ErrorKind::TimedOut, "does not work"),
    ] {
        let error = fault(Path::new("/x"), kind.into());
        assert!(error.kind() == ErrorKind::Unavailable && error.to_string().contains(words), "{error}");
    }
    let blocked = Directory::open("/dev/null/x").expect_err("no folder");
    assert!(blocked.to_string().contains("/dev/null/x"), "{blocked}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn workers_beside_each_other_do_not_disturb_each_other() {
    let folder = folder();
    let store = Arc::new(open(&folder));
    let source = file(&folder, &[7; 10_000]);
    let puts = (0..40).map(|n| {
        let (store, source) = (store.clone(), source.clone());
        tokio::spawn(async move { store.put(&format!("cam/2026/{}/segment_{}.mp4", n % 4, n % 8), &source).await })
    });
    for put in futures_util::future::join_all(puts).await {
        assert_eq!(put.expect("no panic").expect("stored").bytes, 10_000);
    }
    assert_eq!(incoming(&folder), 0);
}
