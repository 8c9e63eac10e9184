//! What is known of the cameras' sources: kept over restarts of ours, so that a weak camera is not asked for one more
//! session, and how many are probed at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use actix::{Context, Handler};
use tokio::sync::Semaphore;

use super::Restreams;
use super::probe_commands::ProbePacer;
use crate::actors::restream::relay::reports::Probed;
use crate::actors::restream::setup::STORE_RETRY;
use crate::actors::single_flight::{Ended, Flight, Late, Rules, Work};
use crate::adapters::database::{CALL_TIMEOUT, Stores, with_timeout};
use crate::base::single_flight::{Retry, SingleFlight};
use crate::base::{Kind, Result};
use crate::domain::camera::CameraSource;
use crate::domain::probe::{KeptProbe, Outcome, Tracks};

/// A camera that fails the same way is written again after so many minutes: cameras that are off are probed every
/// minute.
const SAME_FAULT_MINUTES: i64 = 10;

/// ProbeSlots for probes; their number may change.
pub(super) struct ProbeSlots {
    semaphore: Arc<Semaphore>,
    size: usize,
}

impl ProbeSlots {
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

/// The latest probe of every camera, and those that have to be written.
pub(super) struct KeptProbes {
    pub slots: ProbeSlots,
    /// Of those that people ask for.
    pub pacer: Arc<Mutex<ProbePacer>>,
    kept: BTreeMap<i64, KeptProbe>,
    // The latest per camera: never more than there are cameras.
    unwritten: BTreeMap<i64, KeptProbe>,
    writing: SingleFlight,
}

impl KeptProbes {
    pub(super) fn new(slots: usize) -> Self {
        Self {
            slots: ProbeSlots::new(slots),
            pacer: Arc::default(),
            kept: BTreeMap::new(),
            unwritten: BTreeMap::new(),
            writing: SingleFlight::default(),
        }
    }

    /// What an earlier probe of this source found. A fault is not believed: it may have been mended.
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

    /// Remembers a probe; true when it has to be written, as one that was asked for always has to.
    fn note(&mut self, probe: &KeptProbe, asked: bool) -> bool {
        let known = self.kept.get(&probe.camera).is_some_and(|kept| {
            let same = kept.fingerprint == probe.fingerprint && kept.outcome == probe.outcome;
            let fault = matches!(probe.outcome, Outcome::Fault(_));
            same && fault && !asked && (probe.at - kept.at).num_minutes() < SAME_FAULT_MINUTES
        });
        if !known {
            self.kept.insert(probe.camera, probe.clone());
        }
        !known
    }
}

/// What an earlier run has left. A database that does not tell costs one probe of each camera.
pub(super) async fn read_probes(database: Stores) -> Vec<KeptProbe> {
    with_timeout(database.probes.camera_probes()).await.unwrap_or_else(|error| {
        log::warn!("earlier probes of the cameras not read, each is probed again: {error}");
        Vec::new()
    })
}

impl Restreams {
    /// Takes what an earlier run has left.
    pub(super) fn take_probes(&mut self, probes: Vec<KeptProbe>) {
        for probe in probes {
            self.probes.kept.entry(probe.camera).or_insert(probe);
        }
    }

    /// Takes a new probe: for the relay if it is built again, and for the next start of ours.
    pub(super) fn note_probe(&mut self, probe: KeptProbe, asked: bool, ctx: &mut Context<Self>) {
        if !self.probes.note(&probe, asked) {
            return;
        }
        let kept = self.fleet.get(&probe.camera).and_then(|planned| self.probes.of(planned.source()?));
        if let Some(assign) = self.assignments.get(&probe.camera) {
            assign.send_if_modified(|assignment| {
                // What the relay has found itself is no news to it.
                let news = asked && kept.is_some();
                assignment.probes_requested += u64::from(news);
                assignment.kept = kept;
                news
            });
        }
        self.probes.unwritten.insert(probe.camera, probe);
        WriteLook::ask(self, ctx);
    }

    pub(super) fn resize_slots(&mut self) {
        self.probes.slots.resize(self.setup.max_probes);
    }
}

/// Writes the probes, one after the other; a database that is away is tried again, for the latest probe of each camera.
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
        &mut manager.probes.writing
    }

    fn begin(manager: &mut Restreams, _: &mut Context<Restreams>) -> Option<(KeptProbe, Work<()>)> {
        let (_, probe) = manager.probes.unwritten.pop_first()?;
        let (database, written) = (manager.database.clone(), probe.clone());
        Some((probe, Box::pin(async move { with_timeout(database.probes.put_camera_probe(written)).await })))
    }

    fn ended(manager: &mut Restreams, probe: KeptProbe, written: Result<()>, _: &mut Context<Restreams>) -> Ended {
        match written {
            Ok(()) => Ended::More,
            Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Timeout) => {
                manager.probes.unwritten.entry(probe.camera).or_insert(probe);
                Ended::Failed(error)
            }
            // It will not be taken later either, as the row of a camera that is gone.
            Err(error) => {
                log::debug!("probe of camera {} not written: {error}", probe.camera);
                Ended::More
            }
        }
    }
}

impl Handler<Probed> for Restreams {
    type Result = ();

    fn handle(&mut self, probed: Probed, ctx: &mut Self::Context) {
        self.note_probe(probed.0, false, ctx);
    }
}
