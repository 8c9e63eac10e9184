//! From services to the managers of the tree, in their start order: consumers first.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::attribution_child::attribution_child;
use super::health_children::health_child;
use super::host_children::{agent_child, host_watch_child, poster_child};
use super::instance::RunNote;
use super::node_commands;
use super::runtime_settings::RuntimeSettings;
use super::services::{SNAPSHOT, Services};
use crate::actors::camera_changes;
use crate::actors::health::{self, HealthHandle, HealthParts};
use crate::actors::history::{HistoryRules, HistoryWriter, SnapshotWriter};
use crate::actors::hub::{Hub, HubHandle, HubLimits};
use crate::actors::incidents::{self, Incidents, IncidentsHandle};
use crate::actors::membership::Membership;
use crate::actors::monitor::{Monitor, SessionWatch, Watched};
use crate::actors::notify::{Notifications, Notifier, NotifyParts, NotifySetup, QueueSignals};
use crate::actors::record::{self, RecordHandles};
use crate::actors::redis_link;
use crate::actors::restream::{self, RestreamHandle, RestreamSetup};
use crate::actors::supervision::{Child, Exit, Restart, Setting};
use crate::actors::thumbnails::{ThumbnailParts, Thumbnails};
use crate::actors::upload::{self, UploadHandles, UploadRules, Uploads};
use crate::adapters::live::memory::MemoryLiveStore;
use crate::adapters::mediamtx::MediaMtx;
use crate::base::{Error, Result};
use crate::config::Settings;
use crate::config::settings::RecordSettings;
use crate::domain::role::Role;

/// A crash loses at most so much of the tiers.
const WRITE_HISTORY_EVERY: Duration = Duration::from_secs(300);

/// What runs: the managers in start order, and the ways to them.
pub(super) struct RunPlan {
    pub children: Vec<Child>,
    /// Changes their settings.
    pub runtime_settings: RuntimeSettings,
    /// Gives commands to the role `restream`, where it runs.
    pub restream: Option<RestreamHandle>,
    /// Who publishes and reads.
    pub sessions: Arc<SessionWatch>,
    /// What the role `health` finds; empty where it does not run.
    pub health: HealthHandle,
    /// Who is told of incidents.
    pub notifications: Notifications,
}

/// The managers, in start order, and the ways to them. Stopped in reverse, recorders close their files before
/// relays end what they record.
pub(super) fn children(
    settings: &Settings,
    services: &Services,
    hub: &HubHandle,
    incidents: &IncidentsHandle,
    mark: &str,
) -> Result<RunPlan> {
    let (mut runtime_settings, live) = RuntimeSettings::new(settings)?;
    let is_role = services.roles.contains(&Role::Health);
    let (probes, health) =
        match is_role.then(|| health_child(settings, services, incidents, mark)).transpose()?.flatten() {
            Some((child, handle)) => (Some(child), handle),
            None => {
                health::without_role(incidents);
                (None, HealthHandle::of(&HealthParts::default()))
            }
        };
    // Before every role, so that it stops behind them all and writes what they tell at their end.
    let mut children = vec![
        incidents_child(services, incidents),
        incidents::feed_child(services.stores.incidents.clone(), services.live.clone(), incidents.clone()),
        attribution_child(settings, services, incidents, &health),
        node_child(services, incidents),
        camera_changes::child(services.stores.cameras.clone()),
        hub_child(settings, services, hub),
    ];
    let notify = notify_parts(live.notify, services, incidents);
    let notifications = Notifications::new(notify.setup.clone(), notify.store.clone());
    children.push(Child::new("notifier", Restart::Always, move || Notifier::new(notify.clone())));
    // Before the roles, so that it stops behind them and writes what they tell at their end.
    if let Some(redis) = &services.redis {
        children.extend(redis_link::children(redis, incidents));
    } else {
        redis_link::without_redis(incidents);
    }
    if let Some(memory) = &services.memory {
        children.push(snapshot_child(settings, memory));
    }
    // Every role polls; one of them keeps the past.
    if services.roles.contains(&Role::Monitor) {
        children.push(history_child(settings, services));
    }
    children.push(host_watch_child(settings, &services.live, &services.stores.hosts, incidents));
    if services.roles.contains(&Role::Agent) {
        children.push(agent_child(settings, &services.live, Some(&services.stores.hosts)));
        // What is wrong with it is in the log; the note of the service manager is the configuration's.
        children.extend(poster_child(settings, &services.live, &watch::Sender::new(None))?);
    }
    // Recorders and upload workers know nothing of one another but this count of sealed segments.
    let sealed = Arc::new(watch::Sender::new(0));
    let mut restream = None;
    if services.roles.contains(&Role::Record) {
        children.push(upload_child(live.upload, services, sealed.subscribe(), incidents));
    } else {
        upload::without_role(incidents);
    }
    if services.roles.contains(&Role::Restream) {
        let (child, handle, setup) = restream_child(settings, services, incidents, mark)?;
        children.push(child);
        restream = Some(handle);
        runtime_settings.restream = Some(setup);
    } else {
        restream::without_role(incidents);
    }
    if services.roles.contains(&Role::Record) {
        children.push(record_child(settings, live.record, services, incidents, mark, sealed)?);
    }
    children.extend(probes);
    let watched = watched(settings)?;
    let sessions = SessionWatch::new(&watched);
    children.extend(sessions.children(&live.interval));
    let executors = node_commands::Executors {
        restream: restream.clone(),
        sessions: Arc::clone(&sessions),
        health: health.clone(),
    };
    children.extend(services.redis.as_ref().map(|redis| node_commands::child(redis, executors)));
    children.push(monitor_child(watched, live.interval, services, incidents));
    Ok(RunPlan { children, runtime_settings, restream, sessions, health, notifications })
}

fn notify_parts(setup: Setting<Arc<NotifySetup>>, services: &Services, incidents: &IncidentsHandle) -> NotifyParts {
    NotifyParts {
        setup,
        store: services.stores.notifications.clone(),
        incident_store: services.stores.incidents.clone(),
        maintenance: services.stores.maintenance.clone(),
        live: services.live.clone(),
        incidents: incidents.clone(),
        queue: QueueSignals::default(),
    }
}

fn upload_child(
    rules: Setting<UploadRules>,
    services: &Services,
    sealed: watch::Receiver<u64>,
    incidents: &IncidentsHandle,
) -> Child {
    let (recordings, objects, spool) =
        (services.stores.recordings.clone(), services.objects.clone(), services.spool.clone());
    let (retention, disk) = (services.stores.retention.clone(), services.disk.subscribe());
    let handles = UploadHandles { recordings, retention, objects, spool, sealed, disk, incidents: incidents.clone() };
    Child::new("uploads", Restart::Always, move || Uploads::new(rules.clone(), handles.clone()))
}

fn record_child(
    settings: &Settings,
    record: Setting<RecordSettings>,
    services: &Services,
    incidents: &IncidentsHandle,
    mark: &str,
    sealed: Arc<watch::Sender<u64>>,
) -> Result<Child> {
    let handles = RecordHandles {
        live: services.live.clone(),
        recordings: services.stores.recordings.clone(),
        spool: services.spool.clone(),
        ffmpeg: settings.ffmpeg.ffmpeg.clone(),
        version: services.ffmpeg.clone().ok_or_else(|| Error::internal("record needs ffmpeg's version"))?,
        unreadable: Arc::clone(&services.unreadable),
        mark: mark.to_owned(),
        sealed,
        incidents: incidents.clone(),
        disk: Arc::clone(&services.disk),
        clock: Arc::new(chrono::Utc::now),
    };
    record::role(record, settings.servers.clone(), handles)
}

fn restream_child(
    settings: &Settings,
    services: &Services,
    incidents: &IncidentsHandle,
    mark: &str,
) -> Result<(Child, RestreamHandle, watch::Sender<Arc<RestreamSetup>>)> {
    let version = services.ffmpeg.clone().ok_or_else(|| Error::internal("restream needs ffmpeg's version"))?;
    // The monitor below is part of every role.
    let setup = RestreamSetup::from_settings(settings, version, mark.to_owned(), true)?;
    let (adjust, setup) = Setting::adjustable(Arc::new(setup));
    let (stores, live, standby) = (services.stores.clone(), services.live.clone(), services.node.standby.subscribe());
    let (child, handle) = restream::role(setup, stores, live, incidents.clone(), standby);
    Ok((child, handle, adjust))
}

fn incidents_child(services: &Services, incidents: &IncidentsHandle) -> Child {
    let (store, incidents) = (services.stores.incidents.clone(), incidents.clone());
    Child::new("incidents", Restart::Always, move || Incidents::new(store.clone(), incidents.clone()))
}

fn node_child(services: &Services, incidents: &IncidentsHandle) -> Child {
    let (handles, incidents) = (services.node.clone(), incidents.clone());
    Child::new("membership", Restart::Always, move || Membership::new(handles.clone(), incidents.clone()))
}

/// Keeps the note of this run, and reports how the run before ended.
pub(super) fn run_note_child(note: RunNote, services: &Services, node: &str) -> Child {
    let (note, incidents, node) = (Rc::new(note), services.stores.incidents.clone(), node.to_owned());
    Child::task("run-note", Restart::Always, move || {
        let (note, incidents, node) = (Rc::clone(&note), incidents.clone(), node.clone());
        async move {
            note.keep(incidents, &node).await;
            Exit::Failure("it gives no signs of life any more".to_owned())
        }
    })
}

fn history_child(settings: &Settings, services: &Services) -> Child {
    let (store, live, handle) = (services.stores.history.clone(), services.live.clone(), services.history.clone());
    let rules = HistoryRules {
        minutes: settings.monitor.history_1m,
        ten_minutes: settings.monitor.history_10m,
        write_every: WRITE_HISTORY_EVERY,
    };
    let build = move || HistoryWriter::new(store.clone(), live.clone(), handle.clone(), rules);
    Child::new("history", Restart::Always, build)
}

fn snapshot_child(settings: &Settings, memory: &Arc<MemoryLiveStore>) -> Child {
    let (memory, path) = (Arc::clone(memory), settings.data_dir.join(SNAPSHOT));
    Child::new("history-snapshot", Restart::Always, move || SnapshotWriter::new(Arc::clone(&memory), path.clone()))
}

fn hub_child(settings: &Settings, services: &Services, hub: &HubHandle) -> Child {
    let (live, hub) = (services.live.clone(), hub.clone());
    let limits = HubLimits {
        clients: settings.http.websocket_clients,
        clients_per_address: settings.http.websocket_clients_per_address,
        ..HubLimits::default()
    };
    Child::new("hub", Restart::Always, move || Hub::new(live.clone(), hub.clone(), limits))
}

fn watched(settings: &Settings) -> Result<Vec<Watched>> {
    let watched = settings.servers.iter().map(|server| {
        let client = Arc::new(MediaMtx::new(server)?);
        Ok(Watched {
            name: server.name.clone(),
            client,
            rtsp_url: server.rtsp_url.clone(),
            readers_gone: settings.monitor.readers_gone,
        })
    });
    watched.collect()
}

/// Watching is part of every role: each of them decides by what is live.
fn monitor_child(
    watched: Vec<Watched>,
    interval: Setting<Duration>,
    services: &Services,
    incidents: &IncidentsHandle,
) -> Child {
    let (live, incidents, store) = (services.live.clone(), incidents.clone(), services.stores.incidents.clone());
    let build = move || {
        Monitor::new(watched.clone(), live.clone(), interval.clone(), incidents.clone()).taking_over_in(store.clone())
    };
    Child::new("monitor", Restart::Always, build)
}

/// The way to small pictures of what is recorded, where they are asked for.
pub(super) fn thumbnails(settings: &Settings, services: &Services, mark: &str) -> Option<Thumbnails> {
    let parts = || ThumbnailParts {
        recordings: Arc::clone(&services.stores.recordings),
        spool: Arc::clone(&services.spool),
        objects: Arc::clone(&services.objects),
        ffmpeg: settings.ffmpeg.ffmpeg.clone(),
        mark: mark.to_owned(),
        folder: settings.data_dir.clone(),
    };
    settings.record.thumbnails.then(|| Thumbnails::new(parts()))
}
