//! The programs of the relays, run on this machine.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::time::timeout;

use super::address::address_fault;
use super::setup::{Process, RestreamSetup, Runner};
use crate::adapters::ffmpeg::child::{ChildProcess, ProcessEvents, ProcessExit, ProcessLaunch, RunObserver};
use crate::adapters::ffmpeg::ffprobe::Prober;
use crate::adapters::mediamtx::sound;
use crate::adapters::resolve;
use crate::base::{Error, Result};
use crate::domain::camera::CameraSource;
use crate::domain::name::StreamName;
use crate::domain::probe::{ProbeFault, Tracks};
use crate::domain::restream::{PathPublisher, PathView};

/// A start waits no longer for the server's word on its path.
const PATH_TIMEOUT: Duration = Duration::from_secs(1);

/// Who has a path at this moment. A server that does not tell at once is gone by what its poller says.
async fn ask_path(setup: Arc<RestreamSetup>, name: StreamName) -> PathView {
    let asked = async {
        let Some(reading) = setup.api.path(&name).await? else { return Ok(PathView::Missing) };
        let Some(source) = reading.source.filter(|_| reading.available) else { return Ok(PathView::Missing) };
        let remote = setup.api.remote_of(&source).await;
        Ok::<_, Error>(PathView::Available(Some(PathPublisher {
            kind: source.kind.to_string(),
            id: source.id.to_string(),
            remote,
        })))
    };
    match timeout(PATH_TIMEOUT, asked).await {
        Ok(Ok(view)) => view,
        Ok(Err(error)) => {
            log::debug!(stream = name.as_str(); "asking for the publisher of the path failed: {error}");
            PathView::Unknown
        }
        Err(_) => PathView::Unknown,
    }
}

/// Real processes.
#[derive(Debug)]
pub struct Machine;

impl Runner for Machine {
    fn path(&self, setup: Arc<RestreamSetup>, name: StreamName) -> BoxFuture<'static, PathView> {
        ask_path(setup, name).boxed()
    }

    fn sound(&self, setup: Arc<RestreamSetup>, name: StreamName) -> BoxFuture<'static, Option<bool>> {
        async move { sound::comes(&setup.place, setup.full_login(), &name).await }.boxed()
    }

    fn spawn(&self, launch: ProcessLaunch) -> Result<(Box<dyn Process>, ProcessEvents)> {
        let (child, events) = ChildProcess::spawn(launch)?;
        Ok((Box::new(child), events))
    }

    fn probe(
        &self,
        setup: Arc<RestreamSetup>,
        source: Box<CameraSource>,
    ) -> BoxFuture<'static, Result<Tracks, ProbeFault>> {
        self.probe_observed(setup, source, Box::new(|_| {}))
    }

    fn probe_observed(
        &self,
        setup: Arc<RestreamSetup>,
        source: Box<CameraSource>,
        started: Box<dyn FnMut(RunObserver) + Send>,
    ) -> BoxFuture<'static, Result<Tracks, ProbeFault>> {
        async move {
            resolve::check_address(&setup.reach, &source).await.map_err(|error| address_fault(&error))?;
            let prober = Prober {
                ffprobe: &setup.ffprobe,
                version: &setup.version,
                mark: &setup.mark,
                limit: setup.probe_timeout,
            };
            prober.probe_observed(&source, started).await
        }
        .boxed()
    }
}

impl Process for ChildProcess {
    fn pid(&self) -> u32 {
        ChildProcess::pid(self)
    }

    fn observer(&self) -> Option<RunObserver> {
        Some(ChildProcess::observer(self))
    }

    fn is_suspended(&self) -> bool {
        ChildProcess::is_suspended(self)
    }

    fn end(&self, grace: Duration) -> BoxFuture<'static, ProcessExit> {
        ChildProcess::end(self, grace).boxed()
    }

    fn ended(&self) -> BoxFuture<'static, ProcessExit> {
        ChildProcess::ended(self).boxed()
    }
}
