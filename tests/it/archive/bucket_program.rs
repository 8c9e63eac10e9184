//! The program with a bucket: recorded, stored there, played from there, through an hour without it.

use std::fs;
use std::process::Command;

use chrono::{DateTime, Utc};
use serde_json::Value;
use streamwarden::demo::media_server::Options;

use crate::support::bucket::{BucketServer, SECRET};
use crate::support::media::{self, Publisher};
use crate::support::program::{Config, Program};
use crate::support::wait::eventually;

#[actix::test]
async fn segments_are_stored_in_the_bucket_and_played_from_there() {
    let (media, bucket) = (media::server(&Options::default()).await, BucketServer::start());
    let more = format!("keep_local = \"0s\"\n{}", bucket.toml());
    let program = Program::start(&Config { more, ..Config::on(&media) }).await;
    let publisher = Publisher::to(&media.rtsp_url(), "yard");
    uploaded(&program, 2).await;

    // Away for a while: recording goes on, the spool keeps what cannot be stored, and it says so.
    bucket.refuse(503);
    eventually("that it is told", || async {
        let (status, ready) = program.api.text("/ready").await?;
        (status == 503 && ready.contains("overloaded")).then_some(())
    })
    .await;
    let before = bucket.keys().len();
    eventually("segments that wait", || async {
        let segments = program.api.segments("yard").await;
        (segments.iter().filter(|segment| segment["state"] == "sealed").count() >= 2).then_some(())
    })
    .await;
    assert_eq!(bucket.keys().len(), before, "nothing was stored");
    // Meanwhile somebody else puts something where one of them goes.
    let waits = |segment: &Value| segment["state"] == "sealed";
    let taken = program.api.segments("yard").await.into_iter().find(waits).expect("one that waits");
    let (taken_id, taken_key) = (text(&taken["id"]), text(&taken["objectKey"]));
    fs::create_dir_all(bucket.object(&taken_key).parent().expect("a folder")).expect("made");
    fs::write(bucket.object(&taken_key), FOREIGN).expect("put");
    bucket.refuse(0);
    let segments = uploaded(&program, before + 2).await;

    conflict(&program, &taken_id, true).await;
    assert_eq!(fs::read(bucket.object(&taken_key)).expect("there"), FOREIGN, "it is left alone");
    let url = program.api.url(&format!("/api/v1/recordings/segments/{taken_id}.mp4"));
    assert_eq!(Some(frames(&url)), taken["frames"].as_u64(), "the other copy is played");
    fs::remove_file(bucket.object(&taken_key)).expect("moved away");
    conflict(&program, &taken_id, false).await;
    assert_eq!(Some(frames(bucket.object(&taken_key).to_str().expect("a path"))), taken["frames"].as_u64());

    // Whatever is stored is whole, and comes from the bucket once it has left the spool.
    let keys = bucket.keys();
    for segment in &segments {
        let key = segment["objectKey"].as_str().expect("a key").to_owned();
        assert!(keys.contains(&key), "{key} of {keys:?}");
        let bytes = bucket.object(&key).metadata().expect("an object").len();
        assert_eq!(Some(bytes), segment["bytes"].as_u64(), "{key}");
        assert!(frames(bucket.object(&key).to_str().expect("a path")) > 0, "{key}");
    }
    drop(publisher);
    let first = &segments[0];
    let (id, frames_there) = (first["id"].as_str().expect("an id"), first["frames"].as_u64().expect("a count"));
    eventually("that the spool is empty", || async {
        let spool = crate::support::room::files_below(&program.data_dir().join("spool"));
        let has_media = spool.iter().any(|file| file.extension().is_some_and(|suffix| suffix == "mp4"));
        (!has_media).then_some(())
    })
    .await;
    let url = program.api.url(&format!("/api/v1/recordings/segments/{id}.mp4"));
    assert_eq!(frames(&url), frames_there, "over HTTP, from the bucket");
    completeness(&program).await;
    kept_and_deleted(&program, &bucket).await;
    assert!(!program.log().contains(SECRET));
    program.stop().await;
    media.stop().await;
}

/// Each millisecond since the first recording is stored or in a gap with a cause; the publisher has left.
async fn completeness(program: &Program) {
    let length = |one: &Value, from: &str, to: &str| {
        let time = |name: &str| one[name].as_str().expect("a time").parse::<DateTime<Utc>>().expect("a time");
        (time(to) - time(from)).num_milliseconds()
    };
    let found = eventually("a gap since the stream ended", || async {
        let found = program.api.items("/api/v1/completeness?stream=yard").await.pop()?;
        let last = found["gaps"].as_array()?.last()?.clone();
        (last["cause"] == "sourceSilent" && last["to"] == found["to"]).then_some(found)
    })
    .await;
    let gaps: i64 = found["gaps"].as_array().expect("gaps").iter().map(|gap| length(gap, "from", "to")).sum();
    let (expected, stored) = (found["expectedMs"].as_i64().expect("ms"), found["storedMs"].as_i64().expect("ms"));
    assert_eq!((expected, expected - stored), (length(&found, "from", "to"), gaps), "{found}");
    assert!(stored > 5_000, "{found}");
    let report = program.room().run(&["recordings", "report", "--days", "2", "--config", "streamwarden.toml"], &[]);
    let line = report.out.lines().find(|line| line.contains(",main,yard,")).unwrap_or_else(|| panic!("{}", report.out));
    assert!(report.code == Some(0) && line.split(',').count() == 8 + 14, "{line}");
}

/// Damage is found by reading again; what is old goes when somebody asks for it, and what is locked stays.
async fn kept_and_deleted(program: &Program, bucket: &BucketServer) {
    let run = |arguments: &[&str]| {
        let all: Vec<&str> =
            ["recordings"].iter().chain(arguments).chain(&["--config", "streamwarden.toml"]).copied().collect();
        program.room().run(&all, &[])
    };
    let whole = run(&["verify"]);
    assert!(whole.code == Some(0) && whole.out.contains("0 are damaged"), "{}{}", whole.out, whole.err);
    let segments = program.api.segments("yard").await;
    let (first, last) = (&segments[0], &segments[segments.len() - 1]);
    let key = text(&first["objectKey"]);
    let mut bytes = fs::read(bucket.object(&key)).expect("an object");
    *bytes.last_mut().expect("bytes") ^= 1;
    fs::write(bucket.object(&key), bytes).expect("damaged");
    let damaged = run(&["verify"]);
    let says = damaged.out.contains(&key) && damaged.out.contains("SHA-256");
    assert!(damaged.code == Some(1) && says, "{}{}", damaged.out, damaged.err);

    let (from, to) = (text(&first["startedAt"]), text(&last["startedAt"]));
    let wrong = run(&["lock", "yard", "--from", &to, "--to", &from, "--reason", "case 7"]);
    assert!(wrong.code == Some(2) && wrong.err.contains("must be before to"), "{}", wrong.err);
    for typed in
        [["lock", "yarrd", "--from", &from, "--to", &to, "--reason", "x"].as_slice(), &["verify", "--stream", "yarrd"]]
    {
        let unknown = run(typed);
        assert!(unknown.code == Some(2) && unknown.err.contains("the nearest is \"yard\""), "{}", unknown.err);
    }
    let until = text(&segments[1]["startedAt"]);
    let locked = run(&["lock", "yard", "--from", &from, "--to", &until, "--reason", "case 7"]);
    assert_eq!(locked.code, Some(0), "{}", locked.err);
    assert!(run(&["locks"]).out.contains("case 7"));
    let keys = bucket.keys().len();
    let dry = run(&["clean", "--older-than", "1s"]);
    assert!(dry.code == Some(0) && dry.out.contains("yard") && dry.out.contains("add --yes"), "{}{}", dry.out, dry.err);
    assert_eq!(bucket.keys().len(), keys, "nothing was deleted");
    let done = run(&["clean", "--older-than", "1s", "--yes"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    eventually("that the rest is gone", || async { (bucket.keys() == [key.clone()]).then_some(()) }).await;
    eventually("rows that say so", || async {
        let now = program.api.segments("yard").await;
        let deleted = now.iter().filter(|one| one["state"] == "deleted").collect::<Vec<_>>();
        let says = deleted.iter().all(|one| one["reason"].as_str().is_some_and(|why| why.contains("asked for it")));
        (says && deleted.len() + 1 == now.len()).then_some(())
    })
    .await;
}

const FOREIGN: &[u8] = b"somebody else's";

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// Waits until the copy of a segment in the bucket stands in a conflict and an incident says so, or until both is over.
async fn conflict(program: &Program, id: &str, is_there: bool) {
    let wanted = if is_there { "conflict" } else { "verified" };
    eventually(wanted, || async {
        let copies = program.api.items(&format!("/api/v1/recordings/segments/{id}/copies")).await;
        copies.iter().any(|copy| copy["place"] == "objects" && copy["state"] == wanted).then_some(())
    })
    .await;
    eventually("its incident", || async {
        let found = program.api.items("/api/v1/incidents?kind=objectConflict").await.pop()?;
        let says = found["cause"].as_str().is_some_and(|cause| cause.contains("is not overwritten"));
        (says && found["subject"]["name"] == "yard" && found["closedAt"].is_null() == is_there).then_some(())
    })
    .await;
}

/// Waits until so many segments are stored; those.
async fn uploaded(program: &Program, count: usize) -> Vec<Value> {
    eventually("stored segments", || async {
        let segments = program.api.segments("yard").await;
        let stored: Vec<Value> = segments.into_iter().filter(|segment| segment["state"] == "uploaded").collect();
        (stored.len() >= count).then_some(stored)
    })
    .await
}

/// Pictures that ffprobe decodes.
fn frames(of: &str) -> u64 {
    let probe = Command::new("ffprobe")
        .args(["-v", "error", "-count_frames", "-select_streams", "v:0", "-of", "csv=p=0"])
        .args(["-show_entries", "stream=nb_read_frames", of])
        .output()
        .expect("ffprobe");
    let said = String::from_utf8_lossy(&probe.stdout).lines().next().unwrap_or_default().trim().to_owned();
    said.parse().unwrap_or_else(|_| panic!("{of}: {said} {}", String::from_utf8_lossy(&probe.stderr)))
}
