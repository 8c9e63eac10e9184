//! A small world behind the routes: a real database, live store, object store and spool in a temporary folder, a real
//! hub. Only the root is played: what it does with a command is tested with the restreams.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::Actor;
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::watch;
use uuid::Uuid;

use crate::actors::health::{HealthHandle, HealthParts};
use crate::actors::hub::{Hub, HubHandle, HubLimits, HubState};
use crate::actors::logins::Logins;
use crate::actors::maintenance::MaintenanceKeeper;
use crate::actors::monitor::FoundSessions;
use crate::actors::notify::{Notifications, NotifySetup};
use crate::actors::record::SpoolDisk;
use crate::actors::restream::{Written, import_sheet, write_kind};
use crate::actors::supervision::Observation;
use crate::adapters::database::{CameraStore, Condition, Stores, sqlite};
use crate::adapters::live::memory::MemoryLiveStore;
use crate::adapters::live::{Change, SharedLive};
use crate::adapters::objects::directory::Directory;
use crate::adapters::spool::Spool;
use crate::base::{Error, ErrorKind, Result};
use crate::config::{self, Shown, Sources};
use crate::domain::camera::sheet::ImportReport;
use crate::domain::camera::{CameraEdit, CameraRow, CameraStatus, Reach};
use crate::domain::change_guard::{BlockedChangeView, PlanView, WouldStop};
use crate::domain::encoder::EncoderOrder;
use crate::domain::health_part::HealthPart;
use crate::domain::login::LoginTable;
use crate::domain::name::StreamName;
use crate::domain::probe::{FaultKind, ProbeFault, ProbeView};
use crate::domain::recording::{RecordingSession, RecordingStatus, Segment};
use crate::domain::role::Role;
use crate::domain::run_log::{Program, ProgramRun};
use crate::domain::sample;
use crate::domain::session::SessionProtocol;
use crate::domain::stream::{ServerStatus, StreamStatus};
use crate::http::{ByLogins, Commands, HttpState, IdentifyCaller};

/// A file in the folder with the names of managers that do not answer.
pub const SILENT: &str = "silent managers";

/// Everything a test needs; the folder goes when it is dropped.
pub struct World {
    pub state: Arc<HttpState>,
    pub folder: TempDir,
    /// Whether the database has told what lasts.
    pub incidents_read: watch::Sender<bool>,
}

impl World {
    /// An empty world with a hub.
    pub async fn new() -> Self {
        Self::with(HubLimits::default()).await
    }

    /// An empty world whose hub has these bounds.
    pub async fn with(limits: HubLimits) -> Self {
        Self::built(limits, None).await
    }

    /// An empty world where this one knows the callers.
    pub async fn with_callers(callers: Arc<dyn IdentifyCaller>) -> Self {
        Self::built(HubLimits::default(), Some(callers)).await
    }

    async fn built(limits: HubLimits, callers: Option<Arc<dyn IdentifyCaller>>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let live: SharedLive = Arc::new(MemoryLiveStore::new(Duration::from_secs(3600)));
        let hub = HubHandle::default();
        Hub::new(live.clone(), hub.clone(), limits).start();
        let database = sqlite::open(folder.path().join("test.db")).await.expect("a database").for_node("here");
        let stores = Stores::of(database);
        let cameras = stores.cameras.clone();
        let (configured, incidents_read) = (watch::channel(LoginTable::default()).1, watch::Sender::new(true));
        let logins = Logins::open(stores.logins.clone(), configured, false, folder.path().to_owned());
        let logins = logins.await.expect("a folder to write to");
        let callers = callers.unwrap_or_else(|| Arc::new(ByLogins(Arc::clone(&logins))));
        let state = HttpState {
            node: "test".to_owned(),
            started_at: Utc::now(),
            roles: vec![Role::Monitor, Role::Restream, Role::Record],
            completeness: Default::default(),
            host_reporters: Mutex::default(),
            labels: Vec::new(),
            maintenance: MaintenanceKeeper::new(stores.maintenance.clone(), live.clone(), Default::default()),
            notifications: Notifications::new(
                NotifySetup::from_settings(&config::load(&Sources::default()).expect("defaults"))
                    .expect("nobody")
                    .into(),
                stores.notifications.clone(),
            ),
            live,
            stores,
            history: Default::default(),
            sample_until: None,
            thumbnails: None,
            players: crate::http::PlayerAddresses::of(&[]),
            troubles: tokio::sync::watch::channel(Default::default()).1,
            incidents_read: incidents_read.subscribe(),
            first_server: "main".to_owned(),
            database_name: "sqlite:test.db".to_owned(),
            objects: Arc::new(Directory::open(folder.path().join("objects")).expect("an object store")),
            spool: Arc::new(Spool::open(folder.path().join("spool")).expect("a spool")),
            disk: tokio::sync::watch::channel(SpoolDisk { free: Some(1_500_000_000), obstacle: None }).1,
            hub,
            status_page: Default::default(),
            health: HealthHandle::of(&HealthParts::default()),
            websocket_clients: (200, 50),
            commands: Arc::new(PlayedRoot(cameras, folder.path().join(SILENT))),
            logins,
            callers,
            settings: watch::channel(shown().into()).1,
            dropped_log_lines: || 3,
            allowed_origins: watch::channel(vec!["https://cams.example.org".to_owned()]).1,
            base_path: String::new(),
            certificate: None,
            trusted_proxies: watch::channel(vec!["127.0.0.0/8".parse().expect("a network")]).1,
        };
        let world = Self { state: Arc::new(state), folder, incidents_read };
        world.reaches(|hub| hub.seq > 0).await;
        world
    }

    /// A world whose past before this time is made up; before anybody has asked it for something.
    pub fn with_sample_until(mut self, until: DateTime<Utc>) -> Self {
        Arc::get_mut(&mut self.state).expect("nobody else has it yet").sample_until = Some(until);
        self
    }

    /// A world with a page for viewers; before anybody has asked it for something.
    pub fn with_status_page(mut self, toml: &str) -> Self {
        let file = self.folder.path().join("page.toml");
        std::fs::write(&file, format!("[http.status_page]\nenabled = true\n{toml}")).expect("a file");
        let settings = config::load(&Sources { file: Some(file), ..Sources::default() }).expect(toml);
        let page = crate::http::StatusPage::of(&settings.http.status_page);
        Arc::get_mut(&mut self.state).expect("nobody else has it yet").status_page = page;
        self
    }

    /// Waits until the hub says so of itself.
    pub async fn reaches(&self, wanted: impl Fn(HubState) -> bool) {
        let reached = async {
            while !self.state.hub.look().await.is_some_and(&wanted) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), reached).await.expect("the hub gets there");
    }

    /// Publishes changes.
    pub async fn publish(&self, changes: Vec<Change>) {
        self.live().publish(changes).await.expect("the live store takes changes");
    }

    pub fn live(&self) -> &SharedLive {
        &self.state.live
    }

    /// A session of `stream` with one segment of these bytes, in the spool.
    pub async fn record(&self, stream: &str, started_at: DateTime<Utc>, bytes: &[u8]) -> Segment {
        let session = RecordingSession { id: Uuid::now_v7(), started_at, ..sample::session(stream) };
        self.state.stores.recordings.open_session(session.clone()).await.expect("a session");
        self.add_segment(&session, 0, started_at, bytes).await
    }

    /// A further segment of a session.
    pub async fn add_segment(
        &self,
        session: &RecordingSession,
        number: u32,
        started_at: DateTime<Utc>,
        bytes: &[u8],
    ) -> Segment {
        let spool_path = format!("main/{}/{}/segment_{number:03}.mp4", session.stream.folder(), session.id);
        let file = self.state.spool.path(&spool_path).expect("a good path");
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("the spool takes folders");
        std::fs::write(&file, bytes).expect("the spool takes files");
        let segment = Segment {
            started_at,
            duration_ms: 10_000,
            media_ms: None,
            media_start_ms: None,
            bytes: bytes.len() as u64,
            frames: 250,
            init_bytes: 4,
            media_bytes: (bytes.len() as u64).saturating_sub(4),
            spool_path,
            ..sample::segment(session, number)
        };
        self.state.stores.recordings.put_segment(segment.clone()).await.expect("the catalogue takes segments");
        segment
    }
}

/// A key of the configuration.
fn shown() -> Vec<Shown> {
    let (key, origin) = ("http.listen".to_owned(), "default".to_owned());
    vec![Shown { key, value: Some("\"127.0.0.1:8080\"".to_owned()), origin }]
}

pub fn name(text: &str) -> StreamName {
    StreamName::parse(text).expect(text)
}

/// 2027-01-15T08:00:00Z and so many seconds.
pub fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a valid time") + TimeDelta::seconds(second)
}

pub fn stream(server: &str, path: &str) -> StreamStatus {
    StreamStatus {
        since: at(0),
        source_type: Some("rtspSession".into()),
        source_id: Some("9b76fc96-dbdc-4fa6-8dae-ab11910c5a84".into()),
        bytes_received: 1_000,
        bytes_sent: 10,
        readers: 2,
        bitrate: Some(4_000_000),
        ..sample::stream(server, path)
    }
}

pub fn camera(id: i64, name: &str) -> CameraStatus {
    CameraStatus {
        kind: "hikvision".to_owned(),
        host: Some("10.0.0.9".to_owned()),
        since: at(0),
        restarts: 3,
        ..sample::camera(id, name)
    }
}

pub fn recording(server: &str, path: &str) -> RecordingStatus {
    RecordingStatus { since: at(0), segments: 7, ..sample::recording(server, path) }
}

pub fn server(name: &str) -> ServerStatus {
    ServerStatus { since: at(0), version: Some("v1.20.1".to_owned()), last_poll: Some(at(0)), ..sample::server(name) }
}

/// Does to the database what the restreams do, without the restreaming.
struct PlayedRoot(Arc<dyn CameraStore>, PathBuf);

#[async_trait]
impl Commands for PlayedRoot {
    async fn add_camera(&self, edit: CameraEdit) -> Result<Written> {
        if edit.name.is_none() {
            return Err(Error::invalid("name", "a camera needs a name"));
        }
        Ok(written(self.0.add_camera(edit).await?))
    }

    async fn edit_camera(&self, id: i64, edit: CameraEdit, only_if: Condition) -> Result<Written> {
        Ok(written(self.0.edit_camera_if(id, edit, only_if).await?))
    }

    async fn delete_camera(&self, id: i64, only_if: Condition) -> Result<()> {
        self.0.delete_camera_if(id, only_if).await
    }

    async fn import_cameras(&self, file: Vec<u8>, dry: bool) -> Result<ImportReport> {
        import_sheet(&*self.0, &Reach::default(), &file, dry).await
    }

    async fn put_camera_kind(&self, kind: String, template: String) -> Result<()> {
        write_kind(&*self.0, kind, Some(template)).await
    }

    async fn delete_camera_kind(&self, kind: String) -> Result<()> {
        write_kind(&*self.0, kind, None).await
    }

    async fn restart_camera(&self, id: i64) -> Result<CameraStatus> {
        let row = self.0.camera(id).await?;
        row.map(|row| status(&row)).ok_or_else(|| Error::not_found(format!("there is no camera {id}")))
    }

    async fn camera_log(&self, id: i64) -> Result<Vec<ProgramRun>> {
        self.restart_camera(id).await?;
        let lines = vec!["[rtsp @ 0x5] late".to_owned()];
        let (program, ended_at, ending, fault) = (Program::Ffmpeg, None, None, None);
        Ok(vec![ProgramRun { program, pid: 7, started_at: at(0), ended_at, ending, fault, lines }])
    }

    async fn probe_camera(&self, id: i64) -> Result<ProbeView> {
        let row = self.0.camera(id).await?.ok_or_else(|| Error::not_found(format!("there is no camera {id}")))?;
        self.test_camera(Some(id), CameraEdit::default()).await.map(|view| ProbeView { ok: row.enabled, ..view })
    }

    async fn test_camera(&self, id: Option<i64>, _: CameraEdit) -> Result<ProbeView> {
        let words = format!("played look at {id:?}");
        Ok(ProbeView::new(at(0), 7, Err(ProbeFault::new(FaultKind::Refused, words))))
    }

    async fn camera_plan(&self, _: bool) -> Result<PlanView> {
        let would_stop =
            vec![WouldStop { id: 1, name: "gate".to_owned(), label: None, reason: "its row is gone".to_owned() }];
        let blocked = BlockedChangeView {
            id: "0f".to_owned(),
            since: at(0),
            summary: "one of four".to_owned(),
            running: 4,
            would_stop,
        };
        Ok(PlanView { blocked: Some(blocked), cameras: 4, running: 4 })
    }

    async fn apply_camera_plan(&self, id: String) -> Result<PlanView> {
        match id.as_str() {
            "0f" => Ok(PlanView { blocked: None, cameras: 3, running: 3 }),
            _ => Err(Error::new(ErrorKind::Conflict, "the plan has changed")),
        }
    }

    async fn health_found(&self, node: &str, _: HealthPart) -> Result<Vec<Value>> {
        Err(Error::unavailable(format!("the node {node} does not answer")))
    }

    async fn order_encoder(&self, node: &str, _: &str, _: EncoderOrder) -> Result<()> {
        Err(Error::unavailable(format!("the node {node} does not answer")))
    }

    async fn sessions(&self, server: &str, _: &str) -> Result<FoundSessions> {
        Err(Error::unavailable(format!("nobody watches the server {server}")))
    }

    async fn kick_session(&self, _: &str, _: SessionProtocol, _: &str) -> Result<()> {
        Err(Error::not_found("there is no such session any more; it has ended"))
    }

    async fn unresponsive(&self, _: Duration) -> Result<Vec<String>> {
        Ok(std::fs::read_to_string(&self.1).map_or(Vec::new(), |names| names.lines().map(str::to_owned).collect()))
    }

    async fn tree(&self) -> Result<Observation> {
        let state = serde_json::json!({});
        Ok(Observation { uptime_seconds: 1.0, state, ..Observation::running("root", "root") })
    }
}

fn written(row: CameraRow) -> Written {
    Written { status: status(&row), row }
}

fn status(row: &CameraRow) -> CameraStatus {
    let mut status = camera(row.id, &row.name);
    (status.kind, status.host, status.enabled) = (row.kind.clone(), row.host.clone(), row.enabled);
    status.label = row.shown_label();
    status
}
