//! Saves the raw samples of the live store in memory from time to time and at the stop, so that a restart does not lose them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context};
use futures_util::future::LocalBoxFuture;
use log::Level;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};

use crate::actors::single_flight::{Ended, Flight, Late, Rules, Work};
use crate::actors::supervision::{Supervised, supervised};
use crate::adapters::live::memory::{MemoryLiveStore, SavedBytes};
use crate::base::single_flight::{FlightRetry, SingleFlight};
use crate::base::{Error, Result};

/// A crash loses at most so much of the samples.
const EVERY: Duration = Duration::from_secs(600);

/// A disk that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(30);

/// At the stop it has so long.
const AT_STOP: Duration = Duration::from_secs(5);

/// Saves the samples.
pub struct SnapshotWriter {
    live: Arc<MemoryLiveStore>,
    path: PathBuf,
    saving: SingleFlight,
    /// How much was written, and is kept.
    saved: SavedBytes,
}

impl SnapshotWriter {
    /// Saves the samples of `live` in this file.
    pub fn new(live: Arc<MemoryLiveStore>, path: PathBuf) -> Self {
        Self { live, path, saving: SingleFlight::default(), saved: SavedBytes::default() }
    }
}

/// Saves all of them.
struct Save;

impl Flight for Save {
    type Owner = SnapshotWriter;
    type Subject = ();
    type Output = SavedBytes;
    const RULES: Rules = Rules {
        what: "saving the history",
        limit: LIMIT,
        // What hangs on a disk cannot be ended.
        late: Late::Wait,
        retry: FlightRetry::Every(EVERY),
        level: Level::Warn,
    };

    fn state(writer: &mut SnapshotWriter) -> &mut SingleFlight {
        &mut writer.saving
    }

    fn begin(writer: &mut SnapshotWriter, _: &mut Context<SnapshotWriter>) -> Option<((), Work<SavedBytes>)> {
        Some(((), Box::pin(save(Arc::clone(&writer.live), writer.path.clone()))))
    }

    fn ended(writer: &mut SnapshotWriter, (): (), saved: Result<SavedBytes>, _: &mut Context<SnapshotWriter>) -> Ended {
        match saved {
            Ok(saved) => {
                writer.saved = saved;
                Ended::Done
            }
            Err(error) => Ended::Failed(error),
        }
    }
}

async fn save(live: Arc<MemoryLiveStore>, path: PathBuf) -> Result<SavedBytes> {
    let saved = spawn_blocking(move || live.save(Path::new(&path))).await;
    saved.unwrap_or_else(|error| Err(Error::internal("saving the history has panicked").with_source(error)))
}

impl Actor for SnapshotWriter {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(EVERY, Save::ask_if_idle);
    }
}

impl Supervised for SnapshotWriter {
    const KIND: &'static str = "history snapshot";

    fn observe(&self) -> Value {
        json!({ "bytes": self.saved.kept, "writtenBytes": self.saved.written })
    }

    /// What was measured since is saved, unless the disk hangs or has just refused it.
    fn release(&mut self, _: &mut Context<Self>, deadline: Instant) -> LocalBoxFuture<'static, ()> {
        if self.saving.complaint().is_some() {
            return Box::pin(std::future::ready(()));
        }
        let save = save(Arc::clone(&self.live), self.path.clone());
        Box::pin(async move {
            match timeout_at(deadline.min(Instant::now() + AT_STOP), save).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => log::warn!("saving the history at the stop failed: {error}"),
                Err(_) => log::warn!("saving the history at the stop: timeout; the file of before stays"),
            }
        })
    }
}

supervised!(SnapshotWriter);
