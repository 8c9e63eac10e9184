//! A node with its database file and its folders, over several starts.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;
use uuid::Uuid;

use super::{NodeHandles, admit, join, node_folders};
use crate::adapters::database::sqlite::{self, Sqlite};
use crate::adapters::database::{Database, NodeFolder, NodeStore, RecordingStore};
use crate::adapters::folder::identity::Identified;
use crate::adapters::objects::ObjectStore;
use crate::adapters::objects::directory::Directory;
use crate::adapters::spool::Spool;
use crate::domain::node::NodeClaim;
use crate::domain::recording::{RecordingSession, Segment, SegmentState};
use crate::domain::sample;

/// One process; the folder outlives it.
struct StartedNode {
    database: Arc<Sqlite>,
    spool: Spool,
    objects: Directory,
    handles: NodeHandles,
}

struct Site(TempDir);

impl Site {
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    async fn start(&self) -> StartedNode {
        let database = sqlite::open(self.path("test.db")).await.expect("a database");
        let (spool, objects) = (Spool::new(self.path("spool")), Directory::new(self.path("objects")));
        let folders: Vec<(NodeFolder, Arc<dyn Identified>)> = vec![
            (NodeFolder::Spool, Arc::new(Arc::clone(spool.identity()))),
            (NodeFolder::Objects, Arc::new(Arc::clone(objects.identity()))),
        ];
        let before = database.nodes().await.expect("listed");
        let claim = NodeClaim {
            name: "here".to_owned(),
            instance: Uuid::from_u128(1),
            run: Uuid::new_v4(),
            relays: true,
            records: true,
            starts: true,
            ended: before.iter().map(|node| node.run).collect(),
        };
        let handles = NodeHandles {
            nodes: database.clone(),
            recordings: database.clone(),
            claim,
            folders,
            admitted: Arc::default(),
            troubles: Arc::default(),
            standby: Arc::default(),
        };
        admit(&handles).await.expect("admitted");
        StartedNode { database, spool, objects, handles }
    }
}

impl StartedNode {
    /// What is wrong, by folder.
    async fn faults(&self) -> Vec<(NodeFolder, String)> {
        let joined = join(&self.handles).await.expect("admitted");
        node_folders::settle_all(&self.handles, &joined)
            .await
            .into_iter()
            .filter_map(|(which, result)| Some((which, result.err()?.to_string())))
            .collect()
    }
}

fn site() -> Site {
    Site(tempfile::tempdir().expect("a folder"))
}

async fn segment(database: &dyn Database, state: SegmentState) -> Segment {
    let session =
        RecordingSession { started_at: "2026-03-01T12:00:00Z".parse().expect("a time"), ..sample::session("cam") };
    database.open_session(session.clone()).await.expect("opened");
    let segment = Segment { state, ..sample::segment(&session, 0) };
    database.put_segment(segment.clone()).await.expect("put");
    segment
}

#[tokio::test]
async fn a_folder_without_its_disk_stops_what_works_in_it_until_the_disk_is_back() {
    let site = site();
    let first = site.start().await;
    assert_eq!(first.faults().await, [], "a first start makes its folders");
    first.spool.probe().expect("usable");
    first.objects.ping().await.expect("usable");
    for name in ["spool", "objects"] {
        fs::rename(site.path(name), site.path(&format!("{name}.away"))).expect("unmounted");
        fs::create_dir(site.path(name)).expect("the mount point");
    }
    let next = site.start().await;
    let faults = next.faults().await;
    assert_eq!(faults.iter().map(|(which, _)| *which).collect::<Vec<_>>(), [NodeFolder::Spool, NodeFolder::Objects]);
    assert!(
        faults.iter().all(|(_, why)| why.contains("mount the disk") && why.contains("accept-folder")),
        "{faults:?}"
    );
    assert!(next.spool.scan().is_err() && next.spool.size("main/x").is_err() && next.spool.probe().is_err());
    assert!(next.objects.check().await.is_err() && next.objects.size("x").await.is_err());
    for name in ["spool", "objects"] {
        assert_eq!(fs::read_dir(site.path(name)).expect("there").count(), 0, "nothing is written beneath {name}");
        fs::remove_dir(site.path(name)).expect("empty");
        fs::rename(site.path(&format!("{name}.away")), site.path(name)).expect("mounted");
    }
    assert_eq!(next.faults().await, []);
    next.spool.probe().expect("usable again");
    // Another node's disk.
    let other = Spool::open(site.path("other")).expect("made");
    drop(other);
    fs::rename(site.path("spool"), site.path("spool.away"))
        .and_then(|()| fs::rename(site.path("other"), site.path("spool")))
        .expect("swapped");
    let faults = next.faults().await;
    assert!(faults.len() == 1 && faults[0].1.contains("another spool"), "{faults:?}");
}

#[tokio::test]
async fn recordings_of_an_earlier_version_are_adopted_with_their_spool_only() {
    let site = site();
    let earlier = sqlite::open(site.path("test.db")).await.expect("a database").for_node("");
    let row = segment(&*earlier, SegmentState::Sealed).await;
    // The first start of this version without the disk, whose mount point is there.
    fs::create_dir(site.path("spool")).expect("the mount point");
    let node = site.start().await;
    let faults = node.faults().await;
    assert!(faults.len() == 1 && faults[0].1.contains("is empty; mount the disk"), "{faults:?}");
    assert!(node.spool.probe().is_err() && node.database.open_sessions().await.expect("asked").is_empty());
    // The disk as that version left it.
    let file = site.path("spool").join(&row.spool_path);
    fs::create_dir_all(file.parent().expect("a folder")).and_then(|()| fs::write(&file, "12345")).expect("mounted");
    assert_eq!(node.faults().await, []);
    assert_eq!(node.spool.size(&row.spool_path).expect("asked"), Some(5));
    assert_eq!(node.database.open_sessions().await.expect("listed").len(), 1, "adopted");
}

#[tokio::test]
async fn an_object_folder_of_an_earlier_version_is_known_by_what_is_in_it() {
    let site = site();
    let earlier = sqlite::open(site.path("test.db")).await.expect("a database").for_node("");
    segment(&*earlier, SegmentState::Evicted).await;
    let node = site.start().await;
    let faults = node.faults().await;
    assert!(faults.len() == 1 && faults[0].0 == NodeFolder::Objects, "{faults:?}");
    assert!(!site.path("objects").exists(), "it is not made");
    fs::create_dir_all(site.path("objects/cam")).expect("mounted");
    assert_eq!(node.faults().await, []);
    node.objects.ping().await.expect("usable");
}
