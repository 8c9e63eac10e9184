//! An ear at the live store: everything that is true, then every change, without a hole between them.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, Stream};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::{Change, Latest, SharedLive};

/// Between two tries to read a live store that does not answer.
const RETRY: Duration = Duration::from_secs(1);

/// What the feed tells.
#[derive(Debug)]
pub enum Fed {
    /// Everything, at the start and whenever changes were missed.
    Everything(Box<Latest>),
    /// Changes that follow on what was told before.
    Changes(Arc<Vec<Change>>),
}

type Changes = Receiver<Arc<Vec<Change>>>;

/// An endless stream. It subscribes first and reads second, so a change between the two is told twice, never lost. `who`
/// listens, for the log.
pub fn feed(live: SharedLive, who: &'static str) -> impl Stream<Item = Fed> {
    stream::unfold((live, None), move |(live, listening): (SharedLive, Option<Changes>)| async move {
        if let Some(mut changes) = listening {
            match changes.recv().await {
                Ok(batch) => return Some((Fed::Changes(batch), (live, Some(changes)))),
                Err(RecvError::Lagged(missed)) => {
                    log::debug!(who = who, missed = missed; "lagged behind the live store, reading everything again");
                }
                Err(RecvError::Closed) => tokio::time::sleep(RETRY).await,
            }
        }
        let changes = live.subscribe();
        let latest = read(&live, who).await;
        Some((Fed::Everything(Box::new(latest)), (live, Some(changes))))
    })
}

async fn read(live: &SharedLive, who: &str) -> Latest {
    let mut told = false;
    loop {
        match live.latest().await {
            Ok(latest) => return latest,
            Err(error) if !told => {
                told = true;
                log::warn!(who = who, error = error.to_string().as_str(); "live store does not answer, waiting for it");
            }
            Err(_) => {}
        }
        tokio::time::sleep(RETRY).await;
    }
}
