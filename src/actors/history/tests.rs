//! The writer against a real database: what is polled is written, and a database that is away loses nothing.

use std::sync::Arc;
use std::time::Duration;

use actix::Actor;
use chrono::Utc;
use tempfile::TempDir;

use super::{HistoryHandle, HistoryRules, HistoryWriter};
use crate::actors::supervision::Stop;
use crate::adapters::database::{HistoryQuery, HistoryStore, NodeStore, sqlite};
use crate::adapters::live::memory::MemoryLiveStore;
use crate::adapters::live::{Change, SharedLive};
use crate::domain::history::{Bucket, Metric, SeriesKey, Tier};
use crate::domain::sample;
use crate::domain::stream::StreamStatus;

struct World {
    live: SharedLive,
    database: Arc<sqlite::Sqlite>,
    handle: HistoryHandle,
    _folder: TempDir,
}

impl World {
    /// With a node that the database has not admitted yet: it takes nothing from it.
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let database = sqlite::open(folder.path().join("test.db")).await.expect("a database");
        let live: SharedLive = Arc::new(MemoryLiveStore::new(Duration::from_secs(60)));
        Self { live, database, handle: HistoryHandle::default(), _folder: folder }
    }

    async fn admit(&self) {
        self.database.join(sample::node_claim("here")).await.expect("admitted");
    }

    fn writer(&self, write_every: Duration) -> actix::Addr<HistoryWriter> {
        let day = Duration::from_secs(86_400);
        let rules = HistoryRules { minutes: 30 * day, ten_minutes: 365 * day, write_every };
        HistoryWriter::new(self.database.clone(), self.live.clone(), self.handle.clone(), rules).start()
    }

    /// Polls until the writer has heard of it.
    async fn polled(&self) {
        let gate = SeriesKey::stream("main", "gate");
        let status = StreamStatus { bitrate: Some(4_000_000), rtt: Some(20.0), ..sample::stream("main", "gate") };
        let polled = async {
            while self.handle.recent(&gate, Tier::Minute).is_empty() {
                let changes = vec![Change::Server(sample::server("main")), Change::Stream(Arc::new(status.clone()))];
                self.live.publish(changes).await.expect("published");
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), polled).await.expect("heard");
    }

    async fn kept(&self, tier: Tier) -> Vec<Bucket> {
        let series = SeriesKey::stream("main", "gate");
        let query = HistoryQuery { series, tier, from: 0, to: Utc::now().timestamp() + 1, metrics: vec![Metric::Rtt] };
        self.database.history(query).await.expect("read")
    }
}

#[actix::test]
async fn what_is_polled_is_written_at_the_latest_at_the_stop() {
    let world = World::new().await;
    world.admit().await;
    let writer = world.writer(Duration::from_secs(3_600));
    world.polled().await;
    assert!(world.kept(Tier::Minute).await.is_empty(), "it waits");
    writer.send(Stop::within(Duration::from_secs(10))).await.expect("stopped");
    for tier in Tier::ALL {
        let kept = world.kept(tier).await;
        assert_eq!(kept.len(), 1, "{tier:?}");
        assert_eq!(kept[0].bands.iter().map(|(metric, _)| *metric).collect::<Vec<_>>(), [Metric::Rtt]);
    }
}

#[actix::test]
async fn a_database_that_is_away_is_waited_for() {
    let world = World::new().await;
    let writer = world.writer(Duration::from_millis(20));
    world.polled().await;
    let refused = world.database.add_history(Vec::new()).await;
    assert!(refused.is_err(), "the node is not admitted");
    drop(writer);
    let at = world.handle.recent(&SeriesKey::stream("main", "gate"), Tier::Minute)[0].at;
    // The bucket ends: from now on there is something to write, and nobody takes it.
    world.handle.lock().close();
    let writer = world.writer(Duration::from_millis(20));
    assert!(world.kept(Tier::Minute).await.is_empty());
    world.admit().await;
    let written = async {
        while world.kept(Tier::Minute).await.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), written).await.expect("written once it is back");
    assert_eq!(world.kept(Tier::Minute).await[0].at, at);
    writer.send(Stop::within(Duration::from_secs(10))).await.expect("stopped");
}
