//! Rows that are given back late: another worker may have them by then.

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use futures_util::poll;
use tempfile::TempDir;
use tokio::sync::watch;
use uuid::Uuid;

use super::UploadHandles;
use super::retries::SharedRetries;
use super::worker::{claim, give_back};
use crate::adapters::database::{RecordingStore, Skip, sqlite};
use crate::adapters::objects::directory::Directory;
use crate::adapters::spool::Spool;
use crate::domain::recording::{RecordingSession, Segment, SegmentState};
use crate::domain::sample;

struct World {
    handles: UploadHandles,
    shared: SharedRetries,
    segment: Uuid,
    _folder: TempDir,
}

impl World {
    /// One sealed segment, and nobody has claimed it.
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let database = sqlite::open(folder.path().join("test.db")).await.expect("a database").for_node("here");
        let recordings: Arc<dyn RecordingStore> = database.clone();
        let session =
            RecordingSession { started_at: "2026-03-01T12:00:00Z".parse().expect("a time"), ..sample::session("gate") };
        recordings.open_session(session.clone()).await.expect("opened");
        let segment = Segment {
            id: Uuid::now_v7(),
            session: session.id,
            server: session.server,
            stream: session.stream,
            number: 0,
            state: SegmentState::Sealed,
            started_at: session.started_at,
            duration_ms: 1000,
            media_ms: None,
            media_start_ms: None,
            bytes: 5,
            frames: 1,
            init_bytes: 1,
            media_bytes: 4,
            spool_path: "main/gate/x/segment_000.mp4".into(),
            object_key: "gate/x/segment_000.mp4".into(),
            reason: None,
            tracks: None,
        };
        recordings.put_segment(segment.clone()).await.expect("put");
        let handles = UploadHandles {
            recordings,
            retention: database,
            objects: Arc::new(Directory::open(folder.path().join("objects")).expect("a store")),
            spool: Arc::new(Spool::open(folder.path().join("spool")).expect("a spool")),
            sealed: watch::channel(0).1,
            disk: watch::channel(Default::default()).1,
            incidents: Default::default(),
        };
        Self { handles, shared: SharedRetries::new(), segment: segment.id, _folder: folder }
    }

    async fn claim(&self, worker: usize) {
        let claimed = claim(worker, &self.handles, &self.shared, Skip::default()).await.expect("the catalogue works");
        assert_eq!(claimed.map(|segment| segment.id), Some(self.segment), "worker {worker} has it");
    }

    async fn state(&self) -> SegmentState {
        let segment = self.handles.recordings.segment(self.segment).await.expect("the catalogue works");
        segment.expect("a row").state
    }

    fn claimed_by(&self) -> Option<usize> {
        self.shared.claims().get(&self.segment).copied()
    }
}

#[tokio::test]
async fn a_row_that_another_worker_uploads_by_now_is_not_given_back_again() {
    let world = World::new().await;
    world.claim(0).await;
    // The upload failed, and its row went back; the answer to that came too late to be heard.
    let (from, to) = (vec![SegmentState::Uploading], SegmentState::Sealed);
    assert!(world.handles.recordings.move_segment(world.segment, from, to, None).await.expect("the catalogue works"));
    world.claim(1).await;
    give_back(0, &world.handles, &world.shared).await.expect("nothing is owed any more");
    assert_eq!((world.state().await, world.claimed_by()), (SegmentState::Uploading, Some(1)));
    give_back(1, &world.handles, &world.shared).await.expect("given back");
    assert_eq!((world.state().await, world.claimed_by()), (SegmentState::Sealed, None));
}

#[tokio::test]
async fn an_answer_that_comes_after_the_next_claim_takes_nothing_from_it() {
    let world = World::new().await;
    world.claim(0).await;
    let mut late = pin!(give_back(0, &world.handles, &world.shared));
    // The catalogue has the order, and as a rule nobody has heard its answer yet.
    let answer = poll!(&mut late);
    world.claim(1).await;
    match answer {
        Poll::Pending => late.await.expect("given back"),
        Poll::Ready(given) => given.expect("given back"),
    }
    assert_eq!((world.state().await, world.claimed_by()), (SegmentState::Uploading, Some(1)));
    give_back(1, &world.handles, &world.shared).await.expect("given back");
    assert_eq!(world.state().await, SegmentState::Sealed, "a worker that failed can still give it back");
}

#[tokio::test]
async fn what_is_recorded_now_does_not_wait_for_the_backlog() {
    let world = World::new().await;
    let first = world.handles.recordings.segment(world.segment).await.expect("read").expect("there");
    for number in 1..9 {
        let at = first.started_at + chrono::TimeDelta::seconds(i64::from(number));
        let segment = Segment { id: Uuid::now_v7(), number, started_at: at, ..first.clone() };
        world.handles.recordings.put_segment(segment).await.expect("put");
    }
    let mut order = Vec::new();
    while let Some(claimed) =
        claim(0, &world.handles, &world.shared, Skip::default()).await.expect("the catalogue works")
    {
        order.push(claimed.number);
        // It is stored: nothing is given back.
        world.shared.claims().clear();
    }
    // One stream: it has its turn in every other round of its kind.
    assert_eq!(order[..4], [0, 1, 8, 2]);
    order.sort_unstable();
    assert_eq!(order, (0..9).collect::<Vec<_>>(), "and nothing is left out");
}
