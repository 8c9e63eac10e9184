//! What being a node needs from outside.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::watch;

use crate::adapters::database::{NodeFolder, NodeStore, RecordingStore};
use crate::adapters::folder::identity::Identified;
use crate::domain::node::NodeClaim;

/// What is wrong, by `node`, `spool`, `objects`.
pub type Troubles = BTreeMap<&'static str, String>;

/// What being a node needs from outside.
#[derive(Clone)]
pub struct NodeHandles {
    /// Where nodes are known.
    pub nodes: Arc<dyn NodeStore>,
    /// The catalogue, to see whose files a folder holds.
    pub recordings: Arc<dyn RecordingStore>,
    /// Who we are; `starts` until we have been admitted.
    pub claim: NodeClaim,
    /// Folders, or a bucket, whose identity is kept; none without the role record.
    pub folders: Vec<(NodeFolder, Arc<dyn Identified>)>,
    /// This process has been admitted once.
    pub admitted: Arc<AtomicBool>,
    /// What is wrong now, for `/ready`.
    pub troubles: Arc<watch::Sender<Troubles>>,
    /// Why nothing of ours may be relayed: another process relays the same cameras.
    pub standby: Arc<watch::Sender<Option<String>>>,
}
