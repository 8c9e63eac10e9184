//! The connections of the live store to a Redis, as children of the tree; and the incident while they do not work.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::incidents::{IncidentsHandle, now};
use super::supervision::{Child, Exit, Restart};
use crate::adapters::live::redis::{RedisHealth, RedisLiveStore};
use crate::domain::incident::{IncidentKind, Subject};

/// A fault that is over sooner is none: a connection that was cut is made again at once.
const GRACE: Duration = Duration::from_secs(3);

/// What the incident is about.
const SERVICE: &str = "redis";

/// Without a Redis what an earlier run has told of one ends.
pub fn without_redis(incidents: &IncidentsHandle) {
    incidents.nobody_tells_of_service(SERVICE);
}

/// The writer alone, for a process that only tells.
pub fn writer(live: &Arc<RedisLiveStore>) -> Child {
    let live = Arc::clone(live);
    Child::task("redis-writer", Restart::Always, move || ended(live.write()))
}

/// A writer, a listener, and who tells how they are.
pub fn children(live: &Arc<RedisLiveStore>, incidents: &IncidentsHandle) -> Vec<Child> {
    let (writer, listening) = (writer(live), Arc::clone(live));
    let (live, incidents) = (Arc::clone(live), incidents.clone());
    vec![
        writer,
        Child::task("redis-listener", Restart::Always, move || ended(listening.listen())),
        Child::task("redis-health", Restart::Always, move || ended(tell(Arc::clone(&live), incidents.clone()))),
    ]
}

async fn ended(work: impl Future<Output = ()>) -> Exit {
    work.await;
    Exit::Failure("it has ended by itself".to_owned())
}

/// Raises and clears the incident.
async fn tell(live: Arc<RedisLiveStore>, incidents: IncidentsHandle) {
    let subject = Subject::Service { name: SERVICE.to_owned() };
    let mut health = live.health();
    loop {
        let (fault, works) = {
            let health = health.borrow_and_update();
            (health.fault(), health.is_connected())
        };
        if let Some(fault) = fault {
            let since = now();
            let is_well = |health: &RedisHealth| health.fault().is_none();
            // Another fault meanwhile is the same outage.
            if timeout(GRACE, health.wait_for(is_well)).await.is_ok() {
                continue;
            }
            incidents.raise(IncidentKind::ServiceDown, &subject, &fault, since);
        } else if works {
            // Also what an earlier run has left open.
            incidents.clear(IncidentKind::ServiceDown, &subject);
        }
        if health.changed().await.is_err() {
            return;
        }
    }
}
