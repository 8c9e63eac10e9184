//! The last work of an actor that was told to stop, and who waits for it.

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

/// For an actor that has work to finish in `Supervised::release`. It may be told to stop twice, by its manager that no longer
/// wants it and by the stop of everything above, each with a deadline of its own: both wait for the same end.
#[derive(Debug, Default)]
pub struct Stopping {
    begun: bool,
    waiting: Vec<oneshot::Sender<()>>,
}

impl Stopping {
    /// Whether it was told to stop.
    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// It is told to stop. The future says whether [`Self::finished`] came by the deadline.
    pub fn begin(&mut self, deadline: Instant) -> impl Future<Output = bool> + 'static {
        let (finished, wait) = oneshot::channel();
        self.begun = true;
        self.waiting.push(finished);
        // An error says that the actor has ended meanwhile.
        async move { timeout_at(deadline, wait).await.is_ok() }
    }

    /// Nothing is left to do.
    pub fn finished(&mut self) {
        for waiting in self.waiting.drain(..) {
            // One whose deadline is over does not wait any more.
            let _ = waiting.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_asks_waits_for_the_end_or_for_his_own_deadline() {
        let mut stopping = Stopping::default();
        assert!(!stopping.has_begun());
        let now = Instant::now();
        let mut first = Box::pin(stopping.begin(now + Duration::from_secs(15)));
        let second = stopping.begin(now + Duration::from_secs(2));
        let mut third = Box::pin(stopping.begin(now + Duration::from_secs(8)));
        assert!(stopping.has_begun());
        assert!(!second.await, "its deadline came first");
        assert_eq!((&mut first).now_or_never(), None, "who asked first is still waiting");
        assert_eq!((&mut third).now_or_never(), None);
        stopping.finished();
        assert!(first.await && third.await);
        assert!(stopping.has_begun());
    }
}
