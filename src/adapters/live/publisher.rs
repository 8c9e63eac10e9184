//! Publishing of one owner's states: in order, the newest of each subject, again until the live store takes it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::{Change, SharedLive};
use crate::domain::name::StreamName;

/// Between two tries at a live store that refuses: at most one try in this time, whatever is told meanwhile.
const RETRY: Duration = Duration::from_secs(2);
/// A live store that takes longer does not answer.
const LIMIT: Duration = Duration::from_secs(5);

/// Where an owner leaves its states. One write at a time, so an older state never overtakes a newer one. Clones are the
/// same publisher; it ends with the last of them, and what is not written then is dropped.
#[derive(Clone)]
pub struct Publisher {
    pending: Arc<Pending>,
    _task: Arc<AbortOnDropHandle<()>>,
}

/// What has not been written yet, by subject.
#[derive(Default)]
struct Pending {
    changes: Mutex<BTreeMap<Subject, Change>>,
    told: Notify,
}

/// Whom a change is about: the newest change of a subject is the only one that counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Server(String),
    Stream(String, StreamName),
    Camera(i64),
    Recording(String, StreamName),
}

fn subject(change: &Change) -> Subject {
    match change {
        Change::Server(server) => Subject::Server(server.name.clone()),
        Change::Stream(stream) => Subject::Stream(stream.server.clone(), stream.name.clone()),
        Change::StreamGone { server, name } => Subject::Stream(server.clone(), name.clone()),
        Change::Camera(camera) => Subject::Camera(camera.id),
        Change::CameraGone { id } => Subject::Camera(*id),
        Change::Recording(recording) => Subject::Recording(recording.server.clone(), recording.name.clone()),
        Change::RecordingGone { server, name } => Subject::Recording(server.clone(), name.clone()),
    }
}

impl Publisher {
    /// A publisher of `who`, for the log. Call it in a tokio runtime.
    pub fn new(live: SharedLive, who: &'static str) -> Self {
        let pending = Arc::new(Pending::default());
        let task = tokio::spawn(publish_all(live, who, Arc::clone(&pending)));
        Self { pending, _task: Arc::new(AbortOnDropHandle::new(task)) }
    }

    /// Publishes these as soon as possible. Returns at once.
    pub fn tell(&self, changes: impl IntoIterator<Item = Change>) {
        let changes = changes.into_iter().map(|change| (subject(&change), change));
        self.pending.lock().extend(changes);
        self.pending.told.notify_one();
    }
}

impl Pending {
    fn take(&self) -> BTreeMap<Subject, Change> {
        std::mem::take(&mut self.lock())
    }

    /// What could not be written, unless something newer has been told meanwhile.
    fn put_back(&self, batch: BTreeMap<Subject, Change>) {
        let mut changes = self.lock();
        for (subject, change) in batch {
            changes.entry(subject).or_insert(change);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Subject, Change>> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn publish_all(live: SharedLive, who: &'static str, pending: Arc<Pending>) {
    let mut complaint: Option<String> = None;
    loop {
        let batch = pending.take();
        if batch.is_empty() {
            pending.told.notified().await;
            continue;
        }
        let written = match timeout(LIMIT, live.publish(batch.values().cloned().collect())).await {
            Ok(written) => written.map_err(|error| error.to_string()),
            Err(_) => Err(format!("timeout, no answer in {} s", LIMIT.as_secs())),
        };
        match written {
            Ok(()) if complaint.take().is_some() => log::info!(who = who; "publishing of states recovered"),
            Ok(()) => {}
            Err(error) => {
                if complaint.as_ref() != Some(&error) {
                    log::warn!(who = who; "publishing of states failed, it is tried again: {error}");
                    complaint = Some(error);
                }
                pending.put_back(batch);
                sleep(RETRY).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use async_trait::async_trait;
    use chrono::{DateTime, Utc};
    use tokio::sync::broadcast;

    use super::*;
    use crate::adapters::live::memory::Memory;
    use crate::adapters::live::{Latest, LiveStore};
    use crate::base::{Error, Result};
    use crate::domain::recording::{RecordingState, RecordingStatus};
    use crate::domain::stream::Sample;

    /// A live store that can refuse, or not answer at all.
    struct Moody {
        memory: Memory,
        refuses: AtomicBool,
        hangs: AtomicBool,
        tries: AtomicUsize,
    }

    #[async_trait]
    impl LiveStore for Moody {
        async fn publish(&self, changes: Vec<Change>) -> Result<()> {
            self.tries.fetch_add(1, Ordering::Relaxed);
            if self.hangs.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
            match self.refuses.load(Ordering::Relaxed) {
                true => Err(Error::unavailable("no")),
                false => self.memory.publish(changes).await,
            }
        }

        async fn record_samples(&self, server: &str, samples: Vec<(StreamName, Sample)>) -> Result<()> {
            self.memory.record_samples(server, samples).await
        }

        async fn latest(&self) -> Result<Latest> {
            self.memory.latest().await
        }

        async fn history(
            &self,
            server: &str,
            name: &StreamName,
            from: DateTime<Utc>,
            to: DateTime<Utc>,
        ) -> Result<Vec<Sample>> {
            self.memory.history(server, name, from, to).await
        }

        fn subscribe(&self) -> broadcast::Receiver<Arc<Vec<Change>>> {
            self.memory.subscribe()
        }
    }

    fn recording(name: &str, segments: u64) -> Change {
        Change::Recording(RecordingStatus {
            server: "main".into(),
            name: StreamName::parse(name).expect(name),
            state: RecordingState::Recording,
            since: DateTime::UNIX_EPOCH,
            session: None,
            segments,
            reason: None,
        })
    }

    fn moody() -> Arc<Moody> {
        let memory = Memory::new(Duration::from_secs(60));
        let (refuses, hangs) = (AtomicBool::new(false), AtomicBool::new(false));
        Arc::new(Moody { memory, refuses, hangs, tries: AtomicUsize::new(0) })
    }

    /// Name and count of each recording that everybody sees.
    async fn seen(live: &Moody) -> Vec<(String, u64)> {
        let latest = live.latest().await.expect("it answers");
        latest.recordings.iter().map(|status| (status.name.to_string(), status.segments)).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_refuses_is_tried_once_in_two_seconds_and_gets_the_newest() {
        let live = moody();
        live.refuses.store(true, Ordering::Relaxed);
        let publisher = Publisher::new(live.clone(), "a test");
        // Ten streams tell something five times a second, for a minute.
        for count in 0..300 {
            publisher.tell((0..10).map(|n| recording(&format!("cam{n}"), count)));
            sleep(Duration::from_millis(200)).await;
        }
        let tries = live.tries.load(Ordering::Relaxed);
        assert!((29..=31).contains(&tries), "{tries} tries in 60 s");
        live.refuses.store(false, Ordering::Relaxed);
        sleep(RETRY).await;
        assert_eq!(seen(&live).await, (0..10).map(|n| (format!("cam{n}"), 299)).collect::<Vec<_>>());
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_hangs_is_given_up_and_nothing_older_overtakes() {
        let live = moody();
        live.hangs.store(true, Ordering::Relaxed);
        let publisher = Publisher::new(live.clone(), "a test");
        publisher.tell([recording("a", 1), recording("b", 1)]);
        sleep(Duration::from_secs(1)).await;
        publisher.tell([recording("a", 2)]);
        let gone = Change::RecordingGone { server: "main".into(), name: StreamName::parse("b").expect("b") };
        publisher.tell([gone]);
        live.hangs.store(false, Ordering::Relaxed);
        sleep(LIMIT + RETRY).await;
        assert_eq!(seen(&live).await, [("a".to_owned(), 2)]);
    }
}
