//! Publishing of one owner's states: in order, the newest of each subject, again until the live store takes it.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::{Change, SharedLive};
use crate::base::single_flight::{FlightRetry, SingleFlight};
use crate::base::{Error, Result};
use crate::domain::name::StreamName;

/// Between two tries at a live store that refuses: at most one try in this time, whatever is told meanwhile.
const RETRY: Duration = Duration::from_secs(2);
type Batch = BTreeMap<PublishKey, Change>;

/// Where an owner leaves its states. One write at a time, so an older state never overtakes a newer one. Clones are the
/// same publisher; it ends with the last of them, and what is not written then is dropped.
#[derive(Clone)]
pub struct LivePublisher {
    pending: Arc<Pending>,
    _task: Arc<AbortOnDropHandle<()>>,
}

/// What has not been written yet, by subject.
#[derive(Default)]
struct Pending {
    changes: Mutex<Batch>,
    told: Notify,
}

/// Whom a change is about: the newest change of a subject is the only one that counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum PublishKey {
    Server(String),
    Stream(String, StreamName),
    Camera(i64),
    Recording(String, StreamName),
    Maintenance(String),
    Host(String),
    Incident(Uuid),
}

fn subject(change: &Change) -> PublishKey {
    match change {
        Change::Server(server) => PublishKey::Server(server.name.clone()),
        Change::Stream(stream) => PublishKey::Stream(stream.server.to_string(), stream.name.clone()),
        Change::StreamGone { server, name } => PublishKey::Stream(server.clone(), name.clone()),
        Change::Camera(camera) => PublishKey::Camera(camera.id),
        Change::CameraGone { id } => PublishKey::Camera(*id),
        Change::Recording(recording) => PublishKey::Recording(recording.server.clone(), recording.name.clone()),
        Change::RecordingGone { server, name } => PublishKey::Recording(server.clone(), name.clone()),
        Change::Maintenance(maintenance) => PublishKey::Maintenance(maintenance.key.clone()),
        Change::MaintenanceGone { key } => PublishKey::Maintenance(key.clone()),
        Change::Host(host) => PublishKey::Host(host.name.clone()),
        Change::HostGone { name } => PublishKey::Host(name.clone()),
        Change::Incident(incident) => PublishKey::Incident(incident.id),
        Change::IncidentGone { id } => PublishKey::Incident(*id),
    }
}

impl LivePublisher {
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
    fn take(&self) -> Batch {
        std::mem::take(&mut self.lock())
    }

    /// What could not be written, unless something newer has been told meanwhile.
    fn put_back(&self, batch: Batch) {
        let mut changes = self.lock();
        for (subject, change) in batch {
            changes.entry(subject).or_insert(change);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Batch> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn publish_all(live: SharedLive, who: &'static str, pending: Arc<Pending>) {
    let mut flight = SingleFlight::default();
    loop {
        let batch = pending.take();
        if batch.is_empty() {
            pending.told.notified().await;
            continue;
        }
        match publish(&live, batch).await {
            Ok(()) => {
                if flight.succeeded().recovered {
                    log::info!(who = who; "publishing of states recovered");
                }
            }
            Err((left, error)) => {
                pending.put_back(left);
                if flight.failed(error.message(), FlightRetry::Every(RETRY), 0.0).is_new {
                    log::warn!(who = who; "publishing of states failed, retrying: {error}");
                }
                sleep(RETRY).await;
            }
        }
    }
}

/// Publishes a batch. When it is not the store that is away but a change that it will not take, that one holds nobody up.
async fn publish(live: &SharedLive, batch: Batch) -> Result<(), (Batch, Error)> {
    match write(live, batch.values().cloned().collect()).await {
        Ok(()) => return Ok(()),
        Err(error) if error.is_passing() || batch.len() == 1 => return Err((batch, error)),
        Err(_) => {}
    }
    let (mut left, mut why) = (Batch::new(), None);
    for (subject, change) in batch {
        if let Err(error) = write(live, vec![change.clone()]).await {
            left.insert(subject, change);
            why = Some(error);
        }
    }
    why.map_or(Ok(()), |error| Err((left, error)))
}

/// A store that panics has failed like one that refuses: nobody would publish any more if this task ended with it.
async fn write(live: &SharedLive, changes: Vec<Change>) -> Result<()> {
    let written = AssertUnwindSafe(live.publish(changes)).catch_unwind().await;
    written.unwrap_or_else(|_| Err(Error::internal("the live store panicked; the log has its message")))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;
    use crate::adapters::live::faulty_store::FaultyLiveStore;
    use crate::adapters::live::{LIMIT, LiveStore};
    use crate::domain::recording::RecordingStatus;
    use crate::domain::sample;

    fn recording(name: &str, segments: u64) -> Change {
        Change::Recording(RecordingStatus { segments, ..sample::recording("main", name) })
    }

    /// Name and count of each recording that everybody sees.
    async fn seen(live: &FaultyLiveStore) -> Vec<(String, u64)> {
        let latest = live.latest().await.expect("it answers");
        latest.recordings.iter().map(|status| (status.name.to_string(), status.segments)).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_panics_loses_nothing_and_ends_nobody() {
        let live = FaultyLiveStore::new();
        live.panics.store(true, Ordering::Relaxed);
        let publisher = LivePublisher::new(live.clone(), "a test");
        publisher.tell([recording("a", 1), recording("b", 1)]);
        sleep(RETRY * 3).await;
        live.panics.store(false, Ordering::Relaxed);
        sleep(RETRY).await;
        assert_eq!(seen(&live).await, [("a".to_owned(), 1), ("b".to_owned(), 1)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_refuses_is_tried_once_in_two_seconds_and_gets_the_newest() {
        let live = FaultyLiveStore::new();
        live.refuses.store(true, Ordering::Relaxed);
        let publisher = LivePublisher::new(live.clone(), "a test");
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
        let live = FaultyLiveStore::new();
        live.hangs.store(true, Ordering::Relaxed);
        let publisher = LivePublisher::new(live.clone(), "a test");
        publisher.tell([recording("a", 1), recording("b", 1)]);
        sleep(Duration::from_secs(1)).await;
        publisher.tell([recording("a", 2)]);
        let gone = Change::RecordingGone { server: "main".into(), name: StreamName::parse("b").expect("b") };
        publisher.tell([gone]);
        live.hangs.store(false, Ordering::Relaxed);
        sleep(LIMIT + RETRY).await;
        assert_eq!(seen(&live).await, [("a".to_owned(), 2)]);
    }

    #[tokio::test(start_paused = true)]
    async fn one_state_that_the_store_will_not_take_holds_nobody_up() {
        let live = FaultyLiveStore::refusing(Some("b"));
        let publisher = LivePublisher::new(live.clone(), "a test");
        for count in 1..=3 {
            publisher.tell(["a", "b", "c"].map(|name| recording(name, count)));
            sleep(RETRY * 2).await;
            assert_eq!(seen(&live).await, [("a".to_owned(), count), ("c".to_owned(), count)]);
        }
    }

    #[test]
    fn the_newest_of_each_subject_stays() {
        let gone = |id| Change::CameraGone { id };
        let pending = Pending::default();
        let tell = |changes: Vec<Change>| pending.lock().extend(changes.into_iter().map(|one| (subject(&one), one)));
        tell(vec![recording("a", 0), recording("b", 0), gone(2), recording("a", 1)]);
        let first = pending.take();
        assert_eq!(first.values().cloned().collect::<Vec<_>>(), [gone(2), recording("a", 1), recording("b", 0)]);
        let end = Change::RecordingGone { server: "main".into(), name: StreamName::parse("b").expect("b") };
        tell(vec![end.clone(), gone(3)]);
        pending.put_back(first);
        let now: Vec<Change> = pending.take().into_values().collect();
        assert_eq!(now, [gone(2), gone(3), recording("a", 1), end], "what could not be delivered is older");
        (0..1000).for_each(|count| tell(vec![recording("a", count)]));
        assert_eq!(pending.take().into_values().collect::<Vec<_>>(), [recording("a", 999)]);
        assert!(pending.take().is_empty());
    }
}
