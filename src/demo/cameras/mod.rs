//! Sample cameras: ffmpeg test sources that behave like IP cameras on a network of our own.
//!
//! Owns their ffmpeg processes, the stand-in that plays "the cameras" (a second one: the restream job pulls from here
//! and publishes to the main server), and the thread that spawned the processes (a parent-death signal follows the
//! thread). Never touches the main server. Talked to by `app` for `streamwarden demo`.

mod options;
mod picture;
mod runner;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::media_server::{MediaServer, Options};
use super::own_thread::OwnThread;
use crate::base::{Error, Result};
use runner::CameraRunner;

pub use options::{Dropout, SampleOptions, Uplink};

/// One sample camera.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleCamera {
    /// Name to restream it under: `cam1`.
    pub name: String,
    /// What people are told beside its name; `None` where there is nothing to tell.
    pub label: Option<String>,
    /// What it looks at.
    pub place: String,
    /// Where it can be read.
    pub url: Url,
}

/// Running sample cameras. Dropped, their processes are ended and waited for.
pub struct SampleCameras {
    cameras: Vec<SampleCamera>,
    // Before the server: no process outlives what it publishes to.
    thread: OwnThread,
    server: MediaServer,
}

impl SampleCameras {
    /// Starts the cameras and waits until all of them can be read. The error of an ffmpeg that cannot do it holds its
    /// own last words.
    pub async fn start(options: SampleOptions) -> Result<Self> {
        if options.count == 0 {
            return Err(Error::invalid("cameras", "is 0; at least one camera is needed"));
        }
        let server = MediaServer::start(Options::default())?;
        let cameras: Vec<SampleCamera> =
            (1..=options.count).map(|number| camera(number, options.dropout, &server)).collect();
        let runner =
            CameraRunner::new(options, cameras.iter().map(|camera| camera.url.clone()).collect(), server.presence());
        let (ready, is_ready) = oneshot::channel();
        let thread = OwnThread::spawn("sample-cameras", move |stop: CancellationToken| runner.run(ready, stop))?;
        let gone = |_| Error::internal("the thread of the sample cameras ended before it began");
        is_ready.await.map_err(gone)??;
        Ok(Self { cameras, thread, server })
    }

    /// All cameras.
    pub fn cameras(&self) -> &[SampleCamera] {
        &self.cameras
    }

    /// Names to restream them under, and where to read them.
    pub fn source_urls(&self) -> Vec<(String, Url)> {
        self.cameras.iter().map(|camera| (camera.name.clone(), camera.url.clone())).collect()
    }

    /// Ends all of them and waits for their exits.
    pub async fn stop(self) {
        self.thread.stop().await;
        self.server.stop().await;
    }
}

fn camera(number: usize, dropout: Option<Dropout>, server: &MediaServer) -> SampleCamera {
    let mut url = server.rtsp_url();
    url.set_path(&runner::path(number));
    let name = format!("cam{number}");
    // Or whoever tries the demo looks for a fault.
    let label = dropout.filter(|_| runner::drops_out(number)).map(|Dropout { every, pause }| {
        format!("{name}: drops out on purpose, every {} s for {} s", every.as_secs(), pause.as_secs())
    });
    SampleCamera { name, label, place: picture::place(number), url }
}
