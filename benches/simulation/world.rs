//! Processes that are none: they report progress like ffmpeg and end when they are told to, on a thread of their own.
//!
//! That thread also plays the monitor: every two seconds it tells the live store which paths have a stream.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use streamwarden::actors::restream::{Process, RestreamSetup, Runner};
use streamwarden::adapters::ffmpeg::child::{Ending, ProcessEvent, ProcessEvents, ProcessExit, ProcessLaunch};
use streamwarden::adapters::live::{Change, SharedLive};
use streamwarden::base;
use streamwarden::domain::camera::CameraSource;
use streamwarden::domain::name::StreamName;
use streamwarden::domain::probe::{ProbeFault, Tracks};
use streamwarden::domain::stream::{ServerStatus, StreamState, StreamStatus};
use tokio::sync::{mpsc, watch};

/// Last words of ffmpeg 5.1 when its server goes, and when there is none.
const CUT_OFF: &str = "av_interleaved_write_frame(): Broken pipe";
const NOBODY: &str = "Could not write header for output file #0 (incorrect codec parameters ?): Connection refused";
/// Name of the media server that is not there.
pub const SERVER: &str = "main";
/// A look at a camera takes so long.
const LOOK: Duration = Duration::from_millis(1);
/// As the real pipe's.
const EVENTS: usize = 256;
/// Each process reports once a second, a tenth of them at a time.
const STEP: Duration = Duration::from_millis(100);
const STEPS: u32 = 10;
/// As `monitor.interval`.
const POLL: u32 = 20;

/// All processes, and what the media server would say of them.
#[derive(Debug)]
pub struct World {
    processes: Mutex<BTreeMap<u32, Running>>,
    /// Every start so far: when, and which camera.
    starts: Mutex<Vec<(Instant, String)>>,
    next_pid: AtomicU32,
    server_is_up: AtomicBool,
    closed: AtomicBool,
    /// Thread that plays processes and monitor.
    player: AtomicU32,
}

#[derive(Debug)]
struct Running {
    path: StreamName,
    frame: u64,
    since: Instant,
    events: mpsc::Sender<ProcessEvent>,
    exit: watch::Sender<Option<ProcessExit>>,
}

impl World {
    /// An empty one, with a media server that answers.
    pub fn open(live: SharedLive) -> Arc<Self> {
        let world = Arc::new(Self {
            processes: Mutex::default(),
            starts: Mutex::default(),
            next_pid: AtomicU32::new(1),
            server_is_up: AtomicBool::new(true),
            closed: AtomicBool::new(false),
            player: AtomicU32::new(0),
        });
        let played = Arc::clone(&world);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(play(&played, &live));
        });
        world
    }

    /// Ends its thread.
    pub fn close(&self) {
        self.closed.store(true, Relaxed);
    }

    /// Id of the thread that plays processes and monitor.
    pub fn player(&self) -> u32 {
        self.player.load(Relaxed)
    }

    /// The server goes, and takes every process with it; or it comes back.
    pub fn set_server(&self, up: bool) {
        self.server_is_up.store(up, Relaxed);
        if !up {
            let all = std::mem::take(&mut *self.processes());
            all.into_values().for_each(|process| process.end(Ending::Code(1), CUT_OFF));
        }
    }

    /// Starts since the last call.
    pub fn take_starts(&self) -> Vec<(Instant, String)> {
        std::mem::take(&mut *self.starts.lock().expect("no panic"))
    }

    fn processes(&self) -> MutexGuard<'_, BTreeMap<u32, Running>> {
        self.processes.lock().expect("no panic")
    }

    fn end(&self, pid: u32, ending: Ending, words: &str) {
        let process = self.processes().remove(&pid);
        if let Some(process) = process {
            process.end(ending, words);
        }
    }
}

impl Running {
    fn end(self, ending: Ending, words: &str) {
        let exit = ProcessExit { ending, lasted: self.since.elapsed(), stderr: vec![words.to_owned()] };
        self.exit.send_replace(Some(exit.clone()));
        // As with a real pipe the exit waits behind the lines that are still to be read.
        tokio::spawn(async move { self.events.send(ProcessEvent::Exited(exit)).await });
    }

    /// What `-progress pipe:1` writes each second.
    fn report(&mut self) {
        self.frame += 25;
        let us = self.frame * 40_000;
        let lines = [
            format!("frame={}", self.frame),
            "fps=25.00".to_owned(),
            "stream_0_0_q=-1.0".to_owned(),
            "bitrate=N/A".to_owned(),
            "total_size=N/A".to_owned(),
            format!("out_time_us={us}"),
            format!("out_time_ms={us}"),
            "out_time=00:00:01.000000".to_owned(),
            "dup_frames=0".to_owned(),
            "drop_frames=0".to_owned(),
            "speed=1x".to_owned(),
            "progress=continue".to_owned(),
        ];
        for line in lines {
            // A full channel is a relay that does not read; a real pipe would block.
            let _ = self.events.try_send(ProcessEvent::Line(line));
        }
    }
}

/// A relay's end of a process.
#[derive(Debug)]
struct Simulated {
    pid: u32,
    world: Arc<World>,
    exit: watch::Receiver<Option<ProcessExit>>,
}

impl Process for Simulated {
    fn pid(&self) -> u32 {
        self.pid
    }

    fn end(&self, _: Duration) -> BoxFuture<'static, ProcessExit> {
        self.world.end(self.pid, Ending::Code(255), "Exiting normally, received signal 2.");
        self.ended()
    }

    fn ended(&self) -> BoxFuture<'static, ProcessExit> {
        let mut exit = self.exit.clone();
        async move {
            let ended = exit.wait_for(Option::is_some).await.ok().and_then(|exit| exit.clone());
            ended.unwrap_or(ProcessExit { ending: Ending::Unknown, lasted: Duration::ZERO, stderr: Vec::new() })
        }
        .boxed()
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        self.world.processes().remove(&self.pid);
    }
}

/// The seam: what relays start and look at is in this world.
#[derive(Debug)]
pub struct InThisWorld(pub Arc<World>);

impl Runner for InThisWorld {
    fn spawn(&self, launch: ProcessLaunch) -> base::Result<(Box<dyn Process>, ProcessEvents)> {
        let camera = launch.label.trim_start_matches("camera ").to_owned();
        let (since, world) = (Instant::now(), Arc::clone(&self.0));
        let (events, heard) = mpsc::channel(EVENTS);
        let (exited, exit) = watch::channel(None);
        let pid = world.next_pid.fetch_add(1, Relaxed);
        let path = StreamName::parse(&camera)?;
        world.starts.lock().expect("no panic").push((since, camera));
        world.processes().insert(pid, Running { path, frame: 0, since, events, exit: exited });
        if !world.server_is_up.load(Relaxed) {
            world.end(pid, Ending::Code(1), NOBODY);
        }
        Ok((Box::new(Simulated { pid, world, exit }), heard))
    }

    fn probe(&self, _: Arc<RestreamSetup>, _: Box<CameraSource>) -> BoxFuture<'static, Result<Tracks, ProbeFault>> {
        async {
            tokio::time::sleep(LOOK).await;
            Ok(Tracks {
                format: "rtsp".into(),
                video: Some("h264".into()),
                audio: Some("aac".into()),
                flows: true,
                ..Tracks::default()
            })
        }
        .boxed()
    }
}

/// Ten steps a second; the monitor's poll is every twentieth.
async fn play(world: &World, live: &SharedLive) {
    world.player.store(nix::unistd::gettid().as_raw().unsigned_abs(), Relaxed);
    let mut clock = tokio::time::interval(STEP);
    let mut shown = BTreeSet::new();
    for step in 0.. {
        clock.tick().await;
        if world.closed.load(Relaxed) {
            return;
        }
        let due = |pid: &u32| pid % STEPS == step % STEPS;
        world.processes().iter_mut().filter(|(pid, _)| due(pid)).for_each(|(_, process)| process.report());
        if step % POLL == 0 {
            live.publish(poll(world, &mut shown)).await.expect("memory takes everything");
        }
    }
}

/// What a poll of the media server would change.
fn poll(world: &World, shown: &mut BTreeSet<StreamName>) -> Vec<Change> {
    let up = world.server_is_up.load(Relaxed);
    let now = Utc::now();
    let mut changes = vec![Change::Server(ServerStatus {
        name: SERVER.into(),
        reachable: up,
        since: DateTime::UNIX_EPOCH,
        reason: (!up).then(|| "connection refused".into()),
        rtsp_answers: None,
        version: None,
        started_at: None,
        last_poll: Some(now),
    })];
    let paths: BTreeSet<StreamName> = world.processes().values().map(|process| process.path.clone()).collect();
    let gone = shown.difference(&paths).cloned();
    changes.extend(gone.map(|name| Change::StreamGone { server: SERVER.into(), name }));
    changes.extend(paths.iter().cloned().map(|name| Change::Stream(Arc::new(stream(name, now)))));
    *shown = paths;
    changes
}

fn stream(name: StreamName, since: DateTime<Utc>) -> StreamStatus {
    StreamStatus {
        server: SERVER.into(),
        name,
        state: StreamState::Live,
        since,
        reason: None,
        source_type: Some("rtspSession".into()),
        source_id: None,
        bytes_received: 1,
        bytes_sent: 0,
        readers: 0,
        bitrate: Some(300_000),
        tracks: Vec::new().into(),
        rtt: None,
        recv_rate_mbps: None,
        link_capacity_mbps: None,
        loss_rate: None,
        retransmit_rate: None,
        on_demand: false,
    }
}
