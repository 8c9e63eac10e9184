//! The children of the tree that measure this host and watch over all hosts.

use std::sync::{Arc, Mutex};

use tokio::sync::watch;
use url::Url;

use crate::actors::agent::{HostAgent, HostWatch, post_measurements};
use crate::actors::incidents::IncidentsHandle;
use crate::actors::supervision::{Child, Restart};
use crate::adapters::database::HostStore;
use crate::adapters::host::{HostMeter, HostSources};
use crate::adapters::live::SharedLive;
use crate::adapters::monitor_client::MonitorClient;
use crate::base::Result;
use crate::config::Settings;
use crate::domain::host::DiskLimits;

/// Measures this host; `store` has what an earlier run knew of it, where there is a database.
pub(super) fn agent_child(settings: &Settings, live: &SharedLive, store: Option<&Arc<dyn HostStore>>) -> Child {
    // A port of another host may be anybody's here.
    let is_here = |url: &&Url| matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let urls = settings.servers.iter().flat_map(|server| [&server.api_url, &server.rtsp_url]).filter(is_here);
    let sources = HostSources::of_this_machine(urls.filter_map(Url::port_or_known_default).collect());
    let interval = settings.agent.interval;
    // It outlives the actor: counters and trends go on.
    let meter = Arc::new(Mutex::new(HostMeter::new(settings.node.clone(), sources, interval.as_secs_f64())));
    let (live, store, name) = (Arc::clone(live), store.cloned(), settings.node.clone());
    Child::new("agent", Restart::Always, move || {
        HostAgent::new(name.clone(), Arc::clone(&meter), interval, Arc::clone(&live), store.clone())
    })
}

/// Sends this host's measurements to `agent.post_url`, where there is one; `note` says what is wrong.
///
/// # Errors
/// `Invalid` for a file of certificates that cannot be used, `Internal` when no HTTP client can be made.
pub(super) fn poster_child(
    settings: &Settings,
    live: &SharedLive,
    note: &watch::Sender<Option<String>>,
) -> Result<Option<Child>> {
    let Some(url) = &settings.agent.post_url else { return Ok(None) };
    let monitor = MonitorClient::new(url, &settings.agent.post_trust, settings.agent.token.clone())?;
    let (name, live, note) = (settings.node.clone(), Arc::clone(live), note.clone());
    Ok(Some(Child::task("poster", Restart::Always, move || {
        post_measurements(name.clone(), Arc::clone(&live), monitor.clone(), note.clone())
    })))
}

/// Watches over all hosts.
pub(super) fn host_watch_child(
    settings: &Settings,
    live: &SharedLive,
    store: &Arc<dyn HostStore>,
    incidents: &IncidentsHandle,
) -> Child {
    let limits = DiskLimits {
        percent: f64::from(settings.monitor.disk_limit),
        days: settings.monitor.disk_full_within.as_secs_f64() / 86_400.0,
    };
    let (live, incidents) = (Arc::clone(live), incidents.clone());
    let store = Arc::clone(store);
    let build = move || HostWatch::new(Arc::clone(&live), incidents.clone(), limits, Arc::clone(&store));
    Child::new("hosts", Restart::Always, build)
}
