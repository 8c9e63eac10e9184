//! This process in the place of the program that does not run, for as long as a command takes: the data folder is locked, the database
//! has admitted it as that node, and spool and object store are those that they should be.

use std::sync::Arc;

use uuid::Uuid;

use super::instance::Instance;
use super::open_stores::{open_stores, refuse_missing};
use super::{earlier_runs, services};
use crate::actors::membership::{self, NodeHandles};
use crate::actors::record::reconcile::ReconcileHandles;
use crate::adapters::database::{NodeFolder, Stores};
use crate::adapters::folder::identity::Identified;
use crate::adapters::spool::Spool;
use crate::base::{Error, Result};
use crate::config::Settings;
use crate::domain::node::NodeClaim;

/// The node of these settings.
pub struct OfflineNode {
    /// What reconciling needs.
    pub handles: ReconcileHandles,
    /// Its database.
    pub stores: Stores,
    run: Uuid,
    // Last: the folder stays locked until the database is left.
    _instance: Instance,
}

impl OfflineNode {
    /// Takes its place. `take_over`: whatever identity the object store has is that of this site from now on.
    ///
    /// # Errors
    /// `NotFound` when there is no database and `take_over` does not make one; `Conflict` when a program runs on the data folder or under the name of this node; `Unavailable` when spool or object store is not
    /// the one that it should be, with the reason.
    pub async fn join(settings: &Settings, take_over: bool) -> Result<Self> {
        if !take_over {
            refuse_missing(settings)?;
        }
        let instance = Instance::lock(&settings.data_dir)?;
        let stores = open_stores(settings).await?;
        let (objects, bucket) = services::object_store(&settings.objects)?;
        let spool = Arc::new(Spool::new(settings.data_dir.join("spool")));
        let run = Uuid::new_v4();
        let claim = NodeClaim {
            name: settings.node.clone(),
            instance: services::instance(&settings.data_dir)?,
            run,
            relays: false,
            records: true,
            starts: true,
            ended: earlier_runs::begin(&settings.data_dir, run),
        };
        let spool_identity: Arc<dyn Identified> = Arc::new(Arc::clone(spool.identity()));
        let mut node = NodeHandles {
            nodes: stores.nodes.clone(),
            recordings: stores.recordings.clone(),
            claim,
            folders: vec![(NodeFolder::Spool, spool_identity)],
            admitted: Arc::default(),
            troubles: Arc::default(),
            standby: Arc::default(),
        };
        if take_over {
            membership::admit(&node).await?;
            stores.nodes.admitted()?;
            let id = bucket.begin_identity().await?;
            stores.nodes.set_folder(NodeFolder::Objects, id).await?;
        }
        node.folders.push((NodeFolder::Objects, bucket));
        membership::admit(&node).await?;
        stores.nodes.admitted()?;
        if let Some((name, why)) = node.troubles.borrow().iter().next() {
            return Err(Error::unavailable(format!("{name}: {why}")));
        }
        let first_server = settings.servers.first().map(|server| server.name.clone()).unwrap_or_default();
        let handles = ReconcileHandles { recordings: stores.recordings.clone(), objects, spool, first_server };
        Ok(Self { handles, stores, run, _instance: instance })
    }

    /// Says that it is gone; without that the next program waits until it counts as silent.
    pub async fn leave(self) {
        if let Err(error) = self.stores.nodes.leave(self.run).await {
            log::debug!("that this command has ended could not be written: {error}");
        }
    }
}
