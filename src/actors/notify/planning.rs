//! Plans messages: what is known is read, and what follows from it is written to the queue. Only the node that leads does.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::LEASE;
use super::parts::NotifyParts;
use super::setup::NotifySetup;
use crate::actors::incidents::{name_camera, take_over};
use crate::adapters::database::{PlannedNotifications, ReceiverRecord, Recent, RecentIncidents, with_timeout};
use crate::base::Result;
use crate::base::single_flight::SingleFlight;
use crate::domain::incident::{Incident, IncidentKind, Subject};
use crate::domain::maintenance::excused_keys;
use crate::domain::notify::{KEPT_AFTER_END, Known, LOOKBACK, Message, ReceiverTimes, own_subject, plan};

/// Other nodes and the command line write too, and who leads says so.
const READ_EVERY: Duration = Duration::from_secs(5);
/// Between two readings: a thousand cameras that fail are written one by one.
const REST: Duration = Duration::from_millis(250);
/// Between two tries with a database that does not answer.
const RETRY: Duration = Duration::from_secs(2);
/// More that last, or have ended lately, are not read; nothing that is missing has ended then.
const MOST_OPEN: u32 = 5_000;
const MOST_LATE: u32 = 2_000;

/// So often whoever leads looks for incidents of receivers that another node has written after its time.
const TAKE_OVER_EVERY: Duration = Duration::from_secs(30);

/// Plans until it is stopped.
pub(super) struct Planning {
    parts: NotifyParts,
    /// As it was when the database was told of its receivers.
    known: Option<Arc<NotifySetup>>,
    /// When the incidents of receivers were taken over last; `None` since another node led.
    taken_over: Option<Instant>,
    tries: SingleFlight,
}

impl Planning {
    pub(super) fn new(parts: NotifyParts) -> Self {
        Self { parts, known: None, taken_over: None, tries: SingleFlight::default() }
    }

    pub(super) async fn keep(mut self) {
        let mut writings = self.parts.incidents.writings();
        let mut setups = self.parts.setup.watch();
        loop {
            writings.mark_unchanged();
            let setup = setups.borrow_and_update().clone();
            let rest = match self.round(&setup).await {
                Ok(rest) => {
                    if self.tries.succeeded().recovered {
                        log::info!("planning notifications recovered");
                    }
                    rest
                }
                Err(error) => {
                    if self.tries.complain(error.message()) {
                        log::warn!("planning notifications failed, retrying: {error}");
                    }
                    RETRY
                }
            };
            tokio::select! {
                changed = writings.changed() => match changed {
                    Ok(()) => sleep(REST).await,
                    Err(_) => return,
                },
                changed = setups.changed() => if changed.is_err() {
                    sleep(rest).await;
                },
                () = sleep(rest) => {}
            }
        }
    }

    /// Plans once; how long to wait for the next time at most.
    pub(super) async fn round(&mut self, setup: &Arc<NotifySetup>) -> Result<Duration> {
        let store = &self.parts.store;
        let leads = !setup.receivers.is_empty() && with_timeout(store.lead_notifications(LEASE)).await?;
        if !leads {
            self.leads(false);
            (self.known, self.taken_over) = (None, None);
            if !setup.receivers.is_empty() {
                // Whoever leads delivers, and goes on with them.
                self.parts.incidents.let_go(&[IncidentKind::ReceiverFailing]);
            }
            self.end_what_is_of_no_receiver(setup);
            return Ok(READ_EVERY);
        }
        if self.known.as_ref().is_none_or(|known| !Arc::ptr_eq(known, setup)) {
            self.begin(setup).await?;
        }
        self.take_over().await?;
        self.end_what_is_of_no_receiver(setup);
        // Not before: what is claimed from now on must not be given back with what an earlier run was delivering.
        self.leads(true);
        let now = Utc::now();
        let (incidents, complete) = self.incidents(now).await?;
        let all = with_timeout(self.parts.maintenance.maintenance(now)).await?;
        let cameras = if all.is_empty() { Vec::new() } else { self.parts.live.all_cameras().await? };
        let excused = excused_keys(&all, &cameras);
        let episodes = with_timeout(self.parts.store.notification_episodes()).await?;
        let records = with_timeout(self.parts.store.notification_receivers()).await?;
        let known = Known {
            incidents: &incidents,
            complete,
            excused: &excused,
            episodes: &episodes,
            now,
            offset: setup.offset(),
        };
        let forget_ended_before = now - KEPT_AFTER_END;
        let mut planned = PlannedNotifications { now, messages: Vec::new(), episodes: Vec::new(), forget_ended_before };
        let mut wake_at: Option<DateTime<Utc>> = None;
        for receiver in &setup.receivers {
            let rule = &receiver.rule;
            let of_receiver = plan(rule, times(&records, &rule.name, now), &known);
            planned.episodes.extend(of_receiver.episodes);
            if !of_receiver.items.is_empty() {
                let (id, escalates) = (Uuid::now_v7(), rule.escalate_after.is_some());
                planned.messages.push(Message::of(id, &rule.name, now, escalates, of_receiver.items));
            }
            wake_at = wake_at.into_iter().chain(of_receiver.wake_at).min();
        }
        let is_old = episodes.iter().any(|one| one.ended_at.is_some_and(|ended| ended < forget_ended_before));
        if !planned.messages.is_empty() || !planned.episodes.is_empty() || is_old {
            self.write(planned).await?;
        }
        let rest = wake_at.map(|at| (at - now).max(TimeDelta::milliseconds(100)));
        Ok(rest.and_then(|rest| rest.to_std().ok()).map_or(READ_EVERY, |rest| rest.min(READ_EVERY)))
    }

    fn leads(&self, leads: bool) {
        self.parts.queue.leading.send_if_modified(|now| std::mem::replace(now, leads) != leads);
    }

    /// Goes on with the incidents of receivers that other nodes have left open.
    async fn take_over(&mut self) -> Result<()> {
        if self.taken_over.is_some_and(|at| at.elapsed() < TAKE_OVER_EVERY) {
            return Ok(());
        }
        let (store, is_first) = (&*self.parts.incident_store, self.taken_over.is_none());
        let taken = take_over(store, &[IncidentKind::ReceiverFailing], None, is_first).await?;
        self.parts.incidents.taken_over(&taken);
        self.taken_over = Some(Instant::now());
        Ok(())
    }

    /// Ends incidents of receivers that are not in the configuration any more.
    fn end_what_is_of_no_receiver(&self, setup: &NotifySetup) {
        // Not known yet: the next round has it.
        let Some(open) = self.parts.incidents.open().now_or_never() else { return };
        let is_there = |subject: &Subject| setup.receivers.iter().any(|one| own_subject(&one.rule.name) == *subject);
        for (kind, subject) in open {
            if kind == IncidentKind::ReceiverFailing && !is_there(&subject) {
                self.parts.incidents.clear(kind, &subject);
            }
        }
    }

    /// Tells the database of the receivers.
    async fn begin(&mut self, setup: &Arc<NotifySetup>) -> Result<()> {
        let names: Vec<String> = setup.receivers.iter().map(|one| one.rule.name.clone()).collect();
        // What an instance of before in this process is delivering is its own.
        let afresh = !self.parts.queue.begun.load(Ordering::Relaxed);
        with_timeout(self.parts.store.begin_notifications(names, Utc::now(), afresh)).await?;
        self.parts.queue.begun.store(true, Ordering::Relaxed);
        if self.known.is_none() {
            log::info!(receivers = setup.receivers.len(); "this node leads the notifications of its database");
        }
        self.known = Some(Arc::clone(setup));
        self.parts.queue.wake.send_modify(|wake| *wake += 1);
        Ok(())
    }

    /// Those that last and those that have ended lately; whether they are all there.
    async fn incidents(&self, now: DateTime<Utc>) -> Result<(Vec<Incident>, bool)> {
        let since = now - LOOKBACK;
        let recent = RecentIncidents { own: false, since, most_open: MOST_OPEN, most_ended: MOST_LATE };
        let Recent { open, others, complete, all_ended } = recent.read(&*self.parts.incident_store).await?;
        // One that has ended between the two questions lasts until the next time, which has its end.
        let mut all = [open, others].concat();
        if all.iter().any(|one| one.subject.camera().is_some()) {
            let cameras = self.parts.live.all_cameras().await?;
            all.iter_mut().for_each(|incident| name_camera(incident, &cameras));
        }
        Ok((all, complete && all_ended))
    }

    async fn write(&self, planned: PlannedNotifications) -> Result<()> {
        let told: Vec<(String, usize)> =
            planned.messages.iter().map(|one| (one.receiver.clone(), one.items.len() + one.more)).collect();
        with_timeout(self.parts.store.put_notifications(planned)).await?;
        for (receiver, incidents) in &told {
            log::info!(receiver = receiver.as_str(), incidents = *incidents; "a notification is to be delivered");
        }
        if !told.is_empty() {
            self.parts.queue.wake.send_modify(|wake| *wake += 1);
        }
        Ok(())
    }
}

fn times(records: &[ReceiverRecord], receiver: &str, now: DateTime<Utc>) -> ReceiverTimes {
    let known = records.iter().find(|one| one.receiver == receiver);
    known.map_or(ReceiverTimes { known_since: now, told_at: None }, |record| record.times)
}
