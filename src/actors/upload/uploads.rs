//! Keeps the upload workers, wakes them, and lets local files go in time.

use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture};
use chrono::Utc;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::evict::{Eviction, evict};
use super::missing::heal;
use super::retries::Shared;
use super::worker::{UploadWorker, Wake};
use super::{UploadHandles, UploadRules};
use crate::actors::supervision::stop::StopOrder;
use crate::actors::supervision::{Child, ChildSet, Restart, Setting, Supervised, supervised};
use crate::base::backoff::Backoff;

/// Workers are woken so often even without news: rows may come from elsewhere.
const WAKE_EVERY: Duration = Duration::from_secs(10);
/// How often local files are looked through.
const EVICT_EVERY: Duration = Duration::from_secs(30);

/// The manager of the upload workers.
pub struct Uploads {
    rules: Setting<UploadRules>,
    handles: UploadHandles,
    set: Option<ChildSet<Self>>,
    /// Rows of an earlier process have been given back, and workers run.
    ready: bool,
    failures: u32,
    trouble: Option<String>,
    evicting: bool,
    eviction: Eviction,
    /// Why the last pass ended early.
    eviction_trouble: Option<String>,
    evicted: usize,
    healing: bool,
    /// Missing files are looked for again from then on.
    heal_after: Option<Instant>,
}

impl Uploads {
    /// The manager for these rules. The number of workers is that of its start.
    pub fn new(rules: impl Into<Setting<UploadRules>>, handles: UploadHandles) -> Self {
        Self {
            rules: rules.into(),
            handles,
            set: None,
            ready: false,
            failures: 0,
            trouble: None,
            evicting: false,
            eviction: Eviction::default(),
            eviction_trouble: None,
            evicted: 0,
            healing: false,
            heal_after: None,
        }
    }

    /// Gives back what an earlier process was uploading, then starts the workers. No worker may run before: its claims
    /// would be given back too.
    fn begin(&mut self, ctx: &mut Context<Self>) {
        let handles = self.handles.clone();
        let release = async move {
            handles.ready().await?;
            handles.recordings.release_uploads().await
        };
        ctx.spawn(release.into_actor(self).map(|released, manager, ctx| match released {
            Ok(count) => {
                if count > 0 {
                    log::info!("{count} interrupted uploads begin again");
                }
                manager.trouble = None;
                manager.ready = true;
                manager.start_workers();
                manager.heal(ctx);
                manager.evict(ctx);
            }
            Err(error) => {
                manager.failures += 1;
                if manager.trouble.as_deref() != Some(error.message()) {
                    log::warn!("uploads failed to start, retrying: {error}");
                }
                manager.trouble = Some(error.message().to_owned());
                let delay = Backoff::STANDARD.delay(manager.failures, rand::random());
                ctx.run_later(delay, |manager, ctx| manager.begin(ctx));
            }
        }));
    }

    fn start_workers(&mut self) {
        let Some(set) = &mut self.set else { return };
        let shared = Shared::new();
        for number in 1..=self.rules.get().workers {
            let (handles, shared) = (self.handles.clone(), shared.clone());
            let build = move || UploadWorker::new(number, handles.clone(), shared.clone());
            set.start(Child::new(number.to_string(), Restart::Always, build));
        }
    }

    fn wake(&mut self) {
        let Some(set) = &self.set else { return };
        for name in set.names() {
            if let Some(worker) = set.addr::<UploadWorker>(name) {
                // A full mailbox is a woken worker.
                let _ = worker.try_send(Wake);
            }
        }
    }

    /// Looks for files that were not there.
    fn heal(&mut self, ctx: &mut Context<Self>) {
        let is_due = self.heal_after.is_none_or(|after| Instant::now() >= after);
        if !self.ready || !is_due || std::mem::replace(&mut self.healing, true) {
            return;
        }
        let (handles, begun) = (self.handles.clone(), Instant::now());
        let healing = async move {
            handles.ready().await?;
            heal(&handles).await
        };
        ctx.spawn(healing.into_actor(self).map(move |healed, manager, _| {
            manager.healing = false;
            // However many are missing, the look costs one part in twenty.
            manager.heal_after = Some(Instant::now() + begun.elapsed() * 20);
            match healed {
                Ok(0) => {}
                Ok(count) => {
                    log::info!("the files of {count} missing segments are back in the spool");
                    manager.wake();
                }
                // Whoever uploads says so.
                Err(error) => log::debug!("missing segments cannot be looked for: {error}"),
            }
        }));
    }

    fn evict(&mut self, ctx: &mut Context<Self>) {
        if !self.ready || std::mem::replace(&mut self.evicting, true) {
            return;
        }
        let (handles, rules, mut eviction) = (self.handles.clone(), self.rules.get(), self.eviction.clone());
        let evicting = async move { evict(&handles, &rules, &mut eviction, Utc::now()).await };
        ctx.spawn(evicting.into_actor(self).map(|(evicted, error), manager, _| {
            manager.evicting = false;
            manager.evicted += evicted;
            if evicted > 0 {
                log::info!("{evicted} uploaded segments left the spool");
            }
            let trouble = error.as_ref().map(|error| error.message().to_owned());
            match error {
                Some(error) if trouble != manager.eviction_trouble => {
                    log::warn!("uploaded segments cannot leave the spool: {error}");
                }
                None if manager.eviction_trouble.is_some() => log::info!("eviction recovered"),
                _ => {}
            }
            manager.eviction_trouble = trouble;
        }));
    }
}

/// A segment has been sealed.
#[derive(Message)]
#[rtype(result = "()")]
struct SealedNews;

impl Actor for Uploads {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.set = Some(ChildSet::new(ctx, StopOrder::Together));
        self.begin(ctx);
        let sealed = self.handles.sealed.clone();
        ctx.add_message_stream(futures_util::stream::unfold(sealed, |mut sealed| async move {
            sealed.changed().await.ok().map(|()| (SealedNews, sealed))
        }));
        ctx.run_interval(WAKE_EVERY, |manager, ctx| {
            manager.wake();
            manager.heal(ctx);
        });
        ctx.run_interval(EVICT_EVERY, |manager, ctx| manager.evict(ctx));
    }
}

impl Supervised for Uploads {
    const KIND: &'static str = "uploads";

    fn observe(&self) -> Value {
        json!({ "ready": self.ready, "trouble": self.trouble, "evicted": self.evicted })
    }

    fn children(&mut self) -> Option<&mut ChildSet<Self>> {
        self.set.as_mut()
    }
}
supervised!(Uploads, manager);

impl Handler<SealedNews> for Uploads {
    type Result = ();

    fn handle(&mut self, _: SealedNews, _: &mut Self::Context) {
        self.wake();
    }
}
