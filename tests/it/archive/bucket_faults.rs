//! What a server does wrong, one thing after the other: said in words, and the next try finds everything as it was.

use std::fs;

use streamwarden::adapters::objects::ObjectStore;
use streamwarden::adapters::objects::s3::S3Store;
use streamwarden::base::error::ErrorKind;

use crate::support::bucket::BucketServer;

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

/// The clock runs ahead while nothing happens: twenty seconds cost none.
#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_a_timeout() {
    let server = BucketServer::start();
    server.hang();
    let store = S3Store::new(&server.settings()).expect("a store");
    let error = store.size(KEY).await.expect_err("nobody answers");
    assert!(error.kind() == ErrorKind::Timeout && error.is_passing(), "{error}");
}
