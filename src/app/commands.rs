//! What HTTP may ask of the tree, by message to whoever does the job at this moment.

use std::time::Duration;

use actix::dev::ToEnvelope;
use actix::{Addr, Context, Handler, Message};
use async_trait::async_trait;
use serde_json::Value;

use super::plan::RESTREAMS;
use crate::actors::restream::{
    AddCamera, ApplyPlan, DeleteCamera, EditCamera, GetPlan, GetRunLog, ProbeCamera, RestartCamera, Restreams,
    TestCamera, Written,
};
use crate::actors::root::{AskUnresponsive, Find, Root};
use crate::actors::supervision::{Observation, Observe};
use crate::adapters::database::Condition;
use crate::base::{Error, Kind, Result};
use crate::domain::camera::{CameraEdit, CameraStatus};
use crate::domain::change_guard::PlanView;
use crate::domain::probe::ProbeView;
use crate::domain::run_log::Run;
use crate::http::Commands;

/// An answer takes at most so long: the database's own limit and something to spare.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A look at a camera has limits of its own, of 5 minutes at most; this is for the case that they fail.
const PROBE_TIMEOUT: Duration = Duration::from_secs(330);

/// [`Commands`] by way of the root.
pub struct ToTheTree(pub Addr<Root>);

impl ToTheTree {
    /// Sends a command to the manager that runs at this moment.
    async fn restreams<M, T>(&self, command: M) -> Result<T>
    where
        M: Message<Result = Result<T>> + Send + 'static,
        T: Send + 'static,
        Restreams: Handler<M>,
        Context<Restreams>: ToEnvelope<Restreams, M>,
    {
        self.restreams_within(TIMEOUT, command).await
    }

    /// As [`Self::restreams`], for what takes its time.
    async fn restreams_within<M, T>(&self, limit: Duration, command: M) -> Result<T>
    where
        M: Message<Result = Result<T>> + Send + 'static,
        T: Send + 'static,
        Restreams: Handler<M>,
        Context<Restreams>: ToEnvelope<Restreams, M>,
    {
        let not_here = "cameras cannot be changed here now: the role restream is not running in this process";
        let manager = self.0.send(Find::<Restreams>::manager(RESTREAMS)).await.ok().flatten();
        let manager = manager.ok_or_else(|| Error::new(Kind::Unavailable, not_here))?;
        match tokio::time::timeout(limit, manager.send(command)).await {
            Ok(Ok(answer)) => answer,
            // It was rebuilt while it had the command; whether it was carried out shows in the list.
            Ok(Err(_)) => {
                Err(Error::unavailable("the camera manager is starting anew; look at the list and try again"))
            }
            Err(_) => Err(Error::new(Kind::Timeout, "the camera manager did not answer in time; look at the list")),
        }
    }
}

#[async_trait]
impl Commands for ToTheTree {
    async fn add_camera(&self, edit: CameraEdit) -> Result<Written> {
        self.restreams(AddCamera(edit)).await
    }

    async fn edit_camera(&self, id: i64, edit: CameraEdit, only_if: Condition) -> Result<Written> {
        self.restreams(EditCamera { id, edit, only_if }).await
    }

    async fn delete_camera(&self, id: i64, only_if: Condition) -> Result<()> {
        self.restreams(DeleteCamera { id, only_if }).await
    }

    async fn restart_camera(&self, id: i64) -> Result<CameraStatus> {
        self.restreams(RestartCamera(id)).await
    }

    async fn camera_log(&self, id: i64) -> Result<Vec<Run>> {
        self.restreams(GetRunLog(id)).await
    }

    async fn probe_camera(&self, id: i64) -> Result<ProbeView> {
        self.restreams_within(PROBE_TIMEOUT, ProbeCamera(id)).await
    }

    async fn test_camera(&self, id: Option<i64>, edit: CameraEdit) -> Result<ProbeView> {
        self.restreams_within(PROBE_TIMEOUT, TestCamera { id, edit }).await
    }

    async fn camera_plan(&self, read: bool) -> Result<PlanView> {
        self.restreams(GetPlan { read }).await
    }

    async fn apply_camera_plan(&self, id: String) -> Result<PlanView> {
        self.restreams(ApplyPlan(id)).await
    }

    async fn unresponsive(&self, limit: Duration) -> Result<Vec<String>> {
        let asked = tokio::time::timeout(limit * 2, self.0.send(AskUnresponsive { timeout: limit })).await;
        asked.ok().and_then(std::result::Result::ok).ok_or_else(|| {
            Error::unavailable("the root of the actor tree does not answer; restart the program if that stays so")
        })
    }

    async fn tree(&self) -> Result<Observation> {
        let view = tokio::time::timeout(TIMEOUT, self.0.send(Observe)).await;
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
