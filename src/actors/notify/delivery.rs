//! Delivers the messages of one receiver, the oldest first, one at a time.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::parts::NotifyParts;
use super::setup::NotifySetup;
use crate::actors::incidents::now;
use crate::adapters::database::{ClaimedNotification, Delivery, NotificationClaim, with_timeout};
use crate::adapters::notify::{self, DeliveryFault};
use crate::base::Result;
use crate::base::backoff::Backoff;
use crate::domain::incident::IncidentKind;
use crate::domain::moment::Moment;
use crate::domain::notify::own_subject;

/// A message is this node's for so long: longer than a try takes, and than the database takes to hear of it.
const CLAIM: TimeDelta = TimeDelta::seconds(60);
/// Somebody else may have written a message.
const CHECK_EVERY: Duration = Duration::from_secs(5);
/// Between two tries with a database that does not answer.
const RETRY: Duration = Duration::from_secs(2);
/// After a fault that passes.
const PASSING: Backoff = Backoff { min: Duration::from_secs(2), max: Duration::from_secs(300) };
/// After a fault that somebody has to mend. A changed configuration is tried at once.
const REFUSED: Backoff = Backoff { min: Duration::from_secs(60), max: Duration::from_secs(900) };
/// Nothing delivered for so long is an incident.
const FAILING_LONG: Duration = Duration::from_secs(300);
/// A result that the database does not take at once is told to it for so long; then the claim ends, and it is delivered again.
const SETTLE_FOR: Duration = Duration::from_secs(30);

/// One receiver's.
pub(super) struct DeliveryWorker {
    name: String,
    parts: NotifyParts,
    /// The first try that failed since one that did not.
    failing: Option<Moment>,
}

impl DeliveryWorker {
    pub(super) fn new(name: String, parts: NotifyParts) -> Self {
        Self { name, parts, failing: None }
    }

    pub(super) async fn keep(mut self) {
        let (mut setups, mut wake) = (self.parts.setup.watch(), self.parts.queue.wake.subscribe());
        let mut leading = self.parts.queue.leading.subscribe();
        let mut at_once = true;
        loop {
            // Their senders live as long as the parts.
            let _ = leading.wait_for(|leads| *leads).await;
            wake.mark_unchanged();
            let setup = setups.borrow_and_update().clone();
            let rest = match self.next(&setup, at_once).await {
                Ok(Some(rest)) => rest,
                Ok(None) => CHECK_EVERY,
                // The health of the database is told elsewhere.
                Err(error) => {
                    log::debug!(receiver = self.name.as_str(); "no message can be taken from the queue: {error}");
                    RETRY
                }
            };
            at_once = false;
            let until = Instant::now() + rest;
            // News ends no rest of a receiver that fails: the oldest message is the next one.
            let woken = async {
                if self.failing.is_some() {
                    std::future::pending::<()>().await;
                }
                let _ = wake.changed().await;
            };
            tokio::select! {
                () = woken => {}
                changed = setups.changed() => {
                    at_once = changed.is_ok();
                    if !at_once {
                        tokio::time::sleep_until(until).await;
                    }
                }
                () = tokio::time::sleep_until(until) => {}
            }
        }
    }

    /// Delivers the next message, if one is due; how long to rest after it.
    async fn next(&mut self, setup: &Arc<NotifySetup>, at_once: bool) -> Result<Option<Duration>> {
        let claim = NotificationClaim { receiver: self.name.clone(), now: Utc::now(), lasts: CLAIM, at_once };
        let Some(claimed) = with_timeout(self.parts.store.claim_notification(claim)).await? else { return Ok(None) };
        let (id, tries) = (claimed.message.id, claimed.tries);
        let in_flight = InFlight::begin(&self.parts.queue.in_flight);
        let (parts, setup) = (self.parts.clone(), Arc::clone(setup));
        // A task of its own: a stop waits for it, and an adapter that panics has failed once.
        let tried = tokio::spawn(async move {
            let _in_flight = in_flight;
            let outcome = try_once(&setup, claimed).await;
            let delivery = as_delivery(&outcome, tries, Utc::now());
            settle(&parts, id, delivery.clone()).await;
            (outcome, delivery)
        });
        let (outcome, delivery) = tried.await.unwrap_or_else(|_| {
            let fault = DeliveryFault::passing("delivering it failed by a fault of ours; the log says more");
            let delivery = as_delivery(&Err(fault.clone()), tries, Utc::now());
            (Err(fault), delivery)
        });
        self.told(&outcome);
        Ok(Some(match delivery {
            Delivery::Failed { next_try_at, .. } => (next_try_at - Utc::now()).to_std().unwrap_or_default(),
            Delivery::Delivered | Delivery::Refused { .. } => Duration::ZERO,
        }))
    }

    /// Log and incident.
    fn told(&mut self, outcome: &Result<(), DeliveryFault>) {
        let (name, subject) = (self.name.as_str(), own_subject(&self.name));
        match outcome {
            Ok(()) => {
                if self.failing.take().is_some() {
                    log::info!(receiver = name; "the receiver recovered: notifications are delivered");
                }
                self.parts.incidents.clear(IncidentKind::ReceiverFailing, &subject);
            }
            Err(DeliveryFault::Message(why)) => {
                log::warn!(receiver = name; "a notification is refused and dropped: {why}");
            }
            Err(fault) => {
                let at = now();
                if self.failing.is_none() {
                    log::warn!(receiver = name; "a notification is not delivered, it is tried again: {}", fault.why());
                }
                let since = *self.failing.get_or_insert(at);
                if matches!(fault, DeliveryFault::Receiver(_)) || at.since(since) >= FAILING_LONG {
                    let cause = format!("notifications to the receiver {name} are not delivered: {}", fault.why());
                    self.parts.incidents.raise(IncidentKind::ReceiverFailing, &subject, &cause, since);
                }
            }
        }
    }
}

async fn try_once(setup: &NotifySetup, claimed: ClaimedNotification) -> Result<(), DeliveryFault> {
    // Between the claim and now it was taken out of the configuration: its messages wait until they are too old.
    let gone = || DeliveryFault::passing("there is no such receiver in the configuration");
    let (receiver, outgoing) = setup.outgoing(claimed.message).ok_or_else(gone)?;
    notify::deliver(&*receiver, &outgoing).await
}

fn as_delivery(outcome: &Result<(), DeliveryFault>, tries: u32, now: DateTime<Utc>) -> Delivery {
    let fault = match outcome {
        Ok(()) => return Delivery::Delivered,
        Err(DeliveryFault::Message(why)) => return Delivery::Refused { fault: why.clone() },
        Err(fault) => fault,
    };
    let rest = match fault {
        DeliveryFault::Passing { rest: Some(rest), .. } => (*rest).max(PASSING.min),
        DeliveryFault::Receiver(_) => REFUSED.delay(tries, rand::random()),
        _ => PASSING.delay(tries, rand::random()),
    };
    let rest = TimeDelta::from_std(rest.max(Duration::from_secs(1))).unwrap_or(TimeDelta::hours(1));
    Delivery::Failed { fault: fault.why().to_owned(), next_try_at: now + rest }
}

/// Tells the database until it has heard of it.
async fn settle(parts: &NotifyParts, id: uuid::Uuid, delivery: Delivery) {
    let told = async {
        while let Err(error) = with_timeout(parts.store.settle_notification(id, Utc::now(), delivery.clone())).await {
            log::debug!("what became of a notification is not written, retrying: {error}");
            sleep(RETRY).await;
        }
    };
    if timeout(SETTLE_FOR, told).await.is_err() {
        log::warn!("the database does not take what became of a notification; it may be delivered again");
    }
}

/// Counts what is being delivered, so that a stop can wait for it.
struct InFlight(Arc<watch::Sender<usize>>);

impl InFlight {
    fn begin(count: &Arc<watch::Sender<usize>>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(Arc::clone(count))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_on_a_try() {
        let now = Utc::now();
        let rest = |fault: DeliveryFault, tries| match as_delivery(&Err(fault), tries, now) {
            Delivery::Failed { next_try_at, .. } => (next_try_at - now).num_milliseconds(),
            other => panic!("{other:?}"),
        };
        let passing =
            |rest: Option<u64>| DeliveryFault::Passing { why: "x".to_owned(), rest: rest.map(Duration::from_secs) };
        assert_eq!(as_delivery(&Ok(()), 1, now), Delivery::Delivered);
        let refused = as_delivery(&Err(DeliveryFault::Message("x".to_owned())), 1, now);
        assert_eq!(refused, Delivery::Refused { fault: "x".to_owned() });
        assert!((1_000..=2_000).contains(&rest(passing(None), 1)));
        assert!(rest(passing(None), 50) <= 300_000);
        assert_eq!(rest(passing(Some(120)), 1), 120_000, "as it asks");
        assert!(rest(DeliveryFault::Receiver("x".to_owned()), 1) >= 1_000);
    }
}
