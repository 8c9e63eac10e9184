//! Recorders and uploads over one media server, watched by a real monitor; sources whose every frame is known.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use actix::{Actor, Addr};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use streamwarden::actors::incidents::IncidentsHandle;
use streamwarden::actors::monitor::{Monitor, Watched};
use streamwarden::actors::record::{self, RecordHandles, SpoolDisk};
use streamwarden::actors::root::Root;
use streamwarden::actors::supervision::testkit::{Provoke, ProvokedFault};
use streamwarden::actors::supervision::{Observation, Observe, Setting, Stop};
use streamwarden::actors::upload::{UploadHandles, UploadRules, Uploads};
use streamwarden::adapters::database::sqlite::{self, Sqlite};
use streamwarden::adapters::database::{RecordingStore, SegmentQuery};
use streamwarden::adapters::ffmpeg::ffmpeg_version;
use streamwarden::adapters::live::SharedLive;
use streamwarden::adapters::live::memory::MemoryLiveStore;
use streamwarden::adapters::mediamtx::MediaMtx;
use streamwarden::adapters::objects::directory::Directory;
use streamwarden::adapters::spool::Spool;
use streamwarden::adapters::spool::mp4::check;
use streamwarden::config::settings::{ApiTrust, RecordSettings, ServerSettings};
use streamwarden::demo::demo_server::AnyServer;
use streamwarden::demo::media_server::Options;
use streamwarden::domain::recording::{RecordingState, RecordingStatus, Segment, SegmentState};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

use crate::support::media::{self, program};
use crate::support::wait::true_within;

/// Nothing here takes so long, unless it is broken.
const TIMEOUT: Duration = Duration::from_secs(90);
/// Cuts come at the next keyframe; sources have one every second.
pub const SEGMENT: Duration = Duration::from_secs(2);

/// Everything around the recorders. What is in the folder outlives the actors, as it does a process.
pub struct Harness {
    pub media: AnyServer,
    pub live: SharedLive,
    pub database: Arc<Sqlite>,
    pub spool: Arc<Spool>,
    pub objects: Arc<Directory>,
    pub folder: TempDir,
    pub settings: RecordSettings,
    pub rules: UploadRules,
    /// User name and password for reading.
    pub login: Option<(String, String)>,
    /// Where streams are read in place of the server's own port, and whose certificate it may show.
    pub secure: Option<(Url, ApiTrust)>,
    /// Recorders cannot ask the server's API, though its monitor can.
    pub api_is_away: bool,
    monitor: Option<Addr<Monitor>>,
    sealed: Arc<watch::Sender<u64>>,
    pub incidents: IncidentsHandle,
    pub disk: Arc<watch::Sender<SpoolDisk>>,
    /// Seconds that the recorders' wall clock is ahead.
    ahead: Arc<AtomicI64>,
    /// Changes the recorders' settings.
    setting_sender: Option<watch::Sender<RecordSettings>>,
    /// The root over their manager.
    recorders: Option<Addr<Root>>,
    uploads: Option<Addr<Uploads>>,
}

impl Harness {
    /// A server with a monitor, an empty database, spool and object store. No recorder runs yet.
    pub async fn set() -> Self {
        Self::set_with(Arc::new(MemoryLiveStore::new(Duration::from_secs(600)))).await
    }

    /// The same on this live store.
    pub async fn set_with(live: SharedLive) -> Self {
        Self::set_on(live, &Options::default()).await
    }

    /// The same, and the server has these options.
    pub async fn set_on(live: SharedLive, options: &Options) -> Self {
        Self::set_polled(live, options, Duration::from_millis(500)).await
    }

    /// The same, and its monitor asks it so often.
    async fn set_polled(live: SharedLive, options: &Options, poll: Duration) -> Self {
        let media = media::server(options).await;
        let folder = tempfile::tempdir().expect("a folder");
        let client = Arc::new(MediaMtx::new(&server(&media)).expect("a client"));
        let watched = Watched { name: "main".into(), client, rtsp_url: media.rtsp_url(), readers_gone: false };
        let monitor = Monitor::new(vec![watched], Arc::clone(&live), poll, IncidentsHandle::default()).start();
        Self {
            database: sqlite::open(folder.path().join("test.db")).await.expect("a database").for_node("here"),
            spool: Arc::new(Spool::open(folder.path().join("spool")).expect("a spool")),
            objects: Arc::new(Directory::open(folder.path().join("objects")).expect("an object store")),
            settings: RecordSettings {
                segment_duration: SEGMENT,
                output_format: "mp4".into(),
                max_concurrent: 10,
                include: vec!["*".into()],
                exclude: Vec::new(),
                on_demand: false,
                keep_local: Duration::from_secs(3600),
                evict_before_upload: false,
                min_free: 0,
                thumbnails: false,
            },
            rules: UploadRules {
                max_rate: None,
                evict_before_upload: false,
                window: None,
                workers: 2,
                keep_local: Duration::from_secs(3600),
                min_free: 0,
                retention: Default::default(),
            },
            login: None,
            secure: None,
            api_is_away: false,
            monitor: Some(monitor),
            sealed: Arc::new(watch::Sender::new(0)),
            incidents: IncidentsHandle::default(),
            disk: Arc::default(),
            ahead: Arc::default(),
            setting_sender: None,
            recorders: None,
            uploads: None,
            media,
            live,
            folder,
        }
    }

    /// A harness on which recording goes on.
    pub async fn recording() -> Self {
        Self::set().await.started().await
    }

    /// The same with the polls of the program: each two seconds.
    pub async fn recording_at_its_polls() -> Self {
        let live = Arc::new(MemoryLiveStore::new(Duration::from_secs(600)));
        Self::set_polled(live, &Options::default(), Duration::from_secs(2)).await.started().await
    }

    /// With recorders and upload workers.
    pub async fn started(mut self) -> Self {
        self.record().await;
        self.upload();
        self
    }

    /// Starts the recorders.
    pub async fn record(&mut self) {
        let ahead = self.ahead.clone();
        let handles = RecordHandles {
            live: self.live.clone(),
            recordings: self.database.clone(),
            spool: self.spool.clone(),
            ffmpeg: program("ffmpeg"),
            version: ffmpeg_version::look(&program("ffmpeg"), "it").await.expect("ffmpeg is installed"),
            unreadable: Arc::default(),
            mark: self.folder.path().display().to_string(),
            sealed: self.sealed.clone(),
            incidents: self.incidents.clone(),
            disk: self.disk.clone(),
            clock: Arc::new(move || Utc::now() + TimeDelta::seconds(ahead.load(Ordering::Relaxed))),
        };
        let mut server = server(&self.media);
        if let Some((user, password)) = &self.login {
            server.publish_username = Some(user.clone());
            server.publish_password = Some(password.clone().into());
        }
        if let Some((url, trust)) = self.secure.clone() {
            (server.rtsp_url, server.rtsp_trust) = (url, trust);
        }
        if self.api_is_away {
            server.api_url = "http://127.0.0.1:9".parse().expect("an address");
        }
        let (setting_sender, settings) = Setting::adjustable(self.settings.clone());
        self.setting_sender = Some(setting_sender);
        let manager = record::role(settings, vec![server], handles).expect("a server");
        self.recorders = Some(Root::new(vec![manager], CancellationToken::new().drop_guard()).start());
    }

    /// From now on the recorders have these settings.
    pub fn adjust(&self, settings: RecordSettings) {
        self.setting_sender.as_ref().expect("recorders run").send_replace(settings);
    }

    /// Starts the uploads.
    pub fn upload(&mut self) {
        let handles = UploadHandles {
            recordings: self.database.clone(),
            retention: self.database.clone(),
            objects: self.objects.clone(),
            spool: self.spool.clone(),
            sealed: self.sealed.subscribe(),
            disk: self.disk.subscribe(),
            incidents: Default::default(),
        };
        self.uploads = Some(Uploads::new(self.rules.clone(), handles).start());
    }

    /// From now on the recorders believe that it is this time.
    pub fn set_clock(&self, now: DateTime<Utc>) {
        self.ahead.store((now - Utc::now()).num_seconds(), Ordering::Relaxed);
    }

    /// Lets something happen to the recorders' manager, or to the recorder of that name.
    pub async fn provoke(&self, path: &str, fault: ProvokedFault) {
        let root = self.recorders.as_ref().expect("recorders run");
        assert!(root.send(Provoke::at(path, fault)).await.expect("the root lives"), "there is no {path}");
    }

    pub fn uploads(&self) -> &Addr<Uploads> {
        self.uploads.as_ref().expect("uploads run")
    }

    /// The recorders' part of the tree.
    pub async fn recorder(&self, child: &str) -> Option<Observation> {
        self.managed().await.children.into_iter().find(|found| found.name == child)
    }

    /// Pid of a stream's recording ffmpeg.
    pub async fn pid(&self, child: &str) -> Option<u32> {
        let state = self.recorder(child).await?.state;
        state["pid"].as_u64().map(|pid| u32::try_from(pid).expect("a pid"))
    }

    /// State of the manager.
    pub async fn manager(&self) -> Value {
        self.managed().await.state
    }

    /// The manager with all below it.
    pub async fn managed(&self) -> Observation {
        let root = self.recorders.as_ref().expect("recorders run");
        root.send(Observe).await.expect("the root lives").children.remove(0)
    }

    /// What everybody is told about a stream's recording.
    pub async fn status(&self, stream: &str) -> Option<RecordingStatus> {
        let latest = self.live.latest().await.expect("the store lives");
        latest.recordings.into_iter().find(|status| status.name.as_str() == stream)
    }

    /// All segments, in order.
    pub async fn segments(&self) -> Vec<Segment> {
        let query = SegmentQuery { limit: 1000, ..SegmentQuery::default() };
        self.database.segments(query).await.expect("the catalogue answers")
    }

    pub async fn segments_in(&self, states: &[SegmentState]) -> Vec<Segment> {
        let mut all = self.segments().await;
        all.retain(|segment| states.contains(&segment.state));
        all
    }

    /// Waits until so many segments are in the store.
    pub async fn uploaded(&self, count: usize) -> Vec<Segment> {
        eventually(&format!("{count} uploaded segments"), async || {
            let found = self.segments_in(&[SegmentState::Uploaded]).await;
            (found.len() >= count).then_some(found)
        })
        .await
    }

    /// Waits until a stream is recorded.
    pub async fn records(&self, stream: &str) -> RecordingStatus {
        self.status_where(stream, |status| status.state == RecordingState::Recording).await
    }

    pub async fn status_where(&self, stream: &str, wanted: impl Fn(&RecordingStatus) -> bool) -> RecordingStatus {
        eventually(&format!("{stream} to be recorded as wanted"), async || {
            self.status(stream).await.filter(|status| wanted(status))
        })
        .await
    }

    /// Waits until nobody records a stream, and everything it left has been settled and uploaded.
    pub async fn settled(&self, stream: &str) -> Vec<Segment> {
        eventually(&format!("{stream} to be settled"), async || {
            let all = self.segments().await;
            let open = self.database.open_sessions().await.expect("the catalogue answers");
            let is_settled = |segment: &Segment| matches!(segment.state, SegmentState::Uploaded | SegmentState::Lost);
            let settled = self.status(stream).await.is_none() && open.is_empty() && all.iter().all(is_settled);
            (settled && !all.is_empty()).then_some(all)
        })
        .await
    }

    /// Waits until a session is over and each of its segments uploaded, or lost; returns the uploaded ones.
    pub async fn finished(&self, session: Uuid) -> Vec<Segment> {
        eventually("a session to be finished", async || {
            let row = self.database.session(session).await.expect("the catalogue answers").expect("a row");
            let mut all = self.segments().await;
            all.retain(|segment| segment.session == session);
            let is_settled = |segment: &Segment| matches!(segment.state, SegmentState::Uploaded | SegmentState::Lost);
            let is_done = row.ended_at.is_some() && all.iter().all(is_settled);
            all.retain(|segment| segment.state == SegmentState::Uploaded);
            is_done.then_some(all)
        })
        .await
    }

    /// Waits until the file that is being written has a whole fragment, which a crash must not lose.
    pub async fn has_fragment(&self) {
        eventually("a fragment in the open file", async || {
            let open = self.segments_in(&[SegmentState::Writing]).await;
            let path = self.spool.path(&open.first()?.spool_path).expect("a path");
            let mut file = std::fs::File::open(path).ok()?;
            (check(&mut file).expect("readable").fragments > 0).then_some(())
        })
        .await;
    }

    /// Where an object lies.
    pub fn object(&self, segment: &Segment) -> PathBuf {
        self.folder.path().join("objects").join(&segment.object_key)
    }

    /// From now on the live store keeps what the last poll told.
    pub async fn stop_polls(&mut self) {
        if let Some(monitor) = self.monitor.take() {
            let _ = monitor.send(Stop::within(Duration::from_secs(5))).await.expect("an answer");
        }
    }

    /// Stops the actors in order; nobody may be late.
    pub async fn stop_actors(&mut self) {
        let stop = Stop::within(Duration::from_secs(8));
        if let Some(recorders) = self.recorders.take() {
            assert_eq!(recorders.send(stop).await.expect("an answer").late, Vec::<String>::new());
        }
        if let Some(uploads) = self.uploads.take() {
            assert_eq!(uploads.send(stop).await.expect("an answer").late, Vec::<String>::new());
        }
    }

    /// Stops everything; no ffmpeg of ours may be left.
    pub async fn end(self) {
        self.end_after(|| ()).await;
    }

    /// The same, with something to be done before the folder goes.
    pub async fn end_after(mut self, last: impl FnOnce()) {
        self.stop_actors().await;
        last();
        self.stop_polls().await;
        let mark = self.folder.path().display().to_string();
        assert_eq!(marked(&mark), 0, "a recorder's ffmpeg was left behind");
        self.media.stop().await;
    }
}

fn server(media: &AnyServer) -> ServerSettings {
    ServerSettings {
        name: "main".into(),
        api_url: media.api_url(),
        rtsp_url: media.rtsp_url(),
        hls_url: None,
        webrtc_url: None,
        api_username: None,
        api_password: None,
        api_trust: ApiTrust::Machine,
        rtsp_trust: ApiTrust::Machine,
        publish_username: None,
        publish_password: None,
    }
}

/// Processes that carry our mark.
fn marked(mark: &str) -> usize {
    let needle = format!("STREAMWARDEN_MARK={mark}:");
    let processes = std::fs::read_dir("/proc").expect("/proc").flatten();
    let environment = |process: std::fs::DirEntry| std::fs::read(process.path().join("environ")).unwrap_or_default();
    processes.map(environment).filter(|text| String::from_utf8_lossy(text).contains(&needle)).count()
}

/// Waits for something that has to happen.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let mut found = None;
    let looked = async || {
        found = look().await;
        found.is_some()
    };
    true_within(what, TIMEOUT, looked).await;
    found.expect("found")
}
