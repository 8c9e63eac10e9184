//! Retention beside people who lock and clocks that are wrong.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;
use tokio::sync::watch;
use uuid::Uuid;

use super::evict::{Eviction, evict};
use super::retain::{RetentionClock, retain};
use super::{UploadHandles, UploadRules};
use crate::adapters::database::{RecordingStore, RetentionStore, SegmentQuery, SpansOf, sqlite};
use crate::adapters::objects::directory::Directory;
use crate::adapters::objects::{ByteStream, ObjectPage, ObjectStore, StoredObject};
use crate::adapters::spool::Spool;
use crate::base::Result;
use crate::domain::completeness::Span;
use crate::domain::object_metadata::ObjectMetadata;
use crate::domain::recording::{RecordingSession, Segment, SegmentState};
use crate::domain::retention::{RecordingLock, RetentionRules};
use crate::domain::sample;

/// A folder, and somebody who locks everything while the first object is being removed.
struct LockedMeanwhile {
    folder: Directory,
    retention: Arc<dyn RetentionStore>,
    locks: AtomicBool,
}

#[async_trait]
impl ObjectStore for LockedMeanwhile {
    async fn remove(&self, key: &str) -> Result<bool> {
        if self.locks.swap(false, Ordering::SeqCst) {
            let (from, to) = (DateTime::UNIX_EPOCH, Utc::now() + TimeDelta::days(10));
            let lock = RecordingLock {
                id: Uuid::now_v7(),
                stream: "gate".to_owned(),
                from,
                to,
                reason: "case 7".to_owned(),
                set_by: "ann".to_owned(),
                set_at: from,
            };
            self.retention.add_lock(lock).await?;
        }
        self.folder.remove(key).await
    }
    async fn put_with(&self, key: &str, file: &Path, metadata: &ObjectMetadata) -> Result<StoredObject> {
        self.folder.put_with(key, file, metadata).await
    }
    async fn metadata(&self, key: &str) -> Result<Option<ObjectMetadata>> {
        self.folder.metadata(key).await
    }
    async fn list(&self, after: Option<&str>, limit: usize) -> Result<ObjectPage> {
        self.folder.list(after, limit).await
    }
    async fn size(&self, key: &str) -> Result<Option<u64>> {
        self.folder.size(key).await
    }
    async fn sizes(&self, keys: &[String]) -> Result<Vec<Result<Option<u64>>>> {
        self.folder.sizes(keys).await
    }
    async fn stream(&self, key: &str, offset: u64, length: u64) -> Result<ByteStream> {
        self.folder.stream(key, offset, length).await
    }
    async fn check(&self) -> Result<()> {
        self.folder.check().await
    }
    async fn free(&self) -> Result<Option<u64>> {
        self.folder.free().await
    }
    async fn device(&self) -> Result<Option<u64>> {
        self.folder.device().await
    }
    async fn ping(&self) -> Result<String> {
        self.folder.ping().await
    }
}

struct World {
    handles: UploadHandles,
    begin: DateTime<Utc>,
    _folder: TempDir,
}

impl World {
    /// Three segments in this state, with their files where it says they are; the newest ended this minute.
    async fn new(state: SegmentState, locks: bool) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let database = sqlite::open(folder.path().join("test.db")).await.expect("a database").for_node("here");
        let recordings: Arc<dyn RecordingStore> = database.clone();
        let begin = Utc::now() - TimeDelta::seconds(30);
        let session = RecordingSession { started_at: begin, ..sample::session("gate") };
        recordings.open_session(session.clone()).await.expect("opened");
        let objects = Directory::open(folder.path().join("objects")).expect("a store");
        let spool = Spool::open(folder.path().join("spool")).expect("a spool");
        for number in 0..3 {
            let segment = Segment {
                id: Uuid::now_v7(),
                state,
                started_at: begin + TimeDelta::seconds(10 * i64::from(number)),
                duration_ms: 10_000,
                bytes: 5,
                spool_path: format!("main/gate/x/segment_{number:03}.mp4"),
                object_key: format!("gate/x/segment_{number:03}.mp4"),
                ..sample::segment(&session, number)
            };
            let file = spool.path(&segment.spool_path).expect("a path");
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("made");
            std::fs::write(&file, "bytes").expect("written");
            if state == SegmentState::Uploaded {
                objects.put(&segment.object_key, &file).await.expect("stored");
            }
            recordings.put_segment(segment).await.expect("put");
        }
        let retention: Arc<dyn RetentionStore> = database;
        let objects = LockedMeanwhile { folder: objects, retention: retention.clone(), locks: AtomicBool::new(locks) };
        let handles = UploadHandles {
            recordings,
            retention,
            objects: Arc::new(objects),
            spool: Arc::new(spool),
            sealed: watch::channel(0).1,
            incidents: Default::default(),
        };
        Self { handles, begin, _folder: folder }
    }

    async fn states(&self) -> Vec<SegmentState> {
        let all = SegmentQuery { limit: 10, ..SegmentQuery::default() };
        let rows = self.handles.recordings.segments(all).await.expect("listed");
        rows.iter().map(|row| row.state).collect()
    }
}

fn after_an_hour() -> RetentionRules {
    RetentionRules { keep: Some(Duration::from_secs(3_600)), ..RetentionRules::default() }
}

#[tokio::test]
async fn what_is_locked_while_one_page_is_deleted_stays() {
    let world = World::new(SegmentState::Uploaded, true).await;
    // All of them are old by two days: no clock is in doubt for so little.
    let now = world.begin + TimeDelta::days(2);
    let (deleted, ended) = retain(&world.handles, &after_an_hour(), &RetentionClock::default(), now).await;
    assert!(ended.is_none() && deleted == 1, "{deleted} {ended:?}");
    assert_eq!(world.states().await, [SegmentState::Deleted, SegmentState::Uploaded, SegmentState::Uploaded]);
}

#[tokio::test]
async fn by_a_clock_that_is_far_ahead_nothing_is_deleted_for_its_age() {
    let world = World::new(SegmentState::Uploaded, false).await;
    let clock = RetentionClock::default();
    // A start years after the newest recording, and a jump while the program runs.
    let later = world.begin + TimeDelta::days(1_000);
    let (deleted, ended) = retain(&world.handles, &after_an_hour(), &clock, later).await;
    assert!(ended.is_none() && deleted == 0, "{deleted} {ended:?}");
    let running = RetentionClock::default();
    let (deleted, _) = retain(&world.handles, &after_an_hour(), &running, Utc::now()).await;
    assert_eq!(deleted, 0, "none of it is an hour old");
    let (deleted, _) = retain(&world.handles, &after_an_hour(), &running, Utc::now() + TimeDelta::days(3)).await;
    assert_eq!(deleted, 0, "it jumped");
    assert_eq!(world.states().await, [SegmentState::Uploaded; 3]);
    // What is too much goes all the same: no clock is asked for it.
    let rules = RetentionRules { keep_bytes: Some(10), ..after_an_hour() };
    let (deleted, _) = retain(&world.handles, &rules, &running, Utc::now() + TimeDelta::days(3)).await;
    assert_eq!(deleted, 1);
}

#[tokio::test]
async fn what_is_not_stored_goes_last_and_only_where_somebody_has_said_so() {
    let world = World::new(SegmentState::Sealed, false).await;
    let rules = |evict_before_upload| UploadRules {
        workers: 1,
        max_rate: None,
        window: None,
        evict_before_upload,
        keep_local: Duration::from_secs(3_600),
        // No disk has so much.
        min_free: u64::MAX / 4,
        retention: RetentionRules::default(),
    };
    let (evicted, ended) = evict(&world.handles, &rules(false), &mut Eviction::default(), Utc::now()).await;
    assert!(evicted == 0 && ended.is_none(), "{ended:?}");
    assert_eq!(world.states().await, [SegmentState::Sealed; 3]);
    let within = Span { from: world.begin, to: world.begin + TimeDelta::minutes(1) };
    let given_up = || world.handles.recordings.recorded_spans(within, None, SpansOf::GivenUp);
    assert_eq!(given_up().await.expect("asked"), []);

    let (evicted, ended) = evict(&world.handles, &rules(true), &mut Eviction::default(), Utc::now()).await;
    assert!(evicted == 3 && ended.is_none(), "{evicted} {ended:?}");
    assert_eq!(world.states().await, [SegmentState::Deleted; 3]);
    let spans = given_up().await.expect("asked");
    assert_eq!(
        spans.iter().map(|one| (one.span.to - one.span.from).num_milliseconds()).sum::<i64>(),
        30_000,
        "{spans:?}"
    );
    assert!(!world.handles.spool.path("main/gate/x/segment_000.mp4").expect("a path").exists());
}
