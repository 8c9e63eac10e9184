//! What HTTP may ask of the tree, by message to whoever does the job at this moment.

use std::sync::Arc;
use std::time::Duration;

use actix::Addr;
use async_trait::async_trait;
use chrono::{SecondsFormat, Utc};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::watch;

use super::node_commands::NodeRequest;
use crate::actors::monitor::{FoundSessions, SessionWatch};
use crate::actors::restream::{RestreamHandle, Written, add_row, delete_row, edit_row, import_sheet, write_kind};
use crate::actors::root::Root;
use crate::actors::supervision::{AskUnresponsive, Observation, Observe};
use crate::adapters::database::{CameraStore, Condition};
use crate::adapters::live::{LiveNode, SharedLive};
use crate::base::{Error, ErrorKind, Result};
use crate::domain::camera::sheet::ImportReport;
use crate::domain::camera::{CameraEdit, CameraRow, CameraStatus, Kinds, Reach};
use crate::domain::change_guard::PlanView;
use crate::domain::encoder::EncoderOrder;
use crate::domain::fleet::Planned;
use crate::domain::health_part::HealthPart;
use crate::domain::probe::ProbeView;
use crate::domain::role::Role;
use crate::domain::run_log::ProgramRun;
use crate::domain::session::SessionProtocol;
use crate::http::Commands;

/// The tree takes at most so long to show itself.
const TIMEOUT: Duration = Duration::from_secs(10);

/// [`Commands`] by way of the root, and of the role that relays cameras.
pub struct ToTheTree {
    /// Shows the tree.
    pub root: Addr<Root>,
    /// Takes the commands for cameras, where the role runs.
    pub restream: Option<RestreamHandle>,
    /// Another node relays the cameras: nothing is relayed here.
    pub standby: watch::Receiver<Option<String>>,
    /// Knows the other nodes, and the way to them.
    pub live: SharedLive,
    /// Who publishes and reads at the media servers of this process.
    pub sessions: Arc<SessionWatch>,
    /// The cameras, where the role does not run.
    pub cameras: Arc<dyn CameraStore>,
    /// Name of the media server that cameras are published to.
    pub server: String,
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
        let not_here = "the role restream, which does this, runs neither in this process nor in one that can be reached from here; start \
                        it, or ask the process that has it";
        self.restream.as_ref().ok_or_else(|| Error::new(ErrorKind::Unavailable, not_here))
    }

    /// The role, where it relays in this process.
    fn relaying(&self) -> Option<&RestreamHandle> {
        self.restream.as_ref().filter(|_| self.standby.borrow().is_none())
    }

    /// Has it done by the node that relays the cameras.
    async fn elsewhere<T: DeserializeOwned>(&self, command: NodeRequest) -> Result<T> {
        let (silent, alive) = self.others(|node| node.roles.iter().any(|role| role == Role::Restream.as_str()));
        // One that stands by relays none.
        let Some(node) = alive.into_iter().max_by_key(|node| node.cameras) else {
            let not_here = self.restream().err();
            return Err(match (silent_node(&silent, "which relays the cameras"), not_here) {
                (Some(error), _) | (None, Some(error)) => error,
                (None, None) => Error::unavailable(self.standby.borrow().clone().unwrap_or_default()),
            });
        };
        self.ask(&node, command).await
    }

    /// A row that was written here, as whoever relays the cameras takes it: its secrets stay in the database, which all of them read.
    /// Where nobody can be told the row alone says how the camera is, and whoever relays it reads the table.
    async fn told(&self, row: CameraRow, kinds: &Kinds) -> Written {
        let told = self.elsewhere::<Option<CameraStatus>>(NodeRequest::Written { id: row.id }).await;
        let status = told.ok().flatten();
        let status = status.unwrap_or_else(|| Planned::read(&row, kinds).status(&self.server, Utc::now()));
        Written { row, status }
    }

    /// The other nodes of this kind: those that are silent, and those that are not.
    fn others(&self, wanted: impl Fn(&LiveNode) -> bool) -> (Vec<LiveNode>, Vec<LiveNode>) {
        let others = self.live.nodes().into_iter().filter(|node| !node.is_this && wanted(node));
        others.partition(|node| node.silent_since.is_some())
    }

    /// The other node of this name, which does not have to be heard of yet.
    fn other(&self, name: &str) -> Result<LiveNode> {
        let (silent, _) = self.others(|node| node.name == name);
        match silent_node(&silent, "which does this for the site") {
            Some(error) => Err(error),
            None => Ok(LiveNode { name: name.to_owned(), ..LiveNode::default() }),
        }
    }

    async fn ask<T: DeserializeOwned>(&self, node: &LiveNode, command: NodeRequest) -> Result<T> {
        let json = |error: serde_json::Error| Error::internal(format!("a command between nodes is no JSON: {error}"));
        let limit = command.limit();
        let answer = self.live.command(&node.name, serde_json::to_string(&command).map_err(json)?, limit).await?;
        serde_json::from_str(&answer).map_err(json)
    }

    /// Has it done by the node that polls this server.
    async fn by_poller<T: DeserializeOwned>(&self, server: &str, command: NodeRequest) -> Result<T> {
        let (silent, alive) = self.others(|node| node.polls.iter().any(|one| one == server));
        match alive.first() {
            Some(node) => self.ask(node, command).await,
            None => Err(silent_node(&silent, &format!("which polls the server {server}")).unwrap_or_else(|| {
                Error::unavailable(format!(
                    "no process that can be reached from here watches the server {server}; start it again, or name the server \
                     in the configuration of this one"
                ))
            })),
        }
    }
}

/// Of nodes that are silent, what to say of the one that was heard last.
fn silent_node(silent: &[LiveNode], what: &str) -> Option<Error> {
    let silent = silent.iter().filter_map(|node| Some((&node.name, node.silent_since?)));
    let (name, since) = silent.max_by_key(|one| one.1)?;
    let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
    Some(Error::unavailable(format!("the node {name}, {what}, has been silent since {since}")))
}

#[async_trait]
impl Commands for ToTheTree {
    async fn add_camera(&self, edit: CameraEdit) -> Result<Written> {
        if let Some(restream) = &self.restream {
            return restream.add_camera(edit).await;
        }
        let reach = self.reach.borrow().clone();
        let (row, kinds, _) = add_row(&*self.cameras, edit, &reach).await?;
        Ok(self.told(row, &kinds).await)
    }

    async fn edit_camera(&self, id: i64, edit: CameraEdit, only_if: Condition) -> Result<Written> {
        if let Some(restream) = &self.restream {
            return restream.edit_camera(id, edit, only_if).await;
        }
        let reach = self.reach.borrow().clone();
        let (row, kinds, _) = edit_row(&*self.cameras, id, edit, only_if, &reach).await?;
        Ok(self.told(row, &kinds).await)
    }

    async fn delete_camera(&self, id: i64, only_if: Condition) -> Result<()> {
        if let Some(restream) = &self.restream {
            return restream.delete_camera(id, only_if).await;
        }
        let deleted = delete_row(&*self.cameras, id, only_if).await;
        let told = || self.elsewhere::<Option<CameraStatus>>(NodeRequest::Written { id });
        match deleted {
            Ok(()) => {
                // What this fails by is told by the nodes; whoever relays reads the table in any case.
                let _ = told().await;
                Ok(())
            }
            // One whose row is gone may go on, because that is blocked: whoever relays it knows.
            Err(error) if error.kind() == ErrorKind::NotFound => told().await.map(drop).map_err(|_| error),
            Err(error) => Err(error),
        }
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
        match self.relaying() {
            Some(restream) => restream.restart_camera(id).await,
            None => self.elsewhere(NodeRequest::Restart { id }).await,
        }
    }

    async fn camera_log(&self, id: i64) -> Result<Vec<ProgramRun>> {
        match self.relaying() {
            Some(restream) => restream.camera_log(id),
            None => self.elsewhere(NodeRequest::Log { id }).await,
        }
    }

    async fn probe_camera(&self, id: i64) -> Result<ProbeView> {
        match self.relaying() {
            Some(restream) => restream.probe_camera(id).await,
            None => self.elsewhere(NodeRequest::Probe { id }).await,
        }
    }

    async fn test_camera(&self, id: Option<i64>, edit: CameraEdit) -> Result<ProbeView> {
        self.restream()?.test_camera(id, edit).await
    }

    async fn camera_plan(&self, read: bool) -> Result<PlanView> {
        match &self.restream {
            Some(restream) => restream.plan(read).await,
            None => self.elsewhere(NodeRequest::Plan { read }).await,
        }
    }

    async fn apply_camera_plan(&self, id: String) -> Result<PlanView> {
        match &self.restream {
            Some(restream) => restream.apply_plan(id).await,
            None => self.elsewhere(NodeRequest::Apply { id }).await,
        }
    }

    async fn health_found(&self, node: &str, part: HealthPart) -> Result<Vec<Value>> {
        self.ask(&self.other(node)?, NodeRequest::Health { part }).await
    }

    async fn order_encoder(&self, node: &str, name: &str, order: EncoderOrder) -> Result<()> {
        let command = NodeRequest::OrderEncoder { name: name.to_owned(), order };
        self.ask(&self.other(node)?, command).await
    }

    async fn sessions(&self, server: &str, path: &str) -> Result<FoundSessions> {
        let elsewhere = NodeRequest::Sessions { server: server.to_owned(), path: path.to_owned() };
        match self.sessions.look(server, path) {
            // Whoever polls it reaches it, perhaps from another network.
            Some(found) if found.fault.is_some() => Ok(self.by_poller(server, elsewhere).await.unwrap_or(found)),
            Some(found) => Ok(found),
            None => self.by_poller(server, elsewhere).await,
        }
    }

    async fn kick_session(&self, server: &str, protocol: SessionProtocol, id: &str) -> Result<()> {
        if self.sessions.reaches(server) {
            return self.sessions.kick(server, protocol, id).await;
        }
        let command = NodeRequest::Kick { server: server.to_owned(), protocol, id: id.to_owned() };
        match self.by_poller(server, command).await {
            // Nobody else can: what this process finds is the answer.
            Err(error) if error.kind() == ErrorKind::Unavailable && self.sessions.watches(server) => {
                self.sessions.kick(server, protocol, id).await
            }
            answer => answer,
        }
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
