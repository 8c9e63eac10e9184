//! Health by progress: an actor whose mailbox is read, but whose one piece of work hangs, does nothing and must be found.
//!
//! An actor says what it works on with [`watched`] (a piece of work that ends within a limit) or an [`Activity`] (a loop
//! that records each step). Its parent looks at every heartbeat: an activity that has not advanced within its limit ends
//! the actor with [`KillReason::NoProgress`](super::exit::KillReason), and the restart policy applies. Waiting that is
//! legitimate and has a time-out of its own is a protected zone: [`Activity::protect`] until the next step. What hangs where a
//! restart would not help and would cost something (a thread in a dead disk, under an actor that has a process) is declared
//! with [`reported`]: it is shown in the tree, by `/ready` and in the log, and ends nobody.
//!
//! Activities belong to the actor in whose task they are begun: its handlers, and the futures that it spawns on its
//! context. Outside of a supervised actor they do nothing.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use std::rc::Rc;

use actix::{Actor, ActorContext, Context};
use tokio::time::Instant;

use super::exit::Exit;
use super::kinds::Kind;

tokio::task_local! {
    /// The actor that runs in this task.
    pub(super) static VITALS: Rc<Vitals>;
}

/// Entries that may gather before those of finished work are removed.
const SWEEP_AT: usize = 32;

/// One piece of an actor's work. It ends when this is dropped. May be advanced from any thread.
#[derive(Debug)]
pub struct Activity(Arc<Steps>);

#[derive(Debug)]
struct Steps {
    what: &'static str,
    within: Duration,
    count: AtomicU64,
    protected: AtomicBool,
    /// The actor goes on while it hangs.
    is_spared: bool,
}

impl Activity {
    /// Begins a piece of work of this actor, each step of which takes `within` at most. `what` is for people: `writing
    /// incidents`. The limit is checked at heartbeats, every 5 s.
    pub fn begin(what: &'static str, within: Duration) -> Self {
        Self::new(what, within, false)
    }

    /// As [`Self::begin`], for work whose hanging is shown and does not end the actor.
    pub fn reported(what: &'static str, within: Duration) -> Self {
        Self::new(what, within, true)
    }

    fn new(what: &'static str, within: Duration, is_spared: bool) -> Self {
        let (count, protected) = (AtomicU64::new(0), AtomicBool::new(false));
        let steps = Arc::new(Steps { what, within, count, protected, is_spared });
        // Without a supervisor nobody asks.
        let _ = VITALS.try_with(|vitals| vitals.add(&steps));
        Self(steps)
    }

    /// As [`Self::begin`], in a protected zone until the first step.
    pub fn protected(what: &'static str, within: Duration) -> Self {
        let activity = Self::begin(what, within);
        activity.protect();
        activity
    }

    /// A step was made; ends a protected zone.
    pub fn record_progress(&self) {
        self.0.protected.store(false, Ordering::Relaxed);
        self.0.count.fetch_add(1, Ordering::Relaxed);
    }

    /// A protected zone begins: what is waited for has a time-out of its own, or may take for ever. Ends with the next step.
    pub fn protect(&self) {
        self.0.protected.store(true, Ordering::Relaxed);
    }
}

/// Does a piece of work of this actor that must end `within` that time, or the actor counts as hung.
pub fn watched<F: Future>(what: &'static str, within: Duration, work: F) -> impl Future<Output = F::Output> {
    // Begun here and not at the first poll: the future may be polled in another task.
    during(Activity::begin(what, within), work)
}

/// As [`watched`], for work whose hanging is shown and does not end the actor.
pub fn reported<F: Future>(what: &'static str, within: Duration, work: F) -> impl Future<Output = F::Output> {
    during(Activity::reported(what, within), work)
}

async fn during<F: Future>(activity: Activity, work: F) -> F::Output {
    let done = work.await;
    drop(activity);
    done
}

/// Work that has not advanced within its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stalled {
    pub what: &'static str,
    /// The actor goes on.
    pub is_spared: bool,
}

/// Ends this actor for a reason that its parent judges.
pub fn finish<A: Actor<Context = Context<A>>>(ctx: &mut Context<A>, exit: Exit) {
    // Without a supervisor nobody asks.
    let _ = VITALS.try_with(|vitals| vitals.exit.replace(Some(exit)));
    ctx.stop();
}

/// What an actor shares with its parent beside its mailbox.
#[derive(Default)]
pub(super) struct Vitals {
    activities: RefCell<Vec<WatchedSteps>>,
    exit: RefCell<Option<Exit>>,
    /// When it was asked whether it reads its mailbox; `None`: it has answered.
    asked: Cell<Option<Instant>>,
    /// What it is, for the figures of its kind.
    kind: Arc<Kind>,
}

/// A child is asked whether it reads its mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// From now on.
    Anew,
    /// It has not answered yet.
    Already {
        /// When it was asked.
        since: Instant,
    },
}

/// The actor that runs in this task reads its mailbox.
pub fn answer_ping() {
    // Without a supervisor nobody asks.
    let _ = VITALS.try_with(|vitals| {
        if let Some(asked) = vitals.asked.take() {
            vitals.kind.waits.took(asked.elapsed());
        }
    });
}

struct WatchedSteps {
    steps: Weak<Steps>,
    /// How many steps had been made at the last look that found a new one, and when that was.
    seen: u64,
    since: Instant,
}

impl Vitals {
    /// Of an actor of this kind.
    pub(super) fn of(kind: Arc<Kind>) -> Self {
        Self { kind, ..Self::default() }
    }

    fn add(&self, steps: &Arc<Steps>) {
        let mut activities = self.activities.borrow_mut();
        if activities.len() >= SWEEP_AT {
            activities.retain(|entry| entry.steps.strong_count() > 0);
        }
        activities.push(WatchedSteps { steps: Arc::downgrade(steps), seen: 0, since: Instant::now() });
    }

    /// Every limit begins anew.
    pub(super) fn forgive(&self, now: Instant) {
        self.activities.borrow_mut().iter_mut().for_each(|entry| entry.since = now);
        self.asked.set(self.asked.get().map(|_| now));
    }

    /// It is to be asked whether it reads its mailbox.
    pub(super) fn ask(&self, now: Instant) -> Asked {
        match self.asked.get() {
            Some(since) => Asked::Already { since },
            None => {
                self.asked.set(Some(now));
                Asked::Anew
            }
        }
    }

    /// Whether it has not read its mailbox for so long since it was asked.
    pub(super) fn is_silent(&self, now: Instant, limit: Duration) -> bool {
        self.asked.get().is_some_and(|since| now.saturating_duration_since(since) >= limit)
    }

    /// Whoever was to hear its answer is gone.
    pub(super) fn ask_anew(&self) {
        self.asked.set(None);
    }

    /// What has not advanced within its limit, that which ends the actor first.
    pub(super) fn stalled(&self, now: Instant) -> Option<Stalled> {
        let mut stalled: Option<Stalled> = None;
        self.activities.borrow_mut().retain_mut(|entry| {
            let Some(steps) = entry.steps.upgrade() else { return false };
            let count = steps.count.load(Ordering::Relaxed);
            if count != entry.seen || steps.protected.load(Ordering::Relaxed) {
                (entry.seen, entry.since) = (count, now);
            } else if now.saturating_duration_since(entry.since) >= steps.within
                && stalled.is_none_or(|found| found.is_spared)
            {
                stalled = Some(Stalled { what: steps.what, is_spared: steps.is_spared });
            }
            true
        });
        stalled
    }

    /// The reason that the actor gave for its end.
    pub(super) fn take_exit(&self) -> Option<Exit> {
        self.exit.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    /// Looks after so many seconds more.
    async fn after(seconds: u64, vitals: &Vitals) -> Option<&'static str> {
        tokio::time::advance(Duration::from_secs(seconds)).await;
        vitals.stalled(Instant::now()).map(|stalled| stalled.what)
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_advance_within_its_limit_is_found() {
        let vitals = Rc::new(Vitals::default());
        let activity = VITALS.sync_scope(Rc::clone(&vitals), || Activity::begin("copying", LIMIT));
        assert_eq!(after(9, &vitals).await, None);
        activity.record_progress();
        assert_eq!(after(9, &vitals).await, None, "it advanced since the last look");
        assert_eq!(after(9, &vitals).await, None, "the limit counts from the look that saw it");
        assert_eq!(after(1, &vitals).await, Some("copying"));
        activity.protect();
        assert_eq!(after(3600, &vitals).await, None, "a protected zone");
        activity.record_progress();
        assert_eq!(after(9, &vitals).await, None);
        assert_eq!(after(10, &vitals).await, Some("copying"), "the zone has ended with the step");
        drop(activity);
        assert_eq!(after(3600, &vitals).await, None, "it is over");
        let quick = VITALS.sync_scope(Rc::clone(&vitals), || watched("asking", LIMIT, std::future::pending::<()>()));
        assert_eq!(after(10, &vitals).await, Some("asking"), "from the moment it was begun, polled or not");
        drop(quick);
        let spared = VITALS.sync_scope(Rc::clone(&vitals), || Activity::reported("reading a disk", LIMIT));
        assert_eq!(after(10, &vitals).await, Some("reading a disk"));
        assert!(vitals.stalled(Instant::now()).is_some_and(|stalled| stalled.is_spared), "shown, and no reason to end");
        let other = VITALS.sync_scope(Rc::clone(&vitals), || Activity::begin("asking", LIMIT));
        assert_eq!(after(10, &vitals).await, Some("asking"), "what ends the actor comes first");
        drop((spared, other));
        for _ in 0..1000 {
            VITALS.sync_scope(Rc::clone(&vitals), || drop(Activity::begin("a moment", LIMIT)));
        }
        assert!(vitals.activities.borrow().len() <= SWEEP_AT, "what is over is not kept");
    }

    #[tokio::test]
    async fn outside_of_a_supervised_actor_nothing_is_watched() {
        assert_eq!(watched("anything", Duration::ZERO, async { 7 }).await, 7);
        Activity::begin("anything", Duration::ZERO).record_progress();
    }
}
