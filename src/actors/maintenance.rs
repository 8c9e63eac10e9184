//! What is excused, in force: reads it from the database again and again, tells the live store and the incidents, and ends
//! what is over. What it knows goes on while the database is away.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::Utc;
use futures_util::StreamExt;
use tokio::sync::Mutex;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::incidents::IncidentsHandle;
use super::supervision::{Child, Exit, Restart};
use crate::adapters::database::{MaintenanceStore, with_timeout};
use crate::adapters::live::subscription::{LiveUpdate, subscription};
use crate::adapters::live::{Change, SharedLive};
use crate::base::Result;
use crate::domain::maintenance::{Maintenance, excused_keys};

/// The command line and other processes write to the database too.
const READ_EVERY: Duration = Duration::from_secs(5);
/// What is over ends so soon.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// What is excused in this process. One for whoever writes and for the child that keeps it in force.
pub struct MaintenanceKeeper {
    store: Arc<dyn MaintenanceStore>,
    live: SharedLive,
    incidents: IncidentsHandle,
    /// As the live store was told last.
    told: Mutex<Vec<Maintenance>>,
    /// A camera has changed since the incidents were told: it may have got another path.
    has_moved: AtomicBool,
}

impl MaintenanceKeeper {
    /// Knows nothing yet.
    pub fn new(store: Arc<dyn MaintenanceStore>, live: SharedLive, incidents: IncidentsHandle) -> Arc<Self> {
        Arc::new(Self { store, live, incidents, told: Mutex::default(), has_moved: AtomicBool::new(true) })
    }

    /// Where it is kept.
    pub fn store(&self) -> &dyn MaintenanceStore {
        &*self.store
    }

    /// Reads it again; in force when this returns.
    ///
    /// # Errors
    /// When the database or the live store does not answer; what was known stays in force.
    pub async fn refresh(&self) -> Result<()> {
        let mut told = self.told.lock().await;
        let all = with_timeout(self.store.maintenance(Utc::now())).await?;
        self.enforce(&mut told, all).await
    }

    /// Ends what is over, and follows cameras that have got another path.
    async fn look(&self) -> Result<()> {
        let mut told = self.told.lock().await;
        let now = Utc::now();
        let all = told.iter().filter(|one| !one.is_over(now)).cloned().collect();
        self.enforce(&mut told, all).await
    }

    async fn enforce(&self, told: &mut Vec<Maintenance>, all: Vec<Maintenance>) -> Result<()> {
        let has_moved = self.has_moved.swap(false, Ordering::Relaxed);
        if *told == all && (all.is_empty() || !has_moved) {
            return Ok(());
        }
        let enforced = self.tell(told, &all).await;
        match &enforced {
            Ok(()) => *told = all,
            Err(_) => self.has_moved.store(true, Ordering::Relaxed),
        }
        enforced
    }

    async fn tell(&self, told: &[Maintenance], all: &[Maintenance]) -> Result<()> {
        let gone = told.iter().filter(|one| !all.iter().any(|new| new.key == one.key));
        let mut changes: Vec<Change> = gone.map(|one| Change::MaintenanceGone { key: one.key.clone() }).collect();
        changes.extend(all.iter().filter(|one| !told.contains(one)).cloned().map(Change::Maintenance));
        if !changes.is_empty() {
            self.live.publish(changes).await?;
            for over in told.iter().filter(|one| !all.iter().any(|new| new.key == one.key)) {
                log::info!(subject = over.key.as_str(); "maintenance ended");
            }
        }
        let cameras = if all.is_empty() { Vec::new() } else { self.live.all_cameras().await? };
        self.incidents.excuse(excused_keys(all, &cameras));
        Ok(())
    }

    /// The child that keeps it in force.
    pub fn child(self: &Arc<Self>) -> Child {
        let keeper = Arc::clone(self);
        Child::task("maintenance", Restart::Always, move || {
            let keeper = Arc::clone(&keeper);
            async move {
                keeper.keep().await;
                Exit::Failure("it has ended by itself".to_owned())
            }
        })
    }

    /// Until the live store tells nothing any more.
    async fn keep(&self) {
        let mut updates = pin!(subscription(Arc::clone(&self.live), "maintenance"));
        let mut look = interval(CHECK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut failed, mut read_at) = (false, None);
        loop {
            tokio::select! {
                update = updates.next() => match update {
                    Some(update) if is_about_cameras(&update) => self.has_moved.store(true, Ordering::Relaxed),
                    Some(_) => {}
                    None => return,
                },
                _ = look.tick() => {
                    if read_at.is_some_and(|read_at: Instant| read_at.elapsed() < READ_EVERY) {
                        // The live store is this process's memory: what fails here is told with the next reading.
                        let _ = self.look().await;
                        continue;
                    }
                    let read = self.refresh().await;
                    match &read {
                        Err(error) if !failed => log::warn!("reading what is in maintenance failed, retrying: {error}"),
                        Ok(()) if failed => log::info!("reading what is in maintenance recovered"),
                        _ => {}
                    }
                    (failed, read_at) = (read.is_err(), Some(Instant::now()));
                }
            }
        }
    }
}

fn is_about_cameras(update: &LiveUpdate) -> bool {
    match update {
        LiveUpdate::Everything(_) => true,
        LiveUpdate::Changes(changes) => {
            changes.iter().any(|change| matches!(change, Change::Camera(_) | Change::CameraGone { .. }))
        }
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use chrono::{DateTime, TimeDelta};

    use super::*;
    use crate::adapters::live::faulty_store::FaultyLiveStore;
    use crate::domain::camera::CameraStatus;
    use crate::domain::incident::{IncidentKind, Subject};
    use crate::domain::sample;

    /// Of a database that has this one.
    struct Kept(Maintenance);

    #[async_trait]
    impl MaintenanceStore for Kept {
        async fn maintenance(&self, _: DateTime<Utc>) -> Result<Vec<Maintenance>> {
            Ok(vec![self.0.clone()])
        }
        async fn put_maintenance(&self, _: Maintenance) -> Result<()> {
            Ok(())
        }
        async fn end_maintenance(&self, _: Subject, _: DateTime<Utc>) -> Result<()> {
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_excused_costs_nothing_while_no_camera_changes_and_follows_one_that_does() {
        let camera = Subject::camera_of(7, "gate");
        let until = Utc::now() + TimeDelta::hours(1);
        let kept = Maintenance::checked(camera, until, "lens", "eve".to_owned(), Utc::now()).expect("a good one");
        let counted = FaultyLiveStore::new();
        let live: SharedLive = counted.clone();
        let incidents = IncidentsHandle::default();
        let keeper = MaintenanceKeeper::new(Arc::new(Kept(kept)), live.clone(), incidents.clone());
        let place = |path: &str| CameraStatus { path: path.to_owned(), ..sample::camera(7, "gate") };
        live.publish(vec![Change::Camera(place("gate"))]).await.expect("taken");
        let keeping = tokio::spawn(async move { keeper.keep().await });
        tokio::time::sleep(Duration::from_secs(10)).await;
        let before = counted.copies.load(Ordering::Relaxed);
        for _ in 0..60 {
            live.publish(vec![Change::Stream(Arc::new(sample::stream("main", "gate")))]).await.expect("taken");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(counted.copies.load(Ordering::Relaxed), before, "nothing is copied");
        live.publish(vec![Change::Camera(place("yard"))]).await.expect("taken");
        tokio::time::sleep(Duration::from_secs(3)).await;
        let of = |name: &str| Subject::Stream { server: "main".to_owned(), name: name.to_owned() };
        for (name, written, what) in [("yard", 0, "the path of now is excused"), ("gate", 1, "and not that of before")]
        {
            incidents.raise(IncidentKind::StreamFlapping, &of(name), "again and again", super::super::incidents::now());
            assert_eq!(incidents.unwritten(), written, "{what}");
        }
        keeping.abort();
        assert!(keeping.await.is_err_and(|ended| ended.is_cancelled()));
    }
}
