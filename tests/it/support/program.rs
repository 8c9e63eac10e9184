//! The real program, running in a room of its own: what people and systemd do with it, and what is left afterwards.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::Value;
use streamwarden::demo::demo_server::AnyServer;

use super::api::Api;
use super::media;
use super::processes::{self, Job, Process, marked};
use super::room::Room;
use super::wait::{eventually, timed};

/// Children of a killed program have gone by then.
pub const GONE_WITHIN: Duration = Duration::from_secs(2);

/// What differs from one test to the next.
#[derive(Clone, Debug)]
pub struct Config {
    pub api_url: String,
    pub rtsp_url: String,
    /// Lines of the section `[[servers]]`, for logins.
    pub server: String,
    pub segment_duration: &'static str,
    pub stall_timeout: &'static str,
    /// Lines of the section `[restream]`.
    pub restream: String,
    /// Whole sections.
    pub more: String,
    /// Variables.
    pub environment: Vec<(String, String)>,
}

impl Config {
    /// A program on this media server, quicker than by default.
    pub fn on(media: &AnyServer) -> Self {
        Self {
            api_url: media.api_url().to_string(),
            rtsp_url: media.rtsp_url().to_string(),
            server: String::new(),
            segment_duration: "2s",
            // As by default: on a machine that is busy with other tests a relay that is well may bring nothing for some seconds.
            stall_timeout: "10s",
            restream: String::new(),
            more: String::new(),
            environment: Vec::new(),
        }
    }

    /// With these variables, and no others.
    pub fn in_environment(self, variables: &[(&str, &str)]) -> Self {
        let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { environment, ..self }
    }

    /// One process of a site of several, with the database, the Redis and the variables of all of them.
    pub fn of_site(self, redis: &str, database: &str, node: &str, roles: &str, more: &[(&str, &str)]) -> Self {
        let own = [
            ("STREAMWARDEN_DATABASE__URL", database),
            ("STREAMWARDEN_LIVE__REDIS_URL", redis),
            ("STREAMWARDEN_NODE", node),
            ("STREAMWARDEN_ROLES", roles),
        ];
        self.in_environment(&[&own, more].concat())
    }

    /// The configuration file of a program that keeps its data there.
    pub fn toml(&self, data_dir: &str) -> String {
        let Self { api_url, rtsp_url, server, segment_duration, stall_timeout, restream, more, environment: _ } = self;
        format!(
            "data_dir = \"{data_dir}\"\n[http]\nlisten = \"127.0.0.1:0\"\n\
             [[servers]]\napi_url = \"{api_url}\"\nrtsp_url = \"{rtsp_url}\"\n{server}\n\
             [monitor]\ninterval = \"500ms\"\n\
             [restream]\nstall_timeout = \"{stall_timeout}\"\nstart_rate_per_host = 20\n{restream}\n\
             [record]\nsegment_duration = \"{segment_duration}\"\nmin_free = \"10M\"\n{more}\n"
        )
    }
}

/// A running program. Dropped, it is killed, and the test fails when a process or a temporary file of it is left.
pub struct Program {
    room: Room,
    environment: Vec<(String, String)>,
    child: Child,
    /// How it ended.
    ended: Option<ExitStatus>,
    /// Its API.
    pub api: Api,
}

impl Program {
    /// Starts it, and waits until it says where it listens.
    pub async fn start(config: &Config) -> Self {
        Self::start_in(Room::new(), config).await
    }

    /// The same in a room where something has been prepared.
    pub async fn start_in(room: Room, config: &Config) -> Self {
        Self::begin(room, config, None).await
    }

    async fn begin(room: Room, config: &Config, stderr: Option<Stdio>) -> Self {
        room.write("streamwarden.toml", &config.toml("data"));
        fs::create_dir_all(room.path().join("tmp")).expect("a folder");
        let environment = config.environment.clone();
        let child = spawn(&room, &environment, stderr);
        let mut program = Self { room, environment, child, ended: None, api: Api::at("http://127.0.0.1:0") };
        program.listens().await;
        program
    }

    /// The same with another place for its stderr than a file.
    pub async fn start_with_stderr(config: &Config, stderr: Stdio) -> Self {
        Self::begin(Room::new(), config, Some(stderr)).await
    }

    /// Starts it again after its end.
    pub async fn start_again(&mut self) {
        assert!(self.ended.is_some(), "it is still running");
        self.child = spawn(&self.room, &self.environment, None);
        self.ended = None;
        self.listens().await;
    }

    /// Writes another configuration, which it does not know of yet.
    pub fn configure(&self, config: &Config) {
        self.room.write("streamwarden.toml", &config.toml("data"));
    }

    /// A second one in the same room, run to its end.
    pub fn second(&self) -> super::room::Ended {
        self.room.run(&["run", "--config", "streamwarden.toml"], &[])
    }

    async fn listens(&mut self) {
        let (note, pid) = (self.data_dir().join("run.json"), self.child.id());
        let begun = Instant::now();
        let base = loop {
            let text = fs::read_to_string(&note).unwrap_or_default();
            // A killed one has left its note behind.
            let told = serde_json::from_str::<Value>(&text).unwrap_or(Value::Null);
            if told["pid"] == pid {
                break told["url"].as_str().expect("a url").to_owned();
            }
            if let Some(status) = self.child.try_wait().expect("our child") {
                self.ended = Some(status);
                panic!("it ended with {status}: {}", self.log());
            }
            assert!(begun.elapsed() < super::wait::TIMEOUT, "it does not listen: {}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        self.api = Api::at(&base);
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where it listens: `127.0.0.1:8080`.
    pub fn address(&self) -> &str {
        self.api.address()
    }

    /// Its data folder, as it calls it itself.
    pub fn data_dir(&self) -> PathBuf {
        self.room.path().canonicalize().expect("our folder").join("data")
    }

    /// Its folder.
    pub fn room(&self) -> &Room {
        &self.room
    }

    /// Everything it has written to its console, over all its runs.
    pub fn log(&self) -> String {
        fs::read_to_string(self.room.path().join("console")).unwrap_or_default()
    }

    /// The same from this byte on, once a line holds all of these words: its lines are written by a thread of their own,
    /// a moment after what they tell of.
    pub async fn log_with(&self, begin: usize, words: &[&str]) -> String {
        let holds = |line: &str| words.iter().all(|word| line.contains(word));
        let found = || async {
            let log = self.log().split_off(begin);
            log.lines().any(holds).then_some(log)
        };
        super::wait::eventually(&format!("a line of the log with {words:?}"), found).await
    }

    /// Runs SQL in the `sqlite3` shell, like an outsider; rows come as JSON objects.
    pub fn sql(&self, text: &str) -> Vec<Value> {
        let file = self.data_dir().join("streamwarden.db");
        let done = Command::new("sqlite3").args(["-json", "-cmd", ".timeout 10000"]).arg(file).arg(text).output();
        let done = done.expect("sqlite3");
        assert!(done.status.success(), "{text}: {}", String::from_utf8_lossy(&done.stderr));
        if done.stdout.is_empty() { Vec::new() } else { serde_json::from_slice(&done.stdout).expect("JSON") }
    }

    /// Adds a camera.
    pub fn insert_camera(&self, name: &str, url: &url::Url) {
        self.sql(&format!("INSERT INTO cameras(name, url) VALUES ('{name}', '{url}')"));
    }

    /// Its living processes.
    pub fn processes(&self) -> Vec<Process> {
        marked(&self.data_dir())
    }

    /// The process of this job, when there is one.
    pub fn process(&self, job: &Job) -> Option<u32> {
        self.processes().into_iter().find(|process| process.job == *job).map(|process| process.pid)
    }

    /// Waits for a process of this job whose id is none of these.
    pub async fn process_other_than(&self, job: &Job, old: &[u32]) -> (u32, Duration) {
        timed(&format!("a new {job:?}"), || async { self.process(job).filter(|pid| !old.contains(pid)) }).await
    }

    /// Waits until the stream is live and its bytes are counted.
    pub async fn live(&self, name: &str) -> Value {
        let is_live = |stream: &Value| stream["state"] == "live" && stream["bitrate"].as_u64().is_some_and(|n| n > 0);
        eventually(&format!("{name} live"), || async { self.api.stream(name).await.filter(is_live) }).await
    }

    /// Waits until the stream is being recorded.
    pub async fn recorded(&self, name: &str) -> Value {
        let is_recorded = |stream: &Value| stream["recording"]["state"] == "recording";
        eventually(&format!("{name} recorded"), || async { self.api.stream(name).await.filter(is_recorded) }).await
    }

    /// Waits until the camera is in this state.
    pub async fn camera_in(&self, name: &str, state: &str) -> Value {
        let is_in = |camera: &Value| camera["state"] == state;
        eventually(&format!("{name} {state}"), || async { self.api.camera(name).await.filter(is_in) }).await
    }

    /// Sends a signal to it.
    pub fn signal(&self, signal: Signal) {
        processes::send(self.pid(), signal);
    }

    /// Waits for its end.
    pub async fn end(&mut self) -> (ExitStatus, Duration) {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("our child") {
                break status;
            }
            assert!(begun.elapsed() < super::wait::TIMEOUT, "it does not end: {}", self.log());
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        self.ended = Some(status);
        (status, begun.elapsed())
    }

    /// SIGKILL, and waits until none of its children lives. Returns how long that took.
    pub async fn kill(&mut self) -> Duration {
        self.signal(Signal::SIGKILL);
        self.end().await;
        let gone = || async { self.processes().is_empty().then_some(()) };
        timed("all children gone", gone).await.1
    }

    /// SIGTERM; everything has to end in order. Returns how long it took.
    pub async fn stop(self) -> Duration {
        self.stop_and(|_| ()).await
    }

    /// The same, and a look at what is left before the room is cleared.
    pub async fn stop_and(mut self, look: impl FnOnce(&Self)) -> Duration {
        self.signal(Signal::SIGTERM);
        let (status, took) = self.end().await;
        assert!(status.success(), "{status}: {}", self.log());
        assert_eq!(self.processes(), [], "all children are gone before it is");
        look(&self);
        took
    }
}

fn spawn(room: &Room, environment: &[(String, String)], stderr: Option<Stdio>) -> Child {
    let console = File::options().create(true).append(true).open(room.path().join("console")).expect("a file");
    let mut command = room.command(&["run", "--config", "streamwarden.toml"], &[]);
    for name in ["ffmpeg", "ffprobe"] {
        command.env(format!("STREAMWARDEN_FFMPEG__{}", name.to_uppercase()), media::program(name));
    }
    command.envs(environment.iter().cloned());
    command.env("TMPDIR", room.path().canonicalize().expect("our folder").join("tmp"));
    command.stdin(Stdio::null()).stdout(console.try_clone().expect("a handle"));
    command.stderr(stderr.unwrap_or_else(|| console.into()));
    command.spawn().expect("the program starts")
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.ended.is_none() {
            // Both fail only when it has ended already.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        let begun = Instant::now();
        let mut left = self.processes();
        while !left.is_empty() && begun.elapsed() < GONE_WITHIN {
            std::thread::sleep(Duration::from_millis(20));
            left = self.processes();
        }
        left.iter().for_each(|process| processes::send(process.pid, Signal::SIGKILL));
        let files = super::room::names(&self.room.path().join("tmp"));
        if std::thread::panicking() {
            eprintln!("--- console of the program\n{}", self.log());
        } else {
            assert!(left.is_empty(), "processes are left behind: {left:#?}");
            assert!(files.is_empty(), "temporary files are left behind: {files:?}");
        }
    }
}
