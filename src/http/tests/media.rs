//! Recordings: catalogue, playlist, media in parts.

use actix_web::http::Method;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::world::{World, at, recording};
use crate::adapters::live::Change;
use crate::domain::recording::{Segment, SegmentState};
use crate::domain::segment_track::{SegmentTrack, TrackKind};

fn media() -> Vec<u8> {
    (0..1_000_000_u32).map(|n| (n % 251) as u8).collect()
}

#[actix_web::test]
async fn media_comes_whole_and_in_parts() {
    let world = World::new().await;
    let bytes = media();
    let segment = world.record("site/front", at(0), &bytes).await;
    let uri = format!("/api/v1/recordings/segments/{}", segment.id);

    let whole = world.get(&uri).await;
    assert_eq!(
        (whole.status, whole.header("content-type"), whole.header("accept-ranges")),
        (200, "video/mp4", "bytes")
    );
    assert_eq!(whole.header("cache-control"), "private, max-age=31536000, immutable");
    assert!(whole.body == bytes, "the whole file arrives unchanged");
    let etag = whole.header("etag").to_owned();

    for (range, start, end) in
        [("bytes=0-0", 0, 1), ("bytes=300000-799999", 300_000, 800_000), ("bytes=-10", 999_990, 1_000_000)]
    {
        let part = world.ask(Method::GET, &uri, &[("range", range)], None).await;
        let wanted = format!("bytes {start}-{}/1000000", end - 1);
        assert_eq!((part.status, part.header("content-range")), (206, wanted.as_str()));
        assert_eq!(part.header("cache-control"), "no-store", "Chromium's cache cuts parts off");
        assert!(part.body == bytes[start..end], "{range}");
    }
    let beyond = world.ask(Method::GET, &uri, &[("range", "bytes=1000000-")], None).await;
    assert_eq!((beyond.status, beyond.header("content-range")), (416, "bytes */1000000"));
    let known = world.ask(Method::GET, &uri, &[("if-none-match", &etag)], None).await;
    assert_eq!((known.status, known.body.len()), (304, 0));
    let other = [("range", "bytes=0-9"), ("if-range", "\"another\"")];
    assert_eq!(world.ask(Method::GET, &uri, &other, None).await.status, 200, "a part of another file is no use");
    let same = [("range", "bytes=0-9"), ("if-range", etag.as_str())];
    assert_eq!(world.ask(Method::GET, &uri, &same, None).await.body.len(), 10);
    let gzip = world.ask(Method::GET, &uri, &[("accept-encoding", "gzip")], None).await;
    assert_eq!((gzip.header("content-encoding"), gzip.body.len()), ("", bytes.len()), "media is never compressed");
}

#[actix_web::test]
async fn media_that_has_left_the_spool_comes_from_the_object_store() {
    let world = World::new().await;
    let bytes = media();
    let segment = world.record("front", at(0), &bytes).await;
    let uri = format!("/api/v1/recordings/segments/{}", segment.id);
    let etag = world.get(&uri).await.header("etag").to_owned();
    let file = world.state.spool.path(&segment.spool_path).expect("a good path");
    world.state.objects.put(&segment.object_key, &file).await.expect("the store takes it");
    std::fs::remove_file(&file).expect("the spool lets it go");

    let part = world.ask(Method::GET, &uri, &[("range", "bytes=250000-949999")], None).await;
    assert_eq!((part.status, part.header("etag")), (206, etag.as_str()), "the same file under the same name");
    assert!(part.body == bytes[250_000..950_000], "over several chunks");
}

#[actix_web::test]
async fn media_that_is_not_there_says_why() {
    let world = World::new().await;
    let segment = world.record("front", at(0), b"moovmedia").await;
    let uri = format!("/api/v1/recordings/segments/{}", segment.id);
    let detail = |reply: super::Reply| (reply.status, reply.json()["detail"].as_str().unwrap_or_default().to_owned());

    let file = world.state.spool.path(&segment.spool_path).expect("a path");
    std::fs::remove_file(&file).expect("gone");
    let (status, text) = detail(world.get(&uri).await);
    assert!(status == 404 && text.contains("neither in the spool nor in the object store"), "{status} {text}");

    std::fs::write(&file, b"moovmedia and more").expect("longer than it was sealed");
    let (status, text) = detail(world.get(&uri).await);
    assert!(status == 404 && text.contains("neither in the spool"), "another file: {status} {text}");
    std::fs::remove_file(&file).expect("gone");
    let elsewhere = file.with_extension("elsewhere");
    std::fs::write(&elsewhere, b"moovmedia").expect("written");
    std::os::unix::fs::symlink(&elsewhere, &file).expect("a link");
    let (status, text) = detail(world.get(&uri).await);
    assert!(status == 404 && text.contains("neither in the spool"), "a link: {status} {text}");
    std::fs::remove_file(&file).expect("gone");

    std::fs::write(&file, b"moov").expect("cut short");
    world.state.objects.put(&segment.object_key, &file).await.expect("the store takes it");
    let (status, text) = detail(world.get(&uri).await);
    assert!(status == 404 && text.contains("damaged: 4 of its 9 bytes"), "a part is not the whole: {status} {text}");

    let mut lost = segment.clone();
    (lost.state, lost.reason) = (SegmentState::Lost, Some("the disk was full".to_owned()));
    world.state.stores.recordings.put_segment(lost).await.expect("a row");
    let (status, text) = detail(world.get(&uri).await);
    assert!(status == 404 && text.contains("the disk was full"), "{status} {text}");

    let mut elsewhere = segment;
    elsewhere.spool_path = "../../../../../../etc/passwd".to_owned();
    world.state.stores.recordings.put_segment(elsewhere).await.expect("a row");
    assert_eq!(world.get(&uri).await.status, 404, "a row changed by hand reads no other file");
}

#[actix_web::test]
async fn the_head_alone_of_a_file_that_is_gone_is_that_of_its_run() {
    let world = World::new().await;
    let first = world.record("front", at(0), b"moovmedia").await;
    let session = world.state.stores.recordings.session(first.session).await.expect("answers").expect("a row");
    let gone = world.add_segment(&session, 1, at(10), b"moovMEDIA").await;
    std::fs::remove_file(world.state.spool.path(&gone.spool_path).expect("a path")).expect("gone");
    let uri = format!("/api/v1/recordings/segments/{}", gone.id);
    for (what, headers, wanted) in [
        ("its head", vec![("range", "bytes=0-3")], Some("moov")),
        ("a part of it", vec![("range", "bytes=1-2")], Some("oo")),
        ("its media", vec![("range", "bytes=4-8")], None),
        ("more than its head", vec![("range", "bytes=0-4")], None),
        ("the whole", vec![], None),
        ("the whole, as what is known is another version", vec![("range", "bytes=0-3"), ("if-range", "\"x\"")], None),
    ] {
        let reply = world.ask(Method::GET, &uri, &headers, None).await;
        let body = (reply.status == 206).then(|| String::from_utf8_lossy(&reply.body).into_owned());
        assert_eq!(body.as_deref(), wanted, "{what}: {}", reply.status);
        assert!(wanted.is_some() || reply.status == 404, "{what}: {}", reply.status);
        assert!(
            wanted.is_none() || reply.headers.get("cache-control").is_some_and(|value| value == "no-store"),
            "{what}: it may be there again"
        );
    }
}

#[actix_web::test]
async fn what_is_known_of_a_segments_tracks_is_told() {
    let world = World::new().await;
    let segment = world.record("site/front", at(0), b"moovmedia").await;
    let uri = |id: Uuid| format!("/api/v1/recordings/segments/{id}/tracks");
    assert_eq!(world.get(&uri(segment.id)).await.json()["items"], json!([]), "of an earlier version");
    let track = SegmentTrack {
        kind: TrackKind::Video,
        codec: "avc1".to_owned(),
        frames: 250,
        key_frames: 10,
        first_us: 5_000_000,
        last_us: 14_960_000,
        last_frame_us: 40_000,
    };
    let tracks = Some(vec![track]);
    let row = Segment { media_ms: Some(10_000), media_start_ms: Some(5_000), tracks, ..segment.clone() };
    world.state.stores.recordings.put_segment(row).await.expect("put");
    let told = world.get(&uri(segment.id)).await.json();
    let time = |ms| at(0) + TimeDelta::milliseconds(ms);
    assert_eq!(
        told["items"],
        json!([{
            "kind": "video", "codec": "avc1", "frames": 250, "keyFrames": 10, "firstArrivedAt": time(0),
            "lastArrivedAt": time(9_960), "firstTimestampUs": 5_000_000, "lastTimestampUs": 14_960_000, "lastFrameUs": 40_000
        }])
    );
    assert_eq!(world.get(&uri(Uuid::now_v7())).await.status, 404);
}

#[actix_web::test]
async fn the_catalogue_pages_through_segments() {
    let world = World::new().await;
    let first = world.record("site/front", at(0), b"moovmedia").await;
    let session = world.state.stores.recordings.session(first.session).await.expect("a session").expect("is there");
    for number in 1..5 {
        world.add_segment(&session, number, at(10 * i64::from(number)), b"moovmedia").await;
    }
    let summary = world.get("/api/v1/recordings").await.json();
    assert_eq!((&summary["items"][0]["stream"], &summary["items"][0]["segments"]), (&json!("site/front"), &json!(5)));

    let sessions = world.get("/api/v1/recordings/site%2Ffront/sessions?server=main").await.json();
    let one = &sessions["items"][0];
    assert_eq!(
        (&one["id"], &one["segments"], &one["durationMs"], &one["bytes"]),
        (&json!(session.id), &json!(5), &json!(50_000), &json!(45))
    );
    assert_eq!(one["endedAt"], Value::Null);
    // Its first picture comes later than the session was begun.
    let late = Segment { started_at: at(0) + TimeDelta::milliseconds(1_750), ..first.clone() };
    for segment in [late, first] {
        world.state.stores.recordings.put_segment(segment.clone()).await.expect("put");
        let sessions = world.get("/api/v1/recordings/site%2Ffront/sessions").await.json();
        let begins = sessions["items"][0]["startedAt"].as_str().and_then(|text| text.parse::<DateTime<Utc>>().ok());
        assert_eq!(begins, Some(segment.started_at));
    }

    let (mut numbers, mut after) = (Vec::new(), String::new());
    loop {
        let uri = format!("/api/v1/recordings/site%2Ffront/segments?limit=2{after}");
        let page = world.get(&uri).await.json();
        numbers.extend(page["items"].as_array().expect("items").iter().map(|item| item["number"].clone()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(json!(numbers), json!([0, 1, 2, 3, 4]));
    let some =
        world.get("/api/v1/recordings/site%2Ffront/segments?from=2027-01-15T08:00:10Z&to=2027-01-15T08:00:30Z").await;
    let numbers: Vec<Value> =
        some.json()["items"].as_array().expect("items").iter().map(|item| item["number"].clone()).collect();
    assert_eq!(json!(numbers), json!([1, 2]));
}

#[actix_web::test]
async fn a_playlist_leads_to_the_media_and_grows_while_recording() {
    let world = World::new().await;
    let started_at = Utc::now() - TimeDelta::seconds(20);
    let segment = world.record("site/front", started_at, b"moovmedia").await;
    let uri = "/api/v1/recordings/site%2Ffront/playlist.m3u8";

    let playlist = world.get(uri).await;
    assert_eq!((playlist.status, playlist.header("content-type")), (200, "application/vnd.apple.mpegurl"));
    let text = String::from_utf8(playlist.body).expect("text");
    assert!(text.contains("#EXT-X-ENDLIST"), "nobody records, so it is complete:\n{text}");
    let address = text.lines().find(|line| !line.starts_with('#')).expect("an address");
    let base = url::Url::parse("http://localhost").and_then(|base| base.join(uri)).expect("a URL");
    let media = base.join(address).expect("a relative address");
    assert_eq!(media.path(), format!("/api/v1/recordings/segments/{}.mp4", segment.id));
    assert_eq!(world.get(media.path()).await.body, b"moovmedia");

    world.publish(vec![Change::Recording(recording("main", "site/front"))]).await;
    let text = String::from_utf8(world.get(uri).await.body).expect("text");
    assert!(text.contains("#EXT-X-PLAYLIST-TYPE:EVENT") && !text.contains("#EXT-X-ENDLIST"), "{text}");
    let past = started_at + TimeDelta::seconds(5);
    let text = String::from_utf8(world.get(&format!("{uri}?to={}", past.format("%FT%TZ"))).await.body).expect("text");
    assert!(text.contains("#EXT-X-ENDLIST"), "a time that is over is complete");
}
