//! Waiting for a condition, with a time limit. Every test that waits for something waits here.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio::time::sleep;

/// Nothing here takes so long, unless it is broken.
pub const TIMEOUT: Duration = Duration::from_secs(60);
/// How often the world is asked, unless asking takes longer.
const STEP: Duration = Duration::from_millis(20);

/// Asks again and again until there is an answer. When limit ends, the test fails with the last reason why there is none.
pub async fn until<T, F>(what: &str, limit: Duration, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Result<T, String>>,
{
    let begun = Instant::now();
    loop {
        let asked = Instant::now();
        match ask().await {
            Ok(answer) => return answer,
            Err(why) => assert!(begun.elapsed() < limit, "waited in vain for {what}: {why}"),
        }
        // Asking may start a process: at most half of the time goes into it.
        sleep(asked.elapsed().max(STEP)).await;
    }
}

/// Asks again and again until there is an answer; returns it with the time that it took.
pub async fn timed<T, F>(what: &str, mut ask: impl FnMut() -> F) -> (T, Duration)
where
    F: Future<Output = Option<T>>,
{
    let begun = Instant::now();
    let answer = until(what, TIMEOUT, || {
        let asked = ask();
        async { asked.await.ok_or_else(|| "there is none".to_owned()) }
    });
    (answer.await, begun.elapsed())
}

/// Asks again and again until there is an answer.
pub async fn eventually<T, F>(what: &str, ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    timed(what, ask).await.0
}

/// Waits until something is true. For a closure that borrows what it changes.
pub async fn true_within(what: &str, limit: Duration, mut is_true: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is_true().await {
        assert!(begun.elapsed() < limit, "not within {limit:?}: {what}");
        sleep(STEP).await;
    }
}

/// Something that has to stay true for this time: for what would happen by then if it happened at all.
pub async fn stays(what: &str, time: Duration, mut is_true: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while begun.elapsed() < time {
        assert!(is_true().await, "{what}: not any more after {:?}", begun.elapsed());
        sleep(STEP).await;
    }
}

/// Something that has to be done by now.
pub fn within(took: Duration, limit: Duration, what: &str) {
    assert!(took < limit, "{what} took {took:?}, not under {limit:?}");
}
