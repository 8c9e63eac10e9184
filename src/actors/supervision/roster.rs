//! The children of one parent and how each has fared, as data: what a [`ChildSet`](super::ChildSet) works on.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::child::{Child, ChildExited, RunningChild};
use super::exit::{Exit, KillReason};
use super::observe::{Health, Observation, Ping};
use super::progress::{Asked, Stalled};
use crate::domain::restart::{RestartHistory, RestartPolicy};

/// So long may a child not read its mailbox: two heartbeats, less what their clock may be early.
const PING_TIMEOUT: Duration = Duration::from_millis(9_500);

/// One child.
pub(super) struct ChildSlot {
    pub child: Child,
    /// Place in the start order.
    pub place: u64,
    /// Which instance of this name, for people.
    pub generation: u64,
    /// Its number among all runs of the set: an exit of another one is not this instance's.
    pub run: u64,
    pub running: Option<RunningChild>,
    /// It was killed: why, and how long it had run. Its exit is on its way.
    pub killed: Option<(KillReason, Duration)>,
    pub history: RestartHistory,
    pub degraded: bool,
    pub last_exit: Option<Exit>,
    /// When the next generation is to begin, while it waits.
    pub due: Option<Instant>,
    /// Work that hangs and that it is spared for, as of the last heartbeat.
    pub stalled: Option<&'static str>,
    /// Ends for good at its next exit.
    pub leaving: bool,
}

impl ChildSlot {
    /// A child that has not run yet.
    pub fn new(child: Child, place: u64) -> Self {
        Self {
            child,
            place,
            generation: 0,
            run: 0,
            running: None,
            killed: None,
            history: RestartHistory::default(),
            degraded: false,
            last_exit: None,
            due: None,
            stalled: None,
            leaving: false,
        }
    }

    /// What is known without asking it.
    pub fn observation(&self) -> Observation {
        let health = match (&self.running, self.degraded) {
            (Some(running), _) if running.vitals.stalled(Instant::now()).is_some() => Health::Silent,
            (Some(_), _) => Health::Running,
            (None, true) => Health::Degraded,
            (None, false) => Health::Restarting,
        };
        Observation {
            health,
            generation: self.generation,
            restarts: self.history.total(),
            uptime_seconds: self.running.as_ref().map_or(0.0, |running| running.since.elapsed().as_secs_f64()),
            ..Observation::running(self.child.name.as_str(), self.child.kind)
        }
        .after(self.last_exit.as_ref())
    }

    /// Kills it when its work has stalled; says so when it has recovered.
    pub fn look_after(&mut self, policy: &RestartPolicy, now: Instant, was_frozen: bool) {
        let Some(running) = self.running.as_ref().filter(|_| !self.leaving) else { return };
        if was_frozen {
            running.vitals.forgive(now);
        }
        let stalled = running.vitals.stalled(now);
        if let Some(Stalled { what, is_spared: false }) = stalled {
            return self.kill(KillReason::NoProgress(what));
        }
        let before = std::mem::replace(&mut self.stalled, stalled.map(|stalled| stalled.what));
        match (before, self.stalled) {
            (None, Some(what)) => log::error!("{} {} makes no progress: {what}", self.child.kind, self.child.name),
            (Some(what), None) => log::info!("{} {} recovered: {what}", self.child.kind, self.child.name),
            _ => {}
        }
        // A closed mailbox is an end, which the parent hears of.
        if running.to.ping.connected() {
            match running.vitals.ask(now) {
                Asked::Anew => running.to.ping.do_send(Ping),
                Asked::Already { since } if now.saturating_duration_since(since) >= PING_TIMEOUT => {
                    return self.kill(KillReason::Unresponsive);
                }
                Asked::Already { .. } => {}
            }
        }
        if self.degraded && now.saturating_duration_since(running.since) >= policy.settled_after {
            self.degraded = false;
            log::info!(generation = self.generation; "{} {} recovered", self.child.kind, self.child.name);
        }
    }

    /// Ends its task; the exit arrives as usual.
    pub fn kill(&mut self, reason: KillReason) {
        let Some(running) = self.running.take() else { return };
        let exit = Exit::Killed(reason);
        log::error!(generation = self.generation; "{} {} {exit}; it is killed", self.child.kind, self.child.name);
        self.killed = Some((reason, running.since.elapsed()));
        running.task.abort();
    }

    /// An end for one that is between two generations: its exit is on its way, or was heard of already, and then nobody else
    /// tells of its end for good.
    pub fn gone(&self) -> ChildExited {
        ChildExited { name: self.child.name.clone(), run: self.run, exit: Exit::Killed(KillReason::Aborted) }
    }
}

/// All children and how they have fared: what outlives a parent that keeps its children.
pub(super) struct Roster {
    pub slots: BTreeMap<String, ChildSlot>,
    pub started: u64,
    /// Runs of all children. A name that is used again must not hear of the end of its namesake.
    pub runs: u64,
    /// Zero of the histories' clock.
    pub born: Instant,
}

impl Roster {
    pub fn empty() -> Self {
        Self { slots: BTreeMap::new(), started: 0, runs: 0, born: Instant::now() }
    }
}
