//! What is known of the cameras' sources: kept over restarts of ours, so that a weak camera is not asked for one more
//! session.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix::Message;
use futures_util::{Stream, stream};
use tokio::sync::watch;

use crate::actors::restream::assignments::Assignments;
use crate::actors::restream::desired_fleet::DesiredFleet;
use crate::domain::camera::CameraSource;
use crate::domain::change_guard;
use crate::domain::probe::{KeptProbe, ProbeOutcome, Tracks};

/// A camera that fails the same way is written again after so many minutes: cameras that are off are probed every minute.
const SAME_FAULT_MINUTES: i64 = 10;

/// The latest probe of every camera, and those that have to be written. Clones are the same; it outlives the actors.
#[derive(Clone)]
pub(in crate::actors::restream) struct KnownSources(Arc<SharedProbes>);

struct SharedProbes {
    kept: Mutex<KeptProbes>,
    assignments: Assignments,
    fleet: DesiredFleet,
    /// Counts what has to be written.
    added: watch::Sender<u64>,
}

#[derive(Default)]
struct KeptProbes {
    latest: BTreeMap<i64, KeptProbe>,
    // The latest per camera: never more than there are cameras.
    unwritten: BTreeMap<i64, KeptProbe>,
}

/// There is something to write.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub(super) struct Unwritten;

impl KnownSources {
    /// Nothing is known. What is found out is told to the relays of these cameras.
    pub(in crate::actors::restream) fn new(assignments: Assignments, fleet: DesiredFleet) -> Self {
        let (kept, added) = (Mutex::default(), watch::Sender::new(0));
        Self(Arc::new(SharedProbes { kept, assignments, fleet, added }))
    }

    fn lock(&self) -> MutexGuard<'_, KeptProbes> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What an earlier probe of this source found. A fault is not believed: it may have been mended.
    pub(in crate::actors::restream) fn of(&self, source: &CameraSource) -> Option<Tracks> {
        match self.lock().latest.get(&source.id) {
            Some(KeptProbe { fingerprint, outcome: ProbeOutcome::Tracks(tracks), .. })
                if *fingerprint == source.fingerprint() =>
            {
                Some(tracks.clone())
            }
            _ => None,
        }
    }

    /// Takes a new probe: for the relay if it is built again, and for the next start of ours. `requested` by a person: then the
    /// relay did not run it itself.
    pub(in crate::actors::restream) fn found(&self, probe: KeptProbe, requested: bool) {
        let id = probe.camera;
        {
            let mut kept = self.lock();
            if !kept.note(&probe, requested) {
                return;
            }
            kept.unwritten.insert(id, probe);
        }
        let planned = self.0.fleet.get(id);
        let tracks = planned.and_then(|planned| planned.source().and_then(|source| self.of(source)));
        self.0.assignments.set_tracks(id, tracks, requested);
        self.0.added.send_modify(|count| *count += 1);
    }

    /// Cameras have other ids from now on; what is known of their sources is theirs still.
    pub(in crate::actors::restream) fn renumber(&self, moved: &BTreeMap<i64, i64>) {
        let mut kept = self.lock();
        change_guard::renumber(&mut kept.latest, moved);
        for new in moved.values() {
            if let Some(probe) = kept.latest.get_mut(new) {
                probe.camera = *new;
                let probe = probe.clone();
                kept.unwritten.insert(*new, probe);
            }
        }
        drop(kept);
        self.0.added.send_modify(|count| *count += 1);
    }

    /// Takes what an earlier run has left; what was found since is newer.
    pub(super) fn add_earlier(&self, probes: Vec<KeptProbe>) {
        let mut kept = self.lock();
        for probe in probes {
            kept.latest.entry(probe.camera).or_insert(probe);
        }
    }

    /// The next to be written, if any.
    pub(super) fn take_unwritten(&self) -> Option<KeptProbe> {
        self.lock().unwritten.pop_first().map(|(_, probe)| probe)
    }

    /// It could not be written; a newer one is written in its place.
    pub(super) fn put_back(&self, probe: KeptProbe) {
        self.lock().unwritten.entry(probe.camera).or_insert(probe);
    }

    /// For the tree: cameras of which something is known, and how much of it waits to be written.
    pub(super) fn counts(&self) -> (usize, usize) {
        let kept = self.lock();
        (kept.latest.len(), kept.unwritten.len())
    }

    /// One message whenever there is something to write, several in quick succession counting as one.
    pub(super) fn to_write(&self) -> impl Stream<Item = Unwritten> + use<> {
        stream::unfold(self.0.added.subscribe(), |mut added| async move {
            added.changed().await.ok().map(|()| (Unwritten, added))
        })
    }
}

impl KeptProbes {
    /// Remembers a probe; true when it has to be written, as one that was requested always has to.
    fn note(&mut self, probe: &KeptProbe, requested: bool) -> bool {
        let known = self.latest.get(&probe.camera).is_some_and(|kept| {
            let same = kept.fingerprint == probe.fingerprint && kept.outcome == probe.outcome;
            let fault = matches!(probe.outcome, ProbeOutcome::Fault(_));
            same && fault && !requested && (probe.at - kept.at).num_minutes() < SAME_FAULT_MINUTES
        });
        if !known {
            self.latest.insert(probe.camera, probe.clone());
        }
        !known
    }
}
