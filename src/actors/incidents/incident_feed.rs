//! The incidents in the live store: what lasts and what has ended lately, of all nodes, so that whoever shows them need not ask
//! again and again. Read from the database after each writing of this process, and now and then for what others have written.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::incidents_handle::IncidentsHandle;
use crate::actors::supervision::{Child, Exit, Restart};
use crate::adapters::database::{IncidentStore, RecentIncidents};
use crate::adapters::live::{Change, SharedLive};
use crate::base::Result;
use crate::domain::camera::CameraStatus;
use crate::domain::incident::{Incident, Subject};

/// Other processes and the command line write, too.
const READ_EVERY: Duration = Duration::from_secs(5);
/// Between two readings: a thousand cameras that fail are written one by one.
const REST: Duration = Duration::from_millis(250);
/// What has been over for so long is no news.
const LATELY: TimeDelta = TimeDelta::minutes(10);
/// More that last, or have ended lately, are not told; the list of incidents has them.
const MOST_OPEN: u32 = 1_000;
const MOST_LATE: u32 = 200;

/// The child that tells them.
pub fn feed_child(store: Arc<dyn IncidentStore>, live: SharedLive, handle: IncidentsHandle) -> Child {
    Child::task("incident-feed", Restart::Always, move || {
        let feed = IncidentFeed { store: Arc::clone(&store), live: Arc::clone(&live), told: BTreeMap::new() };
        let handle = handle.clone();
        async move {
            feed.keep(handle).await;
            Exit::Failure("it has ended by itself".to_owned())
        }
    })
}

struct IncidentFeed {
    store: Arc<dyn IncidentStore>,
    live: SharedLive,
    /// As the live store was told last.
    told: BTreeMap<Uuid, Arc<Incident>>,
}

impl IncidentFeed {
    async fn keep(mut self, handle: IncidentsHandle) {
        let mut writings = handle.writings();
        // An earlier instance has told what it knew.
        if let Ok(latest) = self.live.latest().await {
            self.told = latest.incidents.into_iter().map(|incident| (incident.id, Arc::new(incident))).collect();
        }
        loop {
            writings.mark_unchanged();
            // The health of the database is told elsewhere, and what was known stays.
            match self.read().await {
                Ok(()) => handle.was_read(),
                Err(error) => log::debug!("incidents not read: {error}"),
            }
            sleep(REST).await;
            if !matches!(timeout(READ_EVERY, writings.changed()).await, Ok(Ok(())) | Err(_)) {
                return;
            }
        }
    }

    async fn read(&mut self) -> Result<()> {
        let since = Utc::now() - LATELY;
        let recent = RecentIncidents { own: false, since, most_open: MOST_OPEN, most_ended: MOST_LATE };
        let recent = recent.read(&*self.store).await?;
        let mut all = [recent.open, recent.others].concat();
        let cameras = if all.iter().any(|one| one.subject.camera().is_some()) {
            self.live.all_cameras().await?
        } else {
            Vec::new()
        };
        all.iter_mut().for_each(|incident| name_camera(incident, &cameras));
        let now: BTreeMap<Uuid, Arc<Incident>> = all.into_iter().map(|one| (one.id, Arc::new(one))).collect();
        let gone = self.told.keys().filter(|id| !now.contains_key(*id)).map(|id| Change::IncidentGone { id: *id });
        let changed = now.values().filter(|one| self.told.get(&one.id) != Some(*one));
        let changes: Vec<Change> = gone.chain(changed.cloned().map(Change::Incident)).collect();
        if !changes.is_empty() {
            self.live.publish(changes).await?;
        }
        self.told = now;
        Ok(())
    }
}

/// The display name is the camera's of today, as its other facts on the page are.
pub fn name_camera(incident: &mut Incident, cameras: &[CameraStatus]) {
    if let Subject::Camera { id, label, .. } = &mut incident.subject {
        *label = cameras.iter().find(|camera| camera.id == *id).and_then(|camera| camera.label.clone());
    }
}
