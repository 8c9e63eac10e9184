//! Background work that must not end by a fault of ours: whoever watches for changes begins again after a panic, and the
//! log says so.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use futures_util::FutureExt;

/// Between a panic and the next beginning.
const PAUSE: Duration = Duration::from_secs(1);

/// Runs `work` until it returns; for threads.
pub(super) fn despite_panics(what: &str, mut work: impl FnMut()) {
    while catch_unwind(AssertUnwindSafe(&mut work)).is_err() {
        tell(what);
        std::thread::sleep(PAUSE);
    }
}

/// Runs the work that `begin` makes until one returns; for tasks.
pub(super) async fn despite_panics_of<F: Future<Output = ()>>(what: &str, mut begin: impl FnMut() -> F) {
    while AssertUnwindSafe(begin()).catch_unwind().await.is_err() {
        tell(what);
        tokio::time::sleep(PAUSE).await;
    }
}

fn tell(what: &str) {
    log::error!("{what} failed by a fault of ours (the panic is in the log) and is restarting");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_panics_begins_again_and_what_returns_does_not() {
        let (mut thread, mut task) = (0, 0);
        despite_panics("a thread", || {
            thread += 1;
            assert_ne!(thread, 1, "provoked by the test");
        });
        despite_panics_of("a task", || {
            task += 1;
            async move { assert_eq!(task, 3, "provoked by the test") }
        })
        .await;
        assert_eq!((thread, task), (2, 3));
    }
}
