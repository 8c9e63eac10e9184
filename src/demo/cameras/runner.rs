//! Keeps the sample cameras playing: starts them, starts them again, and lets one drop out on purpose.
//!
//! Owns the processes. Runs on the cameras' own thread from start to end. This is no model for the restream job, which
//! has its own rules: a sample camera only has to come back.

use std::path::PathBuf;
use std::time::Duration;

use rand::Rng;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::options::{Dropout, SampleOptions, Uplink};
use super::picture;
use crate::adapters::ffmpeg::child::{ChildProcess, ProcessEvent, ProcessEvents, ProcessLaunch};
use crate::base::backoff::Backoff;
use crate::base::{Error, Result};
use crate::demo::media_server::Presence;

/// Which camera drops out. With fewer cameras none does: the others are needed for comparison.
const DROPS_OUT: usize = 3;
/// How long all cameras may take until they play.
const START_LIMIT: Duration = Duration::from_secs(20);
/// How often a camera that is not playing yet, or no longer, is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// A process that has played and has been off the list for so long is started anew: somebody stopped it. The stand-in
/// needs 10 s before that to take it off.
const SILENCE: Duration = Duration::from_secs(5);
/// How long each step of ending a process may take.
const GRACE: Duration = Duration::from_secs(1);
/// How long ffmpeg may take to list its filters.
const FILTERS_LIMIT: Duration = Duration::from_secs(10);

/// Path of camera `number` on the cameras' server.
pub fn path(number: usize) -> String {
    format!("source/{number}")
}

/// Tells whether camera `number` is the one that drops out, where one does.
pub fn drops_out(number: usize) -> bool {
    number == DROPS_OUT
}

/// The cameras' thread's work.
pub struct CameraRunner {
    options: SampleOptions,
    urls: Vec<Url>,
    presence: Presence,
}

/// One camera, or the uplink.
struct Camera {
    /// What it publishes to.
    path: String,
    launch: Vec<std::ffi::OsString>,
    ffmpeg: PathBuf,
    mark: String,
    dropout: Option<Dropout>,
    /// Tells whether it is there; `None` where nobody can tell.
    presence: Option<Presence>,
    /// Exits, for whoever waits for the start. Full or closed: nobody waits any more.
    exits: mpsc::Sender<String>,
}

/// How a run of a process came to its end.
enum End {
    Stopped,
    DropsOut,
    Silent,
    Exited(String),
}

impl CameraRunner {
    /// Cameras that publish to these URLs.
    pub fn new(options: SampleOptions, urls: Vec<Url>, presence: Presence) -> Self {
        Self { options, urls, presence }
    }

    /// Runs until told to stop.
    pub async fn run(self, ready: oneshot::Sender<Result<()>>, stop: CancellationToken) {
        let mut cameras = JoinSet::new();
        let outcome = self.begin(&mut cameras, &stop).await;
        let failed = outcome.is_err();
        // The receiver is only gone when nobody wants to know any more; then the token comes soon.
        let _ = ready.send(outcome);
        if failed {
            stop.cancel();
        }
        while cameras.join_next().await.is_some() {}
    }

    async fn begin(&self, cameras: &mut JoinSet<()>, stop: &CancellationToken) -> Result<()> {
        let font = if draws_text(&self.options.ffmpeg).await? { picture::font() } else { None };
        if font.is_none() {
            log::warn!("sample cameras have no clock: ffmpeg lacks drawtext, or no font was found (fonts-dejavu-core)");
        }
        let (exits, mut ended) = mpsc::channel(1);
        for (number, url) in (1..).zip(&self.urls) {
            let camera = Camera {
                path: path(number),
                launch: picture::arguments(number, font.as_deref(), url),
                ffmpeg: self.options.ffmpeg.clone(),
                mark: self.options.mark.clone(),
                dropout: self.options.dropout.filter(|_| drops_out(number)),
                presence: Some(self.presence.clone()),
                exits: exits.clone(),
            };
            cameras.spawn(camera.keep(stop.clone()));
        }
        drop(exits);
        let playing = async {
            for number in 1..=self.urls.len() {
                while !self.presence.is_live(&path(number)) {
                    sleep(LOOK).await;
                }
            }
        };
        let outcome = tokio::select! {
            () = playing => Ok(()),
            () = sleep(START_LIMIT) => Err(Error::unavailable("ffmpeg does not publish the sample cameras in time")),
            Some(why) = ended.recv() => Err(Error::unavailable(format!("ffmpeg cannot play a sample camera: {why}"))),
            () = stop.cancelled() => Err(Error::unavailable("stopped while starting")),
        };
        // Nobody waits for it: without it the cameras are there all the same.
        if let (Ok(()), Some(uplink), Some(first)) = (&outcome, &self.options.uplink, self.urls.first()) {
            cameras.spawn(self.uplink(uplink, first).keep(stop.clone()));
        }
        outcome
    }
}

impl CameraRunner {
    fn uplink(&self, uplink: &Uplink, first: &Url) -> Camera {
        Camera {
            path: uplink.path.clone(),
            launch: picture::uplink_arguments(first, &uplink.url),
            ffmpeg: self.options.ffmpeg.clone(),
            mark: self.options.mark.clone(),
            dropout: None,
            presence: uplink.presence.clone(),
            exits: mpsc::channel(1).0,
        }
    }
}

impl Camera {
    /// Plays until told to stop.
    async fn keep(self, stop: CancellationToken) {
        let mut failures = 0;
        loop {
            let started = Instant::now();
            let pause = match self.play(&stop).await {
                End::Stopped => return,
                End::DropsOut => {
                    let pause = self.dropout.unwrap_or_default().pause;
                    log::info!(camera = self.path.as_str(); "sample camera drops out for {} s", pause.as_secs());
                    pause
                }
                End::Silent => {
                    log::warn!(camera = self.path.as_str(); "sample camera timeout, restarting");
                    Duration::ZERO
                }
                End::Exited(why) => {
                    // Both errors mean that nobody waits for the start any more.
                    let _ = self.exits.try_send(why.clone());
                    failures = if started.elapsed() > Backoff::STANDARD.max { 1 } else { failures + 1 };
                    let pause = Backoff::STANDARD.delay(failures, rand::rng().random());
                    log::warn!(camera = self.path.as_str(), ms = pause.as_millis() as u64; "sample camera ended: {why}");
                    pause
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(pause) => {}
            }
        }
    }

    /// One run of the process.
    async fn play(&self, stop: &CancellationToken) -> End {
        let launch = ProcessLaunch {
            program: self.ffmpeg.clone(),
            args: self.launch.iter().cloned().map(Into::into).collect(),
            label: format!("sample camera {}", self.path),
            mark: self.mark.clone(),
            ..ProcessLaunch::default()
        };
        let (child, mut events) = match ChildProcess::spawn(launch) {
            Ok(running) => running,
            Err(error) => return End::Exited(error.to_string()),
        };
        let end = tokio::select! {
            () = stop.cancelled() => End::Stopped,
            () = self.plays_out() => End::DropsOut,
            () = self.falls_silent() => End::Silent,
            exit = exit(&mut events) => return End::Exited(exit),
        };
        child.stop(GRACE).await;
        end
    }

    /// Returns when it is time to drop out.
    async fn plays_out(&self) {
        match self.dropout {
            Some(dropout) => sleep(dropout.every).await,
            None => std::future::pending().await,
        }
    }

    /// Returns when nothing is published for too long.
    async fn falls_silent(&self) {
        let Some(presence) = &self.presence else { return std::future::pending().await };
        let mut look = interval(LOOK);
        let (mut limit, mut heard) = (START_LIMIT, Instant::now());
        loop {
            look.tick().await;
            if presence.is_live(&self.path) {
                (limit, heard) = (SILENCE, Instant::now());
            } else if heard.elapsed() > limit {
                return;
            }
        }
    }
}

/// Waits for the exit; returns ffmpeg's last words.
async fn exit(events: &mut ProcessEvents) -> String {
    loop {
        match events.recv().await {
            Some(ProcessEvent::Line(_)) => {}
            Some(ProcessEvent::Exited(exit)) => {
                return exit.stderr.last().cloned().unwrap_or(format!("{:?}", exit.ending));
            }
            None => return "lost".to_owned(),
        }
    }
}

/// True when this ffmpeg can write on pictures. The error says that there is no ffmpeg.
async fn draws_text(ffmpeg: &std::path::Path) -> Result<bool> {
    let (_child, mut events) = ChildProcess::spawn(ProcessLaunch {
        program: ffmpeg.to_owned(),
        args: ["-hide_banner", "-filters"].map(Into::into).to_vec(),
        label: "sample cameras".to_owned(),
        ..ProcessLaunch::default()
    })?;
    let listed = async {
        let mut found = false;
        while let Some(ProcessEvent::Line(line)) = events.recv().await {
            found |= line.split_whitespace().nth(1) == Some("drawtext");
        }
        found
    };
    Ok(timeout(FILTERS_LIMIT, listed).await.unwrap_or(false))
}
