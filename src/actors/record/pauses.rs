//! Recordings that pause, told as incidents: one for the spool's disk, one for each stream that pauses for a reason of its own.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use crate::actors::incidents::{IncidentsHandle, now};
use crate::domain::admission::StreamKey;
use crate::domain::incident::{IncidentKind, Subject};
use crate::domain::recording::RecordingState;

/// What is open now. Clones are the same; held by the manager and its recorders, which run on one thread.
#[derive(Clone)]
pub struct Pauses {
    incidents: IncidentsHandle,
    open: Rc<RefCell<BTreeSet<String>>>,
}

impl Pauses {
    /// Nothing is known to pause yet.
    pub fn new(incidents: IncidentsHandle) -> Self {
        Self { incidents, open: Rc::default() }
    }

    /// A recorder's state. `disk`: why nobody can record, which is told once and not for every stream.
    pub fn stream(&self, key: &StreamKey, state: RecordingState, why: Option<&str>, disk: Option<&str>) {
        match (state, why) {
            (RecordingState::Paused, Some(why)) if disk != Some(why) => self.raise(&of(key), why),
            // Between two tries it is not known yet whether it can be recorded.
            (RecordingState::Starting | RecordingState::Restarting, _) => {}
            _ => self.clear(&of(key)),
        }
    }

    /// A stream is recorded, but its segments stay in the spool: they can be neither played nor uploaded.
    pub fn stuck(&self, key: &StreamKey, why: &str) {
        self.raise(&of(key), why);
    }

    /// Nobody wants to record the stream any more.
    pub fn forget(&self, key: &StreamKey) {
        self.clear(&of(key));
    }

    /// Why the spool's disk forbids all recording.
    pub fn disk(&self, obstacle: Option<&str>) {
        match obstacle {
            Some(why) => self.raise(&spool(), why),
            None => self.clear(&spool()),
        }
    }

    /// Ends what an earlier run has left open and does not last, of servers that are gone from the configuration too. Called once
    /// it is known what pauses.
    pub async fn clear_what_is_over(self) {
        let is_over = |kind, subject: &Subject| {
            kind == IncidentKind::RecordingPaused && !self.open.borrow().contains(&subject.key())
        };
        self.incidents.clone().clear_where(is_over).await;
    }

    fn raise(&self, subject: &Subject, why: &str) {
        if self.open.borrow_mut().insert(subject.key()) {
            self.incidents.raise(IncidentKind::RecordingPaused, subject, why, now());
        }
    }

    fn clear(&self, subject: &Subject) {
        if self.open.borrow_mut().remove(&subject.key()) {
            self.incidents.clear(IncidentKind::RecordingPaused, subject);
        }
    }
}

fn of(key: &StreamKey) -> Subject {
    Subject::Stream { server: key.server.clone(), name: key.name.to_string() }
}

fn spool() -> Subject {
    Subject::Service { name: "spool".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::incident::Incident;
    use crate::domain::name::StreamName;

    #[test]
    fn a_full_disk_is_one_incident_and_a_stream_of_its_own_reason_another() {
        use RecordingState::{Paused, Recording, Restarting, Starting};
        let pauses = Pauses::new(IncidentsHandle::default());
        let key = StreamKey { server: "main".into(), name: StreamName::parse("a/b").expect("a name") };
        let open = || pauses.open.borrow().iter().cloned().collect::<Vec<_>>().join(" ");
        pauses.disk(Some("full"));
        pauses.stream(&key, Paused, Some("full"), Some("full"));
        assert_eq!(open(), "service:spool");
        pauses.disk(None);
        for (state, why, wanted) in [
            (Starting, None, ""),
            (Paused, Some("codec"), "stream:main/a/b"),
            (Restarting, Some("404"), "stream:main/a/b"),
            (Starting, None, "stream:main/a/b"),
            (Recording, None, ""),
            (Restarting, Some("killed"), ""),
            (Paused, Some("codec"), "stream:main/a/b"),
        ] {
            pauses.stream(&key, state, why, None);
            assert_eq!(open(), wanted, "{state:?}");
        }
        pauses.forget(&key);
        assert_eq!(open(), "");
    }

    #[tokio::test]
    async fn what_an_earlier_run_left_ends_unless_it_pauses_still_of_a_server_that_is_gone_too() {
        let incidents = IncidentsHandle::default();
        let stream = |server: &str| Subject::Stream { server: server.to_owned(), name: "gate".to_owned() };
        let left = [stream("main"), stream("renamed"), spool()].map(|subject| {
            let (kind, at) = (IncidentKind::RecordingPaused, now().wall);
            Incident::open(uuid::Uuid::now_v7(), kind, subject, "codec".to_owned(), at)
        });
        incidents.adopt(&left);
        let pauses = Pauses::new(incidents.clone());
        pauses.raise(&stream("main"), "codec");
        pauses.clear_what_is_over().await;
        assert_eq!(incidents.open_now(), [(IncidentKind::RecordingPaused, stream("main"))]);
    }
}
