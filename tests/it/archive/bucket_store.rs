//! The store on a real S3 server.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::join_all;
use secrecy::SecretString;
use streamwarden::adapters::objects::ObjectStore;
use streamwarden::adapters::objects::s3::S3Store;
use streamwarden::base::error::ErrorKind;
use streamwarden::base::{Error, Scope};
use streamwarden::config::settings::S3Settings;
use tempfile::TempDir;

use crate::support::bucket::BucketServer;

const SEGMENT: &str = "site/cam1/2026-11-21/20261121_082501/segment_000.mp4";

fn store(settings: &S3Settings) -> S3Store {
    S3Store::new(settings).expect("a store")
}

fn file(folder: &TempDir, name: &str, content: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, content).expect("written");
    path
}

#[tokio::test]
async fn an_object_comes_back_whole_and_in_parts_and_is_never_overwritten() {
    let (server, folder) = (BucketServer::start(), tempfile::tempdir().expect("a folder"));
    let store = store(&server.settings());
    // Three parts.
    let content: Vec<u8> = (0..20_000_000_u32).map(|n| (n % 251) as u8).collect();
    let (length, source) = (content.len() as u64, file(&folder, "large", &content));
    assert_eq!(store.size(SEGMENT).await.expect("asked"), None);
    assert_eq!(store.put(SEGMENT, &source).await.expect("stored").bytes, length);
    assert_eq!(store.size(SEGMENT).await.expect("asked"), Some(length));
    assert_eq!(store.read(SEGMENT, 0, length).await.expect("read"), content);
    assert_eq!(store.read(SEGMENT, 9_000_000, 1_000).await.expect("read"), content[9_000_000..9_001_000]);
    assert_eq!(store.read(SEGMENT, 5, 0).await.expect("read").len(), 0);

    for (key, offset, count, kind) in [
        (SEGMENT, length - 1, 2, ErrorKind::Invalid),
        (SEGMENT, length, 1, ErrorKind::Invalid),
        (SEGMENT, u64::MAX, 2, ErrorKind::Invalid),
        ("site/other", 0, 1, ErrorKind::NotFound),
        ("../etc", 0, 1, ErrorKind::Invalid),
    ] {
        let error = store.read(key, offset, count).await.expect_err(key);
        assert_eq!(error.kind(), kind, "{key} {offset}: {error}");
    }

    // The same bytes are there already: stored. Others are not put in their place.
    let puts = server.puts();
    assert_eq!(store.put(SEGMENT, &source).await.expect("the same bytes").bytes, length);
    assert!(server.puts() > puts, "it was tried");
    let error = store.put(SEGMENT, &file(&folder, "other", b"other")).await.expect_err("another object");
    assert_eq!((error.kind(), error.scope()), (ErrorKind::Conflict, Scope::Item), "{error}");
    assert_eq!(fs::read(server.object(SEGMENT)).expect("an object"), content, "as it was");
    let gone = store.put("site/gone", &folder.path().join("gone")).await.expect_err("no file");
    assert_eq!((gone.kind(), gone.scope()), (ErrorKind::NotFound, Scope::Item), "{gone}");

    let keys = [SEGMENT, "site/other", "../etc"].map(str::to_owned);
    let sizes = store.sizes(&keys).await.expect("asked");
    assert!(matches!(sizes.as_slice(), [Ok(Some(_)), Ok(None), Err(_)]), "{sizes:?}");
    assert_eq!(server.keys(), [SEGMENT]);
}

#[tokio::test]
async fn twenty_who_put_the_same_at_once_leave_one_whole_object() {
    let (server, folder) = (BucketServer::start(), tempfile::tempdir().expect("a folder"));
    let (store, source) = (Arc::new(store(&server.settings())), file(&folder, "one", &[7; 100_000]));
    let done = join_all((0..20).map(|_| store.put(SEGMENT, &source))).await;
    // Whoever meets another one in the middle of the same put tries again later.
    assert!(done.iter().any(Result::is_ok), "{done:?}");
    assert!(done.iter().flat_map(|one| one.as_ref().err()).all(|error| error.scope() == Scope::Item), "{done:?}");
    assert_eq!(store.put(SEGMENT, &source).await.expect("it is there").bytes, 100_000);
    assert_eq!(fs::read(server.object(SEGMENT)).expect("an object"), [7; 100_000]);
}

#[tokio::test]
async fn what_the_server_refuses_is_said_and_passes() {
    let (server, folder) = (BucketServer::start(), tempfile::tempdir().expect("a folder"));
    let (settings, source) = (server.settings(), file(&folder, "one", b"a segment"));
    let closed = "http://127.0.0.1:9".parse().expect("a URL");
    let table = [
        (S3Settings { secret_access_key: SecretString::from("wrong"), ..settings.clone() }, "secret key is wrong"),
        (S3Settings { bucket_name: "other".to_owned(), ..settings.clone() }, "no such bucket"),
        (S3Settings { endpoint_url: closed, ..settings.clone() }, "is unreachable"),
    ];
    for (wrong, said) in table {
        let store = store(&wrong);
        for error in [store.check().await.expect_err(said), store.try_out().await.expect_err(said)] {
            assert!(error.message().contains(said), "{error}");
            assert_secret_free(&error);
        }
        // This server makes a bucket that it does not have.
        if wrong.bucket_name == settings.bucket_name {
            let error = store.put(SEGMENT, &source).await.expect_err(said);
            assert!(error.is_passing(), "{error}");
            assert_secret_free(&error);
        }
    }
    let store = store(&settings);
    server.refuse(503);
    for error in [
        store.check().await.expect_err("refused"),
        store.put(SEGMENT, &source).await.expect_err("refused"),
        store.size(SEGMENT).await.expect_err("refused"),
        store.read(SEGMENT, 0, 1).await.expect_err("refused"),
        store.sizes(&[SEGMENT.to_owned()]).await.expect_err("refused"),
    ] {
        assert!(error.is_passing(), "{error}");
    }
    server.refuse_with(200, "<!DOCTYPE html><html><p>A page of & about something else</html>");
    for error in [store.check().await.expect_err("a page"), store.try_out().await.expect_err("a page")] {
        assert!(error.message().contains("is no S3 server; correct objects.s3.endpoint_url"), "{error}");
    }
    server.refuse(0);
    assert_eq!(store.put(SEGMENT, &source).await.expect("stored").bytes, 9);
    let tried = store.try_out().await.expect("everything works");
    assert!(tried.contains("never overwrites"), "{tried}");
    assert_eq!(server.keys(), [SEGMENT], "what was tried is gone");
}

fn assert_secret_free(error: &Error) {
    let text = format!("{error:?} {error}");
    assert!(!text.contains("X-Amz-Signature") && !text.contains(crate::support::bucket::SECRET), "{text}");
}
