//! A live store that refuses, or does not answer, is spared: its tries do not multiply, and it gets the newest states when it
//! is back.

use std::sync::Arc;
use std::time::Duration;

use streamwarden::demo::media_server::Options;
use streamwarden::domain::camera::CameraState;

use super::harness::Harness;
use crate::support::cameras::Cameras;
use crate::support::live::{SwitchedLive, Writes};
use crate::support::wait::eventually;

/// Between two tries for one camera.
const REST: Duration = Duration::from_secs(2);

/// Relays that run, by what their server says, over a live store that does this with their states.
async fn relays(count: usize, writes: Writes) -> (Cameras, Arc<SwitchedLive>, Harness) {
    let live = Arc::new(SwitchedLive::new());
    live.set_writes(writes);
    let cameras = Cameras::start(count).await;
    let harness = Harness::with_live(Options::default(), live.clone()).await;
    for index in 0..count {
        let url = cameras.url(index);
        harness.sql(&format!("INSERT INTO cameras (name, url) VALUES ('cam{index}', '{url}')"));
    }
    let streams = || async {
        let latest = harness.live.latest().await.expect("it answers");
        (latest.streams.len() == count).then_some(())
    };
    eventually("all relays at the server", streams).await;
    (cameras, live, harness)
}

/// Waits until that many tries were made for each of so many cameras; returns the shortest time between two for one camera.
async fn shortest_rest(live: &SwitchedLive, count: usize, tries: usize) -> Duration {
    let enough = || async {
        let made = live.tries();
        (made.len() == count && made.values().all(|of_one| of_one.len() >= tries)).then_some(made)
    };
    let made = eventually("tries for every camera", enough).await;
    let rests = made.values().flat_map(|of_one| of_one.windows(2).map(|pair| pair[1] - pair[0]));
    rests.min().expect("more than one try")
}

async fn all_run(harness: &Harness, count: usize) {
    let running = || async {
        let latest = harness.live.latest().await.expect("it answers");
        let running = latest.cameras.iter().filter(|camera| camera.state == CameraState::Running).count();
        (running == count).then_some(())
    };
    eventually("the newest states in the store", running).await;
}

#[actix::test]
async fn a_live_store_that_refuses_is_tried_once_in_two_seconds_per_camera_and_recovers() {
    const COUNT: usize = 10;
    let (cameras, live, harness) = relays(COUNT, Writes::Refused).await;
    // They run, and tell of it several times a second, which is what multiplied: 156 tries a second for ten cameras.
    live.set_writes(Writes::Refused);
    let rest = shortest_rest(&live, COUNT, 5).await;
    assert!(rest >= REST, "{rest:?} between two tries");
    live.set_writes(Writes::Taken);
    all_run(&harness, COUNT).await;
    harness.stop().await;
    cameras.stop().await;
}

#[actix::test]
async fn a_live_store_that_hangs_holds_up_no_relay_and_is_tried_again() {
    const COUNT: usize = 2;
    let (cameras, live, harness) = relays(COUNT, Writes::Hanging).await;
    let rest = shortest_rest(&live, COUNT, 2).await;
    assert!(rest >= REST, "{rest:?} between two tries");
    live.set_writes(Writes::Taken);
    all_run(&harness, COUNT).await;
    harness.stop().await;
    cameras.stop().await;
}
