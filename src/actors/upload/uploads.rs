//! Keeps the upload workers, wakes them, and lets local files go in time.

use std::time::Duration;

use actix::{Actor, AsyncContext, Context, Handler, Message};
use chrono::Utc;
use log::Level;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::conflicts::{self, Conflicts};
use super::evict::{Eviction, evict};
use super::missing::heal;
use super::retain::{RetentionClock, retain};
use super::retries::SharedRetries;
use super::worker::{UploadWorker, Wake};
use super::{UploadHandles, UploadRules};
use crate::actors::single_flight::{Ended, Flight, Late, Rules, Work};
use crate::actors::supervision::stop::StopOrder;
use crate::actors::supervision::{Child, ChildSet, Restart, Setting, Supervised, supervised};
use crate::base::backoff::Backoff;
use crate::base::single_flight::{FlightRetry, SingleFlight};
use crate::base::{Error, Result};
use crate::domain::spool_space::{SpoolDisk, shortage};

/// Workers are woken so often even without news: rows may come from elsewhere.
const WAKE_EVERY: Duration = Duration::from_secs(10);
/// How often local files are looked through, and what is stored; local files also whenever the disk is found to need room.
const EVICT_EVERY: Duration = Duration::from_secs(30);
/// A pass through all files that takes longer hangs, and is waited for.
const PASS_LIMIT: Duration = Duration::from_secs(600);

/// The manager of the upload workers.
pub struct Uploads {
    rules: Setting<UploadRules>,
    handles: UploadHandles,
    set: Option<ChildSet<Self>>,
    /// Rows of an earlier process have been given back, and workers run.
    ready: bool,
    beginning: SingleFlight,
    evicting: SingleFlight,
    eviction: Eviction,
    evicted: usize,
    retaining: SingleFlight,
    clock: RetentionClock,
    healing: SingleFlight,
    sweeping: SingleFlight,
    /// Missing files are looked for again from then on.
    heal_after: Option<Instant>,
}

impl Uploads {
    /// The manager for these rules. The number of workers is that of its start.
    pub fn new(rules: impl Into<Setting<UploadRules>>, handles: UploadHandles) -> Self {
        let eviction = Eviction::default();
        let clock = RetentionClock::beside(&eviction);
        Self {
            rules: rules.into(),
            handles,
            set: None,
            ready: false,
            beginning: SingleFlight::default(),
            evicting: SingleFlight::default(),
            eviction,
            evicted: 0,
            retaining: SingleFlight::default(),
            clock,
            healing: SingleFlight::default(),
            sweeping: SingleFlight::default(),
            heal_after: None,
        }
    }

    fn start_workers(&mut self) {
        let Some(set) = &mut self.set else { return };
        let shared = SharedRetries::new();
        for number in 1..=self.rules.get().workers {
            let (handles, shared, rules) = (self.handles.clone(), shared.clone(), self.rules.clone());
            let build = move || UploadWorker::new(number, handles.clone(), shared.clone(), rules.clone());
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

    fn heal(&mut self, ctx: &mut Context<Self>) {
        Heal::ask_if_idle(self, ctx);
    }

    pub(super) fn evict(&mut self, ctx: &mut Context<Self>) {
        Evict::ask_if_idle(self, ctx);
    }

    fn retain(&mut self, ctx: &mut Context<Self>) {
        Retain::ask_if_idle(self, ctx);
    }
}

/// Gives back what an earlier process was uploading, then starts the workers. No worker may run before: its claims would be
/// given back too.
struct Begin;

impl Flight for Begin {
    type Owner = Uploads;
    type Subject = ();
    type Output = u64;
    const RULES: Rules = Rules {
        what: "beginning the uploads",
        limit: Duration::from_secs(60),
        late: Late::Wait,
        retry: FlightRetry::Backoff(Backoff::STANDARD),
        level: Level::Warn,
    };

    fn state(manager: &mut Uploads) -> &mut SingleFlight {
        &mut manager.beginning
    }

    fn begin(manager: &mut Uploads, _: &mut Context<Uploads>) -> Option<((), Work<u64>)> {
        let handles = manager.handles.clone();
        let release = async move {
            handles.ready().await?;
            handles.recordings.release_uploads().await
        };
        Some(((), Box::pin(release)))
    }

    fn ended(manager: &mut Uploads, (): (), released: Result<u64>, ctx: &mut Context<Uploads>) -> Ended {
        let count = match released {
            Ok(count) => count,
            Err(error) => return Ended::Failed(error),
        };
        if count > 0 {
            log::info!("{count} interrupted uploads begin again");
        }
        manager.ready = true;
        manager.start_workers();
        manager.heal(ctx);
        manager.evict(ctx);
        manager.retain(ctx);
        Sweep::ask(manager, ctx);
        Ended::Done
    }
}

/// Ends uploads in parts that an earlier run left in the middle. Nothing waits for it.
struct Sweep;

impl Flight for Sweep {
    type Owner = Uploads;
    type Subject = ();
    type Output = usize;
    const RULES: Rules = Rules {
        what: "ending old uploads in parts",
        limit: PASS_LIMIT,
        late: Late::Wait,
        // What stays is invisible and costs its bytes: the next start tries again.
        retry: FlightRetry::Never,
        level: Level::Warn,
    };

    fn state(manager: &mut Uploads) -> &mut SingleFlight {
        &mut manager.sweeping
    }

    fn begin(manager: &mut Uploads, _: &mut Context<Uploads>) -> Option<((), Work<usize>)> {
        let objects = manager.handles.objects.clone();
        Some(((), Box::pin(async move { objects.sweep().await })))
    }

    fn ended(_: &mut Uploads, (): (), swept: Result<usize>, _: &mut Context<Uploads>) -> Ended {
        match swept {
            Ok(0) => {}
            Ok(count) => log::info!("ended {count} uploads in parts that were left in the middle"),
            Err(error) => return Ended::Failed(error),
        }
        Ended::Done
    }
}

/// Looks for files that were not there.
struct Heal;

impl Flight for Heal {
    type Owner = Uploads;
    /// When it began.
    type Subject = Instant;
    type Output = (usize, Conflicts);
    const RULES: Rules = Rules {
        what: "looking for missing segments",
        limit: PASS_LIMIT,
        late: Late::Wait,
        retry: FlightRetry::Never,
        // Whoever uploads says so.
        level: Level::Debug,
    };

    fn state(manager: &mut Uploads) -> &mut SingleFlight {
        &mut manager.healing
    }

    fn begin(manager: &mut Uploads, _: &mut Context<Uploads>) -> Option<(Instant, Work<Self::Output>)> {
        let is_due = manager.heal_after.is_none_or(|after| Instant::now() >= after);
        if !manager.ready || !is_due {
            return None;
        }
        let handles = manager.handles.clone();
        let healing = async move {
            handles.ready().await?;
            let healed = heal(&handles).await?;
            Ok((healed, conflicts::look(&handles).await?))
        };
        Some((Instant::now(), Box::pin(healing)))
    }

    fn ended(manager: &mut Uploads, begun: Instant, healed: Result<Self::Output>, _: &mut Context<Uploads>) -> Ended {
        // However many are missing, the look costs one part in twenty.
        manager.heal_after = Some(Instant::now() + begun.elapsed() * 20);
        let (count, conflicts) = match healed {
            Ok(found) => found,
            Err(error) => return Ended::Failed(error),
        };
        if count > 0 {
            log::info!("the files of {count} missing segments are back in the spool");
        }
        if count > 0 || conflicts.over > 0 {
            manager.wake();
        }
        conflicts.tell(&manager.handles.incidents);
        Ended::Done
    }
}

/// Lets local files go in time.
struct Evict;

impl Flight for Evict {
    type Owner = Uploads;
    type Subject = ();
    /// How many went, and why it ended early.
    type Output = (usize, Option<Error>);
    const RULES: Rules = Rules {
        what: "eviction of uploaded segments from the spool",
        limit: PASS_LIMIT,
        late: Late::Wait,
        retry: FlightRetry::Never,
        level: Level::Warn,
    };

    fn state(manager: &mut Uploads) -> &mut SingleFlight {
        &mut manager.evicting
    }

    fn begin(manager: &mut Uploads, _: &mut Context<Uploads>) -> Option<((), Work<Self::Output>)> {
        // After a restart while the store is away nothing is ready, and the disk is full all the same.
        if !manager.ready && !manager.rules.get().evict_before_upload {
            return None;
        }
        let (handles, rules, mut eviction) = (manager.handles.clone(), manager.rules.get(), manager.eviction.clone());
        Some(((), Box::pin(async move { Ok(evict(&handles, &rules, &mut eviction, Utc::now()).await) })))
    }

    fn ended(manager: &mut Uploads, (): (), done: Result<Self::Output>, _: &mut Context<Uploads>) -> Ended {
        let (evicted, error) = done.unwrap_or_else(|error| (0, Some(error)));
        manager.evicted += evicted;
        if evicted > 0 {
            log::info!("{evicted} uploaded segments left the spool");
        }
        error.map_or(Ended::Done, Ended::Failed)
    }
}

/// Deletes what the rules of retention or people want deleted. Apart from [`Evict`]: a pass may take hours, and the disk is full before.
struct Retain;

impl Flight for Retain {
    type Owner = Uploads;
    type Subject = ();
    /// How many were deleted, and why it ended early.
    type Output = (usize, Option<Error>);
    const RULES: Rules = Rules {
        what: "deletion of stored segments by the rules of retention",
        limit: PASS_LIMIT,
        late: Late::Wait,
        retry: FlightRetry::Never,
        level: Level::Warn,
    };

    fn state(manager: &mut Uploads) -> &mut SingleFlight {
        &mut manager.retaining
    }

    fn begin(manager: &mut Uploads, _: &mut Context<Uploads>) -> Option<((), Work<Self::Output>)> {
        if !manager.ready {
            return None;
        }
        let (handles, rules, clock) = (manager.handles.clone(), manager.rules.get().retention, manager.clock.clone());
        Some(((), Box::pin(async move { Ok(retain(&handles, &rules, &clock, Utc::now()).await) })))
    }

    fn ended(_: &mut Uploads, (): (), done: Result<Self::Output>, _: &mut Context<Uploads>) -> Ended {
        let (deleted, error) = done.unwrap_or_else(|error| (0, Some(error)));
        if deleted > 0 {
            log::info!("{deleted} stored segments were deleted by the rules of retention");
        }
        error.map_or(Ended::Done, Ended::Failed)
    }
}

/// A segment has been sealed.
#[derive(Message)]
#[rtype(result = "()")]
struct SegmentSealed;

/// The recorders have looked at the spool's disk.
#[derive(Message)]
#[rtype(result = "()")]
struct DiskSeen;

impl Actor for Uploads {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.set = Some(ChildSet::new(ctx, StopOrder::Together));
        Begin::ask(self, ctx);
        let sealed = self.handles.sealed.clone();
        ctx.add_message_stream(futures_util::stream::unfold(sealed, |mut sealed| async move {
            sealed.changed().await.ok().map(|()| (SegmentSealed, sealed))
        }));
        let disk = self.handles.disk.clone();
        ctx.add_message_stream(futures_util::stream::unfold(disk, |mut disk| async move {
            disk.changed().await.ok().map(|()| (DiskSeen, disk))
        }));
        ctx.run_interval(WAKE_EVERY, |manager, ctx| {
            manager.wake();
            manager.heal(ctx);
        });
        ctx.run_interval(EVICT_EVERY, |manager, ctx| {
            manager.evict(ctx);
            manager.retain(ctx);
        });
    }
}

impl Supervised for Uploads {
    const KIND: &'static str = "uploads";

    fn observe(&self) -> Value {
        json!({ "ready": self.ready, "trouble": self.beginning.complaint(), "evicted": self.evicted })
    }

    fn children(&mut self) -> Option<&mut ChildSet<Self>> {
        self.set.as_mut()
    }
}
supervised!(Uploads, manager);

impl Handler<SegmentSealed> for Uploads {
    type Result = ();

    fn handle(&mut self, _: SegmentSealed, _: &mut Self::Context) {
        self.wake();
    }
}

impl Handler<DiskSeen> for Uploads {
    type Result = ();

    /// Recordings pause at the next look or the one after that: until the next pass by the clock the disk may be full.
    fn handle(&mut self, _: DiskSeen, ctx: &mut Self::Context) {
        let SpoolDisk { free, obstacle } = self.handles.disk.borrow().clone();
        // A disk that is full to the last byte cannot be measured by writing to it.
        let needs_room = free.map_or(obstacle.is_some(), |free| shortage(free, self.rules.get().min_free) > 0);
        if needs_room {
            self.evict(ctx);
        }
    }
}
