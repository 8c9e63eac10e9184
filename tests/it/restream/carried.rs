//! What cameras send in a form that RTSP carries only after it was changed, or not at all: what a viewer of the path gets, or what
//! the camera's reason says.

use std::time::Duration;

use streamwarden::domain::camera::{CameraState, CameraStatus};

use super::harness::Harness;
use super::sources::{Body, Http};
use crate::support::camera::{Behaviour, Camera, Picture, Sound};
use crate::support::viewer::Viewer;

/// The path `gate` of the harness's server.
fn gate(harness: &Harness) -> url::Url {
    harness.server.as_ref().expect("a server").rtsp_url().join("gate").expect("a url")
}

async fn add(harness: &mut Harness, url: &str) {
    harness.sql(&format!("INSERT INTO cameras(name, url) VALUES ('gate', '{url}')"));
}

/// Motion JPEG over HTTP as this encoder makes it, and how it becomes a camera's row.
async fn jpeg(harness: &mut Harness, args: &'static str) -> Http {
    let kind = "multipart/x-mixed-replace;boundary=ffmpeg";
    let http = Http::serve(Body::Endless { args, kind, cut_after: None });
    add(harness, &format!("http://{}/video.cgi", http.address)).await;
    http
}

#[actix::test]
async fn sound_that_rtsp_carries_is_copied_and_other_sound_encoded_anew() {
    let stream = Behaviour { transport_stream: true, sound: Sound::Aac, ..Behaviour::default() };
    let table = [
        ("G.726", Behaviour { sound: Sound::G726, ..Behaviour::default() }, "G726-32"),
        // Its AAC has no configuration ahead: a copy of it is refused by ffmpeg's own muxer.
        ("MPEG-TS in RTP", stream, "MPEG4-GENERIC"),
    ];
    for (words, behaviour, sound) in table {
        let camera = Camera::start(behaviour);
        let mut harness = Harness::open().await;
        add(&mut harness, camera.url_with_login().as_str()).await;
        harness.state("gate", CameraState::Running).await;
        let viewer = Viewer::of(&gate(&harness));
        viewer.next(50).await;
        let seen = viewer.seen();
        assert!(seen.sound > 0, "{words}: {:?}", seen.tracks);
        assert!(seen.tracks.iter().any(|track| track.eq_ignore_ascii_case(sound)), "{words}: {:?}", seen.tracks);
        drop(viewer);
        harness.stop().await;
    }
}

#[actix::test]
async fn a_camera_with_rare_key_frames_is_seen_from_its_first_key_frame_on() {
    // 12 s from one to the next, joined behind one: nothing would be sent, and nothing passed on, for longer than servers and we wait.
    let picture = Some(Picture { key_frame_every: 300, ..Picture::default() });
    let camera = Camera::start(Behaviour { picture, joins_at: Duration::from_secs(1), ..Behaviour::default() });
    let mut harness = Harness::open().await;
    add(&mut harness, camera.url_with_login().as_str()).await;
    harness.state("gate", CameraState::Running).await;
    let viewer = Viewer::of(&gate(&harness));
    viewer.next(50).await;
    assert_eq!(harness.state("gate", CameraState::Running).await.restarts, 0);
    assert_eq!(
        harness.ask("SELECT kind || ': ' || cause FROM incidents"),
        Vec::<String>::new(),
        "it waits, and nothing is wrong"
    );
    drop(viewer);
    harness.stop().await;
}

#[actix::test]
async fn motion_jpeg_keeps_its_speed() {
    let mut harness = Harness::open().await;
    let _http = jpeg(&mut harness, "-an -r 5 -c:v mjpeg -huffman default -pix_fmt yuvj420p -f mpjpeg -").await;
    harness.state("gate", CameraState::Running).await;
    let viewer = Viewer::of(&gate(&harness));
    let frames = viewer.next(30).await;
    // What had piled up when the viewer came has no time of its own.
    let (first, last) = (frames[9], frames[29]);
    let (wall, media) = (last.arrived - first.arrived, last.time.saturating_sub(first.time));
    let ratio = media.as_secs_f64() / wall.as_secs_f64();
    assert!((0.5..2.0).contains(&ratio), "20 pictures took {wall:?} and are said to take {media:?}");
    drop(viewer);
    harness.stop().await;
}

#[actix::test]
async fn motion_jpeg_that_rtp_cannot_carry_is_refused_by_name() {
    for (args, named) in [
        ("-an -c:v mjpeg -huffman optimal -pix_fmt yuvj420p -f mpjpeg -", "Huffman"),
        ("-an -c:v mjpeg -huffman default -pix_fmt yuvj444p -f mpjpeg -", "yuvj444p"),
        ("-an -r 5 -s 2304x1296 -c:v mjpeg -huffman default -pix_fmt yuvj420p -f mpjpeg -", "2304x1296"),
    ] {
        let mut harness = Harness::open().await;
        let _http = jpeg(&mut harness, args).await;
        let refused = |camera: &CameraStatus| {
            let words = camera.last_error.as_deref().unwrap_or_default();
            camera.state == CameraState::Backoff
                && words.contains(named)
                && words.contains("switch the camera to H.264")
        };
        harness.camera("gate", |camera| camera.is_some_and(refused)).await;
        harness.stop().await;
    }
}

#[actix::test]
async fn a_cut_of_flv_over_http_ends_the_run_at_once() {
    let mut harness = Harness::open().await;
    let http = Http::serve(Body::Endless { args: "-c copy -f flv -", kind: "video/x-flv", cut_after: Some(150_000) });
    add(&mut harness, &format!("http://{}/flv?port=1935", http.address)).await;
    let ended = |camera: &CameraStatus| {
        assert!(!camera.last_error.as_deref().unwrap_or_default().contains("nothing came"), "{camera:?}");
        camera.restarts > 0 && camera.state == CameraState::Running
    };
    harness.camera("gate", |camera| camera.is_some_and(ended)).await;
    harness.stop().await;
}
