//! The manager: what goes on while something else hangs or nobody asks.

use std::sync::atomic::Ordering;
use std::time::Duration;

use actix::{Actor, Addr, Context, Handler, Message};
use chrono::{TimeDelta, Utc};
use tokio::time::timeout;

use super::evict::{Eviction, evict};
use super::retain::{RetentionClock, retain};
use super::testworld::UploadWorld;
use super::{UploadRules, Uploads};
use crate::actors::supervision::Observe;
use crate::domain::recording::SegmentState;
use crate::domain::retention::RetentionRules;
use crate::domain::spool_space::SpoolDisk;

/// Longer than anything takes here, and shorter than the time from one look at local files to the next.
const SOON: Duration = Duration::from_secs(20);

/// Local files go after a minute, what is stored after an hour.
fn rules() -> UploadRules {
    UploadRules {
        workers: 1,
        max_rate: None,
        window: None,
        evict_before_upload: false,
        keep_local: Duration::from_secs(60),
        min_free: 0,
        retention: RetentionRules { keep: Some(Duration::from_secs(3_600)), ..RetentionRules::default() },
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Tick;

impl Handler<Tick> for Uploads {
    type Result = ();

    fn handle(&mut self, Tick: Tick, ctx: &mut Context<Self>) {
        self.evict(ctx);
    }
}

/// Does it again until it is so.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let looked = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(SOON, looked).await.unwrap_or_else(|_| panic!("{what} within {SOON:?}"));
}

async fn evicted(uploads: &Addr<Uploads>) -> u64 {
    let state = uploads.send(Observe).await.expect("it lives").state;
    state["evicted"].as_u64().expect("a number")
}

#[actix::test]
async fn local_files_go_while_retention_hangs() {
    let world = UploadWorld::new(SegmentState::Evicted).await;
    let old = world.add(3, Utc::now() - TimeDelta::hours(2), SegmentState::Evicted).await;
    let (hangs, mut removed) = (world.objects.removing.lock().await, world.objects.removed.subscribe());
    let uploads = Uploads::new(rules(), world.handles.clone()).start();
    timeout(SOON, removed.wait_for(|count| *count == 1)).await.expect("it begins").expect("a store");
    let next = world.add(4, Utc::now() - TimeDelta::minutes(5), SegmentState::Uploaded).await;
    until("a file goes", async || {
        uploads.send(Tick).await.expect("it lives");
        evicted(&uploads).await == 1
    })
    .await;
    assert!(!world.file(&next).exists());
    drop(hangs);
    until("it goes on", async || {
        let row = world.handles.recordings.segment(old.id).await.expect("asked").expect("there");
        row.state == SegmentState::Deleted
    })
    .await;
}

#[actix::test]
async fn a_disk_that_is_nearly_full_is_not_left_to_the_clock() {
    let world = UploadWorld::new(SegmentState::Uploaded).await;
    let min_free: u64 = 1 << 60;
    let rules = UploadRules { keep_local: Duration::from_secs(3_600), min_free, ..rules() };
    let uploads = Uploads::new(rules, world.handles.clone()).start();
    until("the first pass ends", async || evicted(&uploads).await == 3).await;
    // The disk of the test lacks room for ever: whoever looks lets every stored segment go.
    let nearly = SpoolDisk { free: Some(min_free + min_free / 4 - 1), obstacle: None };
    // Where not even the probe finds room.
    let whole = SpoolDisk { free: None, obstacle: Some("the disk of the spool is full".to_owned()) };
    for (number, seen) in [(3, nearly), (4, whole)] {
        world.add(number, Utc::now() - TimeDelta::seconds(10), SegmentState::Uploaded).await;
        until("a file goes", async || {
            world.disk.send_replace(seen.clone());
            evicted(&uploads).await > u64::from(number)
        })
        .await;
    }
}

#[actix::test]
async fn a_start_while_the_store_is_away_makes_room_where_somebody_has_said_so() {
    let world = UploadWorld::new(SegmentState::Sealed).await;
    world.objects.is_away.store(true, Ordering::SeqCst);
    let rules = UploadRules { evict_before_upload: true, min_free: 1 << 60, ..rules() };
    let uploads = Uploads::new(rules, world.handles.clone()).start();
    until("the oldest go", async || {
        uploads.send(Tick).await.expect("it lives");
        evicted(&uploads).await == 3
    })
    .await;
    assert_eq!(world.states().await, [SegmentState::Deleted; 3]);
}

#[tokio::test]
async fn what_retention_is_deleting_is_no_trouble_of_eviction() {
    let world = UploadWorld::new(SegmentState::Uploaded).await;
    let mut eviction = Eviction::default();
    let (rules, clock) = (rules(), RetentionClock::beside(&eviction));
    let now = world.begin + TimeDelta::hours(2);
    let (hangs, mut removed) = (world.objects.removing.lock().await, world.objects.removed.subscribe());
    let deleting = retain(&world.handles, &rules.retention, &clock, now);
    let meanwhile = async {
        removed.wait_for(|count| *count == 1).await.expect("a store");
        let (count, ended) = evict(&world.handles, &rules, &mut eviction, now).await;
        drop(hangs);
        (count, ended.map(|error| error.to_string()), eviction.complaint())
    };
    let ((deleted, ended), meanwhile) = futures_util::future::join(deleting, meanwhile).await;
    assert_eq!(meanwhile, (2, None, None), "the others went");
    assert!(ended.is_none() && deleted == 3, "{deleted} {ended:?}");
    assert_eq!(world.states().await, [SegmentState::Deleted; 3]);
}
