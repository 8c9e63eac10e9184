//! What every role holds: the open incidents and what waits to be written, and the way to whoever writes it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix::{Message, Recipient};
use tokio::sync::watch;
use uuid::Uuid;

use super::clock::now;
use super::incident_log;
use super::taking_over::TakenOver;
use crate::domain::incident::{
    Incident, IncidentDecision, IncidentKind, IncidentQueue, IncidentWrite, OpenIncidents, Subject,
};
use crate::domain::moment::Moment;

/// Name of the database as a subject.
const DATABASE: &str = "database";

/// Something waits to be written. Sent by the handle.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub(super) struct WriteDue;

/// Raises and clears incidents. Cheap to clone; made once by the builder.
#[derive(Clone, Default)]
pub struct IncidentsHandle(Arc<SharedIncidents>);

#[derive(Default)]
struct SharedIncidents {
    // Held for moments only, and never across an await.
    kept: Mutex<KeptIncidents>,
    writer: watch::Sender<Option<Recipient<WriteDue>>>,
    /// What an earlier run left open is known.
    taken_up: watch::Sender<bool>,
    /// How many entries wait.
    unwritten: watch::Sender<usize>,
    /// The live store was told what lasts.
    read: watch::Sender<bool>,
}

#[derive(Default)]
struct KeptIncidents {
    incidents: OpenIncidents,
    queue: IncidentQueue,
    /// Of these kinds nobody tells in this run; where a name stands beside it, of that subject of the kind.
    untold: BTreeSet<(IncidentKind, Option<&'static str>)>,
    /// Why the database does not do what is asked of it, by who asks.
    complaints: BTreeMap<&'static str, String>,
}

impl IncidentsHandle {
    /// It goes wrong since then: an incident is opened unless one of this kind is open for the subject. The cause is a
    /// sentence for people, without secrets.
    pub fn raise(&self, kind: IncidentKind, subject: &Subject, cause: &str, since: Moment) {
        self.change(|incidents| incidents.raise(kind, subject, cause, since, Uuid::now_v7()));
    }

    /// It has happened and is over with the moment.
    pub fn happened(&self, kind: IncidentKind, subject: &Subject, cause: &str) {
        let at = now();
        self.change(|incidents| {
            let opened = incidents.raise(kind, subject, cause, at, Uuid::now_v7());
            opened.into_iter().chain(incidents.clear(kind, subject, at)).collect::<Vec<_>>()
        });
    }

    /// It goes well again: what is open of this kind for the subject is closed; nothing when none is.
    pub fn clear(&self, kind: IncidentKind, subject: &Subject) {
        self.change(|incidents| incidents.clear(kind, subject, now()));
    }

    /// The subject is gone (camera deleted): all of its incidents are closed.
    pub fn clear_all(&self, subject: &Subject) {
        self.change(|incidents| incidents.clear_all(subject, now()));
    }

    /// Does what was found of a subject.
    pub fn apply(&self, subject: &Subject, decision: IncidentDecision) {
        self.change(|incidents| incidents.apply(subject, decision, Uuid::now_v7()));
    }

    /// From now on exactly the subjects with these keys are excused: they open no incident, and what is open of them ends.
    pub fn excuse(&self, keys: BTreeSet<String>) {
        self.change(|incidents| incidents.excuse(keys, now(), Uuid::now_v7));
    }

    /// The database did not do what `who` (`"reading cameras"`) asked at that time. It is one incident, whoever finds it.
    pub fn database_failed(&self, who: &'static str, fault: &str, since: Moment) {
        self.lock().complaints.insert(who, fault.to_owned());
        self.raise(IncidentKind::ServiceDown, &database(), fault, since);
    }

    /// The database does what `who` asks. Its incident ends when nobody has a complaint.
    pub fn database_works(&self, who: &'static str) {
        let well = {
            let complaints = &mut self.lock().complaints;
            complaints.remove(who);
            complaints.is_empty()
        };
        if well {
            self.clear(IncidentKind::ServiceDown, &database());
        }
    }

    /// What is open now, for roles that want to clear what is over; waits until it is known what an earlier run has left.
    pub async fn open(&self) -> Vec<(IncidentKind, Subject)> {
        // Its sender lives as long as this handle.
        let _ = self.0.taken_up.subscribe().wait_for(|known| *known).await;
        self.lock().incidents.open().map(|(kind, subject)| (kind, subject.clone())).collect()
    }

    /// Ends what is open and is over by this judgement, once it is known what an earlier run has left open.
    pub async fn clear_where(self, mut is_over: impl FnMut(IncidentKind, &Subject) -> bool) {
        for (kind, subject) in self.open().await {
            if is_over(kind, &subject) {
                self.clear(kind, &subject);
            }
        }
    }

    /// Nobody tells of these kinds in this run, as it was configured away: what an earlier run has left open of them ends, as nobody else
    /// would ever end it.
    pub fn nobody_tells_of(&self, kinds: &[IncidentKind]) {
        self.untold(kinds.iter().map(|kind| (*kind, None)));
    }

    /// The same of a service of ours, which is one of several that have this kind.
    pub fn nobody_tells_of_service(&self, name: &'static str) {
        self.untold([(IncidentKind::ServiceDown, Some(name))]);
    }

    fn untold(&self, all: impl IntoIterator<Item = (IncidentKind, Option<&'static str>)>) {
        self.lock().untold.extend(all);
        if self.is_taken_up() {
            self.end_untold();
        }
    }

    /// Goes on with what this node has taken over of others in the database, and with what it has left there itself.
    pub fn taken_over(&self, TakenOver { of_others, own }: &TakenOver) {
        if of_others.is_empty() && own.is_empty() {
            return;
        }
        {
            let mut kept = self.lock();
            own.iter().for_each(|one| _ = kept.incidents.adopt(one));
            of_others.iter().for_each(|one| kept.incidents.take_over(one));
        }
        self.end_untold();
        self.announce_written();
    }

    /// Another node tells of these kinds from now on, and goes on with what is open of them.
    pub fn let_go(&self, kinds: &[IncidentKind]) {
        self.let_go_where(|kind, _| kinds.contains(&kind));
    }

    /// Another node tells of these from now on, and goes on with what is open of them.
    pub fn let_go_where(&self, is_theirs: impl Fn(IncidentKind, &Subject) -> bool) {
        self.lock().incidents.let_go(is_theirs);
    }

    fn end_untold(&self) {
        let of = |kept: &KeptIncidents| {
            let open = kept.incidents.open().filter(|(kind, subject)| {
                kept.untold.contains(&(*kind, None)) || kept.untold.contains(&(*kind, Some(subject.name())))
            });
            open.map(|(kind, subject)| (kind, subject.clone())).collect::<Vec<_>>()
        };
        let over = of(&self.lock());
        over.iter().for_each(|(kind, subject)| self.clear(*kind, subject));
    }

    /// What is open now.
    #[cfg(test)]
    pub(in crate::actors) fn open_now(&self) -> Vec<(IncidentKind, Subject)> {
        self.lock().incidents.open().map(|(kind, subject)| (kind, subject.clone())).collect()
    }

    /// Why the database does not do what is asked of it; the first of several complaints.
    pub fn database_fault(&self) -> Option<String> {
        self.lock().complaints.values().next().cloned()
    }

    /// How many entries wait to be written.
    pub fn unwritten(&self) -> usize {
        *self.0.unwritten.borrow()
    }

    /// Whether the live store was told since the start what lasts.
    pub fn read(&self) -> watch::Receiver<bool> {
        self.0.read.subscribe()
    }

    /// It was.
    pub(super) fn was_read(&self) {
        self.0.read.send_if_modified(|read| !std::mem::replace(read, true));
    }

    /// Changes with each entry that is written.
    pub(in crate::actors) fn writings(&self) -> watch::Receiver<usize> {
        self.0.unwritten.subscribe()
    }

    /// What is known of incidents has been written by somebody else of this process: whoever shows them reads it again.
    pub(in crate::actors) fn announce_written(&self) {
        self.0.unwritten.send_modify(|_| {});
    }

    fn lock(&self) -> MutexGuard<'_, KeptIncidents> {
        // Whoever panicked in there has left whole entries behind.
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<E: IntoIterator<Item = IncidentWrite>>(&self, change: impl FnOnce(&mut OpenIncidents) -> E) {
        let (has_new, lost) = {
            let mut kept = self.lock();
            let KeptIncidents { incidents, queue, .. } = &mut *kept;
            let before = queue.len();
            let mut has_new = false;
            for entry in change(incidents) {
                incident_log::note(&entry);
                queue.push(entry);
                has_new = true;
            }
            if queue.len() != before {
                self.0.unwritten.send_replace(queue.len());
            }
            (has_new, queue.take_lost())
        };
        if lost > 0 {
            log::warn!(incidents = lost; "too many incidents wait for the database; the oldest that are over are lost");
        }
        if has_new && let Some(writer) = self.0.writer.borrow().as_ref() {
            // Nobody there: the next one looks for itself when it starts.
            writer.do_send(WriteDue);
        }
    }
}

/// What the writer alone does.
impl IncidentsHandle {
    /// A writer that has started puts its address here. What an earlier one had in hand comes again.
    pub(super) fn now_at(&self, writer: Recipient<WriteDue>) {
        self.lock().queue.failed();
        self.0.writer.send_replace(Some(writer));
    }

    /// What to write now; `None` while something is being written, and when there is nothing.
    pub(super) fn take(&self) -> Option<IncidentWrite> {
        self.lock().queue.take()
    }

    /// An entry is written, or never will be; `kept`: the database had an open one already and keeps that.
    pub(super) fn written(&self, entry: &IncidentWrite, kept: Option<Uuid>) {
        let mut held = self.lock();
        if let (Some(theirs), IncidentWrite::Open(incident)) = (kept, entry)
            && theirs != incident.id
        {
            held.incidents.kept(incident.id, theirs);
            held.queue.kept(incident.id, theirs);
        }
        held.queue.done();
        self.0.unwritten.send_replace(held.queue.len());
    }

    /// An entry could not be written and comes again. True when nobody has complained of the database in these words yet.
    pub(super) fn not_written(&self, fault: &str) -> bool {
        let mut kept = self.lock();
        kept.queue.failed();
        !kept.complaints.values().any(|known| known == fault)
    }

    /// Whether `who` has a complaint of the database.
    pub(super) fn complains(&self, who: &str) -> bool {
        self.lock().complaints.contains_key(who)
    }

    /// Goes on with what an earlier run has left open.
    pub(in crate::actors) fn adopt(&self, left: &[Incident]) {
        let mut kept = self.lock();
        left.iter().for_each(|one| _ = kept.incidents.adopt(one));
        kept.incidents.complete();
        drop(kept);
        self.end_untold();
        self.0.taken_up.send_replace(true);
    }

    /// Whether that has been done.
    pub(super) fn is_taken_up(&self) -> bool {
        *self.0.taken_up.borrow()
    }

    /// How many are open of each kind that occurs.
    pub(super) fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        self.lock().incidents.open().for_each(|(kind, _)| *counts.entry(kind.as_str()).or_default() += 1);
        counts
    }

    /// Resolves when nothing waits any more.
    pub(super) fn all_written(&self) -> impl Future<Output = ()> + use<> {
        let mut unwritten = self.0.unwritten.subscribe();
        async move { _ = unwritten.wait_for(|count| *count == 0).await }
    }
}

/// The database as a subject.
fn database() -> Subject {
    Subject::Service { name: DATABASE.to_owned() }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn what_nobody_tells_of_any_more_ends_whenever_it_becomes_known() {
        let stream = Subject::Stream { server: "main".to_owned(), name: "gate".to_owned() };
        let left = [IncidentKind::StreamUnusual, IncidentKind::StreamFlapping].map(|kind| {
            Incident::open(Uuid::now_v7(), kind, stream.clone(), "as before".to_owned(), DateTime::UNIX_EPOCH)
        });
        for is_known_first in [false, true] {
            let handle = IncidentsHandle::default();
            if is_known_first {
                handle.adopt(&left);
            }
            handle.nobody_tells_of(&[IncidentKind::StreamUnusual]);
            if !is_known_first {
                handle.adopt(&left);
            }
            assert_eq!(handle.open_now(), [(IncidentKind::StreamFlapping, stream.clone())], "{is_known_first}");
            assert_eq!(handle.unwritten(), 1, "its end is to be written");
        }
    }

    #[test]
    fn what_a_role_has_told_ends_where_it_was_switched_off() {
        let camera = Subject::camera_of(1, "gate");
        let stream = Subject::Stream { server: "main".to_owned(), name: "gate".to_owned() };
        let service = |name: &str| Subject::Service { name: name.to_owned() };
        let restream = [
            (IncidentKind::CameraDown, camera.clone()),
            (IncidentKind::CameraStalled, camera.clone()),
            (IncidentKind::CameraDegraded, camera.clone()),
            (IncidentKind::OtherPublisher, camera.clone()),
            (IncidentKind::ChangeBlocked, camera),
        ];
        let record = [
            (IncidentKind::RecordingPaused, stream.clone()),
            (IncidentKind::RecordingPaused, service("spool")),
            (IncidentKind::ObjectConflict, stream.clone()),
            (IncidentKind::ServiceDown, service("clock")),
        ];
        let others = [
            (IncidentKind::StreamFlapping, stream),
            (IncidentKind::ServerDown, Subject::Server { name: "main".to_owned() }),
            (IncidentKind::ServiceDown, service("database")),
        ];
        let all: Vec<_> = [&restream[..], &record, &others].concat();
        let left: Vec<Incident> = all
            .iter()
            .map(|(kind, subject)| {
                let cause = "as before".to_owned();
                Incident::open(Uuid::now_v7(), *kind, subject.clone(), cause, DateTime::UNIX_EPOCH)
            })
            .collect();
        let camera_kinds = restream.each_ref().map(|(kind, _)| *kind);
        let recording_kinds = [IncidentKind::RecordingPaused, IncidentKind::ObjectConflict];
        let table: [(&[IncidentKind], Option<&'static str>, &[_]); 2] =
            [(&camera_kinds, None, &restream), (&recording_kinds, Some("clock"), &record)];
        for (kinds, name, ended) in table {
            let handle = IncidentsHandle::default();
            handle.nobody_tells_of(kinds);
            name.into_iter().for_each(|name| handle.nobody_tells_of_service(name));
            handle.adopt(&left);
            let (mut open, mut wanted) = (handle.open_now(), all.clone());
            wanted.retain(|one| !ended.contains(one));
            let by_words = |(kind, subject): &(IncidentKind, Subject)| (kind.as_str(), subject.key());
            open.sort_by_key(by_words);
            wanted.sort_by_key(by_words);
            assert_eq!(open, wanted, "{kinds:?}");
        }
    }
}
