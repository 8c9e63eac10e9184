//! What a server does wrong, one thing after the other: said in words, and the next try finds everything as it was.

use std::fs;
use std::time::{Duration, Instant};

use streamwarden::adapters::folder::identity::{Expected, Identified};
use streamwarden::adapters::objects::ObjectStore;
use streamwarden::adapters::objects::s3::S3Store;
use streamwarden::base::Scope;
use streamwarden::base::error::ErrorKind;

use crate::support::bucket::{BucketServer, PutBody};

const KEY: &str = "cam/2026-11-21/20261121_082501/segment_000.mp4";

#[tokio::test]
async fn a_table_of_faults() {
    let (server, folder) = (BucketServer::start(), tempfile::tempdir().expect("a folder"));
    let store = S3Store::new(&server.settings()).expect("a store");
    let file = folder.path().join("segment");
    fs::write(&file, vec![7; 1_000]).expect("written");
    let skewed = "<Error><Code>RequestTimeTooSkewed</Code><RequestTime>20261128T220000Z</RequestTime>\
                  <ServerTime>2026-11-28T22:16:40Z</ServerTime></Error>";
    for (status, body, said) in [
        (403, "<Error><Code>AccessDenied</Code></Error>", "lacks a right"),
        (403, "<Error><Code>InvalidAccessKeyId</Code></Error>", "does not know the access key"),
        (403, "", "status 403"),
        (503, "<Error><Code>SlowDown</Code></Error>", "overloaded"),
        (500, "<Error><Code>InternalError</Code></Error>", "InternalError"),
        (403, skewed, "1000 s behind"),
        (507, "<Error><Code>QuotaExceeded</Code></Error>", "it is full"),
        (404, "<Error><Code>NoSuchBucket</Code></Error>", "no such bucket"),
        (502, "<html>Bad Gateway</html>", "status 502"),
        (400, "<Error><Code>ExpiredToken</Code></Error>", "has expired"),
        (507, "<Error><Code>XMinioStorageFull</Code></Error>", "it is full"),
    ] {
        // An empty body is one too.
        server.refuse_with(status, if body.is_empty() { " " } else { body });
        for error in [store.put(KEY, &file).await.expect_err(said), store.check().await.expect_err(said)] {
            assert!(error.message().contains(said) && error.is_passing(), "{status} {said}: {error}");
        }
        server.refuse(0);
        assert!(server.keys().is_empty(), "{said}: nothing is left");
    }
    assert_eq!(store.put(KEY, &file).await.expect("stored").bytes, 1_000);
    server.cut(true);
    let error = store.read(KEY, 0, 1_000).await.expect_err("half of it");
    assert!(error.is_passing() && error.message().contains("broke off"), "{error}");
    server.cut(false);
    assert_eq!(store.read(KEY, 0, 1_000).await.expect("the whole").len(), 1_000);
}

/// What `check` says of such a server, which is that each put is preceded by a question, is what is done.
#[tokio::test]
async fn a_server_that_answers_400_to_a_condition_is_put_to_without_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let [file, large, other] =
        [("one", vec![7; 1_000]), ("large", vec![8; 9 << 20]), ("other", vec![9; 1_000])].map(|(name, bytes)| {
            let path = folder.path().join(name);
            fs::write(&path, bytes).expect("written");
            path
        });
    for body in [" ", "<Error><Code>InvalidArgument</Code></Error>"] {
        let server = BucketServer::start();
        server.refuse_conditions(body);
        let store = S3Store::new(&server.settings()).expect("a store");
        let noted = store.try_out().await.expect("well");
        assert!(noted.contains("each put is preceded by a question"), "{noted}");
        let (before, next) = (server.puts(), KEY.replace("000", "001"));
        assert_eq!(store.put(KEY, &file).await.expect("stored").bytes, 1_000);
        assert_eq!(store.put(&next, &file).await.expect("stored").bytes, 1_000);
        assert_eq!(server.puts() - before, 3, "it is tried once");
        let error = store.put(KEY, &other).await.expect_err("something stands there");
        assert!(error.kind() == ErrorKind::Conflict, "{error}");
        assert_eq!(fs::read(server.object(KEY)).expect("an object"), fs::read(&file).expect("a file"));
        // In parts it is the last request that has the condition.
        let anew = S3Store::new(&server.settings()).expect("a store");
        assert_eq!(anew.put(&KEY.replace("000", "002"), &large).await.expect("stored").bytes, 9 << 20);
    }
    let server = BucketServer::start();
    server.refuse_conditions("<Error><Code>BadDigest</Code></Error>");
    let store = S3Store::new(&server.settings()).expect("a store");
    let error = store.put(KEY, &file).await.expect_err("another fault");
    assert!(error.message().contains("wrong checksum") && server.puts() == 1, "{error}");
}

#[tokio::test]
async fn an_upload_is_given_up_when_no_bytes_move_and_kept_to_its_rate() {
    let (server, folder) = (BucketServer::start(), tempfile::tempdir().expect("a folder"));
    let still = Duration::from_secs(1);
    let store = S3Store::with_upload_timeout(&server.settings(), still).expect("a store");
    store.expect_of_it(Expected::Id(store.begin_identity().await.expect("its own")));
    let files = [("small", 1_500_000)].map(|(name, size)| {
        let file = folder.path().join(name);
        fs::write(&file, vec![7; size]).expect("written");
        (file, size as u64)
    });
    // Refused for what arrived: the object's own fault, so that the others go on.
    server.refuse_with(400, "<Error><Code>BadDigest</Code></Error>");
    // The identity is not asked for again so soon.
    store.check().await.expect_err("refused");
    server.refuse(0);
    store.check().await.expect("well");
    server.refuse_with(400, "<Error><Code>BadDigest</Code></Error>");
    let error = store.put(KEY, &files[0].0).await.expect_err("wrong checksum");
    assert!(error.message().contains("wrong checksum") && error.scope() == Scope::Item, "{error}");
    server.refuse(0);
    // A limit of all uploads together: the last piece begins when the others are through.
    store.limit_rate(Some(1_000_000));
    let begun = Instant::now();
    assert_eq!(store.put(KEY, &files[0].0).await.expect("stored").bytes, files[0].1);
    assert!(begun.elapsed() > Duration::from_millis(1_400), "{:?}", begun.elapsed());
    assert!(store.remove(KEY).await.expect("removed"));
    let (file, size) = &files[0];
    for how in [PutBody::Cut, PutBody::Still] {
        server.take_bodies(how);
        let error = store.put(KEY, file).await.expect_err("not taken");
        assert!(error.is_passing(), "{how:?} of {size}: {error}");
        assert!(server.keys().is_empty(), "{how:?} of {size}: nothing is left");
    }
}

#[tokio::test]
async fn nothing_is_put_into_a_bucket_that_is_another_sites() {
    let (server, folder) = (BucketServer::start(), tempfile::tempdir().expect("a folder"));
    let store = S3Store::new(&server.settings()).expect("a store");
    let file = folder.path().join("segment");
    fs::write(&file, vec![7; 1_000]).expect("written");
    store.expect_of_it(Expected::Id(store.begin_identity().await.expect("its own")));
    assert_eq!(store.put(KEY, &file).await.expect("stored").bytes, 1_000);
    store.expect_of_it(Expected::Id(uuid::Uuid::nil()));
    // What was looked at a moment ago counts for a while; a look that finds another one ends that.
    store.check().await.expect_err("another's");
    let error = store.put("cam/2026-11-21/20261121_082501/segment_001.mp4", &file).await.expect_err("another's");
    assert!(error.message().contains("is another site's"), "{error}");
    assert!(!server.keys().iter().any(|key| key.ends_with("segment_001.mp4")));
}

/// The clock runs ahead while nothing happens: twenty seconds cost none.
#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_a_timeout() {
    let server = BucketServer::start();
    server.hang();
    let store = S3Store::new(&server.settings()).expect("a store");
    let error = store.size(KEY).await.expect_err("nobody answers");
    assert!(error.kind() == ErrorKind::Timeout && error.is_passing(), "{error}");
}
