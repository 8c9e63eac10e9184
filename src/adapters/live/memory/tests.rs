//! The bound of the channel. What every live store has to do is in `tests/it/live/behaviour.rs`.

use super::*;
use crate::domain::sample;

fn camera(id: i64) -> Change {
    Change::Camera(sample::camera(id, &format!("cam{id}")))
}

#[tokio::test]
async fn a_subscriber_that_sleeps_is_told_so_and_others_do_not_wait() {
    let live = MemoryLiveStore::new(Duration::from_secs(60));
    let mut asleep = live.subscribe().await.expect("subscribed");
    for id in 0..BEHIND as i64 + 5 {
        live.publish(vec![camera(id)]).await.expect("published");
    }
    assert_eq!(asleep.next().await, None, "it cannot have heard everything");
    let mut again = live.subscribe().await.expect("subscribed");
    assert_eq!(live.latest().await.expect("read").cameras.len(), BEHIND + 5);
    live.publish(vec![camera(0)]).await.expect("published");
    assert_eq!(*again.next().await.expect("told"), [camera(0)]);
}
