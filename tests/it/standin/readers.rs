//! Readers: whole streams, right timestamps, slow ones.

use std::time::Duration;

use serde_json::json;
use streamwarden::demo::media_server::Options;

use super::client::{Client, frame, number};
use super::ffmpeg::{Ffmpeg, packets};
use super::harness::Harness;
use crate::support::wait::eventually;

#[tokio::test]
async fn several_readers_get_every_frame_with_the_right_timestamps() {
    let harness = Harness::start().await;
    let _publisher = Ffmpeg::publish(&harness.url("cam"));
    harness.path_where("cam", |_| true).await;
    let url = harness.url("cam");
    let (first, second) = (Ffmpeg::read(&url, "v:0", 75), Ffmpeg::read(&url, "v:0", 75));
    let third = Ffmpeg::read(&url, "a:0", 100);
    for (reader, step) in [(first, 3_600), (second, 3_600), (third, 1_024)] {
        let (status, stdout, stderr) = reader.end().await;
        assert!(status.success(), "{stderr}");
        let packets = packets(&stdout);
        assert_eq!(packets.len(), if step == 3_600 { 75 } else { 100 });
        // ffmpeg guesses the timestamps of the first packets, until it knows both clocks.
        for pair in packets[5..].windows(2) {
            let gap = pair[1].0 - pair[0].0;
            assert!((gap - step).abs() <= 2, "a gap of {gap} ticks in {packets:?}");
        }
    }
}

#[tokio::test]
async fn a_reader_that_joins_late_sees_picture_and_sound_together() {
    let harness = Harness::start().await;
    let _publisher = Ffmpeg::publish(&harness.url("cam"));
    harness.path_where("cam", |path| path["inboundBytes"].as_u64() > Some(300_000)).await;
    // Two tracks at once, in one output: a shift between them would show as a jump in one of them.
    let reader = Ffmpeg::watch_both(&harness.url("cam"), 6);
    let (status, stdout, stderr) = reader.end().await;
    assert!(status.success(), "{stderr}");
    assert!(!stderr.contains("DTS"), "timestamps went back: {stderr}");
    assert!(packets(&stdout).len() > 250, "six seconds of both: {stdout}");
}

#[tokio::test]
async fn a_description_is_made_for_readers() {
    let harness = Harness::start().await;
    let _publisher = Ffmpeg::publish(&harness.url("cam"));
    harness.path_where("cam", |_| true).await;
    let reply = Client::connect(&harness).await.describe("cam").await;
    assert_eq!(reply.status, 200);
    assert!(reply.head.contains(&format!("Content-Base: {}/", harness.url("cam"))), "{reply:?}");
    assert!(
        reply.body.contains("a=control:trackID=0\r\n") && reply.body.contains("a=control:trackID=1\r\n"),
        "{reply:?}"
    );
    assert!(!reply.body.contains("streamid"), "{reply:?}");
}

#[tokio::test]
async fn a_slow_reader_holds_up_nobody_and_is_closed() {
    let harness = Harness::with(Options { write_timeout: Duration::from_secs(2), ..Options::default() }).await;
    let mut publisher = Client::connect(&harness).await;
    publisher.publish("busy").await;
    let mut slow = Client::connect_with(&harness, Some(4_096)).await;
    slow.play("busy").await;
    let mut quick = Client::connect(&harness).await;
    quick.play("busy").await;
    harness.path_where("busy", |path| path["readers"].as_array().is_some_and(|readers| readers.len() == 2)).await;
    // More than the sockets' buffers and the queue can hold, in bursts that the quick reader confirms.
    for burst in 0..150 {
        for packet in burst * 100..(burst + 1) * 100 {
            publisher.send(&frame(packet, 1_400)).await;
        }
        for packet in burst * 100..(burst + 1) * 100 {
            assert_eq!(number(&quick.rtp().await.expect("a packet")), packet);
        }
    }
    // Until it is closed, which it is already where the packets took their time.
    let discarded = eventually("packets discarded", || async {
        let sessions = harness.list("/v3/rtspsessions/list").await;
        let readers = sessions.iter().filter(|session| session["state"] == "read");
        let numbers: Vec<_> = readers.filter_map(|one| one["outboundRTPPacketsDiscarded"].as_u64()).collect();
        let most = numbers.iter().copied().max().unwrap_or(0);
        (most > 0 || numbers.len() < 2).then_some(most)
    });
    assert!(discarded.await < 15_000);
    // It takes nothing for the length of the write timeout, and is closed; the quick one stays.
    harness.path_where("busy", |path| path["readers"].as_array().is_some_and(|readers| readers.len() == 1)).await;
    publisher.send(&frame(15_000, 1_400)).await;
    assert_eq!(number(&quick.rtp().await.expect("a packet")), 15_000);
}

#[tokio::test]
async fn a_reader_may_leave_and_come_back_on_one_connection() {
    let harness = Harness::start().await;
    let mut publisher = Client::connect(&harness).await;
    publisher.publish("cam").await;
    let mut reader = Client::connect(&harness).await;
    reader.play("cam").await;
    assert_eq!(reader.ask("GET_PARAMETER", "cam/", "", "").await.status, 200);
    assert_eq!(reader.ask("OPTIONS", "cam/", "", "").await.status, 200);
    harness.path_where("cam", |path| path["readers"] != json!([])).await;
    assert_eq!(reader.ask("PAUSE", "cam/", "", "").await.status, 200);
    assert_eq!(reader.ask("PLAY", "cam/", "", "").await.status, 200);
    publisher.send(&frame(7, 160)).await;
    assert_eq!(number(&reader.rtp().await.expect("a packet")), 7);
    assert_eq!(reader.ask("TEARDOWN", "cam/", "", "").await.status, 200);
    harness.path_where("cam", |path| path["readers"] == json!([])).await;
}
