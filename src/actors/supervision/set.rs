//! The children of one manager: starting, restarting by policy, finding the hung ones, stopping.

use std::future::Future;
use std::time::Duration;

use actix::{Actor, Addr, AsyncContext, Context, Handler, Message};
use futures_util::future::{LocalBoxFuture, join_all};
use tokio::time::{Instant, timeout};

use super::Supervised;
use super::child::{Child, ChildExited, Exits, RunningChild, typed};
use super::exit::Exit;
use super::keep::Keep;
use super::observe::{AskUnresponsive, Observation, Ping, complete};
use super::roster::{ChildSlot, Roster};
use super::stop::{Leaving, StopOrder, stop_children};
use crate::domain::restart::RestartPolicy;

/// How often every child is looked at.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Of more children than this it is not asked of each whether it answers.
const ASKED_EACH: usize = 64;

/// The next generation of a child is due. Sent by a manager to itself.
#[derive(Message, Debug)]
#[rtype(result = "()")]
pub struct ChildDue {
    name: String,
    after_run: u64,
}

/// The children of manager `P`, in start order.
pub struct ChildSet<P: Supervised> {
    exits: Exits,
    roster: Roster,
    /// Where the children go when the parent ends; `None`: they end with it.
    keep: Option<Keep>,
    policy: RestartPolicy,
    order: StopOrder,
    /// The last heartbeat.
    beaten: Instant,
    /// Once true, nothing is started any more.
    closing: bool,
    _parent: std::marker::PhantomData<fn(P)>,
}

impl<P> ChildSet<P>
where
    P: Supervised + Handler<ChildExited> + Handler<ChildDue>,
{
    /// An empty set that reports to the manager of this context. Call it in `started`; it also begins the heartbeats.
    pub fn new(ctx: &mut Context<P>, order: StopOrder) -> Self {
        Self::with(ctx, order, None)
    }

    /// A set whose children outlive the manager of this context and are adopted by its next instance: with those that the
    /// instance before has left in `keep`. Check [`Self::contains`] before starting what may be among them.
    pub fn kept(ctx: &mut Context<P>, order: StopOrder, keep: Keep) -> Self {
        Self::with(ctx, order, Some(keep))
    }

    fn with(ctx: &mut Context<P>, order: StopOrder, keep: Option<Keep>) -> Self {
        ctx.run_interval(HEARTBEAT, |manager, _| {
            if let Some(set) = manager.children() {
                set.heartbeat();
            }
        });
        let mut roster = keep.as_ref().and_then(Keep::take).unwrap_or_else(Roster::empty);
        for slot in roster.slots.values_mut() {
            // Whoever was asked answers to nobody now.
            if let Some(running) = &slot.running {
                running.vitals.ask_anew();
            }
            if let (Some(due), None) = (slot.due, &slot.running) {
                let due_again = ChildDue { name: slot.child.name.clone(), after_run: slot.run };
                ctx.notify_later(due_again, due.saturating_duration_since(Instant::now()));
            }
        }
        let exits = keep.as_ref().map(Keep::exits).unwrap_or_default();
        exits.connect(ctx.address().recipient());
        let (policy, _parent) = (RestartPolicy::STANDARD, std::marker::PhantomData);
        Self { exits, roster, keep, policy, order, beaten: Instant::now(), closing: false, _parent }
    }

    /// Adds a child and runs it. A child of the same name must be gone; a second one is ignored with a log line.
    pub fn start(&mut self, child: Child) {
        if self.closing {
            return;
        }
        let name = child.name.clone();
        if self.roster.slots.contains_key(&name) {
            log::error!("{name} is already supervised; the second one was not started");
            return;
        }
        self.roster.started += 1;
        self.roster.slots.insert(name.clone(), ChildSlot::new(child, self.roster.started));
        self.launch(&name);
    }

    fn launch(&mut self, name: &str) {
        let Some(slot) = self.roster.slots.get_mut(name) else { return };
        self.roster.runs += 1;
        slot.generation += 1;
        slot.run = self.roster.runs;
        (slot.killed, slot.due) = (None, None);
        // A factory that panics has told the parent through its guard: the exit arrives as a message like any other.
        slot.running = slot.child.launch(slot.run, self.exits.clone());
    }

    /// Kills every child whose work has stalled or that has not read its mailbox, and asks the others whether they do. One sweep
    /// for all: there may be ten thousand.
    fn heartbeat(&mut self) {
        let (now, policy) = (Instant::now(), self.policy);
        // Where the whole process stood still (a paused machine), nobody could make progress.
        let was_frozen = now.saturating_duration_since(std::mem::replace(&mut self.beaten, now)) > HEARTBEAT * 2;
        self.roster.slots.values_mut().for_each(|slot| slot.look_after(&policy, now, was_frozen));
    }
}

impl<P: Supervised> ChildSet<P> {
    fn in_order(&self) -> Vec<&ChildSlot> {
        let mut slots: Vec<&ChildSlot> = self.roster.slots.values().collect();
        slots.sort_by_key(|slot| slot.place);
        slots
    }

    /// As the heartbeat does with one that has not read its mailbox.
    #[cfg(test)]
    pub(super) fn kill_hung(&mut self, name: &str) {
        let slot = self.roster.slots.get_mut(name).expect("there is such a child");
        slot.kill(super::exit::KillReason::Unresponsive);
    }

    /// The running instance of that name.
    pub(super) fn running(&self, name: &str) -> Option<&RunningChild> {
        self.roster.slots.get(name)?.running.as_ref()
    }

    /// The address of that child, while it runs and if it is of that type.
    pub fn addr<A: Actor>(&self, name: &str) -> Option<Addr<A>> {
        self.address(name).cloned()
    }

    /// The same, not cloned.
    pub fn address<A: Actor>(&self, name: &str) -> Option<&Addr<A>> {
        typed(self.running(name)?)
    }

    /// Paths of those below that run and whose work has stalled, or that do not answer within `limit`. One that is restarting
    /// has been found already. Of thousands of children it is known since the last heartbeat whether they answer; a few are
    /// asked.
    pub fn unresponsive(&self, ask: AskUnresponsive) -> impl Future<Output = Vec<String>> + use<P> {
        let (now, limit) = (Instant::now(), ask.timeout);
        let few = self.roster.slots.len() <= ASKED_EACH;
        let mut found = Vec::new();
        let mut asked: Vec<LocalBoxFuture<'static, Vec<String>>> = Vec::new();
        for slot in self.in_order() {
            let Some(running) = &slot.running else { continue };
            let name = slot.child.name.clone();
            let hangs = running.vitals.stalled(now).is_some_and(|stalled| ask.all || !stalled.is_spared);
            if hangs || ask.all && running.vitals.is_silent(now, limit) {
                found.push(name);
            } else if let (true, Some(below)) = (ask.all, running.to.unresponsive.clone()) {
                // Each level leaves the one above it time to pass the answer on.
                let ask = AskUnresponsive { timeout: limit.mul_f64(0.8), ..ask };
                asked.push(Box::pin(async move {
                    match timeout(limit, below.send(ask)).await {
                        Ok(Ok(paths)) => paths.into_iter().map(|path| format!("{name}/{path}")).collect(),
                        // A closed mailbox is an end, which the parent hears of.
                        Ok(Err(_)) => Vec::new(),
                        Err(_) => vec![name],
                    }
                }));
            } else if few {
                let ping = running.to.ping.clone();
                asked.push(Box::pin(async move {
                    let answer = timeout(limit, ping.send(Ping)).await;
                    answer.is_err().then_some(name).into_iter().collect()
                }));
            }
        }
        async move {
            found.extend(join_all(asked).await.into_iter().flatten());
            found
        }
    }

    /// Names of all children, restarting ones included, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.roster.slots.values().filter(|slot| !slot.leaving).map(|slot| slot.child.name.as_str())
    }

    /// Whether there is such a child that is not leaving.
    pub fn contains(&self, name: &str) -> bool {
        self.roster.slots.get(name).is_some_and(|slot| !slot.leaving)
    }

    /// Whether there is such a child that is on its way out.
    pub fn is_leaving(&self, name: &str) -> bool {
        self.roster.slots.get(name).is_some_and(|slot| slot.leaving)
    }

    /// How many children there are, leaving ones not counted.
    pub fn len(&self) -> usize {
        self.names().count()
    }

    /// True without children.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Stops one child for good. The future ends when it has stopped or was aborted at the deadline, at once when it is
    /// between two generations; the child is then forgotten, and `Supervised::child_ended` is called, always.
    pub fn remove(&mut self, name: &str, deadline: Instant) -> impl Future<Output = Vec<String>> + 'static {
        let mut leaving = Vec::new();
        if let Some(slot) = self.roster.slots.get_mut(name) {
            slot.leaving = true;
            match &slot.running {
                Some(running) => leaving.push(leave(&slot.child, running)),
                None => self.exits.tell(slot.gone()),
            }
        }
        stop_children(leaving, StopOrder::Together, deadline)
    }

    /// Stops all children for good; nothing is started afterwards. Returns who was late.
    pub fn stop_all(&mut self, deadline: Instant) -> LocalBoxFuture<'static, Vec<String>> {
        self.closing = true;
        for slot in self.roster.slots.values_mut() {
            slot.leaving = true;
            if slot.running.is_none() {
                self.exits.tell(slot.gone());
            }
        }
        let running = |slot: &ChildSlot| slot.running.as_ref().map(|running| leave(&slot.child, running));
        let leaving = self.in_order().into_iter().filter_map(running).collect();
        Box::pin(stop_children(leaving, self.order, deadline))
    }

    /// What we know of each child, completed by asking it.
    pub(super) fn observe(&self) -> Vec<LocalBoxFuture<'static, Observation>> {
        self.in_order()
            .into_iter()
            .map(|slot| {
                let known = slot.observation();
                let ask = slot.running.as_ref().map(|running| running.to.observe.clone());
                Box::pin(complete(known, ask)) as LocalBoxFuture<'static, Observation>
            })
            .collect()
    }
}

impl<P: Supervised> Drop for ChildSet<P> {
    fn drop(&mut self) {
        if let Some(keep) = &self.keep {
            keep.put(std::mem::replace(&mut self.roster, Roster::empty()));
        }
    }
}

fn leave(child: &Child, running: &RunningChild) -> Leaving {
    Leaving { name: child.name.clone(), kind: child.kind, stop: running.to.stop.clone(), task: running.task.clone() }
}

/// A child has ended: its policy judges the exit; forget it, or arrange for the next generation.
pub fn on_exit<P>(manager: &mut P, exited: ChildExited, ctx: &mut Context<P>)
where
    P: Supervised + Handler<ChildExited> + Handler<ChildDue>,
{
    let Some(set) = manager.children() else { return };
    set.exits.heard(exited.run);
    let Some(slot) = set.roster.slots.get_mut(&exited.name).filter(|slot| slot.run == exited.run) else { return };
    let since = slot.running.take().map(|running| running.since.elapsed());
    let (exit, ran) = match slot.killed.take() {
        Some((reason, ran)) => (Exit::Killed(reason), ran),
        None => (exited.exit, since.unwrap_or_default()),
    };
    if slot.leaving || set.closing || !slot.child.restart.after(&exit) {
        set.roster.slots.remove(&exited.name);
        manager.child_ended(&exited.name, ctx);
        return;
    }
    let retry = slot.history.ended(&set.policy, set.roster.born.elapsed(), ran, rand::random());
    let (kind, name, ms) = (slot.child.kind, exited.name.as_str(), retry.after.as_millis() as u64);
    if retry.degraded && !slot.degraded {
        log::error!(restarts = slot.history.total(); "{kind} {name} is degraded: it ends again and again");
    }
    log::error!(generation = slot.generation, ms = ms; "{kind} {name} {exit}; restarting");
    super::kinds::kind(kind).restarts.add();
    (slot.degraded, slot.last_exit, slot.due) = (retry.degraded, Some(exit), Some(Instant::now() + retry.after));
    ctx.notify_later(ChildDue { name: exited.name, after_run: exited.run }, retry.after);
}

/// The next generation of a child is due.
pub fn on_due<P>(manager: &mut P, due: &ChildDue, _ctx: &mut Context<P>)
where
    P: Supervised + Handler<ChildExited> + Handler<ChildDue>,
{
    let Some(set) = manager.children() else { return };
    let Some(slot) = set.roster.slots.get(&due.name) else { return };
    if slot.run == due.after_run && slot.running.is_none() && !slot.leaving && !set.closing {
        set.launch(&due.name);
    }
}
