//! What is known of the cameras' sources: kept over restarts of ours, so that a weak camera is not asked for one more
//! session, and how many are looked at at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use actix::{Context, Handler};
use tokio::sync::Semaphore;

use super::Restreams;
use super::asked::LookPace;
use crate::actors::restream::relay::reports::Looked;
use crate::actors::restream::setup::STORE_RETRY;
use crate::actors::single_flight::{Ended, Flight, Late, Rules, Work};
use crate::adapters::database::{CALL_TIMEOUT, SharedDatabase, with_timeout};
use crate::base::single_flight::{Retry, SingleFlight};
use crate::base::{Kind, Result};
use crate::domain::camera::CameraSource;
use crate::domain::probe::{KeptProbe, Outcome, Tracks};

/// A camera that fails the same way is written again after so many minutes: cameras that are off are looked at every
/// minute.
const SAME_FAULT_MINUTES: i64 = 10;

/// Slots for probes; their number may change.
pub(super) struct Slots {
    semaphore: Arc<Semaphore>,
    size: usize,
}

impl Slots {
    fn new(size: usize) -> Self {
        Self { semaphore: Arc::new(Semaphore::new(size)), size }
    }

    /// Waits in line; a probe lasts as long as the permit. Who waits holds up nobody but itself.
    pub(super) fn line(&self) -> Arc<Semaphore> {
        Arc::clone(&self.semaphore)
    }

    fn resize(&mut self, size: usize) {
        let before = std::mem::replace(&mut self.size, size);
        if size >= before {
            self.semaphore.add_permits(size - before);
            return;
        }
        let surplus = before - size - self.semaphore.forget_permits(before - size);
        // Those in use go as their probes end; nobody overtakes this in the line.
        let line = self.line();
        tokio::spawn(async move {
            if let Ok(permits) = line.acquire_many_owned(u32::try_from(surplus).unwrap_or(u32::MAX)).await {
                permits.forget();
            }
        });
    }
}

/// The latest look at every camera, and those that have to be written.
pub(super) struct Looks {
    pub slots: Slots,
    /// Of those that people ask for.
    pub pace: Arc<Mutex<LookPace>>,
    kept: BTreeMap<i64, KeptProbe>,
    // The latest per camera: never more than there are cameras.
    unwritten: BTreeMap<i64, KeptProbe>,
    writing: SingleFlight,
}

impl Looks {
    pub(super) fn new(slots: usize) -> Self {
        Self {
            slots: Slots::new(slots),
            pace: Arc::default(),
            kept: BTreeMap::new(),
            unwritten: BTreeMap::new(),
            writing: SingleFlight::default(),
        }
    }

    /// What an earlier look at this source found. A fault is not believed: it may have been mended.
    pub(super) fn of(&self, source: &CameraSource) -> Option<Tracks> {
        match self.kept.get(&source.id) {
            Some(KeptProbe { fingerprint, outcome: Outcome::Tracks(tracks), .. })
                if *fingerprint == source.fingerprint() =>
            {
                Some(tracks.clone())
            }
            _ => None,
        }
    }

    /// Remembers a look; true when it has to be written, as one that was asked for always has to.
    fn note(&mut self, look: &KeptProbe, asked: bool) -> bool {
        let known = self.kept.get(&look.camera).is_some_and(|kept| {
            let same = kept.fingerprint == look.fingerprint && kept.outcome == look.outcome;
            let fault = matches!(look.outcome, Outcome::Fault(_));
            same && fault && !asked && (look.at - kept.at).num_minutes() < SAME_FAULT_MINUTES
        });
        if !known {
            self.kept.insert(look.camera, look.clone());
        }
        !known
    }
}

/// What an earlier run has left. A database that does not tell costs one look at each camera.
pub(super) async fn read_looks(database: SharedDatabase) -> Vec<KeptProbe> {
    with_timeout(database.camera_probes()).await.unwrap_or_else(|error| {
        log::warn!("earlier looks at the cameras not read, each is looked at again: {error}");
        Vec::new()
    })
}

impl Restreams {
    /// Takes what an earlier run has left.
    pub(super) fn take_looks(&mut self, looks: Vec<KeptProbe>) {
        for look in looks {
            self.looks.kept.entry(look.camera).or_insert(look);
        }
    }

    /// Takes a new look: for the relay if it is built again, and for the next start of ours.
    pub(super) fn note_look(&mut self, look: KeptProbe, asked: bool, ctx: &mut Context<Self>) {
        if !self.looks.note(&look, asked) {
            return;
        }
        let kept = self.fleet.get(&look.camera).and_then(|planned| self.looks.of(planned.source()?));
        if let Some(assign) = self.assignments.get(&look.camera) {
            assign.send_if_modified(|assignment| {
                // What the relay has found itself is no news to it.
                let news = asked && kept.is_some();
                assignment.looks_asked += u64::from(news);
                assignment.kept = kept;
                news
            });
        }
        self.looks.unwritten.insert(look.camera, look);
        WriteLook::ask(self, ctx);
    }

    pub(super) fn resize_slots(&mut self) {
        self.looks.slots.resize(self.setup.max_probes);
    }
}

/// Writes the looks, one after the other; a database that is away is tried again, for the latest look at each camera.
struct WriteLook;

impl Flight for WriteLook {
    type Owner = Restreams;
    type Subject = KeptProbe;
    type Output = ();
    const RULES: Rules = Rules {
        what: "writing what was found out of the cameras",
        limit: CALL_TIMEOUT.saturating_mul(2),
        late: Late::GiveUp,
        retry: Retry::Every(STORE_RETRY),
    };

    fn state(manager: &mut Restreams) -> &mut SingleFlight {
        &mut manager.looks.writing
    }

    fn begin(manager: &mut Restreams, _: &mut Context<Restreams>) -> Option<(KeptProbe, Work<()>)> {
        let (_, look) = manager.looks.unwritten.pop_first()?;
        let (database, written) = (Arc::clone(&manager.database), look.clone());
        Some((look, Box::pin(async move { with_timeout(database.put_camera_probe(written)).await })))
    }

    fn ended(manager: &mut Restreams, look: KeptProbe, written: Result<()>, _: &mut Context<Restreams>) -> Ended {
        match written {
            Ok(()) => Ended::More,
            Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Timeout) => {
                manager.looks.unwritten.entry(look.camera).or_insert(look);
                Ended::Failed(error)
            }
            // It will not be taken later either, as the row of a camera that is gone.
            Err(error) => {
                log::debug!("look at camera {} not written: {error}", look.camera);
                Ended::More
            }
        }
    }
}

impl Handler<Looked> for Restreams {
    type Result = ();

    fn handle(&mut self, looked: Looked, ctx: &mut Self::Context) {
        self.note_look(looked.0, false, ctx);
    }
}
