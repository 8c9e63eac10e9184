//! The role `agent` alone, on the host of a MediaMTX: it measures and tells, and nothing else. No HTTP, no database, no folder.

use std::time::Duration;

use actix::{Actor, AsyncContext};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::host_children::{agent_child, poster_child};
use super::services::{LiveStores, live_stores};
use super::systemd_notifier::{Notifying, SystemdNotifier};
use crate::actors::redis_link;
use crate::actors::root::Root;
use crate::actors::supervision::Stop;
use crate::adapters::systemd::ServiceManager;
use crate::base::{Error, Result};
use crate::config::Settings;
use crate::domain::role::Role;
use crate::signals::{ProcessSignal, Signals};

/// What is left is sent by then, or lost.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// What is wrong without a monitor and a Redis, and the remedy.
pub(super) const NOBODY_TO_TELL: (&str, &str) = (
    "is not set, so an agent alone has nobody to tell",
    "write the address of the monitor there and its token into agent.token_file, or set live.redis_url, or run the agent beside \
     other roles",
);

/// Whether these settings ask for the agent and nothing else.
pub(super) fn is_alone(settings: &Settings) -> bool {
    settings.roles == [Role::Agent.as_str()]
}

/// Measures until stopped by a signal.
///
/// # Errors
/// `Invalid` when there is nobody to tell; whatever cannot be built.
pub(super) async fn run(settings: &Settings, signals: &mut Signals, manager: &ServiceManager) -> Result<()> {
    // Where the other roles run as another process of this host, theirs is the name of the host.
    let node = format!("{}-agent", settings.node);
    let LiveStores { live, redis, .. } = live_stores(settings, &node)?;
    if redis.is_none() && settings.agent.post_url.is_none() {
        let (found, remedy) = NOBODY_TO_TELL;
        return Err(Error::invalid("agent.post_url", format!("{found}; {remedy}")));
    }
    let note = watch::Sender::new(None);
    let mut children: Vec<_> = redis.iter().map(redis_link::writer).collect();
    children.extend(poster_child(settings, &live, &note)?);
    children.push(agent_child(settings, &live, None));
    let told = watch::Sender::new(ServiceManager::default());
    let (listening, troubles) = (told.subscribe(), note.subscribe());
    let root_ended = CancellationToken::new();
    let ended = root_ended.clone().drop_guard();
    let root = Root::create(|ctx| {
        children.push(SystemdNotifier { manager: listening, root: ctx.address(), live, note: troubles }.child());
        Root::new(children, ended)
    });
    let to = redis.map(|redis| crate::adapters::live::LiveStore::kept_in(&*redis));
    let to = to.into_iter().chain(settings.agent.post_url.as_ref().map(|url| url.origin().ascii_serialization()));
    log::info!(
        "agent started: measuring every {:?}, telling {}",
        settings.agent.interval,
        to.collect::<Vec<_>>().join(", ")
    );
    manager.ready();
    let notifying = Notifying::begin(&told, manager);
    loop {
        tokio::select! {
            signal = signals.next() => match signal {
                ProcessSignal::Stop(signal) => {
                    log::info!("{signal}: stopping");
                    break;
                }
                ProcessSignal::Reload => log::warn!("SIGHUP: an agent alone reads its configuration at its start; restart it"),
            },
            () = root_ended.cancelled() => return Err(Error::internal("the root of the actor tree is gone")),
        }
    }
    drop(notifying);
    manager.stopping();
    let _ = root.send(Stop::within(STOP_WITHIN)).await;
    root_ended.cancelled().await;
    log::info!("stopped");
    Ok(())
}
