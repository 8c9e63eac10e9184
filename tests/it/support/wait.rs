//! Waiting for a condition, with an end to patience.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio::time::sleep;

/// Nothing here takes so long, unless it is broken.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// How often the world is asked.
const STEP: Duration = Duration::from_millis(20);

/// Asks again and again until there is an answer; returns it with the time that it took.
pub async fn timed<T, F>(what: &str, mut ask: impl FnMut() -> F) -> (T, Duration)
where
    F: Future<Output = Option<T>>,
{
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return (answer, begun.elapsed());
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}");
        sleep(STEP).await;
    }
}

/// Asks again and again until there is an answer.
pub async fn eventually<T, F>(what: &str, ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    timed(what, ask).await.0
}

/// Something that has to be done by now.
pub fn within(took: Duration, limit: Duration, what: &str) {
    assert!(took < limit, "{what} took {took:?}, not under {limit:?}");
}
