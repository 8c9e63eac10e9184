//! The catalogue from the bucket alone, and spool, catalogue and bucket compared with one another.

use std::fs;
use std::path::PathBuf;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use streamwarden::demo::media_server::Options;

use crate::program::nodes::stopped;
use crate::support::bucket::BucketServer;
use crate::support::media::{self, Publisher};
use crate::support::program::{Config, Program};
use crate::support::room::{Ended, files_below};
use crate::support::wait::eventually;

#[actix::test]
async fn a_catalogue_is_made_from_the_bucket_alone_and_what_differs_is_mended() {
    let (media, bucket) = (media::server(&Options::default()).await, BucketServer::start());
    let config = Config { more: bucket.toml(), ..Config::on(&media) };
    let mut program = Program::start(&config).await;
    for count in [2, 4] {
        let publisher = Publisher::to(&media.rtsp_url(), "yard");
        stored(&program, count).await;
        drop(publisher);
        eventually("that the session is over", || async {
            let sessions = program.api.items("/api/v1/recordings/yard/sessions").await;
            sessions.iter().all(|session| !session["endedAt"].is_null()).then_some(())
        })
        .await;
    }
    let segments = all_stored(&program).await;
    let before = shown(&program, &segments).await;
    stopped(&mut program).await;

    // Nothing is left but the bucket, where the last object says nothing of itself, as one of an earlier version.
    fs::remove_dir_all(program.data_dir()).expect("removed");
    let last = segments.last().expect("segments");
    let metadata = files_below(bucket.object("..").as_path());
    let metadata = metadata.into_iter().filter(|file| file.to_string_lossy().ends_with(".metadata.json"));
    let of_last = |file: &PathBuf| fs::read_to_string(file).is_ok_and(|text| text.contains(&text_of(last, "id")));
    fs::remove_file(metadata.into_iter().find(of_last).expect("its metadata")).expect("removed");
    let dry = run(&program, &["rebuild"]);
    let says = dry.out.contains(&format!("holds {} segments", segments.len())) && dry.out.contains("add --yes");
    assert!(dry.code == Some(0) && says, "{}{}", dry.out, dry.err);
    let done = run(&program, &["rebuild", "--yes"]);
    assert!(
        done.code == Some(0) && done.out.contains(&format!("{} enter", segments.len())),
        "{}{}",
        done.out,
        done.err
    );
    let again = run(&program, &["rebuild", "--yes"]);
    assert!(again.code != Some(0) && again.err.contains("recordings reconcile --yes"), "{}{}", again.out, again.err);
    program.start_again().await;
    assert_rebuilt(&segments, &program.api.segments("yard").await);
    assert_eq!(shown(&program, &segments).await, before, "playlist and completeness");

    differences(&program, &bucket, &segments).await;
    stopped(&mut program).await;
    let foreign = r#"{"streamwarden":"objects","id":"00000000-0000-4000-8000-000000000007"}"#;
    fs::write(bucket.object(".streamwarden.json"), foreign).expect("written");
    let refused = run(&program, &["reconcile", "--yes"]);
    assert!(refused.code != Some(0) && refused.err.contains("is another site's"), "{}{}", refused.out, refused.err);
    media.stop().await;
}

/// Rows as they were, but for where they lie. Of the last one only the boxes are known.
fn assert_rebuilt(before: &[Value], after: &[Value]) {
    assert_eq!(before.len(), after.len(), "{after:#?}");
    for (old, new) in before.iter().zip(after) {
        let is_last = old["number"] == before[before.len() - 1]["number"]
            && old["session"] == before[before.len() - 1]["session"];
        let by_boxes =
            ["session", "number", "mediaMs", "mediaStartMs", "bytes", "frames", "initBytes", "mediaBytes", "objectKey"];
        let by_metadata = ["id", "server", "stream", "startedAt", "durationMs", "reason"];
        let by_metadata = by_metadata.iter().filter(|_| !is_last);
        for field in by_boxes.iter().chain(by_metadata) {
            assert_eq!(old[field], new[field], "{field} of {old:#}");
        }
        assert_eq!(new["state"], "evicted");
        let late = (time(new, "startedAt") - time(old, "startedAt")).num_milliseconds();
        assert!(late.abs() < 1_000, "{late} ms, {old:#}");
    }
}

/// Each kind of difference is said, changes nothing, and is mended when somebody says so.
async fn differences(program: &Program, bucket: &BucketServer, segments: &[Value]) {
    let (forgotten, gone) = (&segments[0], &segments[1]);
    for table in ["copies WHERE segment", "segments WHERE id"] {
        program.sql(&format!("DELETE FROM {table} = '{}'", text_of(forgotten, "id")));
    }
    let object = bucket.object(&text_of(gone, "objectKey"));
    let bytes = fs::read(&object).expect("an object");
    fs::remove_file(&object).expect("removed");
    fs::write(bucket.object("notes.txt"), "somebody else's").expect("put");
    let found = found_recording(program, &bytes);

    let dry = run(program, &["reconcile"]);
    assert!(dry.code == Some(1) && dry.out.contains("nothing was changed: add --yes"), "{}{}", dry.out, dry.err);
    for words in ["2 enter, 1 missing, 1 set aside, 1 look", "notes.txt in objects: it is no object of Streamwarden"] {
        assert!(dry.out.contains(words), "{words}: {}", dry.out);
    }
    assert!(found.join("notes.txt").exists(), "as it was");
    let done = run(program, &["reconcile", "--yes"]);
    assert!(done.code == Some(1) && done.out.contains("4 of it was mended"), "{}{}", done.out, done.err);
    assert!(bucket.object("notes.txt").exists() && !found.join("notes.txt").exists(), "moved aside, and not deleted");
    let aside = files_below(&program.data_dir().join("spool/+unexplained"));
    assert!(aside.len() == 1 && aside[0].ends_with("notes.txt"), "{aside:?}");
    let state = |id: String| async move {
        let rows = program.api.segments("yard").await;
        rows.into_iter().find(|row| row["id"] == id.as_str()).map(|row| text_of(&row, "state"))
    };
    assert_eq!(state(text_of(forgotten, "id")).await.as_deref(), Some("evicted"));
    assert_eq!(state(text_of(gone, "id")).await.as_deref(), Some("missing"));

    // The object is put back, and the one that was found in the spool and stored is taken away.
    let entered = eventually("that what was found is stored", || async {
        let rows = program.api.segments("yard").await;
        rows.into_iter().find(|row| row["session"] == FOUND && row["state"] == "uploaded")
    })
    .await;
    assert_eq!((&entered["frames"], &entered["bytes"]), (&gone["frames"], &gone["bytes"]));
    fs::write(&object, &bytes).expect("put back");
    fs::remove_file(bucket.object("notes.txt")).expect("removed");
    fs::remove_file(bucket.object(&text_of(&entered, "objectKey"))).expect("removed");
    let mended = run(program, &["reconcile", "--yes"]);
    assert!(mended.code == Some(0) && mended.out.contains("1 verify, 1 upload again"), "{}{}", mended.out, mended.err);
    assert_eq!(state(text_of(gone, "id")).await.as_deref(), Some("evicted"));
    eventually("that it is stored again", || async {
        bucket.object(&text_of(&entered, "objectKey")).exists().then_some(())
    })
    .await;
    eventually("that nothing differs", || async {
        let well = run(program, &["reconcile"]);
        (well.code == Some(0) && well.out.contains("nothing has to be done")).then_some(())
    })
    .await;
}

/// The session of [`found_recording`].
const FOUND: &str = "01900000-0000-7000-8000-000000000001";

/// A finished folder of the spool whose rows nobody has, and a file in it that nobody knows.
fn found_recording(program: &Program, media: &[u8]) -> PathBuf {
    let folder = program.data_dir().join(format!("spool/main/yard/20260301_120000_{FOUND}"));
    fs::create_dir_all(&folder).expect("made");
    let session = json!({
        "id": FOUND, "server": "main", "stream": "yard", "startedAt": "2026-03-01T12:00:00Z", "endedAt": null, "endReason": null
    });
    fs::write(folder.join("session.json"), json!({ "session": session, "keyPrefix": "" }).to_string())
        .expect("written");
    fs::write(folder.join("segment_000.mp4"), media).expect("written");
    fs::write(folder.join("notes.txt"), "whose is this?").expect("written");
    fs::write(folder.join("finished"), "").expect("written");
    folder
}

/// The playlist of all of it, and what of the time is stored and where the gaps are.
async fn shown(program: &Program, segments: &[Value]) -> (String, Value) {
    // Where the last one begins is known to some milliseconds only, once it says nothing of itself; the one before it is longer.
    let to = time(&segments[segments.len() - 1], "startedAt") - TimeDelta::seconds(1);
    let to = to.to_rfc3339_opts(SecondsFormat::Millis, true);
    let span = format!("from={}&to={to}", text_of(&segments[0], "startedAt"));
    let (status, playlist) =
        program.api.text(&format!("/api/v1/recordings/yard/playlist.m3u8?{span}")).await.expect("an answer");
    assert_eq!(status, 200, "{playlist}");
    let found = program.api.items(&format!("/api/v1/completeness?stream=yard&{span}")).await.pop().expect("the stream");
    let gaps = found["gaps"].as_array().expect("gaps").iter().map(|gap| json!([gap["from"], gap["to"]]));
    (playlist, json!([found["expectedMs"], found["storedMs"], found["archivedMs"], gaps.collect::<Vec<_>>()]))
}

async fn stored(program: &Program, count: usize) {
    eventually("stored segments", || async {
        let segments = program.api.segments("yard").await;
        (segments.iter().filter(|segment| segment["state"] == "uploaded").count() >= count).then_some(())
    })
    .await;
}

async fn all_stored(program: &Program) -> Vec<Value> {
    eventually("that all is stored", || async {
        let segments = program.api.segments("yard").await;
        segments.iter().all(|segment| segment["state"] == "uploaded").then_some(segments)
    })
    .await
}

fn run(program: &Program, arguments: &[&str]) -> Ended {
    let all: Vec<&str> =
        ["recordings"].iter().chain(arguments).chain(&["--config", "streamwarden.toml"]).copied().collect();
    program.room().run(&all, &[])
}

fn text_of(row: &Value, field: &str) -> String {
    row[field].as_str().expect(field).to_owned()
}

fn time(row: &Value, field: &str) -> DateTime<Utc> {
    text_of(row, field).parse().expect(field)
}
