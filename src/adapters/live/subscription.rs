//! A subscription to the live store: everything that is true, then every change, without a hole between them.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt};
use tokio::time::sleep;

use super::{Change, Latest, LiveChanges, SharedLive};
use crate::base::Result;
use crate::base::single_flight::{FlightRetry, SingleFlight};

/// Between two tries to read a live store that does not answer.
const RETRY: Duration = Duration::from_secs(1);
/// After a subscription that ended: a listener that is too slow again and again spares the store a little.
const PAUSE: Duration = Duration::from_millis(100);

/// What a subscriber receives.
#[derive(Debug)]
pub enum LiveUpdate {
    /// Everything, at the start and whenever changes were missed.
    Everything(Box<Latest>),
    /// Changes that follow on what was told before.
    Changes(Arc<Vec<Change>>),
}

/// An endless stream. It subscribes first and reads second, so a change between the two is told twice, never lost. `who`
/// listens, for the log.
pub fn subscription(live: SharedLive, who: &'static str) -> impl Stream<Item = LiveUpdate> {
    stream::unfold((live, None), move |(live, listening): (SharedLive, Option<LiveChanges>)| async move {
        if let Some(mut changes) = listening {
            if let Some(batch) = changes.next().await {
                return Some((LiveUpdate::Changes(batch), (live, Some(changes))));
            }
            log::debug!(who = who; "changes of the live store were missed, reading everything again");
            sleep(PAUSE).await;
        }
        let (changes, latest) = begin(&live, who).await;
        Some((LiveUpdate::Everything(Box::new(latest)), (live, Some(changes))))
    })
}

async fn begin(live: &SharedLive, who: &str) -> (LiveChanges, Latest) {
    let mut tries = SingleFlight::default();
    loop {
        match subscribe_and_read(live).await {
            Ok(begun) => {
                if tries.succeeded().recovered {
                    log::info!(who = who; "live store recovered");
                }
                return begun;
            }
            Err(error) => {
                if tries.failed(error.message(), FlightRetry::Every(RETRY), 0.0).is_new {
                    log::warn!(who = who, error = error.to_string().as_str(); "live store unreachable, retrying");
                }
            }
        }
        sleep(RETRY).await;
    }
}

async fn subscribe_and_read(live: &SharedLive) -> Result<(LiveChanges, Latest)> {
    Ok((live.subscribe().await?, live.latest().await?))
}
