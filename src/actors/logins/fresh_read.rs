//! The database read anew for a session or token that is not known: another process of the site, or the command line, may have made
//! it a moment ago.
//!
//! Whoever asks with made-up secrets costs the database no more than [`PAUSE`] allows: all who ask meanwhile share one read, and
//! wait for it no longer than [`LIMIT`]. A secret that was looked for in vain is not looked for again for a while.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Mutex as SyncMutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex, Semaphore};
use tokio::time::Instant;

/// From the end of one read to the begin of the next.
const PAUSE: Duration = Duration::from_millis(250);

/// Longest wait of one who asks.
const LIMIT: Duration = Duration::from_secs(1);

/// So many may wait; all others are told what is known.
const WAITING: usize = 64;

/// So long a secret that nobody has is not looked for again: the reads of each process find it by then, should it be made.
const FORGOTTEN: Duration = Duration::from_secs(2);

/// So many of those are known; with more of them all are forgotten.
const UNKNOWN: usize = 1_024;

/// Reads that are shared.
pub(super) struct FreshRead {
    /// Hashes of secrets that were looked for in vain, and when.
    unknown: SyncMutex<HashMap<String, Instant>>,
    /// When the last one began and ended.
    last: Mutex<Option<(Instant, Instant)>>,
    waiting: Semaphore,
}

impl FreshRead {
    pub(super) fn new() -> Self {
        Self { unknown: SyncMutex::default(), last: Mutex::default(), waiting: Semaphore::new(WAITING) }
    }

    /// What `find` finds once a read that began after this call has ended, or took too long; at once where the secret with this hash
    /// was looked for in vain a moment ago.
    pub(super) async fn find<T, E, F: Future>(
        &self,
        hash: &str,
        read: impl FnOnce() -> F,
        find: impl Fn() -> Result<T, E>,
    ) -> Result<T, E> {
        let asked = Instant::now();
        if self.unknown().get(hash).is_some_and(|before| asked - *before < FORGOTTEN) {
            return find();
        }
        self.wait(asked, read).await;
        let found = find();
        if found.is_err() {
            let mut unknown = self.unknown();
            if unknown.len() >= UNKNOWN {
                unknown.clear();
            }
            unknown.insert(hash.to_owned(), Instant::now());
        }
        found
    }

    fn unknown(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.unknown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn wait<F: Future>(&self, asked: Instant, read: impl FnOnce() -> F) {
        let Ok(_place) = self.waiting.try_acquire() else { return };
        // Given up in the middle, the next one who asks reads.
        let _ = tokio::time::timeout(LIMIT, async {
            let mut last = self.last.lock().await;
            match *last {
                Some((begun, _)) if begun >= asked => return,
                Some((_, ended)) => tokio::time::sleep_until(ended + PAUSE).await,
                None => {}
            }
            let begun = Instant::now();
            read().await;
            *last = Some((begun, Instant::now()));
        })
        .await;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures_util::future::join_all;

    use super::*;

    /// As many secrets with names of their own.
    fn names(round: usize, count: usize) -> Vec<String> {
        (0..count).map(|n| format!("{round} {n}")).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn all_who_ask_share_reads_that_are_never_more_than_the_pause_allows() {
        let (fresh, reads) = (FreshRead::new(), Cell::new(0));
        let read = || async {
            reads.set(reads.get() + 1);
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        let nobody = || Err::<(), ()>(());
        let begun = Instant::now();
        join_all(names(1, WAITING + 10).iter().map(|name| fresh.find(name, read, nobody))).await;
        assert_eq!((reads.get(), begun.elapsed().as_millis()), (1, 10), "those without a place do not wait");
        for round in 2..=5 {
            join_all(names(round, 9).iter().map(|name| fresh.find(name, read, nobody))).await;
            assert_eq!(reads.get(), round);
        }
        assert_eq!(begun.elapsed().as_millis(), 10 + 4 * (250 + 10));
        assert_eq!((fresh.find("5 0", read, nobody).await, reads.get()), (Err(()), 5), "a moment ago it was unknown");
        tokio::time::sleep(FORGOTTEN).await;
        assert_eq!((fresh.find("5 0", read, nobody).await, reads.get()), (Err(()), 6));
    }

    #[tokio::test(start_paused = true)]
    async fn requests_of_one_new_session_are_all_let_in() {
        let (fresh, is_known) = (FreshRead::new(), Cell::new(false));
        let read = || async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            is_known.set(true);
        };
        let find = || if is_known.get() { Ok(()) } else { Err(()) };
        let found = join_all((0..9).map(|_| fresh.find("one", read, find))).await;
        assert_eq!(found, [Ok(()); 9]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_database_that_does_not_answer_is_not_waited_for() {
        let (fresh, begun, is_read) = (FreshRead::new(), Instant::now(), Cell::new(false));
        let nobody = || Err::<(), ()>(());
        let hangs = || std::future::pending::<()>();
        join_all(["a", "b", "c"].map(|name| fresh.find(name, hangs, nobody))).await;
        assert_eq!(begun.elapsed(), LIMIT);
        assert_eq!(fresh.find("d", || async { is_read.set(true) }, nobody).await, Err(()));
        assert!(is_read.get(), "the next one reads again");
    }
}
