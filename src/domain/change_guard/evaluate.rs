//! The rule: which of the ways from one fleet to the next are blocked.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use super::published::{by_name, names};
use super::recent_stops::RecentStops;
use super::{BlockedChange, SPARED, WouldStop};
use crate::domain::camera::CameraSource;
use crate::domain::fleet::{CameraPlan, Fleet, Planned};
use crate::domain::name::StreamName;

/// Evaluates one change after the other, and remembers what it has let through.
#[derive(Clone, Debug, Default)]
pub struct ChangeGuard {
    recent: RecentStops,
}

impl ChangeGuard {
    /// Evaluates the way from one fleet to the next. Returns the fleet to have now, and what is blocked of the change.
    ///
    /// `most` is the fraction of relays that may be stopped at once. `blocked` is what is blocked already: each of its cameras
    /// stays blocked until it is in the table again as it was, however few they have become, unless the rule is off; not by
    /// cameras that were added meanwhile nor by waiting is it lifted. `ran` says which cameras have run in the last minutes:
    /// the others count for nothing and may go. `now` is the time since any fixed moment.
    pub fn evaluate(
        &mut self,
        before: &Fleet,
        after: Fleet,
        most: f64,
        blocked: Option<&BlockedChange>,
        ran: &dyn Fn(i64) -> bool,
        now: Duration,
    ) -> (Fleet, Option<BlockedChange>) {
        self.recent.settle(&after, now, blocked.is_some());
        // What is blocked stays blocked, however long its camera is away meanwhile.
        let kept: HashSet<i64> =
            blocked.into_iter().flat_map(|blocked| blocked.would_stop.iter().map(|one| one.id)).collect();
        let counts = |id: i64| kept.contains(&id) || ran(id);
        let mut stopped = stopped(before, &after);
        stopped.retain(|(id, _)| counts(*id));
        let running_now = names(before).filter(|(id, _)| counts(*id)).count();
        let running = blocked.map_or_else(|| running_now.max(self.recent.running()), |blocked| blocked.running);
        let earlier = self.recent.count();
        let few = running <= SPARED || (earlier + stopped.len()) as f64 <= most * running as f64;
        let (stopped, passed): (Vec<_>, Vec<_>) =
            stopped.into_iter().partition(|(id, _)| !few || most < 1.0 && kept.contains(id));
        for (_, source) in &passed {
            self.recent.note(source.name.clone(), source.place(), now, running_now);
        }
        if stopped.is_empty() {
            return (after, None);
        }
        let passed: HashSet<i64> = passed.into_iter().map(|(id, _)| id).collect();
        let counts = |id: i64| !passed.contains(&id) && counts(id);
        let would_stop: Vec<WouldStop> = {
            let published = by_name(&after);
            stopped.iter().filter_map(|(id, _)| Some(would_stop(*id, before.get(id)?, &after, &published))).collect()
        };
        let now = keep(before, &after, stopped.into_iter().map(|(id, _)| id).collect(), &counts);
        let blocked = BlockedChange { id: id_of(&would_stop), running, earlier, would_stop, after };
        (now, Some(blocked))
    }

    /// A command has ended one camera of what is blocked: the others stay blocked, it counts with them.
    pub fn ended_by_command(&mut self, blocked: &BlockedChange, source: &CameraSource, now: Duration) {
        if blocked.would_stop.iter().any(|one| one.id == source.id) {
            self.recent.note(source.name.clone(), source.place(), now, blocked.running);
        }
    }

    /// A person has confirmed what was blocked: what comes is judged afresh.
    pub fn confirmed(&mut self) {
        self.recent.clear();
    }
}

/// Whether this one row would end what its camera publishes, or publish another source in its place.
pub fn would_end(before: Option<&Planned>, after: Option<&Planned>) -> bool {
    let Some(before) = before.and_then(Planned::source) else { return false };
    after.and_then(Planned::source).is_none_or(|after| !is_same(before, after))
}

pub(super) fn is_same(before: &CameraSource, after: &CameraSource) -> bool {
    // The URL first: in nearly every comparison nothing has changed.
    before.name == after.name && (before.shown == after.shown || before.place() == after.place())
}

/// What would not be published any more as it is.
fn stopped<'a>(before: &'a Fleet, after: &Fleet) -> Vec<(i64, &'a CameraSource)> {
    let published = by_name(after);
    let goes_on = |source: &CameraSource| published.get(&source.name).is_some_and(|(_, after)| is_same(source, after));
    names(before).filter(|(_, source)| !goes_on(source)).collect()
}

/// The fleet after the change, but with these of the relays before it as they are.
fn keep(before: &Fleet, after: &Fleet, mut kept: BTreeSet<i64>, counts: &dyn Fn(i64) -> bool) -> Fleet {
    loop {
        let taken: HashSet<&StreamName> =
            names(before).filter(|(id, _)| kept.contains(id)).map(|(_, source)| &source.name).collect();
        // A name has one publisher: the one that is kept.
        let is_free = |planned: &Planned| planned.source().is_none_or(|source| !taken.contains(&source.name));
        let others = after.iter().filter(|(id, planned)| !kept.contains(id) && is_free(planned));
        let relays = before.iter().filter(|(id, _)| kept.contains(id));
        let now: Fleet = others.chain(relays).map(|(id, planned)| (*id, Arc::clone(planned))).collect();
        // A kept row may have stood for another name in the table; whoever had that name before goes on too.
        let more = stopped(before, &now).into_iter().filter(|(id, _)| counts(*id) && kept.insert(*id)).count();
        if more == 0 {
            return now;
        }
    }
}

fn would_stop(
    id: i64,
    before: &Planned,
    after: &Fleet,
    published: &HashMap<&StreamName, (i64, &CameraSource)>,
) -> WouldStop {
    let source = before.source();
    let other = source.and_then(|source| Some((source, published.get(&source.name)?.1)));
    let reason = match (other, after.get(&id).map(|after| &after.plan)) {
        (Some((source, other)), _) => another_source(source, other),
        (None, None) => "its row is gone".to_owned(),
        (None, Some(CameraPlan::Disabled)) => "it is switched off".to_owned(),
        (None, Some(CameraPlan::Refused(reason))) => format!("its row is refused: {reason}"),
        (None, Some(CameraPlan::Run(source))) => format!("its row has another name: {}", source.name),
    };
    WouldStop { id, name: before.facts.name.clone(), label: before.facts.label.clone(), reason }
}

/// In words without a secret: hosts, or what follows them.
fn another_source(before: &CameraSource, after: &CameraSource) -> String {
    const SHOWN: usize = 120;
    let cut = |text: &str| text.chars().take(SHOWN).collect::<String>();
    if before.host == after.host {
        let (before, after) = (before.place(), after.place());
        return format!("its source is another one: {} instead of {}", cut(&after), cut(&before));
    }
    format!("its source is another one: host {} instead of {}", cut(&after.host), cut(&before.host))
}

fn id_of(would_stop: &[WouldStop]) -> String {
    let mut hasher = DefaultHasher::new();
    // What a camera is called changes nothing of what would happen.
    would_stop.iter().for_each(|one| (one.id, &one.name, &one.reason).hash(&mut hasher));
    format!("{:016x}", hasher.finish())
}
