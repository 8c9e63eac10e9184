//! The monitor on real media: what it says while publishers and servers come, hang and go.

mod harness;
mod incidents;
mod sessions;

use std::time::{Duration, Instant};

use streamwarden::demo::media_server::{ApiFault, Credentials, Options};
use streamwarden::domain::stream::StreamState::{Live, Offline, Stalled, Unknown};
use tokio::io::AsyncWriteExt;

use crate::support::media::{Publisher, server, server_again};
use crate::support::rights::skip_real_server;
use crate::support::wait::within;
use harness::{Harness, INTERVAL};

#[actix::test]
async fn a_published_stream_is_live_with_tracks_and_bitrate_and_offline_after_its_end() {
    let media = server(&Options::default()).await;
    let mut harness = Harness::watching(media.api_url(), None);
    let version = harness.server(|server| server.reachable).await.version;
    assert!(version.is_some_and(|version| version.starts_with('v')));

    let publisher = Publisher::to(&media.rtsp_url(), "site/cam-1");
    let status = harness.stream("site/cam-1", |status| status.bitrate.is_some_and(|rate| rate > 20_000)).await;
    assert_eq!((status.state, &status.reason), (Live, &None));
    assert_eq!(status.source_type.as_deref(), Some("rtspSession"));
    let codecs: Vec<_> =
        status.tracks.iter().map(|track| (track.codec.as_str(), track.width, track.sample_rate)).collect();
    assert_eq!(codecs, [("H264", Some(320), None), ("MPEG-4 Audio", None, Some(44_100))]);
    let rate = status.bitrate.expect("a rate");
    assert!(rate < 5_000_000, "{rate} bit/s of a picture this small");

    drop(publisher);
    let ended = chrono::Utc::now();
    let status = harness.stream("site/cam-1", |status| status.state == Offline).await;
    assert!(status.since > ended - chrono::TimeDelta::seconds(1), "{status:?}");
    assert!(status.reason.as_ref().is_some_and(|reason| reason.contains("nobody publishes")), "{status:?}");
    assert_eq!(status.bitrate, Some(0));
    harness.stop().await;
    media.stop().await;
}

#[actix::test]
async fn a_frozen_publisher_is_stalled_then_offline_and_its_neighbour_stays_live() {
    let media = server(&Options::default()).await;
    let mut harness = Harness::watching(media.api_url(), None);
    let frozen = Publisher::to(&media.rtsp_url(), "frozen");
    let _neighbour = Publisher::to(&media.rtsp_url(), "neighbour");
    let live = |rate: Option<u64>| rate.is_some_and(|rate| rate > 0);
    harness.stream("frozen", |status| live(status.bitrate)).await;
    let since = harness.stream("neighbour", |status| live(status.bitrate)).await.since;

    frozen.freeze();
    let begun = Instant::now();
    let status = harness.stream("frozen", |status| status.state == Stalled).await;
    within(begun.elapsed(), Duration::from_secs(7), "the stall");
    assert_eq!(status.bitrate, Some(0));
    assert!(status.reason.is_some_and(|reason| reason.contains("sends nothing")));
    // The server closes a silent publisher after 10 s.
    harness.stream("frozen", |status| status.state == Offline).await;
    let neighbour = harness.stream("neighbour", |status| live(status.bitrate)).await;
    assert_eq!((neighbour.state, neighbour.since), (Live, since));
    harness.stop().await;
    media.stop().await;
}

#[actix::test]
async fn a_stopped_server_makes_streams_unknown_and_its_return_makes_them_live() {
    let media = server(&Options::default()).await;
    let (addresses, rtsp) = (media.addresses(), media.rtsp_url());
    let mut harness = Harness::watching(media.api_url(), None);
    let publisher = Publisher::to(&rtsp, "cam");
    harness.stream("cam", |status| status.state == Live).await;

    media.stop().await;
    drop(publisher);
    let begun = Instant::now();
    let unknown = harness.stream("cam", |status| status.state == Unknown).await;
    within(begun.elapsed(), INTERVAL + Duration::from_secs(1), "seeing the outage");
    let reason = unknown.reason.expect("a reason");
    assert!(reason.contains("connection refused): start MediaMTX"), "{reason}");
    let server = harness.server(|server| !server.reachable).await;
    assert_eq!(server.reason, Some(reason));

    let media = server_again(addresses, &Options::default()).await;
    let begun = Instant::now();
    harness.server(|server| server.reachable).await;
    within(begun.elapsed(), INTERVAL + Duration::from_secs(1), "seeing the return");
    harness.stream("cam", |status| status.state == Offline).await;
    let _publisher = Publisher::to(&rtsp, "cam");
    harness.stream("cam", |status| status.state == Live && status.bitrate.is_some()).await;
    harness.stop().await;
    media.stop().await;
}

#[actix::test]
async fn a_login_is_asked_for_refused_and_accepted() {
    let api = Some(Credentials::new("watcher", "s3cret"));
    let media = server(&Options { api, ..Options::default() }).await;
    for (login, words) in [
        (None, "wants a login (401): set api_username and api_password of server main"),
        (Some(("watcher", "wrong")), "refuses our login (401): correct api_username and api_password"),
    ] {
        let mut harness = Harness::watching(media.api_url(), login);
        let reason = harness.server(|server| server.reason.is_some()).await.reason.expect("a reason");
        assert!(reason.contains(words), "{reason}");
        assert!(!reason.contains("wrong") && !reason.contains("watcher"), "{reason}");
        harness.stop().await;
    }
    let mut harness = Harness::watching(media.api_url(), Some(("watcher", "s3cret")));
    harness.server(|server| server.reachable).await;
    harness.stop().await;
    media.stop().await;
}

#[actix::test]
async fn an_api_that_misbehaves_is_named_and_its_streams_come_back_as_they_were() {
    let media = server(&Options::default()).await;
    // Only the stand-in misbehaves on demand; against a real server a stranger takes the port instead, see below.
    if media.set_api_fault(None).is_err() {
        skip_real_server();
        return media.stop().await;
    }
    let mut harness = Harness::watching(media.api_url(), None);
    let _publisher = Publisher::to(&media.rtsp_url(), "cam");
    let before = harness.stream("cam", |status| status.bitrate.is_some()).await;
    for (fault, words) in [
        (ApiFault::Garbage, "something else than JSON"),
        (ApiFault::Failing, "with status 500: terminated"),
        (ApiFault::Cut, "closed the connection"),
    ] {
        media.set_api_fault(Some(fault)).expect("the stand-in");
        let unknown = harness.stream("cam", |status| status.reason.as_ref().is_some_and(|r| r.contains(words))).await;
        assert_eq!((unknown.state, unknown.bitrate), (Unknown, None));
        media.set_api_fault(None).expect("the stand-in");
        let begun = Instant::now();
        let after = harness.stream("cam", |status| status.state != Unknown).await;
        within(begun.elapsed(), INTERVAL + Duration::from_secs(1), "coming back");
        assert_eq!((after.state, after.since), (Live, before.since), "the publisher went on meanwhile");
        assert!(after.bitrate.is_some_and(|rate| rate > 0 && rate < 5_000_000), "{after:?}");
    }
    harness.stop().await;
    media.stop().await;
}

#[actix::test]
async fn a_stranger_on_the_port_is_no_server() {
    let media = server(&Options::default()).await;
    let mut harness = Harness::watching(media.api_url(), None);
    harness.server(|server| server.reachable).await;
    let (rtsp, api) = media.addresses();
    media.stop().await;
    let stranger = tokio::net::TcpListener::bind(api).await.expect("the port is free");
    let talk = tokio::spawn(async move {
        while let Ok((mut socket, _)) = stranger.accept().await {
            // Whoever asked may have gone.
            let _ = socket.write_all(b"220 mail.example ESMTP\r\n").await;
        }
    });
    let server =
        harness.server(|server| server.reason.as_ref().is_some_and(|r| r.contains("does not speak HTTP"))).await;
    assert!(!server.reachable && server.version.is_some(), "{server:?}");
    talk.abort();
    assert!(talk.await.is_err_and(|ended| ended.is_cancelled()));
    let media = server_again((rtsp, api), &Options::default()).await;
    harness.server(|server| server.reachable).await;
    harness.stop().await;
    media.stop().await;
}
