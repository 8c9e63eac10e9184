//! The rule that at most one incident of a kind is open for a subject, and none for one that is excused.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Incident, IncidentDecision, IncidentKind, IncidentWrite, LONGEST_CAUSE, Subject};
use crate::domain::moment::Moment;

/// The open incidents of one writer.
#[derive(Clone, Debug, Default)]
pub struct OpenIncidents {
    open: BTreeMap<(String, IncidentKind), OpenIncident>,
    /// Keys of the subjects that are excused.
    excused: BTreeSet<String>,
    /// What goes wrong with them, and is no incident unless it outlasts that.
    waiting: BTreeMap<(String, IncidentKind), (Subject, String)>,
    /// What has ended before it was known what an earlier run left: a list read meanwhile may still name it as open.
    ended: BTreeSet<Uuid>,
    /// That is known.
    complete: bool,
}

/// An open incident.
#[derive(Clone, Debug)]
struct OpenIncident {
    id: Uuid,
    subject: Subject,
    cause: String,
    at: DateTime<Utc>,
    /// On both clocks, when it was opened in this life.
    since: Option<Moment>,
}

impl OpenIncident {
    fn end(&self, now: Moment) -> IncidentWrite {
        let at = self.since.map_or_else(|| now.wall.max(self.at), |since| now.end_of(since));
        IncidentWrite::Close { id: self.id, at }
    }
}

impl OpenIncidents {
    /// Goes on with an open incident that an earlier run left in the database; false when it is over, has ended since it
    /// was read, or when one of its kind was opened for its subject meanwhile.
    pub fn adopt(&mut self, left: &Incident) -> bool {
        let key = (left.subject.key(), left.kind);
        let lasts = left.closed_at.is_none() && !self.ended.contains(&left.id);
        let free = lasts && !self.open.contains_key(&key);
        if free {
            let (subject, cause) = (left.subject.clone(), left.cause.clone());
            self.open.insert(key, OpenIncident { id: left.id, subject, cause, at: left.opened_at, since: None });
        }
        free
    }

    /// Goes on with an open incident of another process, which is this one's now: one of its kind that was opened here for its
    /// subject meanwhile has ended for it.
    pub fn take_over(&mut self, theirs: &Incident) {
        self.open.remove(&(theirs.subject.key(), theirs.kind));
        self.adopt(theirs);
    }

    /// Everything that an earlier run left has been adopted.
    pub fn complete(&mut self) {
        self.ended.clear();
        self.complete = true;
    }

    /// Does what was found of a subject.
    #[must_use]
    pub fn apply(&mut self, subject: &Subject, decision: IncidentDecision, id: Uuid) -> Option<IncidentWrite> {
        match decision {
            IncidentDecision::Raise(kind, cause, since) => self.raise(kind, subject, &cause, since, id),
            IncidentDecision::Clear(kind, at) => self.clear(kind, subject, at),
        }
    }

    /// It goes wrong now: an incident with this id is opened unless one is open.
    #[must_use]
    pub fn raise(
        &mut self,
        kind: IncidentKind,
        subject: &Subject,
        cause: &str,
        now: Moment,
        id: Uuid,
    ) -> Option<IncidentWrite> {
        let key = (subject.key(), kind);
        if self.open.contains_key(&key) {
            return None;
        }
        let cause: String = cause.chars().take(LONGEST_CAUSE).collect();
        if self.excused.contains(&key.0) {
            self.waiting.entry(key).or_insert_with(|| (subject.clone(), cause));
            return None;
        }
        let (at, since) = (now.wall, Some(now));
        self.open.insert(key, OpenIncident { id, subject: subject.clone(), cause: cause.clone(), at, since });
        Some(IncidentWrite::Open(Incident::open(id, kind, subject.clone(), cause, now.wall)))
    }

    /// It goes well again: what is open is closed.
    #[must_use]
    pub fn clear(&mut self, kind: IncidentKind, subject: &Subject, now: Moment) -> Option<IncidentWrite> {
        let key = (subject.key(), kind);
        self.waiting.remove(&key);
        self.close(&key, now)
    }

    fn close(&mut self, key: &(String, IncidentKind), now: Moment) -> Option<IncidentWrite> {
        let opened = self.open.remove(key)?;
        if !self.complete {
            self.ended.insert(opened.id);
        }
        Some(opened.end(now))
    }

    /// From now on exactly these subjects are excused: what is open of them ends, and what of those that no longer are still
    /// goes wrong is opened.
    #[must_use]
    pub fn excuse(&mut self, keys: BTreeSet<String>, now: Moment, mut id: impl FnMut() -> Uuid) -> Vec<IncidentWrite> {
        self.excused = keys;
        let mut writes = Vec::new();
        let over: Vec<_> = self.open.keys().filter(|(key, _)| self.excused.contains(key)).cloned().collect();
        for key in over {
            let opened = self.open.get(&key).map(|opened| (opened.subject.clone(), opened.cause.clone()));
            writes.extend(self.close(&key, now));
            self.waiting.extend(opened.map(|opened| (key, opened)));
        }
        let back: Vec<_> = self.waiting.keys().filter(|(key, _)| !self.excused.contains(key)).cloned().collect();
        for key in back {
            if let Some((subject, cause)) = self.waiting.remove(&key) {
                writes.extend(self.raise(key.1, &subject, &cause, now, id()));
            }
        }
        writes
    }

    /// The subject is gone (camera deleted): all of its incidents are closed.
    #[must_use]
    pub fn clear_all(&mut self, subject: &Subject, now: Moment) -> Vec<IncidentWrite> {
        IncidentKind::ALL.into_iter().filter_map(|kind| self.clear(kind, subject, now)).collect()
    }

    /// Another process tells of these from now on: nothing of them is known here any more, and nothing ends.
    pub fn let_go(&mut self, is_theirs: impl Fn(IncidentKind, &Subject) -> bool) {
        self.open.retain(|(_, kind), opened| !is_theirs(*kind, &opened.subject));
        self.waiting.retain(|(_, kind), (subject, _)| !is_theirs(*kind, subject));
    }

    /// The database had an open incident already and kept that one: closing must name it.
    pub fn kept(&mut self, ours: Uuid, theirs: Uuid) {
        self.open.values_mut().filter(|one| one.id == ours).for_each(|one| one.id = theirs);
        if self.ended.contains(&ours) {
            self.ended.insert(theirs);
        }
    }

    /// Whether one of this kind is open, or would be if its subject were not excused.
    pub fn is_open(&self, kind: IncidentKind, subject: &Subject) -> bool {
        let key = (subject.key(), kind);
        self.open.contains_key(&key) || self.waiting.contains_key(&key)
    }

    /// What is open, or would be if its subject were not excused, with the names that the subjects had then.
    pub fn open(&self) -> impl Iterator<Item = (IncidentKind, &Subject)> {
        let waiting = self.waiting.iter().map(|((_, kind), (subject, _))| (*kind, subject));
        self.open.iter().map(|((_, kind), opened)| (*kind, &opened.subject)).chain(waiting)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn time(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).expect("a time")
    }

    /// When nobody has set the clock.
    fn at(second: u64) -> Moment {
        Moment { wall: time(second as i64), steady: Duration::from_secs(second) }
    }

    fn camera(id: i64, name: &str) -> Subject {
        Subject::camera_of(id, name)
    }

    #[test]
    fn the_one_of_another_process_takes_the_place_of_ours() {
        let kind = IncidentKind::EndpointDown;
        let subject = Subject::Target { name: "uplink".to_owned() };
        let theirs = Incident::open(Uuid::from_u128(1), kind, subject.clone(), "theirs".to_owned(), time(5));
        let mut open_incidents = OpenIncidents::default();
        let _ = open_incidents.raise(kind, &subject, "ours", at(9), Uuid::from_u128(2));
        open_incidents.take_over(&theirs);
        assert_eq!(open_incidents.raise(kind, &subject, "again", at(10), Uuid::from_u128(3)), None);
        let end = IncidentWrite::Close { id: theirs.id, at: time(11) };
        assert_eq!(open_incidents.clear(kind, &subject, at(11)), Some(end));
    }

    #[test]
    fn one_incident_of_a_kind_is_open_for_a_subject() {
        use IncidentKind::{CameraDown, CameraStalled};
        let mut open_incidents = OpenIncidents::default();
        let gate = camera(7, "gate");
        let id = Uuid::from_u128;
        assert!(open_incidents.clear(CameraDown, &gate, at(0)).is_none(), "nothing was wrong");
        let Some(IncidentWrite::Open(opened)) = open_incidents.raise(CameraDown, &gate, "refused", at(1), id(1)) else {
            panic!("opened")
        };
        assert_eq!((opened.id, opened.kind, opened.opened_at, opened.closed_at), (id(1), CameraDown, time(1), None));
        assert_eq!(open_incidents.raise(CameraDown, &gate, "refused again", at(2), id(2)), None);
        assert_eq!(open_incidents.raise(CameraDown, &camera(7, "renamed"), "refused", at(2), id(2)), None);
        assert!(open_incidents.raise(CameraStalled, &gate, "silent", at(3), id(3)).is_some(), "another kind");
        assert!(
            open_incidents.raise(CameraDown, &camera(8, "gate"), "refused", at(3), id(4)).is_some(),
            "another camera"
        );
        assert_eq!(
            open_incidents.clear(CameraDown, &gate, at(4)),
            Some(IncidentWrite::Close { id: id(1), at: time(4) })
        );
        assert!(open_incidents.raise(CameraDown, &gate, "again", at(5), id(5)).is_some());
        let closed = [IncidentWrite::Close { id: id(5), at: time(6) }, IncidentWrite::Close { id: id(3), at: time(6) }];
        assert_eq!(open_incidents.clear_all(&gate, at(6)), closed);
        assert_eq!(open_incidents.open().collect::<Vec<_>>(), [(CameraDown, &camera(8, "gate"))]);
    }

    #[test]
    fn open_incidents_go_on_where_the_database_stands() {
        let (gate, id) = (camera(7, "gate"), Uuid::from_u128);
        let mut open_incidents = OpenIncidents::default();
        let raised = open_incidents.raise(IncidentKind::CameraDown, &gate, &"x".repeat(9_000), at(1), id(1));
        let Some(IncidentWrite::Open(left)) = raised else { panic!("opened") };
        assert_eq!(left.cause.len(), LONGEST_CAUSE);
        let over = Incident { id: id(2), closed_at: Some(time(2)), kind: IncidentKind::ServerDown, ..left.clone() };
        let mut open_incidents = OpenIncidents::default();
        assert!(open_incidents.adopt(&left) && !open_incidents.adopt(&left) && !open_incidents.adopt(&over));
        assert!(
            open_incidents.is_open(IncidentKind::CameraDown, &gate)
                && !open_incidents.is_open(IncidentKind::ServerDown, &gate)
        );
        open_incidents.kept(id(1), id(9));
        let mut let_go = open_incidents.clone();
        let_go.let_go(|kind, _| kind == IncidentKind::ServerDown);
        let_go.let_go(|_, subject| *subject == camera(8, "gate"));
        assert!(let_go.is_open(IncidentKind::CameraDown, &gate), "of another kind, of another subject");
        let_go.let_go(|kind, subject| kind == IncidentKind::CameraDown && *subject == gate);
        assert_eq!(let_go.clear(IncidentKind::CameraDown, &gate, at(3)), None, "it is another's, who ends it");
        let closed = Some(IncidentWrite::Close { id: id(9), at: time(3) });
        assert_eq!(open_incidents.clear(IncidentKind::CameraDown, &gate, at(3)), closed);
    }

    #[test]
    fn what_ended_while_the_list_was_read_is_not_opened_by_it() {
        let (gate, id) = (camera(7, "gate"), Uuid::from_u128);
        let mut open_incidents = OpenIncidents::default();
        let Some(IncidentWrite::Open(read)) =
            open_incidents.raise(IncidentKind::CameraDown, &gate, "refused", at(1), id(1))
        else {
            panic!("opened")
        };
        let kept = Incident { id: id(9), ..read.clone() };
        assert!(open_incidents.clear(IncidentKind::CameraDown, &gate, at(2)).is_some());
        // The database had one open already, and our end goes to that.
        open_incidents.kept(id(1), id(9));
        assert!(!open_incidents.adopt(&read) && !open_incidents.adopt(&kept) && open_incidents.open().next().is_none());
        open_incidents.complete();
        assert!(open_incidents.adopt(&Incident { id: id(3), ..read }), "another one");
    }

    #[test]
    fn a_clock_that_was_set_makes_no_incident_longer_and_ends_none_before_it_began() {
        let (gate, id) = (camera(7, "gate"), Uuid::from_u128);
        for set in [-3600, -1, 0, 1, 3600] {
            let mut open_incidents = OpenIncidents::default();
            let raised = open_incidents.raise(IncidentKind::CameraDown, &gate, "refused", at(10), id(1));
            let Some(IncidentWrite::Open(left)) = raised else { panic!("opened") };
            let now = Moment { wall: time(12 + set), steady: Duration::from_secs(12) };
            let cleared = open_incidents.clear(IncidentKind::CameraDown, &gate, now);
            assert_eq!(cleared, Some(IncidentWrite::Close { id: id(1), at: time(12) }), "it lasted two seconds: {set}");
            // How long another life of ours went on is told by nobody but the clock.
            let mut open_incidents = OpenIncidents::default();
            assert!(open_incidents.adopt(&left));
            let cleared = open_incidents.clear(IncidentKind::CameraDown, &gate, now);
            assert_eq!(cleared, Some(IncidentWrite::Close { id: id(1), at: time(10.max(12 + set)) }), "{set}");
        }
    }

    #[test]
    fn a_kind_is_one_word_in_answers_and_in_filters() {
        for kind in IncidentKind::ALL {
            assert_eq!(serde_json::to_value(kind).expect("JSON"), kind.as_str());
        }
    }

    #[test]
    fn words_and_keys_lead_back() {
        for kind in IncidentKind::ALL {
            assert_eq!(IncidentKind::parse(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).expect("JSON"), kind.as_str());
        }
        assert_eq!(IncidentKind::parse("x"), None);
        let name = || "main".to_owned();
        let disk = Subject::Disk { host: "edge-1".to_owned(), name: "/srv/rec".to_owned() };
        let host = Subject::Host { name: name() };
        for subject in
            [camera(-3, "a:b"), Subject::Server { name: name() }, Subject::Service { name: name() }, host, disk]
        {
            assert_eq!(Subject::from_key(&subject.key(), subject.name()), Some(subject.clone()));
        }
        for wrong in ["camera", "camera:x", "moon:1", ""] {
            assert_eq!(Subject::from_key(wrong, "n"), None, "{wrong}");
        }
    }
    #[test]
    fn what_is_excused_opens_nothing_until_it_outlasts_that() {
        use IncidentKind::{CameraDown, CameraStalled};
        let mut incidents = OpenIncidents::default();
        let (gate, yard) = (camera(7, "gate"), camera(8, "yard"));
        let mut next = 0;
        let mut id = || {
            next += 1;
            Uuid::from_u128(100 + next)
        };
        let only = |key: &str| BTreeSet::from([key.to_owned()]);
        let opened = incidents.raise(CameraDown, &gate, "refused", at(1), Uuid::from_u128(1)).expect("opened");
        assert!(matches!(opened, IncidentWrite::Open(_)));
        let ended = incidents.excuse(only("camera:7"), at(5), &mut id);
        assert_eq!(ended, [IncidentWrite::Close { id: Uuid::from_u128(1), at: time(5) }]);
        assert_eq!(incidents.excuse(only("camera:7"), at(6), &mut id), [], "said again");
        assert_eq!(incidents.raise(CameraStalled, &gate, "silent", at(7), Uuid::from_u128(2)), None);
        assert!(incidents.raise(CameraDown, &yard, "refused", at(7), Uuid::from_u128(3)).is_some(), "another camera");
        assert!(incidents.is_open(CameraDown, &gate) && incidents.is_open(CameraStalled, &gate), "for its raiser");
        assert_eq!(incidents.open().count(), 3);
        // One is over meanwhile, the other is not.
        assert_eq!(incidents.clear(CameraStalled, &gate, at(8)), None);
        let raised = incidents.excuse(BTreeSet::new(), at(60), &mut id);
        let [IncidentWrite::Open(raised)] = raised.as_slice() else { panic!("one: {raised:?}") };
        assert_eq!((raised.kind, raised.opened_at, raised.cause.as_str()), (CameraDown, time(60), "refused"));
        assert_eq!(
            incidents.clear(CameraDown, &gate, at(70)),
            Some(IncidentWrite::Close { id: raised.id, at: time(70) })
        );
    }
}
