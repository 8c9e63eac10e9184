//! How things are for viewers: by their states, and by the incidents that last.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{PublicDay, PublicIncident, PublicKey, PublicKind, PublicState, PublicStatus, PublicThing, PublicTrouble};
use crate::domain::camera::CameraStatus;
use crate::domain::health::EndpointState;
use crate::domain::incident::{Incident, IncidentKind, Subject};
use crate::domain::name::StreamName;
use crate::domain::stream::StreamState;
use crate::domain::uptime::{DayUptime, share_up};

/// What is known of one thing now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownNow {
    /// Which one.
    pub key: PublicKey,
    /// Its name for people.
    pub title: String,
    /// How it is.
    pub state: PublicState,
}

/// Of a stream.
pub fn state_of_stream(state: StreamState) -> PublicState {
    match state {
        StreamState::Live => PublicState::Up,
        StreamState::Stalled | StreamState::Offline => PublicState::Down,
        StreamState::Unknown => PublicState::Unknown,
    }
}

/// Of an endpoint.
pub fn state_of_endpoint(state: EndpointState) -> PublicState {
    match state {
        EndpointState::Up => PublicState::Up,
        EndpointState::Degraded => PublicState::Degraded,
        EndpointState::Down => PublicState::Down,
        EndpointState::Waiting | EndpointState::Doubtful => PublicState::Unknown,
    }
}

/// What viewers notice of a kind of incident; `None`: nothing.
pub fn trouble_of(kind: IncidentKind) -> Option<PublicTrouble> {
    use IncidentKind as Kind;
    match kind {
        Kind::CameraDown
        | Kind::CameraStalled
        | Kind::CameraDegraded
        | Kind::ServerDown
        | Kind::ProbeFailed
        | Kind::EndpointDown => Some(PublicTrouble::Down),
        Kind::StreamFlapping => Some(PublicTrouble::Unstable),
        Kind::EndpointDegraded | Kind::EndpointUnusual => Some(PublicTrouble::Slow),
        _ => None,
    }
}

/// What of the shown an incident is about.
fn key_of(subject: &Subject, cameras: &[CameraStatus]) -> Option<PublicKey> {
    let plain = |kind, name: &str| Some(PublicKey { kind, server: String::new(), name: name.to_owned() });
    match subject {
        Subject::Stream { server, name } => {
            Some(PublicKey { kind: PublicKind::Stream, server: server.clone(), name: name.clone() })
        }
        Subject::Camera { id, .. } => {
            let camera = cameras.iter().find(|camera| camera.id == *id)?;
            Some(PublicKey { kind: PublicKind::Stream, server: camera.server.clone(), name: camera.path.clone() })
        }
        Subject::Server { name } => plain(PublicKind::Server, name),
        Subject::Target { name } => plain(PublicKind::Endpoint, name),
        _ => None,
    }
}

/// One thing with what is wrong with it now.
#[derive(Clone, Debug)]
struct JudgedThing {
    key: PublicKey,
    title: String,
    state: PublicState,
    /// Each with its beginning, where that is known.
    troubles: Vec<(PublicTrouble, Option<DateTime<Utc>>)>,
}

/// How everything is, of which so much is shown as has room.
#[derive(Clone, Debug)]
pub struct JudgedStatus {
    shown: Vec<JudgedThing>,
    /// Of everything, shown or not.
    state: PublicState,
    left_out: usize,
}

impl JudgedStatus {
    /// Judges what is known now by the incidents that last. `most` things are shown: where there are more, what is in trouble first, and
    /// servers and endpoints before streams. Streams of rows whose name is none are not among them: they are no stream, and whoever reads
    /// the page can neither watch nor correct them.
    pub fn of(known: Vec<KnownNow>, incidents: &[Incident], cameras: &[CameraStatus], most: usize) -> Self {
        // Of several incidents of one thing with one word the first counts.
        let mut open: BTreeMap<(PublicKey, PublicTrouble), DateTime<Utc>> = BTreeMap::new();
        for incident in incidents.iter().filter(|incident| incident.closed_at.is_none()) {
            if let (Some(trouble), Some(key)) = (trouble_of(incident.kind), key_of(&incident.subject, cameras)) {
                let since = open.entry((key, trouble)).or_insert(incident.opened_at);
                *since = incident.opened_at.min(*since);
            }
        }
        let is_none = |key: &PublicKey| key.kind == PublicKind::Stream && StreamName::parse(&key.name).is_err();
        let known = known.into_iter().filter(|one| !is_none(&one.key));
        let mut shown: Vec<JudgedThing> = known.map(|one| judged(one, &open)).collect();
        let worst = shown.iter().map(|one| one.state).filter(|state| *state != PublicState::Maintenance).max();
        let state = worst.unwrap_or(if shown.is_empty() { PublicState::Unknown } else { PublicState::Maintenance });
        let left_out = shown.len().saturating_sub(most);
        if left_out > 0 {
            shown.sort_by_key(|one| (one.troubles.is_empty(), one.key.kind == PublicKind::Stream));
            shown.truncate(most);
        }
        Self { shown, state, left_out }
    }

    /// What is shown.
    pub fn keys(&self) -> impl Iterator<Item = &PublicKey> {
        self.shown.iter().map(|one| &one.key)
    }

    /// What viewers are told, with the days of what is shown.
    pub fn told(
        self,
        title: String,
        at: DateTime<Utc>,
        mut days: impl FnMut(&PublicKey) -> Vec<DayUptime>,
    ) -> PublicStatus {
        let (mut items, mut told) = (Vec::with_capacity(self.shown.len()), Vec::new());
        for JudgedThing { key, title, state, troubles } in self.shown {
            let mut days = days(&key);
            let down = troubles.iter().find(|(trouble, _)| *trouble == PublicTrouble::Down);
            if let Some(since) = down.and_then(|(_, since)| *since).filter(|_| state == PublicState::Down) {
                days.iter_mut().for_each(|day| day.is_down_since(since, at));
            }
            let uptime = share_up(&days);
            let incident = |(trouble, since)| PublicIncident { kind: key.kind, name: title.clone(), trouble, since };
            told.extend(troubles.into_iter().map(incident));
            let days = days.into_iter().map(PublicDay::from).collect();
            items.push(PublicThing { kind: key.kind, name: title, state, uptime, days });
        }
        told.sort_by(|a, b| (a.since.is_none(), a.since, &a.name).cmp(&(b.since.is_none(), b.since, &b.name)));
        items.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
        let (state, left_out) = (self.state, self.left_out);
        PublicStatus { title, at, state, incidents: told, items, left_out, stale: false, sample_until: None }
    }
}

fn judged(known: KnownNow, open: &BTreeMap<(PublicKey, PublicTrouble), DateTime<Utc>>) -> JudgedThing {
    let KnownNow { key, title, mut state } = known;
    // What is excused is no incident.
    if state == PublicState::Maintenance {
        return JudgedThing { key, title, state, troubles: Vec::new() };
    }
    let of = |trouble| open.get(&(key.clone(), trouble)).map(|since| (trouble, Some(*since)));
    let all = [PublicTrouble::Down, PublicTrouble::Unstable, PublicTrouble::Slow];
    let mut troubles: Vec<(PublicTrouble, Option<DateTime<Utc>>)> = all.into_iter().filter_map(of).collect();
    // Not every outage is an incident from its beginning, and those of streams that are no cameras of ours are none.
    if let (PublicState::Down | PublicState::Degraded, []) = (state, troubles.as_slice()) {
        let trouble = if state == PublicState::Down { PublicTrouble::Down } else { PublicTrouble::Slow };
        troubles.push((trouble, None));
    }
    if state == PublicState::Up && troubles.iter().any(|(trouble, _)| *trouble != PublicTrouble::Down) {
        state = PublicState::Degraded;
    }
    // Nothing is seen of it but that: a camera that has never delivered, an endpoint that another process probes.
    if let (PublicState::Unknown, Some((trouble, _))) = (state, troubles.first()) {
        state = if *trouble == PublicTrouble::Down { PublicState::Down } else { PublicState::Degraded };
    }
    JudgedThing { key, title, state, troubles }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::sample;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).expect("a time")
    }

    fn stream(name: &str, state: PublicState) -> KnownNow {
        let key = PublicKey { kind: PublicKind::Stream, server: "main".to_owned(), name: name.to_owned() };
        KnownNow { key, title: name.to_owned(), state }
    }

    fn incident(kind: IncidentKind, subject: Subject, second: i64) -> Incident {
        let cause = "rtsp://admin:hunter2@10.0.0.9/a refused".to_owned();
        Incident::open(Uuid::from_u128(1), kind, subject, cause, at(second))
    }

    fn told(known: Vec<KnownNow>, incidents: &[Incident]) -> PublicStatus {
        let cameras = [sample::camera(7, "gate")];
        JudgedStatus::of(known, incidents, &cameras, 200).told("Live".to_owned(), at(100), |_| Vec::new())
    }

    #[test]
    fn where_there_is_no_room_for_all_what_is_in_trouble_is_shown_and_the_whole_is_that_of_everything() {
        let server = PublicKey { kind: PublicKind::Server, server: String::new(), name: "main".to_owned() };
        let server = KnownNow { key: server, title: "main".to_owned(), state: PublicState::Up };
        let known = vec![
            stream("a", PublicState::Up),
            stream("b", PublicState::Up),
            stream("gate", PublicState::Up),
            stream("z", PublicState::Down),
            server,
        ];
        let flapping = Subject::Stream { server: "main".to_owned(), name: "gate".to_owned() };
        let flapping = [incident(IncidentKind::StreamFlapping, flapping, 5)];
        for (most, wanted, troubles) in [
            (5, vec!["a", "b", "gate", "z", "main"], 2),
            (3, vec!["gate", "z", "main"], 2),
            (1, vec!["gate"], 1),
            (0, vec![], 0),
        ] {
            let judged = JudgedStatus::of(known.clone(), &flapping, &[], most);
            let found = judged.told("Live".to_owned(), at(100), |_| Vec::new());
            let names: Vec<&str> = found.items.iter().map(|item| item.name.as_str()).collect();
            assert_eq!(
                (names, found.incidents.len(), found.left_out, found.state),
                (wanted, troubles, 5 - most, PublicState::Down)
            );
        }
    }

    #[test]
    fn an_incident_is_told_in_one_word_without_its_cause() {
        use IncidentKind as Kind;
        let stream_of = || Subject::Stream { server: "main".to_owned(), name: "gate".to_owned() };
        let camera = sample::camera(7, "gate");
        assert_eq!((camera.server.as_str(), camera.path.as_str()), ("main", "gate"));
        for (kind, subject, wanted) in [
            (Kind::CameraDown, Subject::camera_of(7, "gate"), Some(PublicTrouble::Down)),
            (Kind::StreamFlapping, stream_of(), Some(PublicTrouble::Unstable)),
            (Kind::CameraDown, Subject::camera_of(8, "gate"), None),
            (Kind::ServerDown, Subject::Server { name: "gate".to_owned() }, None),
            (Kind::RecordingPaused, stream_of(), None),
            (Kind::OtherPublisher, Subject::camera_of(7, "gate"), None),
        ] {
            let told = told(vec![stream("gate", PublicState::Up)], &[incident(kind, subject.clone(), 5)]);
            let found: Vec<_> = told.incidents.iter().map(|one| (one.trouble, one.since)).collect();
            assert_eq!(
                found,
                wanted.map(|trouble| (trouble, Some(at(5)))).into_iter().collect::<Vec<_>>(),
                "{kind:?} {subject:?}"
            );
            let text = serde_json::to_string(&told).expect("JSON");
            assert!(!["hunter2", "10.0.0.9", "rtsp", "main"].iter().any(|secret| text.contains(secret)), "{text}");
        }
    }

    #[test]
    fn one_word_is_told_once_and_what_is_excused_not_at_all() {
        use IncidentKind as Kind;
        let of = |kind, second| incident(kind, Subject::camera_of(7, "gate"), second);
        let both = [of(Kind::CameraStalled, 9), of(Kind::CameraDown, 5)];
        let found = told(vec![stream("gate", PublicState::Down)], &both);
        assert_eq!(found.incidents.iter().map(|one| one.since).collect::<Vec<_>>(), [Some(at(5))]);
        assert_eq!(told(vec![stream("gate", PublicState::Maintenance)], &both).incidents, []);
        let over = Incident { closed_at: Some(at(6)), ..of(Kind::CameraDown, 5) };
        assert_eq!(told(vec![stream("gate", PublicState::Up)], &[over]).incidents, []);
    }

    #[test]
    fn what_is_down_is_told_before_anybody_has_raised_an_incident() {
        use PublicState::{Degraded, Down, Unknown, Up};
        let known =
            vec![stream("a", Up), stream("b", Down), stream("c", Degraded), stream("gate", Down), stream("u", Unknown)];
        let found = told(known, &[incident(IncidentKind::CameraDown, Subject::camera_of(7, "gate"), 5)]);
        let found: Vec<_> = found.incidents.iter().map(|one| (one.name.as_str(), one.trouble, one.since)).collect();
        let wanted = [
            ("gate", PublicTrouble::Down, Some(at(5))),
            ("b", PublicTrouble::Down, None),
            ("c", PublicTrouble::Slow, None),
        ];
        assert_eq!(found, wanted);
    }

    #[test]
    fn what_nobody_sees_is_as_its_incident_says() {
        use IncidentKind as Kind;
        let camera = || Subject::camera_of(7, "gate");
        for (incidents, wanted) in [
            (vec![], (PublicState::Unknown, 0)),
            (vec![incident(Kind::CameraDown, camera(), 5)], (PublicState::Down, 95)),
            (vec![incident(Kind::StreamFlapping, camera(), 5)], (PublicState::Degraded, 0)),
            (vec![incident(Kind::OtherPublisher, camera(), 5)], (PublicState::Unknown, 0)),
        ] {
            let known = vec![stream("gate", PublicState::Unknown)];
            let cameras = [sample::camera(7, "gate")];
            let day = DayUptime { day: at(0).date_naive(), up: 0, down: 0, unknown: 28_900 };
            let found =
                JudgedStatus::of(known, &incidents, &cameras, 200).told("Live".to_owned(), at(100), |_| vec![day]);
            assert_eq!(found.state, wanted.0);
            let item = found.items.first().expect("it is shown");
            assert_eq!((item.state, item.days[0].down_seconds), wanted, "{incidents:?}");
        }
    }

    #[test]
    fn rows_whose_name_is_none_are_not_told() {
        let known = ["", "../etc", "gate", "tor 1", "a//b", "site/gate"].map(|name| stream(name, PublicState::Up));
        let found = told(known.to_vec(), &[]);
        let found: Vec<&str> = found.items.iter().map(|item| item.name.as_str()).collect();
        assert_eq!(found, ["gate", "site/gate"]);
        assert_eq!(told(vec![stream("../etc", PublicState::Down)], &[]).state, PublicState::Unknown);
    }

    #[test]
    fn the_whole_is_as_bad_as_the_worst_of_it() {
        use PublicState::{Degraded, Down, Maintenance, Unknown, Up};
        for (states, wanted) in [
            (vec![], Unknown),
            (vec![Up, Up], Up),
            (vec![Up, Maintenance], Up),
            (vec![Maintenance], Maintenance),
            (vec![Up, Unknown], Unknown),
            (vec![Unknown, Degraded], Degraded),
            (vec![Up, Down, Degraded], Down),
        ] {
            let known = states.iter().enumerate().map(|(n, state)| stream(&n.to_string(), *state)).collect();
            assert_eq!(told(known, &[]).state, wanted, "{states:?}");
        }
        let flapping = Subject::Stream { server: "main".to_owned(), name: "gate".to_owned() };
        let flapping = [incident(IncidentKind::StreamFlapping, flapping, 5)];
        assert_eq!(told(vec![stream("gate", Up)], &flapping).state, Degraded);
        assert_eq!(told(vec![stream("gate", Down)], &flapping).state, Down);
    }
}
