//! The simulated camera itself: what a viewer of the server's path gets of one that behaves.

use streamwarden::domain::camera::CameraState;

use super::harness::Harness;
use crate::support::camera::{Behaviour, Camera, Login, Picture, Sound};
use crate::support::viewer::Viewer;

/// The path `gate` of the harness's server.
pub fn gate(harness: &Harness) -> url::Url {
    harness.server.as_ref().expect("a server").rtsp_url().join("gate").expect("a url")
}

#[actix::test]
async fn a_camera_that_behaves_is_seen_as_it_is() {
    let b_frames = Picture { b_frames: 3, key_frame_every: 50, ..Picture::default() };
    let table: [(&str, Behaviour, &[&str]); 7] = [
        ("picture alone", Behaviour::default(), &["H264"]),
        ("G.711", Behaviour { sound: Sound::Pcma, ..Behaviour::default() }, &["H264", "PCMA"]),
        ("AAC", Behaviour { sound: Sound::Aac, ..Behaviour::default() }, &["H264", "MPEG4-GENERIC"]),
        ("B-frames", Behaviour { picture: Some(b_frames), ..Behaviour::default() }, &["H264"]),
        ("Basic", Behaviour { login: Login::Basic, ..Behaviour::default() }, &["H264"]),
        ("Digest", Behaviour { login: Login::Md5, ..Behaviour::default() }, &["H264"]),
        ("a clock that wraps", Behaviour { clock_start: u32::MAX - 90_000, ..Behaviour::default() }, &["H264"]),
    ];
    for (words, behaviour, tracks) in table {
        let camera = Camera::start(behaviour);
        let mut harness = Harness::open().await;
        harness.sql(&format!("INSERT INTO cameras(name, url) VALUES ('gate', '{}')", camera.url_with_login()));
        harness.state("gate", CameraState::Running).await;
        let viewer = Viewer::of(&gate(&harness));
        let frames = viewer.next(60).await;
        // B-frames come after pictures of a later time: up to three of them are missing at the end.
        let times = || frames.iter().map(|frame| frame.time);
        let lasted = times().max().expect("frames").saturating_sub(times().min().expect("frames"));
        assert!((2.2..2.6).contains(&lasted.as_secs_f64()), "{words}: 59 frames of 40 ms take {lasted:?}");
        assert!(frames.iter().all(|frame| frame.age.is_some_and(|age| age.as_secs() < 3)), "{words}: {frames:?}");
        assert_eq!(viewer.seen().tracks, tracks, "{words}");
        assert_eq!(viewer.seen().sound > 0, tracks.len() == 2, "{words}");
        assert_eq!(viewer.seen().joined, 1, "{words}");
        harness.stop().await;
    }
}
