//! Whose bucket it is.

use std::fs;

use streamwarden::demo::media_server::Options;

use crate::program::nodes::{incident, ready};
use crate::support::bucket::BucketServer;
use crate::support::media;
use crate::support::program::{Config, Program};

/// As another site would have left it.
const FOREIGN: &str = r#"{"streamwarden":"objects","id":"00000000-0000-4000-8000-000000000007"}"#;
const COMMAND: [&str; 4] = ["accept-folder", "objects", "--config", "streamwarden.toml"];
const CHECK: [&str; 3] = ["check", "--config", "streamwarden.toml"];

#[actix::test]
async fn a_bucket_of_another_site_or_one_that_lost_its_identity_stops_writing_until_it_is_accepted() {
    let (media, bucket) = (media::server(&Options::default()).await, BucketServer::start());
    let marker = bucket.object(".streamwarden.json");
    fs::write(&marker, FOREIGN).expect("written");
    let program = Program::start(&Config { more: bucket.toml(), ..Config::on(&media) }).await;
    ready(&program, false, "is another site's").await;
    let cause = incident(&program, "objects", true).await["cause"].clone();
    assert!(cause.as_str().is_some_and(|why| why.contains("accept-folder objects")), "{cause}");
    let told = program.room().run(&CHECK, &[]);
    assert!(told.out.contains("is another site's"), "{}{}", told.out, told.err);
    assert_eq!(fs::read_to_string(&marker).expect("there"), FOREIGN, "nothing has touched it");

    let done = program.room().run(&COMMAND, &[]);
    assert!(done.code == Some(0) && done.out.contains("from now on"), "{}{}", done.out, done.err);
    incident(&program, "objects", false).await;
    let own = fs::read(&marker).expect("there");
    assert!(!String::from_utf8_lossy(&own).contains("000007"));

    // The marker is taken away, and put back.
    fs::remove_file(&marker).expect("removed");
    ready(&program, false, "has lost its identity").await;
    incident(&program, "objects", true).await;
    let told = program.room().run(&CHECK, &[]);
    assert!(told.out.contains("has lost its identity"), "{}{}", told.out, told.err);
    assert!(!marker.exists(), "a look does not make it");
    fs::write(&marker, own).expect("put back");
    incident(&program, "objects", false).await;
    program.stop().await;
    media.stop().await;
}
