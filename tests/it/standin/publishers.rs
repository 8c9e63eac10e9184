//! Publishers: real ones, silent ones, two of one path.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::json;
use streamwarden::demo::media_server::{Credentials, Options};

use super::client::{Client, frame};
use super::ffmpeg::Ffmpeg;
use super::harness::Harness;
use crate::support::wait::eventually;

#[tokio::test]
async fn a_published_stream_is_listed_with_its_tracks() {
    let harness = Harness::start().await;
    let _publisher = Ffmpeg::publish(&harness.url("site/cam1"));
    let path = harness.path_where("site/cam1", |path| path["inboundBytes"].as_u64() > Some(20_000)).await;
    assert_eq!(path["confName"], "all_others");
    assert_eq!((&path["ready"], &path["online"]), (&json!(true), &json!(true)));
    assert_eq!(path["source"]["type"], "rtspSession");
    assert_eq!(path["tracks"], json!(["H264", "MPEG-4 Audio"]));
    let tracks = json!([
        {"codec": "H264", "codecProps": {"width": 640, "height": 360, "profile": "Baseline", "level": "3"}},
        {"codec": "MPEG-4 Audio", "codecProps": {"sampleRate": 48000, "channelCount": 1}},
    ]);
    assert_eq!(path["tracks2"], tracks);
    assert_eq!((&path["readers"], &path["inboundFramesInError"]), (&json!([]), &json!(0)));
    // The source is the publisher's session, whose connection is listed as well.
    let sessions = harness.list("/v3/rtspsessions/list").await;
    assert_eq!((&sessions[0]["id"], &sessions[0]["state"]), (&path["source"]["id"], &json!("publish")));
    let connections = harness.list("/v3/rtspconns/list").await;
    assert_eq!((&connections[0]["id"], &connections[0]["session"]), (&sessions[0]["conns"][0], &sessions[0]["id"]));
}

#[tokio::test]
async fn g711_is_told_as_such() {
    let harness = Harness::start().await;
    let _publisher = Ffmpeg::publish_with(&harness.url("cam"), &["-c:a", "pcm_alaw", "-ar", "8000", "-ac", "1"]);
    let path = harness.path_where("cam", |_| true).await;
    let g711 = json!({"codec": "G711", "codecProps": {"muLaw": false, "sampleRate": 8000, "channelCount": 1}});
    assert_eq!(path["tracks2"][1], g711);
}

#[tokio::test]
async fn counters_tell_exactly_what_came_and_went() {
    let harness = Harness::start().await;
    let mut publisher = Client::connect(&harness).await;
    publisher.publish("exact").await;
    let mut reader = Client::connect(&harness).await;
    reader.play("exact").await;
    harness.path_where("exact", |path| path["readers"].as_array().is_some_and(|readers| readers.len() == 1)).await;
    for number in 0..100 {
        publisher.send(&frame(number, 160)).await;
    }
    for expected in 0..100 {
        let packet = reader.rtp().await.expect("a packet");
        assert_eq!((packet.len(), super::client::number(&packet)), (172, expected));
    }
    let path = harness.path_where("exact", |path| path["inboundBytes"] == 17_200).await;
    assert_eq!(path["bytesReceived"], 17_200);
    let path = harness.path_where("exact", |path| path["outboundBytes"].as_u64() >= Some(17_200)).await;
    assert!(path["outboundBytes"].as_u64() < Some(17_200 + 500), "packets and a few reports: {path}");
    let sessions = harness.list("/v3/rtspsessions/list").await;
    assert_eq!((&sessions[0]["inboundRTPPackets"], &sessions[0]["inboundRTPPacketsLost"]), (&json!(100), &json!(0)));
    assert_eq!((&sessions[1]["state"], &sessions[1]["outboundRTPPackets"]), (&json!("read"), &json!(100)));
    assert_eq!(sessions[1]["outboundRTPPacketsDiscarded"], 0);
}

#[tokio::test]
async fn a_newer_publisher_takes_the_path_over() {
    let harness = Harness::start().await;
    let older = Ffmpeg::publish(&harness.url("cam"));
    let before = harness.path_where("cam", |_| true).await;
    let reader = Ffmpeg::watch(&harness.url("cam"));
    harness.path_where("cam", |path| path["readers"] != json!([])).await;
    let mut newer = Ffmpeg::publish(&harness.url("cam"));
    older.end().await;
    reader.end().await;
    let after = harness.path_where("cam", |path| path["source"]["id"] != before["source"]["id"]).await;
    assert_ne!(after["availableTime"], before["availableTime"]);
    assert!(newer.is_running());
}

#[tokio::test]
async fn with_the_publisher_the_readers_go() {
    let harness = Harness::start().await;
    let publisher = Ffmpeg::publish(&harness.url("cam"));
    harness.path_where("cam", |_| true).await;
    let readers = [Ffmpeg::watch(&harness.url("cam")), Ffmpeg::watch(&harness.url("cam"))];
    harness.path_where("cam", |path| path["readers"].as_array().is_some_and(|readers| readers.len() == 2)).await;
    publisher.signal(Signal::SIGKILL);
    for reader in readers {
        reader.end().await;
    }
    harness.path_gone("cam").await;
    eventually("no session left", || async { harness.list("/v3/rtspsessions/list").await.is_empty().then_some(()) })
        .await;
}

#[tokio::test]
async fn a_silent_publisher_is_dropped() {
    let harness = Harness::with(Options { read_timeout: Duration::from_secs(1), ..Options::default() }).await;
    let publisher = Ffmpeg::publish(&harness.url("cam"));
    harness.path_where("cam", |_| true).await;
    let mut reader = Client::connect(&harness).await;
    reader.play("cam").await;
    publisher.signal(Signal::SIGSTOP);
    while reader.packet().await.is_some() {}
    harness.path_gone("cam").await;
}

#[tokio::test]
async fn publishers_have_to_log_in_where_the_server_asks() {
    let publish = Some(Credentials::new("pub", "s3cret"));
    let harness = Harness::with(Options { publish, ..Options::default() }).await;
    let login = |login: &str| harness.url("cam").replace("rtsp://", &format!("rtsp://{login}"));
    for wrong in ["", "pub:wrong@"] {
        let (status, _, stderr) = Ffmpeg::publish(&login(wrong)).end().await;
        assert!(!status.success() && stderr.contains("401 Unauthorized"), "{wrong}: {stderr}");
    }
    assert!(harness.path("cam").await.is_none());
    let _publisher = Ffmpeg::publish(&login("pub:s3cret@"));
    harness.path_where("cam", |_| true).await;
    assert_eq!(harness.list("/v3/rtspsessions/list").await[0]["user"], "pub");
    let mut reader = Client::connect(&harness).await;
    assert_eq!(reader.describe("cam").await.status, 200, "readers are not asked");
}
