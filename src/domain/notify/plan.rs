//! Whether a message is due to a receiver now, and what stands in it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::episode::{AHEAD, COMES_BACK, Episode};
use super::message::{ItemEvent, MessageItem};
use super::receiver_rule::ReceiverRule;
use super::severity::Severity;
use crate::domain::incident::{Incident, IncidentKind, Subject};

/// What ended so long ago is no news any more.
pub const LOOKBACK: TimeDelta = TimeDelta::hours(12);

/// What is known of a receiver from before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiverTimes {
    /// Since when there is such a receiver: what was over before is none of its business.
    pub known_since: DateTime<Utc>,
    /// When the last message was made.
    pub told_at: Option<DateTime<Utc>>,
}

/// What is known now, of every node.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Incidents that last, and those that ended within [`LOOKBACK`].
    pub incidents: &'a [Incident],
    /// All of them are there: one that is missing has ended, long ago.
    pub complete: bool,
    /// Keys of the subjects that are excused.
    pub excused: &'a BTreeSet<String>,
    /// What receivers have been told of.
    pub episodes: &'a [Episode],
    /// Now, by the clock of the machine.
    pub now: DateTime<Utc>,
    /// What the configured time zone is ahead of UTC.
    pub offset: TimeDelta,
}

/// What follows for one receiver.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReceiverPlan {
    /// What a message has to tell now; none when empty.
    pub items: Vec<MessageItem>,
    /// Episodes as they are then.
    pub episodes: Vec<Episode>,
    /// When to look again, if nothing happens.
    pub wake_at: Option<DateTime<Utc>>,
}

/// Whether so much time has passed since then.
fn passed(since: DateTime<Utc>, span: TimeDelta, now: DateTime<Utc>) -> bool {
    since > now + AHEAD || now - since >= span
}

/// The incidents of one kind of one subject, the oldest first.
struct Trouble<'a> {
    incidents: Vec<&'a Incident>,
}

impl<'a> Trouble<'a> {
    /// The oldest of those that last: several nodes may see the same.
    fn open(&self) -> Option<&'a Incident> {
        self.incidents.iter().find(|one| one.closed_at.is_none()).copied()
    }

    /// Somebody has said of it that they have seen it.
    fn acknowledged(&self) -> bool {
        self.incidents.iter().any(|one| one.closed_at.is_none() && one.acknowledged.is_some())
    }

    /// Without what was over before the clock was set back, unless that is all: it would be the newest, and end after now.
    fn of_this_time(&self, now: DateTime<Utc>) -> Self {
        let kept = |one: &&Incident| one.closed_at.is_none() || one.opened_at <= now + AHEAD;
        let incidents: Vec<_> = self.incidents.iter().copied().filter(kept).collect();
        Self { incidents: if incidents.is_empty() { self.incidents.clone() } else { incidents } }
    }

    fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.incidents.iter().filter_map(|one| one.closed_at).max()
    }
}

/// Something to be told, and since when it is due.
struct Pending {
    item: MessageItem,
    episode: Episode,
    due_at: DateTime<Utc>,
    is_due: bool,
    /// It goes with a message that leaves earlier.
    joins: bool,
}

/// Decides for one receiver.
pub fn plan(rule: &ReceiverRule, times: ReceiverTimes, known: &Known<'_>) -> ReceiverPlan {
    let mut planner = Planner { rule, times, known, plan: ReceiverPlan::default(), pending: Vec::new() };
    let mut troubles: BTreeMap<(IncidentKind, String), Trouble<'_>> = BTreeMap::new();
    for incident in known.incidents {
        let key = (incident.kind, incident.subject.key());
        troubles.entry(key).or_insert_with(|| Trouble { incidents: Vec::new() }).incidents.push(incident);
    }
    troubles.values_mut().for_each(|one| one.incidents.sort_by_key(|incident| (incident.opened_at, incident.id)));
    let mut episodes: BTreeMap<(IncidentKind, String), &Episode> = BTreeMap::new();
    for episode in known.episodes.iter().filter(|one| one.receiver == rule.name) {
        episodes.insert((episode.kind, episode.subject.key()), episode);
    }
    let nothing = Trouble { incidents: Vec::new() };
    for (key, episode) in &episodes {
        planner.known_episode(episode, troubles.get(key).unwrap_or(&nothing));
    }
    for (key, trouble) in troubles.iter().filter(|(key, _)| !episodes.contains_key(*key)) {
        planner.announce(trouble, None, key.0);
    }
    planner.finish()
}

struct Planner<'a> {
    rule: &'a ReceiverRule,
    times: ReceiverTimes,
    known: &'a Known<'a>,
    plan: ReceiverPlan,
    pending: Vec<Pending>,
}

impl Planner<'_> {
    /// Whether the receiver hears of it; not while it is excused.
    fn wants(&self, kind: IncidentKind, subject: &Subject) -> bool {
        self.rule.wants(kind, subject) && !self.known.excused.contains(&subject.key())
    }

    /// The receiver was told of it before.
    fn known_episode(&mut self, episode: &Episode, trouble: &Trouble<'_>) {
        if episode.ended_at.is_some() {
            return self.announce(trouble, Some(episode), episode.kind);
        }
        if !self.wants(episode.kind, &episode.subject) {
            // Excused, or the rule is another one: nothing more is told of it.
            self.plan.episodes.push(Episode { ended_at: Some(self.known.now), ..episode.clone() });
            return;
        }
        let fresh: Vec<_> = trouble.incidents.iter().filter(|one| one.opened_at > episode.newest).collect();
        let mut now = episode.clone();
        if let Some(newest) = fresh.last() {
            now.newest = newest.opened_at;
            now.times = now.times.saturating_add(fresh.len() as u32);
            self.plan.episodes.push(now.clone());
        }
        match trouble.open() {
            Some(open) => self.remind(now, open, trouble.acknowledged()),
            // It may be missing because there are too many.
            None if trouble.incidents.is_empty() && !self.known.complete => {}
            None => self.end(now, &trouble.of_this_time(self.known.now)),
        }
    }

    fn remind(&mut self, episode: Episode, open: &Incident, is_acknowledged: bool) {
        let Some(repeat) = self.rule.repeat.filter(|_| !is_acknowledged) else { return };
        let due_at = episode.told_at + repeat;
        let is_due = passed(episode.told_at, repeat, self.known.now);
        let item = item(ItemEvent::Reminder, open, episode.since, None, episode.times);
        self.push(Pending { item, episode, due_at, is_due, joins: false });
    }

    fn end(&mut self, episode: Episode, trouble: &Trouble<'_>) {
        let now = self.known.now;
        // Nobody knows its end any more: long ago.
        let ended_at = trouble.ended_at();
        let since = ended_at.unwrap_or(now - LOOKBACK);
        let calm = episode.calm(self.rule.resolve_after);
        let is_due = passed(since, calm, now);
        let over = Episode { ended_at: Some(ended_at.unwrap_or(now)), ..episode };
        if !self.rule.resolved {
            if is_due {
                self.plan.episodes.push(over);
            }
            return;
        }
        let (due_at, last) = (since + calm, trouble.incidents.last());
        let item = MessageItem {
            event: ItemEvent::Resolved,
            incident: last.map(|one| one.id),
            kind: over.kind,
            severity: Severity::of(over.kind),
            subject: last.map_or_else(|| over.subject.clone(), |one| one.subject.clone()),
            cause: last.map(|one| one.cause.clone()).unwrap_or_default(),
            since: over.since,
            until: ended_at,
            times: over.times,
        };
        self.push(Pending { item, episode: over, due_at, is_due, joins: false });
    }

    /// Incidents that the receiver has not been told of. `before`: an episode that is over.
    fn announce(&mut self, trouble: &Trouble<'_>, before: Option<&Episode>, kind: IncidentKind) {
        let (now, wait) = (self.known.now, self.rule.wait());
        let is_new = |one: &&&Incident| {
            before.is_none_or(|episode| episode.is_news(one))
                && one.closed_at.is_none_or(|closed| closed > self.times.known_since)
        };
        let fresh: Vec<&Incident> = trouble.incidents.iter().filter(is_new).copied().collect();
        let Some(newest) = fresh.last() else { return };
        if !self.wants(kind, &newest.subject) {
            return;
        }
        let came_back = before.filter(|one| one.ended_at.is_some_and(|ended| newest.opened_at - ended < COMES_BACK));
        let times = came_back.map_or(0, |one| one.times).saturating_add(fresh.len() as u32);
        let open = fresh.iter().find(|one| one.closed_at.is_none()).copied();
        // What was over before it would have been told is told only when it lasted so long, or is over with the moment.
        let counts = |one: &&&Incident| {
            one.closed_at.is_some_and(|closed| closed <= one.opened_at || closed - one.opened_at >= wait)
        };
        let past = fresh.iter().rev().find(counts).copied().filter(|_| self.rule.escalate_after.is_none());
        let Some(told) = open.or(past) else { return };
        if open.is_some() && self.rule.escalate_after.is_some() && trouble.acknowledged() {
            return;
        }
        let event = if open.is_some() { ItemEvent::Opened } else { ItemEvent::Past };
        let item = item(event, told, told.opened_at, told.closed_at, times);
        let episode = Episode {
            receiver: self.rule.name.clone(),
            kind,
            subject: told.subject.clone(),
            since: told.opened_at,
            // Never back: what was opened while the clock went ahead is not counted a second time.
            newest: before.map_or(newest.opened_at, |episode| episode.newest.max(newest.opened_at)),
            times,
            told_at: now,
            ended_at: told.closed_at,
        };
        let is_due = passed(told.opened_at, wait, now);
        // Nobody is told of what has not lasted long enough to be escalated.
        let joins = self.rule.escalate_after.is_none();
        self.push(Pending { item, episode, due_at: told.opened_at + wait, is_due, joins });
    }

    fn push(&mut self, pending: Pending) {
        let (now, offset) = (self.known.now, self.known.offset);
        match self.rule.quiet_until(pending.item.severity, now, offset) {
            None => self.pending.push(pending),
            Some(until) => self.wake(until),
        }
    }

    fn wake(&mut self, at: DateTime<Utc>) {
        self.plan.wake_at = Some(self.plan.wake_at.map_or(at, |before| before.min(at)));
    }

    fn finish(mut self) -> ReceiverPlan {
        let now = self.known.now;
        let pending = std::mem::take(&mut self.pending);
        let next_at = self.times.told_at.filter(|told| !passed(*told, self.rule.group_interval, now));
        let next_at = next_at.map(|told| told + self.rule.group_interval);
        let is_due = pending.iter().any(|one| one.is_due);
        if !is_due || next_at.is_some() {
            let due_at = pending.iter().map(|one| if one.is_due { now } else { one.due_at }).min();
            if let Some(due_at) = due_at {
                self.wake(next_at.map_or(due_at, |next_at| due_at.max(next_at)));
            }
            return self.plan;
        }
        for one in pending {
            if !one.is_due && !one.joins {
                self.wake(one.due_at);
                continue;
            }
            let episode = Episode { told_at: now, ..one.episode };
            // In place of what was noted of it before.
            self.plan
                .episodes
                .retain(|noted| noted.kind != episode.kind || noted.subject.key() != episode.subject.key());
            self.plan.episodes.push(episode);
            self.plan.items.push(one.item);
        }
        self.plan
    }
}

fn item(
    event: ItemEvent,
    incident: &Incident,
    since: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
    times: u32,
) -> MessageItem {
    MessageItem {
        event,
        incident: Some(incident.id),
        kind: incident.kind,
        severity: Severity::of(incident.kind),
        subject: incident.subject.clone(),
        cause: incident.cause.clone(),
        since,
        until,
        times,
    }
}
