//! Plan before act: a change of the table that would stop too many cameras at once is held until a person confirms it.
//!
//! An emptied table, a broken query, a wrong database restored look just like somebody who wants no cameras any more.
//! A camera counts as stopped when nobody publishes under its name any more: rows that come back under new ids are no
//! stop. Commands for one camera are never weighed.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::camera::CameraSource;
use super::fleet::{Fleet, Plan, Planned};
use super::name::StreamName;

/// A fleet of so many relays may change in any way.
pub const SPARED: usize = 3;

/// Most names in a sentence.
const NAMED: usize = 10;

/// A camera that a plan would stop.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WouldStop {
    /// Primary key of its row.
    pub id: i64,
    /// Its path.
    pub name: String,
    /// What became of its row.
    pub reason: String,
}

/// A held plan as everybody sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeldView {
    /// What a confirmation names.
    pub id: String,
    /// Since when something is held.
    pub since: DateTime<Utc>,
    /// What it would do, in a sentence.
    pub summary: String,
    /// Relays when it was held first.
    pub running: usize,
    /// Whom it would stop, by id.
    pub would_stop: Vec<WouldStop>,
}

/// Where table and relays stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanView {
    /// What is held; null when the relays are as the table says.
    pub held: Option<HeldView>,
    /// Relays now.
    pub running: usize,
}

/// What waits for a person.
#[derive(Clone, Debug)]
pub struct Held {
    /// Names this plan and no other: what is confirmed is what was shown.
    pub id: String,
    /// Relays when it was held first.
    pub running: usize,
    /// Whom it would stop, by id.
    pub would_stop: Vec<WouldStop>,
    /// The cameras as the table has them.
    pub after: Fleet,
}

impl Held {
    /// What it would do, for people.
    pub fn summary(&self) -> String {
        let mut names: Vec<&str> = self.would_stop.iter().map(|one| one.name.as_str()).take(NAMED).collect();
        let more = self.would_stop.len().saturating_sub(NAMED);
        let rest = format!("{more} more");
        if more > 0 {
            names.push(&rest);
        }
        format!(
            "a change of the cameras would stop {} of {} and waits for confirmation: {}",
            self.would_stop.len(),
            self.running,
            names.join(", ")
        )
    }

    /// A command has changed one camera meanwhile: the plan does not undo it.
    pub fn note_row(&mut self, id: i64, planned: Option<&Planned>) {
        match planned {
            Some(planned) => _ = self.after.insert(id, planned.clone()),
            None => _ = self.after.remove(&id),
        }
    }
}

/// Weighs the way from one fleet to the next. Returns the fleet to have now, and what is held back of the change.
///
/// `most` is the fraction of relays that one change may stop. `held` is what is held already: it is lifted only when
/// the table has gone back, not by cameras that were added to it meanwhile.
pub fn weigh(before: &Fleet, after: Fleet, most: f64, held: Option<&Held>) -> (Fleet, Option<Held>) {
    let published: BTreeSet<&StreamName> = names(&after).map(|(_, source)| &source.name).collect();
    let stopped: Vec<(i64, &Planned)> = names(before)
        .filter(|(_, source)| !published.contains(&source.name))
        .filter_map(|(id, _)| before.get(&id).map(|planned| (id, planned)))
        .collect();
    let running = held.map_or_else(|| names(before).count(), |held| held.running);
    if running <= SPARED || stopped.len() as f64 <= most * running as f64 {
        return (after, None);
    }
    let would_stop: Vec<WouldStop> =
        stopped.iter().map(|(id, planned)| would_stop(*id, planned, after.get(id))).collect();
    let kept: BTreeMap<i64, Planned> = stopped.into_iter().map(|(id, planned)| (id, planned.clone())).collect();
    let mut now = after.clone();
    now.extend(kept);
    let held = Held { id: id_of(&would_stop), running, would_stop, after };
    (now, Some(held))
}

/// Whether this one row would end what its camera publishes.
pub fn would_end(before: Option<&Planned>, after: Option<&Planned>) -> bool {
    let name = |planned: Option<&Planned>| planned.and_then(Planned::source).map(|source| source.name.clone());
    name(before).is_some_and(|before| name(after) != Some(before))
}

fn names(fleet: &Fleet) -> impl Iterator<Item = (i64, &CameraSource)> {
    fleet.iter().filter_map(|(id, planned)| Some((*id, planned.source()?)))
}

fn would_stop(id: i64, before: &Planned, after: Option<&Planned>) -> WouldStop {
    let reason = match after.map(|after| &after.plan) {
        None => "its row is gone".to_owned(),
        Some(Plan::Disabled) => "it is switched off".to_owned(),
        Some(Plan::Refused(reason)) => format!("its row is refused: {reason}"),
        Some(Plan::Run(source)) => format!("its row has another name: {}", source.name),
    };
    WouldStop { id, name: before.facts.name.clone(), reason }
}

fn id_of(would_stop: &[WouldStop]) -> String {
    let mut hasher = DefaultHasher::new();
    would_stop.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::super::camera::{CameraRow, Kinds};
    use super::*;
    use crate::domain::fleet;

    fn row(id: i64, name: &str) -> CameraRow {
        CameraRow {
            id,
            name: name.into(),
            kind: "generic".into(),
            host: None,
            port: None,
            username: None,
            password: None,
            channel: None,
            substream: None,
            url: Some(format!("rtsp://10.0.0.9/{id}").into()),
            transport: None,
            audio: None,
            enabled: true,
            record: true,
            updated_at: None,
        }
    }

    fn rows(ids: &[i64]) -> Vec<CameraRow> {
        ids.iter().map(|id| row(*id, &format!("cam{id}"))).collect()
    }

    fn read(rows: &[CameraRow]) -> Fleet {
        fleet::read(rows, &Kinds::new())
    }

    fn ids(fleet: &Fleet) -> Vec<i64> {
        names(fleet).map(|(id, _)| id).collect()
    }

    #[test]
    fn too_many_stops_at_once_are_held() {
        let five = rows(&[1, 2, 3, 4, 5]);
        let off = |which: &[i64]| -> Vec<CameraRow> {
            five.iter().map(|row| CameraRow { enabled: !which.contains(&row.id), ..row.clone() }).collect()
        };
        let wrong: Vec<CameraRow> = five.iter().map(|row| CameraRow { url: None, ..row.clone() }).collect();
        let renamed: Vec<CameraRow> =
            five.iter().map(|row| CameraRow { name: format!("x{}", row.id), ..row.clone() }).collect();
        let reinserted: Vec<CameraRow> = five.iter().map(|row| CameraRow { id: row.id + 10, ..row.clone() }).collect();
        let moved: Vec<CameraRow> =
            five.iter().map(|row| CameraRow { url: Some("rtsp://h/other".into()), ..row.clone() }).collect();
        type Case<'a> = (&'a str, &'a [CameraRow], &'a [CameraRow], f64, usize);
        let table: [Case<'_>; 14] = [
            ("emptied", &five, &[], 0.5, 5),
            ("more than half gone", &five, &rows(&[1, 2]), 0.5, 3),
            ("less than half gone", &five, &rows(&[1, 2, 3]), 0.5, 0),
            ("exactly half gone", &rows(&[1, 2, 3, 4]), &rows(&[1, 2]), 0.5, 0),
            ("three may go", &rows(&[1, 2, 3]), &[], 0.5, 0),
            ("four may not", &rows(&[1, 2, 3, 4]), &[], 0.5, 4),
            ("switched off", &five, &off(&[1, 2, 3]), 0.5, 3),
            ("refused", &five, &wrong, 0.5, 5),
            ("another database", &five, &renamed, 0.5, 5),
            ("the same under new ids", &five, &reinserted, 0.5, 0),
            ("restarted is not stopped", &five, &moved, 0.5, 0),
            ("rule off", &five, &[], 1.0, 0),
            ("none may stop", &five, &rows(&[1, 2, 3, 4]), 0.0, 1),
            ("what did not run may go", &off(&[1, 2, 3]), &[], 0.5, 0),
        ];
        for (what, before, after, most, stops) in table {
            let (now, held) = weigh(&read(before), read(after), most, None);
            assert_eq!(held.as_ref().map_or(0, |held| held.would_stop.len()), stops, "{what}");
            let wanted = if held.is_some() { ids(&read(before)) } else { ids(&read(after)) };
            assert!(wanted.iter().all(|id| ids(&now).contains(id)), "{what}: {:?}", ids(&now));
        }
    }

    #[test]
    fn what_is_added_meanwhile_starts_and_lifts_nothing() {
        let before = read(&rows(&[1, 2, 3, 4, 5]));
        let (now, held) = weigh(&before, Fleet::new(), 0.5, None);
        let held = held.expect("held");
        assert!(held.summary().contains("5 of 5") && held.summary().contains("cam1, cam2"), "{}", held.summary());
        assert_eq!(held.would_stop[0].reason, "its row is gone");

        let many: Vec<i64> = (10..40).collect();
        let (now, added) = weigh(&now, read(&rows(&many)), 0.5, Some(&held));
        let added = added.expect("still held");
        assert_eq!((ids(&now).len(), added.running), (35, 5));
        assert_eq!(added.id, held.id, "the same stops are the same plan");
        let (_, other) = weigh(&now, read(&rows(&[1, 10])), 0.5, Some(&added));
        assert_ne!(other.expect("held").id, held.id);

        let (now, back) = weigh(&now, read(&rows(&[1, 2, 3, 5])), 0.5, None);
        assert!(back.is_some() && ids(&now).len() == 35, "judged afresh, thirty would stop");
        let back: Vec<i64> = [1, 2, 3, 5].into_iter().chain(10..40).collect();
        let (now, lifted) = weigh(&now, read(&rows(&back)), 0.5, Some(&added));
        assert!(lifted.is_none(), "one of five may stop");
        assert_eq!(ids(&now), back);
    }

    #[test]
    fn commands_are_not_undone_by_the_plan() {
        let before = read(&rows(&[1, 2, 3, 4, 5]));
        let (_, held) = weigh(&before, Fleet::new(), 0.5, None);
        let mut held = held.expect("held");
        let added = read(&rows(&[9]));
        held.note_row(9, added.get(&9));
        assert_eq!(ids(&held.after), [9]);
        held.note_row(9, None);
        assert!(held.after.is_empty());
        let off = read(&[CameraRow { enabled: false, ..row(9, "cam9") }]);
        assert!(would_end(added.get(&9), None) && would_end(added.get(&9), off.get(&9)));
        assert!(!would_end(None, None) && !would_end(off.get(&9), None) && !would_end(added.get(&9), added.get(&9)));
    }
}
