//! What HTTP may ask of the tree, by message to whoever does the job at this moment.

use std::sync::Arc;
use std::time::Duration;

use actix::Addr;
use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::watch;

use crate::actors::restream::{RestreamHandle, Written, import_sheet, write_kind};
use crate::actors::root::Root;
use crate::actors::supervision::{AskUnresponsive, Observation, Observe};
use crate::adapters::database::{CameraStore, Condition};
use crate::base::{Error, ErrorKind, Result};
use crate::domain::camera::sheet::ImportReport;
use crate::domain::camera::{CameraEdit, CameraStatus, Reach};
use crate::domain::change_guard::PlanView;
use crate::domain::probe::ProbeView;
use crate::domain::run_log::ProgramRun;
use crate::http::Commands;

/// The tree takes at most so long to show itself.
const TIMEOUT: Duration = Duration::from_secs(10);

/// [`Commands`] by way of the root, and of the role that relays cameras.
pub struct ToTheTree {
    /// Shows the tree.
    pub root: Addr<Root>,
    /// Takes the commands for cameras, where the role runs.
    pub restream: Option<RestreamHandle>,
    /// The cameras, where the role does not run.
    pub cameras: Arc<dyn CameraStore>,
    /// Which addresses cameras may have; may change while we run.
    pub reach: watch::Receiver<Reach>,
}

impl ToTheTree {
    /// Where nobody relays cameras, nobody has to be told: whoever does elsewhere reads the table.
    async fn write_kind(&self, kind: String, template: Option<String>) -> Result<()> {
        match &self.restream {
            Some(restream) => restream.write_kind(kind, template).await,
            None => write_kind(&*self.cameras, kind, template).await,
        }
    }

    fn restream(&self) -> Result<&RestreamHandle> {
        let not_here = "cameras cannot be changed here now: the role restream is not running in this process";
        self.restream.as_ref().ok_or_else(|| Error::new(ErrorKind::Unavailable, not_here))
    }
}

#[async_trait]
impl Commands for ToTheTree {
    async fn add_camera(&self, edit: CameraEdit) -> Result<Written> {
        self.restream()?.add_camera(edit).await
    }

    async fn edit_camera(&self, id: i64, edit: CameraEdit, only_if: Condition) -> Result<Written> {
        self.restream()?.edit_camera(id, edit, only_if).await
    }

    async fn delete_camera(&self, id: i64, only_if: Condition) -> Result<()> {
        self.restream()?.delete_camera(id, only_if).await
    }

    async fn import_cameras(&self, file: Vec<u8>, dry: bool) -> Result<ImportReport> {
        match &self.restream {
            Some(restream) => restream.import_cameras(file, dry).await,
            None => {
                let reach = self.reach.borrow().clone();
                import_sheet(&*self.cameras, &reach, &file, dry).await
            }
        }
    }

    async fn put_camera_kind(&self, kind: String, template: String) -> Result<()> {
        self.write_kind(kind, Some(template)).await
    }

    async fn delete_camera_kind(&self, kind: String) -> Result<()> {
        self.write_kind(kind, None).await
    }

    async fn restart_camera(&self, id: i64) -> Result<CameraStatus> {
        self.restream()?.restart_camera(id).await
    }

    async fn camera_log(&self, id: i64) -> Result<Vec<ProgramRun>> {
        self.restream()?.camera_log(id)
    }

    async fn probe_camera(&self, id: i64) -> Result<ProbeView> {
        self.restream()?.probe_camera(id).await
    }

    async fn test_camera(&self, id: Option<i64>, edit: CameraEdit) -> Result<ProbeView> {
        self.restream()?.test_camera(id, edit).await
    }

    async fn camera_plan(&self, read: bool) -> Result<PlanView> {
        self.restream()?.plan(read).await
    }

    async fn apply_camera_plan(&self, id: String) -> Result<PlanView> {
        self.restream()?.apply_plan(id).await
    }

    async fn unresponsive(&self, limit: Duration) -> Result<Vec<String>> {
        let asked =
            tokio::time::timeout(limit * 2, self.root.send(AskUnresponsive { timeout: limit, all: true })).await;
        asked.ok().and_then(std::result::Result::ok).ok_or_else(|| {
            Error::unavailable("the root of the actor tree does not answer; restart the program if that stays so")
        })
    }

    async fn tree(&self) -> Result<Observation> {
        let view = tokio::time::timeout(TIMEOUT, self.root.send(Observe)).await;
        let view = view.ok().and_then(std::result::Result::ok);
        let view = view.ok_or_else(|| Error::unavailable("the root of the actor tree does not answer"))?;
        let uptime_seconds = view.state.get("uptimeSeconds").and_then(Value::as_f64).unwrap_or_default();
        Ok(Observation {
            uptime_seconds,
            state: view.state,
            children: view.children,
            ..Observation::running("root", "root")
        })
    }
}
