//! Stopping in order, under one deadline, and saying who is late.

use std::time::Duration;

use actix::{ActorContext, ActorFutureExt, AsyncContext, Context, Message, Recipient, ResponseActFuture, WrapFuture};
use futures_util::future::{LocalBoxFuture, join_all};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};

use super::Supervised;

/// How often the log says who is still being waited for.
const REMINDER: Duration = Duration::from_secs(1);

/// Part of the remaining time that children leave to their parent, so that an outer deadline always fires after an
/// inner one and the late child is named by its own parent.
const MARGIN: Duration = Duration::from_millis(200);

/// Stop, and everything below first.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "StopReport")]
pub struct Stop {
    /// By then at the latest; who is late is aborted and named.
    pub deadline: Instant,
}

impl Stop {
    /// Stop within this time.
    pub fn within(time: Duration) -> Self {
        Self { deadline: Instant::now() + time }
    }
}

/// How stopping went.
#[derive(Clone, Debug, Default, PartialEq, Eq, actix::MessageResponse)]
pub struct StopReport {
    /// Paths of the actors that were aborted at the deadline.
    pub late: Vec<String>,
}

/// Whether children stop one after the other or all at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopOrder {
    /// Last started first, each after the one before has finished: for children that use one another. Each may take half
    /// of what is left of the time.
    Reverse,
    /// All at once: for children that know nothing of one another.
    Together,
}

/// One child to be stopped.
pub(super) struct Leaving {
    pub name: String,
    /// What it is: of a relay the name is the id of its camera alone.
    pub kind: &'static str,
    pub stop: Recipient<Stop>,
    pub task: AbortHandle,
}

/// The answer to [`Stop`] for any supervised actor: children, then its own release, then its end.
pub fn stop<A: Supervised>(actor: &mut A, stop: Stop) -> ResponseActFuture<A, StopReport> {
    let below: LocalBoxFuture<'static, Vec<String>> = match actor.children() {
        Some(set) => set.stop_all(stop.deadline),
        None => Box::pin(std::future::ready(Vec::new())),
    };
    let released = below.into_actor(actor).then(move |late, actor: &mut A, ctx: &mut Context<A>| {
        let release = actor.release(ctx, stop.deadline);
        async move {
            // The parent aborts whoever is late, so no time limit of our own here.
            release.await;
            late
        }
        .into_actor(actor)
    });
    Box::pin(released.map(|late, _, ctx: &mut Context<A>| {
        // Not at once: the answer travels first.
        ctx.run_later(Duration::ZERO, |_, ctx| ctx.stop());
        StopReport { late }
    }))
}

/// Stops children; returns the names (paths) of those that were late.
pub(super) async fn stop_children(leaving: Vec<Leaving>, order: StopOrder, deadline: Instant) -> Vec<String> {
    match order {
        StopOrder::Together => join_all(leaving.into_iter().map(|child| stop_child(child, deadline))).await.concat(),
        StopOrder::Reverse => {
            let mut late = Vec::new();
            let mut behind = leaving.len();
            for child in leaving.into_iter().rev() {
                behind -= 1;
                let share = share(Instant::now(), deadline, behind);
                late.extend(stop_child(child, share).await);
            }
            late
        }
    }
}

/// Until when a child may take: half of the time that is left, so that one that is late leaves something for each of those
/// `behind` it; all of it for the last.
fn share(now: Instant, deadline: Instant, behind: usize) -> Instant {
    let left = deadline.saturating_duration_since(now);
    if behind == 0 { deadline } else { now + left / 2 }
}

async fn stop_child(child: Leaving, deadline: Instant) -> Vec<String> {
    let begun = Instant::now();
    let inner = deadline.checked_sub(MARGIN).unwrap_or(deadline);
    let mut answer = Box::pin(child.stop.send(Stop { deadline: inner }));
    loop {
        let step = (Instant::now() + REMINDER).min(deadline);
        match timeout_at(step, &mut answer).await {
            Ok(Ok(report)) => return report.late.into_iter().map(|late| format!("{}/{late}", child.name)).collect(),
            // Its mailbox is closed: it is gone already.
            Ok(Err(_)) => return Vec::new(),
            Err(_) if Instant::now() < deadline => {
                log::info!("still waiting for {} {} ({:.1} s)", child.kind, child.name, begun.elapsed().as_secs_f64());
            }
            Err(_) => {
                log::warn!("timeout: {} {} did not stop in time and was aborted", child.kind, child.name);
                child.task.abort();
                return vec![child.name];
            }
        }
    }
}
