//! The queue, and who leads.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::adapters::database::{
    Database, Delivery, LONGEST_WAIT, MOST_WAITING, NotificationClaim, PlannedNotifications, ReceiverRecord,
};
use crate::base::error::ErrorKind;
use crate::domain::incident::{IncidentKind, Subject};
use crate::domain::notify::{Episode, ItemEvent, Message, MessageItem, Severity};

const LEASE: Duration = Duration::from_secs(600);

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + second, 0).expect("a time")
}

fn message(receiver: &str) -> Message {
    Message::of(Uuid::now_v7(), receiver, at(0), false, Vec::new())
}

fn planned(second: i64, messages: Vec<Message>) -> PlannedNotifications {
    PlannedNotifications { now: at(second), messages, episodes: Vec::new(), forget_ended_before: at(-1_000_000) }
}

fn claim(receiver: &str, second: i64) -> NotificationClaim {
    NotificationClaim { receiver: receiver.to_owned(), now: at(second), lasts: TimeDelta::seconds(60), at_once: false }
}

async fn record(database: &dyn Database, receiver: &str) -> ReceiverRecord {
    let all = database.notification_receivers().await.expect("listed");
    all.into_iter().find(|one| one.receiver == receiver).expect("known")
}

pub(in crate::adapters::database) async fn a_message_is_delivered_once_and_in_its_order(database: &dyn Database) {
    assert!(database.lead_notifications(LEASE).await.expect("asked"));
    database.begin_notifications(vec!["mail".to_owned()], at(0), true).await.expect("begun");
    let (first, second, other) = (message("mail"), message("mail"), message("hook"));
    database.put_notifications(planned(1, vec![first.clone(), other.clone()])).await.expect("put");
    database.put_notifications(planned(2, vec![second.clone()])).await.expect("put");
    let times = record(database, "mail").await.times;
    assert_eq!((times.known_since, times.told_at), (at(0), Some(at(2))));
    let take = async |claim: NotificationClaim| {
        database.claim_notification(claim).await.expect("asked").map(|one| (one.message, one.tries))
    };
    assert_eq!(take(claim("mail", 10)).await, Some((first.clone(), 1)));
    assert_eq!(take(claim("mail", 11)).await, None, "the first is being delivered, and the second waits for it");
    assert_eq!(take(claim("hook", 11)).await, Some((other.clone(), 1)), "another receiver does not");
    // It was lost on the way: the claim ends.
    assert_eq!(take(claim("mail", 71)).await, Some((first.clone(), 2)));
    let failed = |next| Delivery::Failed { fault: "away".to_owned(), next_try_at: at(next) };
    database.settle_notification(first.id, at(72), failed(100)).await.expect("settled");
    assert_eq!(take(claim("mail", 99)).await, None, "it rests");
    let at_once = NotificationClaim { at_once: true, ..claim("mail", 99) };
    assert_eq!(take(at_once).await, Some((first.clone(), 3)));
    database.settle_notification(first.id, at(99), failed(100)).await.expect("settled");
    let now = record(database, "mail").await;
    assert_eq!((now.deliveries.failures, now.deliveries.failing_since, now.deliveries.waiting), (2, Some(at(72)), 2));
    assert_eq!(now.deliveries.fault.as_deref(), Some("away"));
    assert_eq!(take(claim("mail", 100)).await, Some((first.clone(), 4)));
    database.settle_notification(first.id, at(101), Delivery::Delivered).await.expect("settled");
    database.settle_notification(first.id, at(101), Delivery::Delivered).await.expect("again: nothing");
    assert_eq!(take(claim("mail", 102)).await, Some((second.clone(), 1)));
    let refused = Delivery::Refused { fault: "too long".to_owned() };
    database.settle_notification(second.id, at(103), refused).await.expect("settled");
    assert_eq!(take(claim("mail", 1_000)).await, None);
    let now = record(database, "mail").await;
    assert_eq!(
        (now.deliveries.delivered, now.deliveries.refused, now.deliveries.failures, now.deliveries.waiting),
        (1, 1, 3, 0)
    );
    assert_eq!((now.deliveries.delivered_at, now.deliveries.failing_since), (Some(at(101)), None));
    // Two hundred cameras behind one switch are one message, of which nothing is cut.
    let camera = |id: i64| MessageItem {
        event: ItemEvent::Opened,
        incident: Some(Uuid::now_v7()),
        kind: IncidentKind::CameraDown,
        severity: Severity::Critical,
        subject: Subject::Camera { id, name: format!("camera{id}"), label: None },
        cause: "unreachable: nothing answers; check network and address".repeat(4),
        since: at(0),
        until: None,
        times: 1,
    };
    let many = Message::of(Uuid::now_v7(), "mail", at(0), false, (0..200).map(camera).collect());
    database.put_notifications(planned(1_001, vec![many.clone()])).await.expect("put");
    assert_eq!(take(claim("mail", 1_002)).await, Some((many, 1)));
    // A clock that was set back does not put it off.
    database.settle_notification(other.id, at(12), failed(500_000)).await.expect("settled");
    assert_eq!(take(claim("hook", 13)).await, Some((other, 2)));
}

pub(in crate::adapters::database) async fn the_queue_is_bounded_and_drops_the_oldest(database: &dyn Database) {
    assert!(database.lead_notifications(LEASE).await.expect("asked"));
    let all: Vec<Message> = (0..MOST_WAITING + 5).map(|_| message("mail")).collect();
    for (second, message) in (0..).zip(&all) {
        database.put_notifications(planned(second, vec![message.clone()])).await.expect("put");
    }
    let now = record(database, "mail").await;
    assert_eq!((now.deliveries.waiting, now.deliveries.dropped), (u64::from(MOST_WAITING), 5));
    let later = i64::from(MOST_WAITING) + 10;
    let first = database.claim_notification(claim("mail", later)).await.expect("asked").expect("one");
    assert_eq!(first.message.id, all[5].id);
    database.settle_notification(first.message.id, at(later), Delivery::Delivered).await.expect("settled");
    let too_late = LONGEST_WAIT.num_seconds() + i64::from(MOST_WAITING);
    let next = database.claim_notification(claim("mail", too_late)).await.expect("asked").expect("one");
    let now = record(database, "mail").await;
    assert!(
        now.deliveries.dropped > 5 && now.deliveries.waiting < 10,
        "what has waited for a week is dropped: {now:?}"
    );
    assert_eq!(next.message.id, all[all.len() - now.deliveries.waiting as usize].id);
}

pub(in crate::adapters::database) async fn what_was_told_is_kept_by_receiver_kind_and_subject(database: &dyn Database) {
    let episode = |receiver: &str, times| Episode {
        receiver: receiver.to_owned(),
        kind: IncidentKind::CameraDown,
        subject: Subject::camera_of(7, "gate"),
        since: at(1),
        newest: at(2),
        times,
        told_at: at(3),
        ended_at: None,
    };
    let put = async |episodes: Vec<Episode>, forget: i64| {
        let planned = PlannedNotifications { episodes, forget_ended_before: at(forget), ..planned(5, Vec::new()) };
        database.put_notifications(planned).await
    };
    let refused = put(vec![episode("mail", 1)], 0).await.expect_err("nobody leads");
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    assert!(database.lead_notifications(LEASE).await.expect("asked"));
    put(vec![episode("mail", 1), episode("hook", 1)], 0).await.expect("put");
    let over = Episode { ended_at: Some(at(9)), ..episode("mail", 4) };
    put(vec![over.clone()], 9).await.expect("put");
    let mut all = database.notification_episodes().await.expect("listed");
    all.sort_by(|a, b| a.receiver.cmp(&b.receiver));
    assert_eq!(all, [episode("hook", 1), over]);
    put(Vec::new(), 10).await.expect("put");
    assert_eq!(database.notification_episodes().await.expect("listed"), [episode("hook", 1)]);
}

/// Two nodes.
pub(in crate::adapters::database) async fn one_node_leads_the_notifications(a: &dyn Database, b: &dyn Database) {
    let short = Duration::from_millis(1);
    assert!(a.lead_notifications(LEASE).await.expect("asked"));
    assert!(!b.lead_notifications(LEASE).await.expect("asked"));
    let message = message("mail");
    a.put_notifications(planned(0, vec![message.clone()])).await.expect("put");
    assert_eq!(b.put_notifications(planned(0, Vec::new())).await.expect_err("a leads").kind(), ErrorKind::Conflict);
    let taken = a.claim_notification(claim("mail", 0)).await.expect("asked");
    assert_eq!(taken.map(|one| one.message.id), Some(message.id));
    assert_eq!(b.claim_notification(claim("mail", 1)).await.expect("asked"), None);
    b.settle_notification(message.id, at(1), Delivery::Delivered).await.expect("nothing of its own");
    assert_eq!(record(a, "mail").await.deliveries.waiting, 1);
    // `a` gives no sign of life: another one takes over, and what it began is given back only by itself.
    assert!(a.lead_notifications(short).await.expect("asked"));
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(b.lead_notifications(LEASE).await.expect("asked"));
    b.begin_notifications(vec!["mail".to_owned()], at(2), true).await.expect("begun");
    assert_eq!(b.claim_notification(claim("mail", 2)).await.expect("asked"), None);
    a.begin_notifications(vec!["mail".to_owned()], at(2), false).await.expect("begun");
    assert_eq!(b.claim_notification(claim("mail", 2)).await.expect("asked"), None);
    a.begin_notifications(vec!["mail".to_owned()], at(2), true).await.expect("begun");
    assert!(b.claim_notification(claim("mail", 2)).await.expect("asked").is_some());
    assert_eq!(a.put_notifications(planned(0, Vec::new())).await.expect_err("b leads").kind(), ErrorKind::Conflict);
}
