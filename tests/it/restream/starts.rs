//! A relay begins with the camera's first picture where the camera promises the order of its pictures, and with its seventh where
//! it does not: what a reader of the path gets is the same.

use std::path::Path;

use streamwarden::domain::camera::CameraState;

use super::harness::Harness;
use crate::support::film::{Watched, film, film_of_reordered_pictures, watch};
use crate::support::media::Publisher;
use crate::support::processes::words;
use crate::support::wait::eventually;
use streamwarden::demo::media_server::{MediaServer, Options};

/// Pictures that a reader of the path gets: four seconds.
const PICTURES: usize = 100;
/// Between two pictures, in seconds.
const STEP: f64 = 0.04;

/// Relays the film from a camera to the path `gate`; the relay's arguments, and what a reader of the path gets.
async fn relayed(film: &Path) -> (String, Vec<Watched>) {
    let camera = MediaServer::start(Options::default()).expect("free ports");
    let url = camera.rtsp_url().join("camera").expect("a URL");
    let publisher = Publisher::playing(film, &url);
    let presence = camera.presence();
    eventually("the camera on air", || async { presence.is_live("camera").then_some(()) }).await;
    let mut harness = Harness::open().await;
    harness.sql(&format!("INSERT INTO cameras(name, url) VALUES ('gate', '{url}')"));
    harness.state("gate", CameraState::Running).await;
    let args = words(harness.pid("gate").await, "cmdline").join(" ");
    let path = harness.server.as_ref().expect("a server").rtsp_url().join("gate").expect("a URL");
    let film = film.to_owned();
    let watched = tokio::task::spawn_blocking(move || watch(&path, &film, PICTURES)).await.expect("a reader");
    let shown = harness.state("gate", CameraState::Running).await;
    assert_eq!(shown.restarts, 0, "{shown:?} {watched:?}");
    harness.stop().await;
    drop(publisher);
    camera.stop().await;
    (args, watched)
}

/// Every picture follows the one before it, in the film and in time.
fn assert_in_order(watched: &[Watched]) {
    // A reader's first seconds are its own affair: ffmpeg guesses times until the server has sent it a report.
    let settled = &watched[PICTURES / 2..];
    for pair in settled.windows(2) {
        let (before, after) = (&pair[0], &pair[1]);
        let (Some(one), Some(next)) = (before.place, after.place) else { panic!("no picture of the film: {pair:?}") };
        assert!(next == one + 1 || next == 0, "{pair:?}");
        assert!((after.seconds - before.seconds - STEP).abs() < STEP / 8.0, "{pair:?}");
    }
}

#[actix::test]
async fn a_camera_that_promises_the_order_is_published_with_its_first_picture() {
    let (args, watched) = relayed(film()).await;
    assert!(args.contains("-max_ts_probe 0 "), "{args}");
    assert_in_order(&watched);
}

#[actix::test]
async fn a_camera_that_reorders_pictures_is_published_as_ever() {
    let (args, watched) = relayed(film_of_reordered_pictures()).await;
    assert!(!args.contains("-max_ts_probe"), "{args}");
    assert_in_order(&watched);
}
