//! Relays with everything they live with: a database file, a live store, a monitor, a media server, and cameras.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr};
use futures_util::{FutureExt, StreamExt};
use serde_json::Value;
use streamwarden::actors::camera_changes;
use streamwarden::actors::incidents::{Incidents, IncidentsHandle};
use streamwarden::actors::monitor::{Monitor, Watched};
use streamwarden::actors::restream::{self, Machine, RestreamHandle, RestreamSetup};
use streamwarden::actors::root::Root;
use streamwarden::actors::supervision::{Child, Observation, Observe, Restart, Stop};
use streamwarden::adapters::database::{Stores, sqlite};
use streamwarden::adapters::ffmpeg::child::MARK_VARIABLE;
use streamwarden::adapters::ffmpeg::ffmpeg_version;
use streamwarden::adapters::live::memory::MemoryLiveStore;
use streamwarden::adapters::live::{Change, LiveChanges, SharedLive};
use streamwarden::adapters::mediamtx::MediaMtx;
use streamwarden::adapters::mediamtx::rtsp_connection::RtspPlace;
use streamwarden::config::settings::{ApiTrust, ServerSettings};
use streamwarden::demo::demo_server::AnyServer;
use streamwarden::demo::media_server::{MediaServer, Options};
use streamwarden::domain::camera::{CameraState, CameraStatus, Reach};
use streamwarden::domain::start_budget::Rates;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use url::Url;

use crate::support::encrypted::encrypted;
use crate::support::media::program;
pub use crate::support::media::server;
use crate::support::wait;

/// Nothing here takes so long, unless it is broken.
pub const TIMEOUT: Duration = Duration::from_secs(45);
/// No progress for so long is a stall. On a busy machine a source stands still for three seconds without being at fault.
pub const STALL: Duration = Duration::from_secs(6);

/// The relays and their world.
pub struct Harness {
    /// Where the cameras are published to; taken away by tests that stop it.
    pub server: Option<AnyServer>,
    pub live: SharedLive,
    pub root: Addr<Root>,
    /// Takes the commands that API and CLI give.
    pub restream: RestreamHandle,
    mark: String,
    told: LiveChanges,
    /// Cameras as far as `told` was read.
    seen: BTreeMap<String, CameraStatus>,
    /// Told, and not looked at yet.
    unread: VecDeque<Change>,
    pub folder: TempDir,
}

impl Harness {
    pub async fn open() -> Self {
        Self::with(Options::default()).await
    }

    /// A harness whose media server is started with these options; `publish` is what we log in with.
    pub async fn with(options: Options) -> Self {
        Self::with_live(options, Arc::new(MemoryLiveStore::new(Duration::from_secs(600)))).await
    }

    /// The same on this live store.
    pub async fn with_live(options: Options, live: SharedLive) -> Self {
        let server = server(&options).await;
        let place = (server.rtsp_url(), ApiTrust::Machine);
        Self::of(server, place, options, live, |stores| stores).await
    }

    /// A harness whose role has the database by way of `wrap`.
    pub async fn with_stores(wrap: impl FnOnce(Stores) -> Stores) -> Self {
        let (options, live) = (Options::default(), MemoryLiveStore::new(Duration::from_secs(600)));
        let server = server(&options).await;
        let place = (server.rtsp_url(), ApiTrust::Machine);
        Self::of(server, place, options, Arc::new(live), wrap).await
    }

    /// Cameras are published over TLS, with the certificate in this folder.
    pub async fn over_tls(certificate: &Path, trust: ApiTrust) -> (Self, AbortOnDropHandle<()>) {
        let (options, live) = (Options::default(), MemoryLiveStore::new(Duration::from_secs(600)));
        let server = server(&options).await;
        let (address, serving) = encrypted(certificate, &server.rtsp_url()).await;
        let url = format!("rtsps://{address}").parse().expect("a URL");
        (Self::of(server, (url, trust), options, Arc::new(live), |stores| stores).await, serving)
    }

    /// The same by a real server that speaks TLS itself, and nothing else.
    pub async fn over_own_tls(certificate: &Path, trust: ApiTrust) -> Self {
        let options = Options { rtsps: Some(certificate.to_owned()), ..Options::default() };
        let live = MemoryLiveStore::new(Duration::from_secs(600));
        let server = server(&options).await;
        let url = server.rtsp_url();
        Self::of(server, (url, trust), options, Arc::new(live), |stores| stores).await
    }

    async fn of(
        server: AnyServer,
        (rtsp_url, rtsp_trust): (Url, ApiTrust),
        options: Options,
        live: SharedLive,
        wrap: impl FnOnce(Stores) -> Stores,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let database = sqlite::open(folder.path().join("streamwarden.db")).await.expect("a database").for_node("here");
        let told = live.subscribe().await.expect("subscribed");
        let mark = folder.path().to_string_lossy().into_owned();
        let settings = ServerSettings {
            name: "main".into(),
            api_url: server.api_url(),
            rtsp_url,
            hls_url: None,
            webrtc_url: None,
            api_username: None,
            api_password: None,
            api_trust: ApiTrust::Machine,
            rtsp_trust,
            publish_username: None,
            publish_password: None,
        };
        let client = Arc::new(MediaMtx::new(&settings).expect("a client"));
        let (api, place) = (Arc::clone(&client), RtspPlace::of(&settings));
        let watched = Watched { name: settings.name, client, rtsp_url: server.rtsp_url(), readers_gone: false };
        let handle = IncidentsHandle::default();
        let (seen, told_of_server) = (Arc::clone(&live), handle.clone());
        let monitor = Child::new("monitor", Restart::Always, move || {
            Monitor::new(vec![watched.clone()], Arc::clone(&seen), Duration::from_millis(250), told_of_server.clone())
        });
        let setup = RestreamSetup {
            server: "main".into(),
            monitored: true,
            probed_by_monitor: true,
            place,
            login: options.publish.map(|login| (login.username, Some(login.password))),
            api,
            runner: Arc::new(Machine),
            ffmpeg: program("ffmpeg"),
            ffprobe: program("ffprobe"),
            version: ffmpeg_version::look(&program("ffmpeg"), &mark).await.expect("ffmpeg"),
            mark: mark.clone(),
            // Changes must act without it.
            refresh: Duration::from_secs(3600),
            stall_timeout: STALL,
            probe_timeout: Duration::from_secs(4),
            max_probes: 2,
            rates: Rates { fleet: 20.0, host: 20.0 },
            max_stop_fraction: 0.5,
            last_known: folder.path().join("cameras.last.json"),
            reach: Reach::default(),
        };

        let (told_to, kept_in, changed) = (handle.clone(), database.clone(), database.clone());
        let incidents =
            Child::new("incidents", Restart::Always, move || Incidents::new(kept_in.clone(), handle.clone()));
        let nobody_else = watch::channel(None).1;
        let (restreams, restream) =
            restream::role(Arc::new(setup), wrap(database.into()), Arc::clone(&live), told_to, nobody_else);
        let children = vec![camera_changes::child(changed), incidents, restreams, monitor];
        let root = Root::new(children, CancellationToken::new().drop_guard()).start();
        Self {
            server: Some(server),
            live,
            root,
            restream,
            mark,
            told,
            seen: BTreeMap::new(),
            unread: VecDeque::new(),
            folder,
        }
    }

    /// Runs SQL as somebody with the `sqlite3` shell does.
    pub fn sql(&self, sql: &str) {
        let file = rusqlite::Connection::open(self.folder.path().join("streamwarden.db")).expect("the file");
        file.busy_timeout(Duration::from_secs(5)).expect("a limit");
        file.execute_batch(sql).expect(sql);
    }

    /// Holds the database against every other writer until `COMMIT`.
    pub fn lock(&self) -> rusqlite::Connection {
        let file = rusqlite::Connection::open(self.folder.path().join("streamwarden.db")).expect("the file");
        file.busy_timeout(Duration::from_secs(10)).expect("a limit");
        file.execute_batch("BEGIN EXCLUSIVE").expect("the lock");
        file
    }

    /// The first column of what a query finds.
    pub fn ask(&self, sql: &str) -> Vec<String> {
        let file = rusqlite::Connection::open(self.folder.path().join("streamwarden.db")).expect("the file");
        let mut query = file.prepare(sql).expect(sql);
        let rows = query.query_map([], |row| row.get(0)).expect(sql);
        rows.collect::<Result<_, _>>().expect("text")
    }

    /// Waits until a camera is as wanted (`None` = no such camera), be it for a moment: every change from now on is looked
    /// at.
    pub async fn camera(&mut self, name: &str, wanted: impl Fn(Option<&CameraStatus>) -> bool) -> Option<CameraStatus> {
        while let Some(Some(changes)) = self.told.next().now_or_never() {
            self.unread.extend(changes.iter().cloned());
        }
        // Several may come at once: those behind the one that ended the last wait are still unread.
        for change in std::mem::take(&mut self.unread) {
            self.note(&change);
        }
        let found = timeout(TIMEOUT, async {
            while !wanted(self.seen.get(name)) {
                match self.unread.pop_front() {
                    Some(change) => self.note(&change),
                    None => self.unread.extend(self.told.next().await.expect("the store keeps up").iter().cloned()),
                }
            }
        });
        assert!(found.await.is_ok(), "{name} never became as wanted: {:?}", self.seen.get(name));
        self.seen.get(name).cloned()
    }

    fn note(&mut self, change: &Change) {
        match change {
            Change::Camera(camera) => _ = self.seen.insert(camera.name.clone(), camera.clone()),
            Change::CameraGone { id } => self.seen.retain(|_, camera| camera.id != *id),
            _ => {}
        }
    }

    /// Waits for a camera's state.
    pub async fn state(&mut self, name: &str, state: CameraState) -> CameraStatus {
        self.camera(name, |camera| camera.is_some_and(|camera| camera.state == state)).await.expect("a camera")
    }

    /// Waits until a camera is not shown any more.
    pub async fn gone(&mut self, name: &str) {
        self.camera(name, |camera| camera.is_none()).await;
    }

    /// The role and the relays as the tree shows them.
    pub async fn restreams_seen(&self) -> Observation {
        let view = self.root.send(Observe).await.expect("an answer");
        view.children.into_iter().find(|child| child.name == "restreams").expect("the role")
    }

    /// What the actor tree says of a relay.
    pub async fn relay(&self, name: &str) -> Option<Value> {
        let seen = self.restreams_seen().await;
        let relays = seen.find(&["relays"])?.children.clone();
        relays.into_iter().map(|child| child.state).find(|state| state["camera"] == name)
    }

    /// Process id of a camera's ffmpeg.
    pub async fn pid(&self, name: &str) -> u32 {
        let relay = self.relay(name).await.expect("a relay");
        u32::try_from(relay["pid"].as_u64().expect("an ffmpeg")).expect("a pid")
    }

    /// Every living process of this harness.
    pub fn processes(&self) -> Vec<u32> {
        marked(&self.mark)
    }

    pub async fn stop(mut self) {
        let report = self.root.send(Stop::within(Duration::from_secs(10))).await.expect("an answer");
        assert!(report.late.is_empty(), "{report:?}");
        assert_eq!(self.processes(), Vec::<u32>::new(), "processes are left");
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
    }
}

/// Every living process that carries this mark.
pub fn marked(mark: &str) -> Vec<u32> {
    let wanted = format!("{MARK_VARIABLE}={mark}:");
    let entries = std::fs::read_dir("/proc").expect("/proc").flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|entry| entry.starts_with(wanted.as_bytes()))
    })
    .collect()
}

/// A source of streams: a media server of its own with an ffmpeg that publishes to it.
pub struct Source {
    server: MediaServer,
    publisher: std::process::Child,
}

impl Source {
    /// 160x90 at 10 frames/s, H.264 and AAC, on the paths `a` and `b`.
    pub async fn start() -> Self {
        let server = MediaServer::start(Options::default()).expect("a source");
        let url = |path: &str| server.rtsp_url().join(path).expect("a url").to_string();
        let encode = "-nostdin -loglevel error -re -f lavfi -i testsrc2=size=160x90:rate=10 -re -f lavfi -i sine=frequency=440 \
            -c:v libx264 -preset ultrafast -tune zerolatency -g 10 -pix_fmt yuv420p -c:a aac -ar 44100 -map 0 -map 1 -flags +global_header -f tee";
        let both = format!("[f=rtsp:rtsp_transport=tcp]{}|[f=rtsp:rtsp_transport=tcp]{}", url("a"), url("b"));
        let mut command = Command::new("ffmpeg");
        command.args(encode.split_whitespace()).arg(both).stdin(Stdio::null());
        let source = Self { publisher: command.spawn().expect("ffmpeg"), server };
        source.ready(2).await;
        source
    }

    /// Waits until so many paths are there.
    async fn ready(&self, paths: usize) {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let list = self.server.api_url().join("/v3/paths/list").expect("a route");
        wait::until("the source publishes", TIMEOUT, || async {
            let text = http.get(list.clone()).send().await.expect("an answer").text().await.expect("a body");
            let listed: Value = serde_json::from_str(&text).expect("JSON");
            let items = listed["items"].as_array().into_iter().flatten();
            if items.filter(|path| path["ready"] == true).count() == paths { Ok(()) } else { Err(text) }
        })
        .await;
    }

    /// Publishes `a` under another path as well, until the child is ended.
    pub async fn publish_also(&self, path: &str) -> std::process::Child {
        let mut command = Command::new("ffmpeg");
        command.args(["-nostdin", "-loglevel", "error", "-rtsp_transport", "tcp", "-i", self.url("a").as_str()]);
        command.args(["-c", "copy", "-an", "-f", "rtsp", "-rtsp_transport", "tcp", self.url(path).as_str()]);
        let child = command.stdin(Stdio::null()).spawn().expect("ffmpeg");
        self.ready(3).await;
        child
    }

    pub fn url(&self, path: &str) -> Url {
        self.server.rtsp_url().join(path).expect("a url")
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        let _ = self.publisher.kill();
        let _ = self.publisher.wait();
    }
}
