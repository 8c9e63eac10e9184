//! What is excused, in force: reads it from the database again and again, tells the live store and the incidents, and ends
//! what is over. What it knows goes on while the database is away.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tokio::sync::Mutex;
use tokio::time::sleep;

use super::incidents::IncidentsHandle;
use super::supervision::{Child, Exit, Restart};
use crate::adapters::database::{MaintenanceStore, with_timeout};
use crate::adapters::live::{Change, SharedLive};
use crate::base::Result;
use crate::domain::maintenance::{Maintenance, excused_keys};

/// The command line and other processes write to the database too.
const READ_EVERY: Duration = Duration::from_secs(5);
/// What is over ends so soon.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What is excused in this process. One for whoever writes and for the child that keeps it in force.
pub struct MaintenanceKeeper {
    store: Arc<dyn MaintenanceStore>,
    live: SharedLive,
    incidents: IncidentsHandle,
    /// As the live store was told last.
    told: Mutex<Vec<Maintenance>>,
}

impl MaintenanceKeeper {
    /// Knows nothing yet.
    pub fn new(store: Arc<dyn MaintenanceStore>, live: SharedLive, incidents: IncidentsHandle) -> Arc<Self> {
        Arc::new(Self { store, live, incidents, told: Mutex::default() })
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
        if told.is_empty() && all.is_empty() {
            return Ok(());
        }
        let gone = told.iter().filter(|one| !all.iter().any(|new| new.key == one.key));
        let mut changes: Vec<Change> = gone.map(|one| Change::MaintenanceGone { key: one.key.clone() }).collect();
        changes.extend(all.iter().filter(|one| !told.contains(one)).cloned().map(Change::Maintenance));
        if !changes.is_empty() {
            self.live.publish(changes).await?;
            for over in told.iter().filter(|one| !all.iter().any(|new| new.key == one.key)) {
                log::info!(subject = over.key.as_str(); "maintenance ended");
            }
        }
        let cameras = if all.is_empty() { Vec::new() } else { self.live.latest().await?.cameras };
        self.incidents.excuse(excused_keys(&all, &cameras));
        *told = all;
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

    async fn keep(&self) {
        let mut failed = false;
        loop {
            let read = self.refresh().await;
            match &read {
                Err(error) if !failed => log::warn!("reading what is in maintenance failed, retrying: {error}"),
                Ok(()) if failed => log::info!("reading what is in maintenance recovered"),
                _ => {}
            }
            failed = read.is_err();
            for _ in 0..READ_EVERY.div_duration_f64(LOOK_EVERY) as u32 {
                sleep(LOOK_EVERY).await;
                // The live store is this process's memory: what fails here is told with the next reading.
                let _ = self.look().await;
            }
        }
    }
}
