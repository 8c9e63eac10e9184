//! A live store that refuses is spared: its tries do not multiply.

use std::sync::Arc;
use std::time::{Duration, Instant};

use streamwarden::demo::media_server::Options;
use streamwarden::domain::camera::CameraState;

use super::stage::Stage;
use crate::support::cameras::Cameras;
use crate::support::live::SwitchedLive;
use crate::support::wait::eventually;

const COUNT: usize = 3;

#[actix::test]
async fn a_live_store_that_refuses_is_tried_once_in_two_seconds_per_camera() {
    let live = Arc::new(SwitchedLive::new());
    live.refuse_cameras(true);
    let cameras = Cameras::start(COUNT).await;
    let stage = Stage::with_live(Options::default(), live.clone()).await;
    for index in 0..COUNT {
        let url = cameras.url(index);
        stage.sql(&format!("INSERT INTO cameras (name, url) VALUES ('cam{index}', '{url}')"));
    }
    let streams = || async {
        let latest = stage.live.latest().await.expect("it answers");
        (latest.streams.len() == COUNT).then_some(())
    };
    eventually("all relays at the server", streams).await;
    // They run, and tell of it several times a second, which is what multiplied.
    let (begun, before) = (Instant::now(), live.camera_writes());
    // One chain per camera and one of the manager, each a try in two seconds and one at the edge.
    let tries = (COUNT + 1) * 5;
    eventually("tries", || async { (live.camera_writes() - before >= tries).then_some(()) }).await;
    let (elapsed, least) = (begun.elapsed(), Duration::from_secs(2 * (5 - 2)));
    assert!(elapsed >= least, "{tries} tries in {elapsed:?}, not within {least:?}");
    live.refuse_cameras(false);
    let running = || async {
        let latest = stage.live.latest().await.expect("it answers");
        let running = latest.cameras.iter().filter(|camera| camera.state == CameraState::Running).count();
        (running == COUNT).then_some(())
    };
    eventually("the newest states in the store", running).await;
    stage.stop().await;
    cameras.stop().await;
}
