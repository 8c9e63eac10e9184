//! A site with its own table of cameras: cameras come from there and are read only, everything else is kept in a database
//! of our own (in `data_dir`), so that nothing is created in the site's.
//!
//! Nobody tells us of changes there: they are seen with the next regular reading of the cameras.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;
use uuid::Uuid;

use super::postgres::SiteTable;
use super::{CameraStore, Condition, DatabaseHealth, Joined, ListenProgress, NodeFolder, NodeStore, Stores, WritePlan};
use crate::base::error::ErrorKind;
use crate::base::{Error, Result};
use crate::domain::camera::{CameraEdit, CameraRow, check_kind_change, check_unused};
use crate::domain::node::{Node, NodeClaim};

/// Cameras of the site, everything else of ours.
pub struct WithSite {
    /// Where cameras come from.
    pub cameras: SiteTable,
    /// Kinds, recordings, incidents, looks.
    pub own: Stores,
}

impl WithSite {
    /// The stores of a program with such cameras.
    pub fn stores(self) -> Stores {
        let (own, site) = (self.own.clone(), Arc::new(self));
        Stores { cameras: site.clone(), nodes: site.clone(), health: site, ..own }
    }
}

fn read_only() -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "cameras come from the site's own table (database.cameras_query) and are only read here; change them there",
    )
}

/// In our own database, and where the cameras are: nodes that read one site's cameras with a database each meet there.
#[async_trait]
impl NodeStore for WithSite {
    async fn join(&self, claim: NodeClaim) -> Result<Joined> {
        let joined = self.own.nodes.join(claim.clone()).await?;
        if claim.relays {
            self.cameras.hold(&claim).await?;
        }
        Ok(joined)
    }

    async fn leave(&self, run: Uuid) -> Result<()> {
        self.cameras.release().await;
        self.own.nodes.leave(run).await
    }

    async fn nodes(&self) -> Result<Vec<Node>> {
        self.own.nodes.nodes().await
    }

    fn admitted(&self) -> Result<()> {
        self.own.nodes.admitted()
    }

    async fn set_folder(&self, folder: NodeFolder, id: Uuid) -> Result<()> {
        self.own.nodes.set_folder(folder, id).await
    }

    async fn ownerless(&self) -> Result<Option<Vec<String>>> {
        self.own.nodes.ownerless().await
    }

    async fn adopt(&self) -> Result<()> {
        self.own.nodes.adopt().await
    }
}

#[async_trait]
impl CameraStore for WithSite {
    async fn cameras(&self) -> Result<Vec<CameraRow>> {
        self.cameras.cameras().await
    }

    async fn camera(&self, id: i64) -> Result<Option<CameraRow>> {
        Ok(self.cameras.cameras().await?.into_iter().find(|row| row.id == id))
    }

    async fn camera_kinds(&self) -> Result<Vec<(String, String)>> {
        self.own.cameras.camera_kinds().await
    }

    async fn put_camera_kind(&self, kind: String, url_template: String) -> Result<()> {
        let rows = self.cameras.cameras().await?;
        let kinds = self.own.cameras.camera_kinds().await?.into_iter().collect();
        check_kind_change(&kinds, &kind, &url_template, &rows)?;
        self.own.cameras.put_camera_kind(kind, url_template).await
    }

    async fn delete_camera_kind(&self, kind: &str) -> Result<()> {
        check_unused(kind, &self.cameras.cameras().await?)?;
        self.own.cameras.delete_camera_kind(kind).await
    }

    async fn add_camera(&self, _: CameraEdit) -> Result<CameraRow> {
        Err(read_only())
    }

    async fn edit_camera_if(&self, _: i64, _: CameraEdit, _: Condition) -> Result<CameraRow> {
        Err(read_only())
    }

    async fn write_cameras(&self, _: WritePlan) -> Result<()> {
        Err(read_only())
    }

    async fn delete_camera_if(&self, _: i64, _: Condition) -> Result<()> {
        Err(read_only())
    }

    /// Of the kinds only.
    fn camera_changes(&self) -> watch::Receiver<u64> {
        self.own.cameras.camera_changes()
    }

    async fn listen(&self, progress: ListenProgress) -> Result<()> {
        self.own.cameras.listen(progress).await
    }
}

#[async_trait]
impl DatabaseHealth for WithSite {
    async fn ping(&self) -> Result<String> {
        let (cameras, own) = (self.cameras.ping().await?, self.own.health.ping().await?);
        // Our own table of cameras is there and not used.
        let place = own.split_once(", cameras:").map_or(own.as_str(), |(own, _)| own);
        let latency = own.find("; slow:").map_or("", |at| &own[at..]);
        Ok(format!("{cameras}; everything else in {place}{latency}"))
    }
}
