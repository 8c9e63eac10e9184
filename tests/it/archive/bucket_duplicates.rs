//! Two programs that put the same keys, and what a killed one leaves in the middle.

use std::fs;

use futures_util::{StreamExt, stream};
use streamwarden::adapters::objects::ObjectStore;
use streamwarden::adapters::objects::s3::S3Store;
use streamwarden::base::error::ErrorKind;

use crate::support::bucket::BucketServer;

/// Keys; each is put by two clients, twice.
const KEYS: usize = 250;

#[tokio::test]
async fn a_thousand_uploads_of_the_same_keys_by_two_clients_overwrite_nothing_and_lose_nothing() {
    let (server, folder) = (BucketServer::start(), tempfile::tempdir().expect("a folder"));
    let files = ["one", "two"].map(|name| {
        let path = folder.path().join(name);
        fs::write(&path, name).expect("written");
        path
    });
    let stores = [0, 1].map(|_| S3Store::new(&server.settings()).expect("a store"));
    let key = |n: usize| format!("cam/2026-11-21/20261121_082501/segment_{n:03}.mp4");
    let mut winners: Vec<Option<Vec<u8>>> = vec![None; KEYS];
    for round in 0..2 {
        let jobs = (0..KEYS * 2).map(|n| {
            let (store, file, key) = (&stores[n % 2], &files[n % 2], key(n / 2));
            async move { (n, store.put(&key, file).await) }
        });
        let done: Vec<_> = stream::iter(jobs).buffer_unordered(16).collect().await;
        for (n, put) in done {
            let there = fs::read(server.object(&key(n / 2))).expect("an object");
            let mine = fs::read(&files[n % 2]).expect("a file");
            match put {
                Ok(_) => assert_eq!(there, mine, "{n} was told that it is stored"),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Conflict, "{n}: {error}");
                    assert_ne!(there, mine, "{n} has its bytes there and was refused: {error}");
                }
            }
            let first = winners[n / 2].get_or_insert_with(|| there.clone());
            assert_eq!(*first, there, "{n} was overwritten in round {round}");
        }
    }
    assert_eq!(server.keys().len(), KEYS);
}

#[tokio::test]
async fn old_uploads_in_parts_of_segments_are_ended_and_no_others() {
    let server = BucketServer::start();
    let store = S3Store::new(&server.settings()).expect("a store");
    let young = (chrono::Utc::now() - chrono::TimeDelta::hours(23)).to_rfc3339();
    server.leave_uploads(&[
        ("cam/2026-01-02/20260102_030405/segment_000.mp4", "2026-01-02T03:05:00.000Z"),
        ("cam/2026-01-02/20260102_030405/segment_001.mp4", young.as_str()),
        ("backups/db.dump", "2020-01-01T00:00:00.000Z"),
        ("cam/2026-01-02/20260102_030405/segment_002.mp4", "yesterday"),
    ]);
    assert_eq!(store.sweep().await.expect("swept"), 1);
    let left = server.left_uploads();
    assert_eq!(left.len(), 3, "{left:?}");
    assert!(!left.iter().any(|key| key.ends_with("segment_000.mp4")), "{left:?}");
    server.refuse(503);
    assert!(store.sweep().await.expect_err("refused").is_passing());
}
