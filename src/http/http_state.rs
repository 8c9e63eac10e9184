//! What the handlers may touch: stores to read from, and the two ways to make something happen (commands, hub).

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::sync::watch;

use super::caller::IdentifyCaller;
use super::completeness_metrics::RecentCompleteness;
use super::player_addresses::PlayerAddresses;
use super::status_page::status_cache::StatusPage;
use crate::actors::health::HealthHandle;
use crate::actors::history::HistoryHandle;
use crate::actors::hub::HubHandle;
use crate::actors::logins::Logins;
use crate::actors::maintenance::MaintenanceKeeper;
use crate::actors::membership::Troubles;
use crate::actors::monitor::FoundSessions;
use crate::actors::notify::Notifications;
use crate::actors::record::SpoolDisk;
use crate::actors::restream::Written;
use crate::actors::supervision::Observation;
use crate::actors::thumbnails::Thumbnails;
use crate::adapters::database::{Condition, Stores};
use crate::adapters::live::SharedLive;
use crate::adapters::objects::SharedObjects;
use crate::adapters::spool::SharedSpool;
use crate::adapters::tls::server_certificate::CurrentCertificate;
use crate::base::Result;
use crate::base::network::{Network, NetworkLabel};
use crate::config::Shown;
use crate::domain::camera::sheet::ImportReport;
use crate::domain::camera::{CameraEdit, CameraStatus};
use crate::domain::change_guard::PlanView;
use crate::domain::encoder::EncoderOrder;
use crate::domain::health_part::HealthPart;
use crate::domain::host::HostReporters;
use crate::domain::probe::ProbeView;
use crate::domain::role::Role;
use crate::domain::run_log::ProgramRun;
use crate::domain::session::SessionProtocol;

/// What HTTP may ask the actors to do. The root answers: it knows who does the job.
#[async_trait]
pub trait Commands: Send + Sync {
    /// Adds a camera. `Invalid` names the field, `Conflict` when the name is taken.
    async fn add_camera(&self, edit: CameraEdit) -> Result<Written>;
    /// Changes the fields present. Also `NotFound`, and what `only_if` says.
    async fn edit_camera(&self, id: i64, edit: CameraEdit, only_if: Condition) -> Result<Written>;
    /// Deletes a camera and ends its restream. `NotFound`, and what `only_if` says.
    async fn delete_camera(&self, id: i64, only_if: Condition) -> Result<()>;
    /// Adds and changes cameras by a CSV file, which are then meant as if each had been named; all of it or, with what is wrong
    /// in the report, nothing. `dry` says what would happen.
    async fn import_cameras(&self, file: Vec<u8>, dry: bool) -> Result<ImportReport>;
    /// Adds a kind of camera, or changes its template. `Invalid`; `Conflict` when stored passwords would go elsewhere.
    async fn put_camera_kind(&self, kind: String, template: String) -> Result<()>;
    /// Deletes a kind. `NotFound`; `Conflict` while cameras are of it.
    async fn delete_camera_kind(&self, kind: String) -> Result<()>;
    /// Ends the camera's ffmpeg and starts it again at once. `NotFound`.
    async fn restart_camera(&self, id: i64) -> Result<CameraStatus>;
    /// What the camera's ffmpeg has said, the newest run first. `NotFound`.
    async fn camera_log(&self, id: i64) -> Result<Vec<ProgramRun>>;
    /// Looks at a camera now and keeps the result. `NotFound`, `Invalid` when its row is wrong, `Unavailable` when too many
    /// are being looked at.
    async fn probe_camera(&self, id: i64) -> Result<ProbeView>;
    /// Looks at a camera that is not saved; what is absent is taken from the row of `id`. Errors as for one that is.
    async fn test_camera(&self, id: Option<i64>, edit: CameraEdit) -> Result<ProbeView>;
    /// What of the cameras table is blocked; with `read` the table is read first.
    async fn camera_plan(&self, read: bool) -> Result<PlanView>;
    /// Carries out the blocked change of this id. `Conflict` when another one, or none, is blocked by now.
    async fn apply_camera_plan(&self, id: String) -> Result<PlanView>;
    /// Who publishes to a path of a server and who reads it, as the process knows that watches the server. `Unavailable` where none
    /// does, `Timeout` when that one does not answer.
    async fn sessions(&self, server: &str, path: &str) -> Result<FoundSessions>;
    /// Ends a session, by the process that reaches its server. `NotFound` when it has ended.
    async fn kick_session(&self, server: &str, protocol: SessionProtocol, id: &str) -> Result<()>;
    /// What a part of the role health has found, as the node of this name knows, which does it for the site. Each as JSON.
    async fn health_found(&self, node: &str, part: HealthPart) -> Result<Vec<Value>>;
    /// Tells an encoder to start or to stop, by the node of this name, which asks the encoders for the site.
    async fn order_encoder(&self, node: &str, name: &str, order: EncoderOrder) -> Result<()>;
    /// Names of managers that run and do not answer within `limit`; empty when all is well. `Unavailable` when the root
    /// itself does not answer.
    async fn unresponsive(&self, limit: Duration) -> Result<Vec<String>>;
    /// The root with every actor below it.
    async fn tree(&self) -> Result<Observation>;
}

/// Everything a handler may touch. Built by `app`, one for all worker threads.
pub struct HttpState {
    /// Name of this process.
    pub node: String,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// The jobs it runs.
    pub roles: Vec<Role>,
    /// What is true now.
    pub live: SharedLive,
    /// Cameras, recordings and incidents, for reading.
    pub stores: Stores,
    /// How complete the recordings of the last day are, for `/metrics`.
    pub completeness: RecentCompleteness,
    /// Which token tells of which host.
    pub host_reporters: Mutex<HostReporters>,
    /// What known addresses are called.
    pub labels: Vec<NetworkLabel>,
    /// What is excused.
    pub maintenance: Arc<MaintenanceKeeper>,
    /// Who is told of incidents.
    pub notifications: Notifications,
    /// The past that is not in the database yet.
    pub history: HistoryHandle,
    /// Until when the past is made up, by `streamwarden demo`.
    pub sample_until: Option<DateTime<Utc>>,
    /// What is wrong with this node or its folders, by `node`, `spool`, `objects`; nothing is looked at for it.
    pub troubles: watch::Receiver<Troubles>,
    /// The first media server of the configuration: object keys without a server are of its streams.
    pub first_server: String,
    /// Where the cameras are, without a password: `sqlite:/var/lib/streamwarden/streamwarden.db`.
    pub database_name: String,
    /// Segments at rest, for reading.
    pub objects: SharedObjects,
    /// Segments that are still here, for reading.
    pub spool: SharedSpool,
    /// What the recorders find of the spool's disk; nothing in a process that does not record.
    pub disk: watch::Receiver<SpoolDisk>,
    /// Where browsers play streams from the media servers themselves.
    pub players: PlayerAddresses,
    /// Small pictures of what is recorded; `None` where they are switched off.
    pub thumbnails: Option<Thumbnails>,
    /// What the role `health` has found.
    pub health: HealthHandle,
    /// The page for viewers.
    pub status_page: StatusPage,
    /// WebSocket fan-out.
    pub hub: HubHandle,
    /// WebSocket sessions that the hub admits, in all and of one address.
    pub websocket_clients: (usize, usize),
    /// The way to change the world.
    pub commands: Arc<dyn Commands>,
    /// Who may log in.
    pub logins: Arc<Logins>,
    /// Tells who sends a request.
    pub callers: Arc<dyn IdentifyCaller>,
    /// The configuration in force, without secrets; may change while we run.
    pub settings: watch::Receiver<Arc<[Shown]>>,
    /// How many log lines were dropped since the start because nobody took them.
    pub dropped_log_lines: fn() -> u64,
    /// Origins besides our own that may use the page, as `https://host[:port]`; may change while we run.
    pub allowed_origins: watch::Receiver<Vec<String>>,
    /// What lasts was read from the database since the start.
    pub incidents_read: watch::Receiver<bool>,
    /// Path below which a proxy keeps us: `/cams`, or empty.
    pub base_path: String,
    /// The certificate that is shown; `None` where HTTP is plain.
    pub certificate: Option<CurrentCertificate>,
    /// Proxies whose word about their clients counts; may change while we run.
    pub trusted_proxies: watch::Receiver<Vec<Network>>,
}

/// Version of this program.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");
