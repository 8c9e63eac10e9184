//! Stored and unstored segments of one node or of several, and an object store in which a test lets things happen.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;
use tokio::sync::{Mutex, watch};
use uuid::Uuid;

use super::UploadHandles;
use crate::adapters::database::sqlite::{self, Sqlite};
use crate::adapters::database::{RecordingStore, RetentionStore, SegmentQuery};
use crate::adapters::objects::directory::Directory;
use crate::adapters::objects::{ByteStream, ObjectPage, ObjectStore, StoredObject};
use crate::adapters::spool::Spool;
use crate::base::{Error, Result};
use crate::domain::object_metadata::ObjectMetadata;
use crate::domain::recording::{RecordingSession, Segment, SegmentState};
use crate::domain::retention::RecordingLock;
use crate::domain::sample;
use crate::domain::spool_space::SpoolDisk;

/// A folder, and what happens in it.
pub(super) struct EventfulStore {
    folder: Directory,
    retention: Arc<dyn RetentionStore>,
    /// Somebody locks everything while the next object is being removed.
    pub(super) locks: AtomicBool,
    /// It does not answer.
    pub(super) is_away: AtomicBool,
    /// Whoever holds this keeps removals from answering, though their objects are gone.
    pub(super) removing: Mutex<()>,
    /// Objects that were removed.
    pub(super) removed: watch::Sender<usize>,
}

impl EventfulStore {
    fn answers(&self) -> Result<()> {
        match self.is_away.load(Ordering::SeqCst) {
            true => Err(Error::unavailable("the object store is away")),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl ObjectStore for EventfulStore {
    async fn remove(&self, key: &str) -> Result<bool> {
        self.answers()?;
        if self.locks.swap(false, Ordering::SeqCst) {
            self.retention.add_lock(lock_of_all()).await?;
        }
        let removed = self.folder.remove(key).await;
        self.removed.send_modify(|count| *count += 1);
        let _alone = self.removing.lock().await;
        removed
    }
    async fn put_with(&self, key: &str, file: &Path, metadata: &ObjectMetadata) -> Result<StoredObject> {
        self.answers()?;
        self.folder.put_with(key, file, metadata).await
    }
    async fn metadata(&self, key: &str) -> Result<Option<ObjectMetadata>> {
        self.answers()?;
        self.folder.metadata(key).await
    }
    async fn list(&self, after: Option<&str>, limit: usize) -> Result<ObjectPage> {
        self.answers()?;
        self.folder.list(after, limit).await
    }
    async fn size(&self, key: &str) -> Result<Option<u64>> {
        self.answers()?;
        self.folder.size(key).await
    }
    async fn sizes(&self, keys: &[String]) -> Result<Vec<Result<Option<u64>>>> {
        self.answers()?;
        self.folder.sizes(keys).await
    }
    async fn stream(&self, key: &str, offset: u64, length: u64) -> Result<ByteStream> {
        self.answers()?;
        self.folder.stream(key, offset, length).await
    }
    async fn check(&self) -> Result<()> {
        self.answers()?;
        self.folder.check().await
    }
    async fn free(&self) -> Result<Option<u64>> {
        self.folder.free().await
    }
    async fn device(&self) -> Result<Option<u64>> {
        self.folder.device().await
    }
    async fn ping(&self) -> Result<String> {
        self.answers()?;
        self.folder.ping().await
    }
}

/// Everything of the stream `gate`, for ever.
pub(super) fn lock_of_all() -> RecordingLock {
    let (from, to) = (DateTime::UNIX_EPOCH, Utc::now() + TimeDelta::days(10));
    RecordingLock {
        id: Uuid::now_v7(),
        stream: "gate".to_owned(),
        from,
        to,
        reason: "case 7".to_owned(),
        set_by: "ann".to_owned(),
        set_at: from,
    }
}

pub(super) struct UploadWorld {
    pub(super) handles: UploadHandles,
    /// What the recorders find of the spool's disk.
    pub(super) disk: watch::Sender<SpoolDisk>,
    pub(super) objects: Arc<EventfulStore>,
    /// Start of the first segment.
    pub(super) begin: DateTime<Utc>,
    database: Arc<Sqlite>,
    session: RecordingSession,
    folder: Arc<TempDir>,
}

impl UploadWorld {
    /// Three segments of ten seconds and five bytes in this state, with their files where it says they are; the newest ended this minute.
    pub(super) async fn new(state: SegmentState) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a folder"));
        let database = sqlite::open(folder.path().join("test.db")).await.expect("a database").for_node("here");
        let objects = EventfulStore {
            folder: Directory::open(folder.path().join("objects")).expect("a store"),
            retention: database.clone(),
            locks: AtomicBool::default(),
            is_away: AtomicBool::default(),
            removing: Mutex::default(),
            removed: watch::Sender::default(),
        };
        Self::of("here", (database, Arc::new(objects), folder), Utc::now() - TimeDelta::seconds(30), state).await
    }

    /// The same of another node with a spool of its own, on the same database and object store; the first begins then.
    pub(super) async fn beside(&self, node: &str, begin: DateTime<Utc>, state: SegmentState) -> Self {
        let shared = (self.database.for_node(node), Arc::clone(&self.objects), Arc::clone(&self.folder));
        Self::of(node, shared, begin, state).await
    }

    async fn of(
        node: &str,
        (database, objects, folder): (Arc<Sqlite>, Arc<EventfulStore>, Arc<TempDir>),
        begin: DateTime<Utc>,
        state: SegmentState,
    ) -> Self {
        let session = RecordingSession { started_at: begin, ..sample::session("gate") };
        database.open_session(session.clone()).await.expect("opened");
        let disk = watch::Sender::default();
        let handles = UploadHandles {
            recordings: database.clone(),
            retention: database.clone(),
            objects: objects.clone(),
            spool: Arc::new(Spool::open(folder.path().join("spools").join(node)).expect("a spool")),
            sealed: watch::channel(0).1,
            disk: disk.subscribe(),
            incidents: Default::default(),
        };
        let world = Self { handles, disk, objects, begin, database, session, folder };
        for number in 0..3 {
            world.add(number, begin + TimeDelta::seconds(10 * i64::from(number)), state).await;
        }
        world
    }

    /// One more segment, with its files.
    pub(super) async fn add(&self, number: u32, started_at: DateTime<Utc>, state: SegmentState) -> Segment {
        let segment = Segment {
            id: Uuid::now_v7(),
            state,
            started_at,
            duration_ms: 10_000,
            bytes: 5,
            spool_path: format!("main/gate/x/segment_{number:03}.mp4"),
            object_key: format!("gate/{}/segment_{number:03}.mp4", self.session.id),
            ..sample::segment(&self.session, number)
        };
        let file = self.file(&segment);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        std::fs::write(&file, "bytes").expect("written");
        if matches!(state, SegmentState::Uploaded | SegmentState::Evicted) {
            self.objects.put(&segment.object_key, &file).await.expect("stored");
        }
        if state == SegmentState::Evicted {
            std::fs::remove_file(&file).expect("removed");
        }
        self.handles.recordings.put_segment(segment.clone()).await.expect("put");
        segment
    }

    /// Where its file lies.
    pub(super) fn file(&self, segment: &Segment) -> std::path::PathBuf {
        self.handles.spool.path(&segment.spool_path).expect("a path")
    }

    /// This node's segments, by start.
    pub(super) async fn segments(&self) -> Vec<Segment> {
        let all = SegmentQuery { own: true, limit: 10, ..SegmentQuery::default() };
        self.handles.recordings.segments(all).await.expect("listed")
    }

    pub(super) async fn states(&self) -> Vec<SegmentState> {
        self.segments().await.iter().map(|row| row.state).collect()
    }
}
