//! All cameras together: what the rows ask for, and what has to change to get there from what was asked for before.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

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
pub enum Plan {
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
    pub plan: Plan,
}

/// Every camera by its id.
pub type Fleet = BTreeMap<i64, Planned>;

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
        let cut = |text: &str| text.chars().take(SHOWN).collect::<String>();
        let facts = CameraFacts {
            id: row.id,
            name: cut(&row.name),
            kind: cut(&row.kind),
            host: row.shown_host(),
            enabled: row.enabled,
            record: row.record,
        };
        let plan = match CameraSource::from_row(row, kinds) {
            _ if !row.enabled => Plan::Disabled,
            Ok(source) => Plan::Run(Box::new(source)),
            Err(error) => Plan::Refused(error.to_string()),
        };
        Self { facts, plan }
    }

    /// What to relay, if anything.
    pub fn source(&self) -> Option<&CameraSource> {
        match &self.plan {
            Plan::Run(source) => Some(source),
            Plan::Disabled | Plan::Refused(_) => None,
        }
    }

    /// Why there is no relay though the row is enabled.
    pub fn refusal(&self) -> Option<&str> {
        match &self.plan {
            Plan::Refused(reason) => Some(reason),
            Plan::Run(_) | Plan::Disabled => None,
        }
    }
}

/// Reads all rows. Two rows of one name would fight for its path: the one with the lower id gets it.
pub fn read(rows: &[CameraRow], kinds: &Kinds) -> Fleet {
    let mut fleet: Fleet = rows.iter().map(|row| (row.id, Planned::read(row, kinds))).collect();
    refuse_doubles(&mut fleet);
    fleet
}

fn refuse_doubles(fleet: &mut Fleet) {
    let mut taken = BTreeMap::new();
    for (id, planned) in fleet {
        let Some(name) = planned.source().map(|source| source.name.clone()) else { continue };
        if let Some(first) = taken.get(&name) {
            planned.plan = Plan::Refused(format!("name: camera {first} publishes {name} already; choose another name"));
        } else {
            taken.insert(name, *id);
        }
    }
}

/// The steps from one fleet to the next, those that end something first: a name may move from one camera to another.
pub fn diff(before: &Fleet, after: &Fleet) -> Vec<FleetChange> {
    let ids: BTreeSet<i64> = before.keys().chain(after.keys()).copied().collect();
    let mut changes: Vec<FleetChange> =
        ids.into_iter().filter_map(|id| change(id, before.get(&id), after.get(&id))).collect();
    changes.sort_by_key(|change| match change {
        FleetChange::Gone(_) | FleetChange::Stop(_) => 0,
        FleetChange::Update { .. } | FleetChange::Show(_) => 1,
        FleetChange::Start(_) => 2,
    });
    changes
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
    /// A status with these facts; the caller adds what its relay knows.
    pub fn status(&self, server: &str, state: CameraState, since: DateTime<Utc>) -> CameraStatus {
        CameraStatus {
            id: self.id,
            name: self.name.clone(),
            kind: self.kind.clone(),
            host: self.host.clone(),
            enabled: self.enabled,
            record: self.record,
            state,
            since,
            restarts: 0,
            last_error: None,
            next_start: None,
            server: server.to_owned(),
            path: self.name.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds() -> Kinds {
        [("generic".to_owned(), "rtsp://{username}:{password}@{host}:{port=554}/".to_owned())].into()
    }

    fn row(id: i64, name: &str) -> CameraRow {
        CameraRow {
            id,
            name: name.into(),
            kind: "generic".into(),
            host: Some("10.0.0.9".into()),
            port: None,
            username: None,
            password: None,
            channel: None,
            substream: None,
            url: None,
            transport: None,
            audio: None,
            enabled: true,
            record: true,
            updated_at: None,
        }
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
        let table: [(Vec<CameraRow>, Vec<CameraRow>, Vec<FleetChange>); 11] = [
            (vec![], vec![], vec![]),
            (vec![], base.to_vec(), vec![Start(1), Start(2), Start(3)]),
            (base.to_vec(), base.to_vec(), vec![]),
            (base.to_vec(), vec![row(1, "a"), row(3, "c")], vec![Gone(2)]),
            (base.to_vec(), with(off.clone()), vec![Stop(2)]),
            (with(off.clone()), base.to_vec(), vec![Start(2)]),
            (base.to_vec(), with(wrong.clone()), vec![Stop(2)]),
            (with(off), with(wrong), vec![Show(2)]),
            (base.to_vec(), with(CameraRow { record: false, ..row(2, "b") }), vec![Update { id: 2, restart: false }]),
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
    fn rows_that_ask_for_nothing_say_why() {
        let long = "x".repeat(1_000_000);
        let fleet =
            read(&[row(1, "a"), row(2, "a"), row(3, &long), CameraRow { enabled: false, ..row(4, "../x") }], &kinds());
        assert!(fleet[&1].source().is_some());
        assert!(fleet[&2].refusal().is_some_and(|reason| reason.contains("camera 1")));
        assert!(fleet[&3].refusal().is_some_and(|reason| reason.contains("1000000 bytes")));
        assert_eq!(fleet[&3].facts.name.len(), SHOWN);
        assert!(matches!(fleet[&4].plan, Plan::Disabled));
        assert_eq!(changes(&[row(2, "a"), row(1, "a")], &[row(2, "a")]), [FleetChange::Gone(1), FleetChange::Start(2)]);
    }
}
