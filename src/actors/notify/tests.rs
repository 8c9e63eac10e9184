//! Rounds of planning, over a database that fails or changes at a moment of the test's choice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::planning::Planning;
use super::{NotifyParts, NotifySetup, QueueSignals};
use crate::actors::incidents::{IncidentsHandle, TakenOver};
use crate::adapters::database::sqlite::{self, Sqlite};
use crate::adapters::database::{
    ClaimedNotification, Delivery, IncidentQuery, IncidentStore, NotificationClaim, NotificationStore,
    PlannedNotifications, ReceiverRecord,
};
use crate::adapters::live::memory::MemoryLiveStore;
use crate::base::{Error, Result};
use crate::config::{self, Sources};
use crate::domain::incident::{Incident, IncidentKind, Remark, Subject, Verdict};
use crate::domain::notify::{Episode, own_subject};

const RECEIVER: &str = "[[notify.receivers]]\nname = \"ops\"\nkind = \"webhook\"\nurl = \"http://127.0.0.1:1/x\"\n\
                        group_interval = \"0s\"\n";

/// A database in front of which something goes wrong.
struct Disturbed {
    database: Arc<Sqlite>,
    /// Another node leads.
    other_leads: AtomicBool,
    /// The next beginning fails.
    begin_fails: AtomicBool,
    /// Ends as soon as incidents that are over, too, were asked for.
    ends_next: Mutex<Option<Uuid>>,
}

#[async_trait]
impl NotificationStore for Disturbed {
    async fn lead_notifications(&self, lasts: Duration) -> Result<bool> {
        Ok(!self.other_leads.load(Ordering::Relaxed) && self.database.lead_notifications(lasts).await?)
    }

    async fn begin_notifications(&self, receivers: Vec<String>, now: DateTime<Utc>, afresh: bool) -> Result<()> {
        if self.begin_fails.swap(false, Ordering::Relaxed) {
            return Err(Error::unavailable("the connection was lost"));
        }
        self.database.begin_notifications(receivers, now, afresh).await
    }

    async fn notification_episodes(&self) -> Result<Vec<Episode>> {
        self.database.notification_episodes().await
    }

    async fn notification_receivers(&self) -> Result<Vec<ReceiverRecord>> {
        self.database.notification_receivers().await
    }

    async fn put_notifications(&self, planned: PlannedNotifications) -> Result<()> {
        self.database.put_notifications(planned).await
    }

    async fn claim_notification(&self, claim: NotificationClaim) -> Result<Option<ClaimedNotification>> {
        self.database.claim_notification(claim).await
    }

    async fn settle_notification(&self, id: Uuid, now: DateTime<Utc>, delivery: Delivery) -> Result<()> {
        self.database.settle_notification(id, now, delivery).await
    }
}

#[async_trait]
impl IncidentStore for Disturbed {
    async fn open_incident(&self, incident: Incident) -> Result<Uuid> {
        self.database.open_incident(incident).await
    }

    async fn close_incident(&self, id: Uuid, at: DateTime<Utc>) -> Result<()> {
        self.database.close_incident(id, at).await
    }

    async fn incidents(&self, query: IncidentQuery) -> Result<Vec<Incident>> {
        let is_first = !query.open;
        let found = self.database.incidents(query).await;
        if is_first && let Some(id) = self.ends_next.lock().await.take() {
            self.database.close_incident(id, Utc::now()).await?;
        }
        found
    }

    async fn remark(&self, incident: Uuid, remark: Remark) -> Result<Incident> {
        self.database.remark(incident, remark).await
    }

    async fn take_over_incidents(
        &self,
        kinds: Vec<IncidentKind>,
        server: Option<String>,
        at: DateTime<Utc>,
    ) -> Result<Vec<Incident>> {
        self.database.take_over_incidents(kinds, server, at).await
    }

    async fn put_verdicts(&self, verdicts: Vec<(Uuid, Verdict)>) -> Result<()> {
        self.database.put_verdicts(verdicts).await
    }
}

struct Harness {
    store: Arc<Disturbed>,
    parts: NotifyParts,
    planning: Planning,
    _folder: TempDir,
}

impl Harness {
    /// Planning for what this configuration names; what an earlier run has left open is known.
    async fn with(toml: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("streamwarden.toml");
        std::fs::write(&file, toml).expect("written");
        let settings = config::load(&Sources { file: Some(file), ..Sources::default() }).expect("valid");
        let database = sqlite::open(folder.path().join("test.db")).await.expect("a database").for_node("here");
        let store = Arc::new(Disturbed {
            database: Arc::clone(&database),
            other_leads: AtomicBool::default(),
            begin_fails: AtomicBool::default(),
            ends_next: Mutex::default(),
        });
        let incidents = IncidentsHandle::default();
        incidents.adopt(&[]);
        let parts = NotifyParts {
            setup: NotifySetup::from_settings(&settings).expect("receivers").into(),
            store: store.clone(),
            incident_store: store.clone(),
            maintenance: database,
            live: Arc::new(MemoryLiveStore::new(Duration::from_secs(60))),
            incidents,
            queue: QueueSignals::default(),
        };
        Self { store, planning: Planning::new(parts.clone()), parts, _folder: folder }
    }

    async fn round(&mut self) -> Result<Duration> {
        let setup = self.parts.setup.get();
        self.planning.round(&setup).await
    }

    fn leads(&self) -> bool {
        *self.parts.queue.leading.borrow()
    }

    /// Messages that wait.
    async fn waiting(&self) -> u64 {
        let records = self.store.notification_receivers().await.expect("records");
        records.iter().map(|one| one.deliveries.waiting).sum()
    }
}

fn down(minutes_ago: i64) -> Incident {
    let (kind, subject) = (IncidentKind::ServerDown, Subject::Server { name: "main".to_owned() });
    let opened_at = Utc::now() - TimeDelta::minutes(minutes_ago);
    Incident::open(Uuid::now_v7(), kind, subject, "it does not answer".to_owned(), opened_at)
}

#[actix::test]
async fn nobody_delivers_before_what_an_earlier_run_was_delivering_is_given_back() {
    let mut harness = Harness::with(RECEIVER).await;
    harness.store.begin_fails.store(true, Ordering::Relaxed);
    harness.round().await.expect_err("it cannot begin");
    assert!(!harness.leads(), "a message that is claimed now would be given back, and delivered again");
    harness.round().await.expect("it has begun");
    assert!(harness.leads());
}

#[actix::test]
async fn one_that_ends_between_two_questions_lasts_until_the_next_round() {
    let mut harness = Harness::with(RECEIVER).await;
    let incident = down(10);
    harness.store.open_incident(incident.clone()).await.expect("opened");
    harness.round().await.expect("planned");
    assert_eq!(harness.waiting().await, 1, "that it is down");
    *harness.store.ends_next.lock().await = Some(incident.id);
    harness.round().await.expect("planned");
    let all = IncidentQuery { limit: 9, ..IncidentQuery::default() };
    let ended = harness.store.incidents(all).await.expect("listed").remove(0).closed_at;
    assert!(ended.is_some(), "it has ended meanwhile");
    harness.round().await.expect("planned");
    assert_eq!(harness.waiting().await, 1, "it has not been well for long enough");
    let episodes = harness.store.notification_episodes().await.expect("episodes");
    assert_eq!(episodes.iter().map(|one| one.ended_at).collect::<Vec<_>>(), [None]);
}

fn failing(receiver: &str) -> Incident {
    let opened_at = Utc::now() - TimeDelta::minutes(1);
    Incident::open(Uuid::now_v7(), IncidentKind::ReceiverFailing, own_subject(receiver), "401".to_owned(), opened_at)
}

#[actix::test]
async fn what_an_earlier_run_left_of_a_receiver_that_is_gone_ends_without_any_receiver_too() {
    for (toml, left) in [("", &[][..]), (RECEIVER, &["receiver ops"])] {
        let mut harness = Harness::with(toml).await;
        harness
            .parts
            .incidents
            .taken_over(&TakenOver { of_others: Vec::new(), own: vec![failing("gone"), failing("ops")] });
        harness.round().await.expect("a round");
        let open = harness.parts.incidents.open_now();
        let names: Vec<&str> = open.iter().map(|(_, subject)| subject.name()).collect();
        assert_eq!(names, left, "{toml:?}");
    }
}

#[actix::test]
async fn who_leads_goes_on_with_the_incidents_of_receivers_and_who_does_not_lets_go_of_them() {
    let mut harness = Harness::with(RECEIVER).await;
    let theirs = failing("ops");
    harness.store.database.for_node("there").open_incident(theirs.clone()).await.expect("opened");
    let open = |harness: &Harness| harness.parts.incidents.open_now().len();
    for (other_leads, wanted) in [(true, 0), (false, 1), (true, 0), (false, 1)] {
        harness.store.other_leads.store(other_leads, Ordering::Relaxed);
        harness.round().await.expect("a round");
        assert_eq!((harness.leads(), open(&harness)), (!other_leads, wanted));
    }
    let own = IncidentQuery { open: true, own: true, limit: 9, ..IncidentQuery::default() };
    let ids: Vec<Uuid> = harness.store.incidents(own).await.expect("listed").iter().map(|one| one.id).collect();
    assert_eq!(ids, [theirs.id], "it is this node's to end now");
}
