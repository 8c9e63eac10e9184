//! Every protocol that a camera may speak, from a real source to the media server.

use streamwarden::domain::camera::CameraState;

use super::harness::{Harness, Source};
use super::sources::{Body, Hls, Http, Player, behind_tls};
use crate::support::port::free_port;
use crate::support::wait::eventually;

/// A camera of this URL runs: ffmpeg sends, and the server has its stream.
async fn runs(harness: &mut Harness, url: &str) {
    harness.sql(&format!("INSERT INTO cameras(name, url) VALUES ('gate', '{url}')"));
    harness.state("gate", CameraState::Running).await;
}

#[actix::test]
async fn rtmp_and_srt() {
    for (url, args) in [
        (format!("rtmp://127.0.0.1:{}/live/x", free_port()), "-c copy -f flv -listen 1"),
        (format!("srt://127.0.0.1:{}", free_port()), "-c copy -f mpegts"),
    ] {
        let target = if url.starts_with("srt") { format!("{url}?mode=listener") } else { url.clone() };
        let player = Player::serve(format!("{args} {target}"));
        let mut harness = Harness::open().await;
        runs(&mut harness, &url).await;
        harness.stop().await;
        drop(player);
    }
}

#[actix::test]
async fn mpeg_ts_over_udp_to_one_and_to_a_group() {
    // The loopback interface stands in for the cameras' network.
    for (group, query) in [("127.0.0.1", ""), ("239.255.77.7", "?localaddr=127.0.0.1")] {
        let url = format!("udp://{group}:{}{query}", free_port());
        let packets = if query.is_empty() { "?pkt_size=1316" } else { "&pkt_size=1316" };
        let player = Player::serve(format!("-c copy -f mpegts {url}{packets}"));
        let mut harness = Harness::open().await;
        runs(&mut harness, &url).await;
        harness.stop().await;
        drop(player);
    }
}

#[actix::test]
async fn rtsp_over_tls() {
    let source = Source::start().await;
    let plain = source.url("a");
    let address = plain.socket_addrs(|| Some(554)).expect("an address")[0];
    let address = behind_tls(address).await;
    let mut harness = Harness::open().await;
    runs(&mut harness, &format!("rtsps://{address}/a")).await;
    harness.stop().await;
}

#[actix::test]
async fn hls() {
    let hls = Hls::write();
    eventually("a playlist", || async { hls.has_begun().then_some(()) }).await;
    let http = Http::serve(Body::Folder(hls.folder.path().to_owned()));
    let mut harness = Harness::open().await;
    runs(&mut harness, &format!("http://{}/live.m3u8", http.address)).await;
    harness.stop().await;
}

#[actix::test]
async fn motion_jpeg_over_http() {
    let args = "-an -c:v mjpeg -huffman default -pix_fmt yuvj420p -f mpjpeg -";
    let kind = "multipart/x-mixed-replace;boundary=ffmpeg";
    let http = Http::serve(Body::Endless { args, kind, cut_after: None });
    let mut harness = Harness::open().await;
    runs(&mut harness, &format!("http://{}/video.cgi", http.address)).await;
    harness.stop().await;
}

#[actix::test]
async fn a_cut_of_mpeg_ts_over_http_is_bridged_within_the_run() {
    let http = Http::serve(Body::Endless { args: "-c copy -f mpegts -", kind: "video/mp2t", cut_after: Some(200_000) });
    let mut harness = Harness::open().await;
    runs(&mut harness, &format!("http://{}/live.ts", http.address)).await;
    let restarts = harness.state("gate", CameraState::Running).await.restarts;
    let (pid, before) = (harness.pid("gate").await, http.asked());
    eventually("two more answers", || async { (http.asked() >= before + 2).then_some(()) }).await;
    assert_eq!(harness.pid("gate").await, pid, "readers of the path stay");
    assert_eq!(harness.state("gate", CameraState::Running).await.restarts, restarts);
    harness.stop().await;
}
