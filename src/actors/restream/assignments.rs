//! The assignments of all relays, and what is known of the media server that they share.
//!
//! Kept outside the actors, so that a relay goes on with its assignment whoever of us is built anew: the supervisor of the
//! relays writes what a camera is, [`ServerWatch`](super::server_watch::ServerWatch) what the server says, the probes what a
//! look has found. A relay is woken only by what concerns it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::assignment::{Assigned, RelayAssignment};
use super::server_view::ServerView;
use super::setup::RestreamSetup;
use crate::adapters::live::subscription::LiveUpdate;
use crate::domain::camera::CameraSource;
use crate::domain::change_guard;
use crate::domain::fleet::CameraFacts;
use crate::domain::incident::ServerObservation;
use crate::domain::probe::Tracks;

/// Clones are the same assignments.
#[derive(Clone, Debug)]
pub(super) struct Assignments(Arc<Mutex<KeptAssignments>>);

#[derive(Debug)]
struct KeptAssignments {
    server: ServerView,
    relays: BTreeMap<i64, RelayEntry>,
}

/// One relay.
#[derive(Debug)]
struct RelayEntry {
    /// What it is called as a child: the id that its camera had when it began, which is another one by now when the row
    /// has come back under a new id.
    child: String,
    assign: watch::Sender<RelayAssignment>,
}

impl Assignments {
    /// None yet, and nothing known of this server.
    pub(super) fn new(setup: &RestreamSetup) -> Self {
        let server = ServerView::new(&setup.server, setup.monitored, setup.probed_by_monitor);
        Self(Arc::new(Mutex::new(KeptAssignments { server, relays: BTreeMap::new() })))
    }

    fn lock(&self) -> MutexGuard<'_, KeptAssignments> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a relay that is about to be built is called, and its assignment.
    pub(super) fn begin(
        &self,
        id: i64,
        setup: Arc<RestreamSetup>,
        facts: CameraFacts,
        source: Box<CameraSource>,
        kept: Option<Tracks>,
    ) -> (String, Assigned) {
        let mut all = self.lock();
        let (server, path) = (all.server.answers(), all.server.path(&source.name));
        let at_path = all.server.at_path(&source.name);
        let (probes_requested, rows_read, restarts_asked, standby) = (0, 0, 0, all.server.is_standby());
        let assignment = RelayAssignment {
            setup,
            facts,
            source,
            server,
            standby,
            path,
            at_path,
            kept,
            probes_requested,
            rows_read,
            restarts_asked,
        };
        let (assign, assigned) = watch::channel(assignment);
        let child = all.free_name(id);
        all.relays.insert(id, RelayEntry { child: child.clone(), assign });
        (child, assigned)
    }

    /// What the relay of this camera is called; `None` when it has none.
    pub(super) fn child_of(&self, id: i64) -> Option<String> {
        self.lock().relays.get(&id).map(|relay| relay.child.clone())
    }

    /// Name of the camera whose relay this is; `None` when it has none.
    pub(super) fn camera_name(&self, id: i64) -> Option<String> {
        self.lock().relays.get(&id).map(|relay| relay.assign.borrow().source.name.to_string())
    }

    /// Whose relay this child is.
    pub(super) fn camera_of(&self, child: &str) -> Option<i64> {
        let all = self.lock();
        all.relays.iter().find(|(_, relay)| relay.child == child).map(|(id, _)| *id)
    }

    /// Cameras have other ids from now on, see [`renumbered`](change_guard::renumbered); their relays go on.
    pub(super) fn renumber(&self, moved: &BTreeMap<i64, i64>) {
        let mut all = self.lock();
        change_guard::renumber(&mut all.relays, moved);
        for new in moved.values() {
            if let Some(relay) = all.relays.get(new) {
                relay.assign.send_modify(|assignment| (assignment.facts.id, assignment.source.id) = (*new, *new));
            }
        }
    }

    /// Its relay is gone.
    pub(super) fn end(&self, id: i64) {
        self.lock().relays.remove(&id);
    }

    /// How many relays there are.
    pub(super) fn len(&self) -> usize {
        self.lock().relays.len()
    }

    /// The row has changed.
    pub(super) fn set_source(&self, id: i64, facts: &CameraFacts, source: &CameraSource, kept: Option<Tracks>) {
        let all = self.lock();
        let Some(RelayEntry { assign, .. }) = all.relays.get(&id) else { return };
        let (path, at_path) = (all.server.path(&source.name), all.server.at_path(&source.name));
        assign.send_modify(|assignment| {
            assignment.facts.clone_from(facts);
            assignment.kept = kept;
            *assignment.source = source.clone();
            (assignment.path, assignment.at_path) = (path, at_path);
        });
    }

    /// The configuration has changed.
    pub(super) fn set_setup(&self, setup: &Arc<RestreamSetup>) {
        for RelayEntry { assign, .. } in self.lock().relays.values() {
            assign.send_if_modified(|assignment| {
                let changed = !Arc::ptr_eq(&assignment.setup, setup);
                assignment.setup = Arc::clone(setup);
                changed
            });
        }
    }

    /// A probe has found this; the relay that has run it itself, if it was not requested, needs no word of it.
    pub(super) fn set_tracks(&self, id: i64, kept: Option<Tracks>, requested: bool) {
        let all = self.lock();
        let Some(RelayEntry { assign, .. }) = all.relays.get(&id) else { return };
        assign.send_if_modified(|assignment| {
            let concerns = requested && kept.is_some();
            assignment.probes_requested += u64::from(concerns);
            assignment.kept = kept;
            concerns
        });
    }

    /// Its row was read by itself, and is the same.
    pub(super) fn row_was_read(&self, id: i64) {
        if let Some(RelayEntry { assign, .. }) = self.lock().relays.get(&id) {
            assign.send_modify(|assignment| assignment.rows_read += 1);
        }
    }

    /// Somebody wants it restarted.
    pub(super) fn restart(&self, id: i64) {
        if let Some(RelayEntry { assign, .. }) = self.lock().relays.get(&id) {
            assign.send_modify(|assignment| assignment.restarts_asked += 1);
        }
    }
}

/// The media server.
impl Assignments {
    /// Takes what the live store tells; says whether anything of it concerns us.
    pub(super) fn hear(&self, heard: &LiveUpdate) -> bool {
        let mut all = self.lock();
        let concerns = all.server.hear(heard);
        if concerns {
            all.tell_of_server();
        }
        concerns
    }

    /// Whether its media port was open, while its API does not answer; says whether that is new.
    pub(super) fn rtsp_probed(&self, open: bool) -> bool {
        let mut all = self.lock();
        let new = all.server.is_in_doubt() && all.server.rtsp_probed(open);
        if new {
            all.tell_of_server();
        }
        new
    }

    /// Ends all relays while somebody else relays these cameras, as `why` says, and lets them go on afterwards. Says whether
    /// that is new.
    pub(super) fn set_standby(&self, why: Option<String>) -> bool {
        let mut all = self.lock();
        let new = all.server.set_standby(why);
        if new {
            all.tell_of_server();
        }
        new
    }

    /// See [`ServerView::media_alone`].
    pub(super) fn media_alone(&self) -> bool {
        self.lock().server.media_alone()
    }

    /// See [`ServerView::is_in_doubt`].
    pub(super) fn server_is_in_doubt(&self) -> bool {
        self.lock().server.is_in_doubt()
    }

    /// See [`ServerView::observation`].
    pub(super) fn server_observation(&self) -> Option<ServerObservation> {
        self.lock().server.observation()
    }

    /// Why it cannot be published to.
    pub(super) fn server_fault(&self) -> Option<String> {
        self.lock().server.answers().err()
    }
}

impl KeptAssignments {
    /// A name for the relay of this camera that no other relay has.
    fn free_name(&self, id: i64) -> String {
        let is_free = |name: &String| self.relays.values().all(|relay| relay.child != *name);
        let first = id.to_string();
        // The id may be the name of a relay that went over to another id.
        let others = (2_u64..).map(|number| format!("{id}-{number}"));
        std::iter::once(first).chain(others).find(is_free).unwrap_or_default()
    }

    fn tell_of_server(&self) {
        let server = self.server.answers();
        for RelayEntry { assign, .. } in self.relays.values() {
            assign.send_if_modified(|assignment| {
                let path = self.server.path(&assignment.source.name);
                let at_path = self.server.at_path(&assignment.source.name);
                let standby = self.server.is_standby();
                let of_server = assignment.server != server || assignment.standby != standby;
                let changed = of_server || assignment.path != path || assignment.at_path != at_path;
                if changed {
                    assignment.server.clone_from(&server);
                    assignment.standby = standby;
                    (assignment.path, assignment.at_path) = (path, at_path);
                }
                changed
            });
        }
    }
}
