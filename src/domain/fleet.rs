//! All cameras together: what the rows ask for, and what has to change to get there from what was asked for before.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

use super::camera::{CameraRow, CameraSource, CameraState, CameraStatus, Kinds};

/// Longest text of a row that is shown, in characters. Rows may hold anything.
const SHOWN: usize = 200;

/// What everybody may see of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CameraFacts {
    /// Primary key.
    pub id: i64,
    /// Path name as the row spells it, cut when endless.
    pub name: String,
    /// Display name.
    pub label: Option<String>,
    /// Kind.
    pub kind: String,
    /// Host of the source.
    pub host: Option<String>,
    /// Whether the row is enabled.
    pub enabled: bool,
    /// Whether the row asks for recording.
    pub record: bool,
}

/// What a row asks for.
#[derive(Clone, Debug)]
pub enum CameraPlan {
    /// Relay this.
    Run(Box<CameraSource>),
    /// Nothing: it is switched off.
    Disabled,
    /// Nothing: it is wrong, in these words.
    Refused(String),
}

/// A row and what it asks for.
#[derive(Clone, Debug)]
pub struct Planned {
    /// For display.
    pub facts: CameraFacts,
    /// For doing.
    pub plan: CameraPlan,
    /// Of what it was read from; `None` when it has to be read again in any case.
    digest: Option<u64>,
}

/// Every camera by its id. What has not changed from one fleet to the next is the same object in both.
pub type Fleet = BTreeMap<i64, Arc<Planned>>;

/// One step from a fleet to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FleetChange {
    /// A relay begins.
    Start(i64),
    /// A relay goes on; `restart` when ffmpeg has to be started differently.
    Update {
        /// The camera.
        id: i64,
        /// URL, path, transport or audio changed.
        restart: bool,
    },
    /// A relay ends; the camera stays, switched off or refused.
    Stop(i64),
    /// A camera without a relay is to be shown, or shown differently.
    Show(i64),
    /// The row is gone, and with it the relay if there was one.
    Gone(i64),
}

impl Planned {
    /// Reads one row.
    pub fn read(row: &CameraRow, kinds: &Kinds) -> Self {
        let cut = |text: &str| match text.char_indices().nth(SHOWN) {
            Some((end, _)) => text[..end].to_owned(),
            None => text.to_owned(),
        };
        let facts = CameraFacts {
            id: row.id,
            name: cut(&row.name),
            label: row.shown_label(),
            kind: cut(&row.kind),
            host: row.shown_host(),
            enabled: row.enabled,
            record: row.record,
        };
        let plan = match CameraSource::from_row(row, kinds) {
            _ if !row.enabled => CameraPlan::Disabled,
            Ok(source) => CameraPlan::Run(Box::new(source)),
            Err(error) => CameraPlan::Refused(error.to_string()),
        };
        // A refusal may name other rows and kinds than its own.
        let digest = if matches!(plan, CameraPlan::Refused(_)) { None } else { Some(digest(row, kinds)) };
        Self { facts, plan, digest }
    }

    /// What to relay, if anything.
    pub fn source(&self) -> Option<&CameraSource> {
        match &self.plan {
            CameraPlan::Run(source) => Some(source),
            CameraPlan::Disabled | CameraPlan::Refused(_) => None,
        }
    }

    /// Its state while no relay has said anything.
    pub fn status(&self, server: &str, now: DateTime<Utc>) -> CameraStatus {
        let state = if self.source().is_some() { CameraState::Waiting } else { CameraState::Stopped };
        let last_error = self.refusal().map(str::to_owned);
        let down_since = last_error.as_ref().map(|_| now);
        CameraStatus { last_error, down_since, ..self.facts.status(server, state, now) }
    }

    /// Why there is no relay though the row is enabled.
    pub fn refusal(&self) -> Option<&str> {
        match &self.plan {
            CameraPlan::Refused(reason) => Some(reason),
            CameraPlan::Run(_) | CameraPlan::Disabled => None,
        }
    }
}

/// Reads all rows. Two rows of one name would fight for its path: the one with the lower id gets it.
pub fn read(rows: &[CameraRow], kinds: &Kinds) -> Fleet {
    read_again(rows, kinds, &Fleet::new())
}

/// The same, checking only the rows that differ from those `before` was read from: the list is read whole at every
/// change of one row.
pub fn read_again(rows: &[CameraRow], kinds: &Kinds, before: &Fleet) -> Fleet {
    let read = |row: &CameraRow| match before.get(&row.id) {
        Some(known) if known.digest.is_some_and(|known| known == digest(row, kinds)) => Arc::clone(known),
        _ => Arc::new(Planned::read(row, kinds)),
    };
    let mut fleet = rows.iter().map(|row| (row.id, read(row))).collect();
    refuse_doubles(&mut fleet);
    fleet
}

/// Of everything that a row's reading depends on.
fn digest(row: &CameraRow, kinds: &Kinds) -> u64 {
    let CameraRow {
        id,
        name,
        kind,
        host,
        port,
        port_text,
        username,
        password,
        channel,
        substream,
        url,
        transport,
        audio,
        enabled,
        record,
        updated_at: _,
        label,
    } = row;
    let open = |secret: &Option<SecretString>| secret.as_ref().map(|secret| secret.expose_secret().to_owned());
    let mut hasher = DefaultHasher::new();
    (id, name, kind, kinds.get(kind), host, (port, port_text), username, open(password)).hash(&mut hasher);
    (channel, substream, open(url), transport, audio, enabled, record, label).hash(&mut hasher);
    hasher.finish()
}

fn refuse_doubles(fleet: &mut Fleet) {
    let (mut taken, mut doubles) = (HashMap::with_capacity(fleet.len()), Vec::new());
    for (id, planned) in fleet.iter() {
        let Some(name) = planned.source().map(|source| &source.name) else { continue };
        let first = *taken.entry(name).or_insert(*id);
        if first != *id {
            doubles.push((*id, format!("name: camera {first} publishes {name} already; choose another name")));
        }
    }
    for (id, reason) in doubles {
        if let Some(planned) = fleet.get_mut(&id).map(Arc::make_mut) {
            (planned.plan, planned.digest) = (CameraPlan::Refused(reason), None);
        }
    }
}

/// The steps from one fleet to the next, those that end something first: a name may move from one camera to another.
pub fn diff(before: &Fleet, after: &Fleet) -> Vec<FleetChange> {
    let ids: BTreeSet<i64> = before.keys().chain(after.keys()).copied().collect();
    let mut changes: Vec<FleetChange> =
        ids.into_iter().filter_map(|id| step(id, before.get(&id), after.get(&id))).collect();
    changes.sort_by_key(|change| match change {
        FleetChange::Gone(_) | FleetChange::Stop(_) => 0,
        FleetChange::Update { .. } | FleetChange::Show(_) => 1,
        FleetChange::Start(_) => 2,
    });
    changes
}

fn step(id: i64, before: Option<&Arc<Planned>>, after: Option<&Arc<Planned>>) -> Option<FleetChange> {
    match (before, after) {
        (Some(before), Some(after)) if Arc::ptr_eq(before, after) => None,
        _ => change(id, before.map(Arc::as_ref), after.map(Arc::as_ref)),
    }
}

/// What one camera's change means; `None` when nothing has to be done.
pub fn change(id: i64, before: Option<&Planned>, after: Option<&Planned>) -> Option<FleetChange> {
    let Some(after) = after else { return before.map(|_| FleetChange::Gone(id)) };
    let same_facts = before.is_some_and(|before| before.facts == after.facts);
    match (before.and_then(Planned::source), after.source()) {
        (None, Some(_)) => Some(FleetChange::Start(id)),
        (Some(_), None) => Some(FleetChange::Stop(id)),
        (Some(old), Some(new)) => {
            let restart = !old.runs_like(new);
            (restart || !same_facts).then_some(FleetChange::Update { id, restart })
        }
        (None, None) => {
            let same_reason = before.is_some_and(|before| before.refusal() == after.refusal());
            (!same_facts || !same_reason).then_some(FleetChange::Show(id))
        }
    }
}

impl CameraFacts {
    /// Whether a status has these facts.
    pub fn are_in(&self, status: &CameraStatus) -> bool {
        let Self { id, name, label, kind, host, enabled, record, .. } = self;
        let CameraStatus { path, .. } = status;
        (*id, *enabled, *record) == (status.id, status.enabled, status.record)
            && *name == status.name
            && name == path
            && *label == status.label
            && *kind == status.kind
            && *host == status.host
    }

    /// A status with these facts; the caller adds what its relay knows.
    pub fn status(&self, server: &str, state: CameraState, since: DateTime<Utc>) -> CameraStatus {
        CameraStatus {
            id: self.id,
            name: self.name.clone(),
            label: self.label.clone(),
            kind: self.kind.clone(),
            host: self.host.clone(),
            enabled: self.enabled,
            record: self.record,
            state,
            since,
            restarts: 0,
            last_error: None,
            fault: None,
            next_start: None,
            down_since: None,
            sound: None,
            server: server.to_owned(),
            path: self.name.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;

    fn kinds() -> Kinds {
        [("generic".to_owned(), "rtsp://{username}:{password}@{host}:{port=554}/".to_owned())].into()
    }

    fn row(id: i64, name: &str) -> CameraRow {
        CameraRow { host: Some("10.0.0.9".into()), ..sample::camera_row(id, name) }
    }

    fn changes(before: &[CameraRow], after: &[CameraRow]) -> Vec<FleetChange> {
        diff(&read(before, &kinds()), &read(after, &kinds()))
    }

    #[test]
    fn only_what_changed_is_touched() {
        use FleetChange::{Gone, Show, Start, Stop, Update};
        let base = [row(1, "a"), row(2, "b"), row(3, "c")];
        let with = |changed: CameraRow| -> Vec<CameraRow> {
            base.iter().map(|row| if row.id == changed.id { changed.clone() } else { row.clone() }).collect()
        };
        let off = CameraRow { enabled: false, ..row(2, "b") };
        let wrong = CameraRow { host: Some("a b".into()), ..row(2, "b") };
        let table: [(Vec<CameraRow>, Vec<CameraRow>, Vec<FleetChange>); 12] = [
            (vec![], vec![], vec![]),
            (vec![], base.to_vec(), vec![Start(1), Start(2), Start(3)]),
            (base.to_vec(), base.to_vec(), vec![]),
            (base.to_vec(), vec![row(1, "a"), row(3, "c")], vec![Gone(2)]),
            (base.to_vec(), with(off.clone()), vec![Stop(2)]),
            (with(off.clone()), base.to_vec(), vec![Start(2)]),
            (base.to_vec(), with(wrong.clone()), vec![Stop(2)]),
            (with(off), with(wrong), vec![Show(2)]),
            (base.to_vec(), with(CameraRow { record: false, ..row(2, "b") }), vec![Update { id: 2, restart: false }]),
            (
                base.to_vec(),
                with(CameraRow { label: Some("Yard".into()), ..row(2, "b") }),
                vec![Update { id: 2, restart: false }],
            ),
            (base.to_vec(), with(CameraRow { port: Some(8554), ..row(2, "b") }), vec![Update { id: 2, restart: true }]),
            // Two cameras swap their names: both end before either begins.
            (
                vec![row(1, "a"), row(2, "b")],
                vec![row(2, "a"), row(4, "b")],
                vec![Gone(1), Update { id: 2, restart: true }, Start(4)],
            ),
        ];
        for (before, after, wanted) in table {
            assert_eq!(changes(&before, &after), wanted);
        }
    }

    #[test]
    fn only_rows_that_differ_are_checked_again() {
        let rows: Vec<CameraRow> = (0..1000).map(|id| row(id, &format!("cam{id}"))).collect();
        let before = read(&rows, &kinds());
        let checked = |rows: &[CameraRow], kinds: &Kinds| -> usize {
            let after = read_again(rows, kinds, &before);
            after.iter().filter(|(id, one)| !before.get(id).is_some_and(|known| Arc::ptr_eq(known, one))).count()
        };
        let with = |change: fn(&mut CameraRow)| {
            let mut rows = rows.clone();
            change(&mut rows[500]);
            checked(&rows, &kinds())
        };
        assert_eq!(checked(&rows, &kinds()), 0);
        assert_eq!(with(|row| row.updated_at = Some("now".into())), 0, "says nothing");
        let changes: [fn(&mut CameraRow); 15] = [
            |row| row.id = 5000,
            |row| row.name = "other".into(),
            |row| row.kind = "other".into(),
            |row| row.host = None,
            |row| row.port = Some(8554),
            |row| row.username = Some("u".into()),
            |row| row.password = Some("p".into()),
            |row| row.channel = Some("1".into()),
            |row| row.substream = Some("1".into()),
            |row| row.url = Some("rtsp://h/x".into()),
            |row| row.transport = Some("udp".into()),
            |row| row.audio = Some("none".into()),
            |row| row.enabled = false,
            |row| row.record = false,
            |row| row.label = Some("Yard".into()),
        ];
        for (number, change) in changes.into_iter().enumerate() {
            assert_eq!(with(change), 1, "column {number}");
        }
        let other: Kinds = [("generic".to_owned(), "rtsp://{host}/2".to_owned())].into();
        assert_eq!(checked(&rows, &other), 1000, "all follow their template");
        let more: Kinds = kinds().into_iter().chain([("new".to_owned(), "rtsp://{host}/".to_owned())]).collect();
        assert_eq!(checked(&rows, &more), 0, "nobody needs it");
        let again =
            read_again(&[row(1, "cam0"), row(2, "cam2")], &kinds(), &read(&[row(1, "cam0"), row(2, "cam0")], &kinds()));
        assert!(again[&2].source().is_some(), "what was refused for another's sake is checked again");
    }

    #[test]
    fn rows_that_ask_for_nothing_say_why() {
        let long = "x".repeat(1_000_000);
        let fleet =
            read(&[row(1, "a"), row(2, "a"), row(3, &long), CameraRow { enabled: false, ..row(4, "../x") }], &kinds());
        assert!(fleet[&1].source().is_some());
        assert!(fleet[&2].refusal().is_some_and(|reason| reason.contains("camera 1")));
        assert!(fleet[&3].refusal().is_some_and(|reason| reason.contains("1000000 bytes")));
        assert_eq!(fleet[&3].facts.name.len(), SHOWN);
        for (label, wanted) in [("  ", None), (" Süd\n2 ", Some("Süd 2".to_owned())), (&long, Some("x".repeat(200)))]
        {
            let labelled = Planned::read(&CameraRow { label: Some(label.to_owned()), ..row(5, "e") }, &kinds());
            assert!(labelled.source().is_some(), "what is only shown stops no camera");
            assert_eq!(labelled.facts.label, wanted);
        }
        assert!(matches!(fleet[&4].plan, CameraPlan::Disabled));
        assert_eq!(changes(&[row(2, "a"), row(1, "a")], &[row(2, "a")]), [FleetChange::Gone(1), FleetChange::Start(2)]);
    }
}
