//! Keeps the service manager (systemd) informed: a sign of life while all managers answer, and a status line.
//!
//! A child of the root, so that its end is noticed and it is started again. A manager that hangs is killed and restarted by
//! its supervisor within some 15 s; the watchdog's time must be longer than that. It is for what supervision cannot
//! mend: a root that is gone or a thread that hangs, on which this task runs too. A manager that is restarting starves
//! nobody: a restart of the process would end every relay and recording for the sake of one broken part.

use std::rc::Rc;
use std::time::Duration;

use actix::Addr;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::actors::root::Root;
use crate::actors::supervision::AskUnresponsive;
use crate::actors::supervision::{Activity, Child, Restart};
use crate::adapters::live::{Latest, SharedLive};
use crate::adapters::systemd::ServiceManager;
use crate::domain::camera::CameraState;
use crate::domain::host::HostState;
use crate::domain::recording::RecordingState;
use crate::domain::stream::StreamState;

/// How often the status line is looked at; with a watchdog so short that it needs more, more often.
const CHECK_EVERY: Duration = Duration::from_secs(5);
/// Checks within the watchdog's time: a slow answer or two must not end us.
const CHECKS: u32 = 6;
/// The live store is asked no longer than this.
const STORE_TIMEOUT: Duration = Duration::from_secs(1);
/// A check has limits of its own and takes no longer than this, unless it hangs.
const STALLED_AFTER: Duration = Duration::from_secs(30);

/// What it checks and whom it tells.
pub(super) struct SystemdNotifier {
    /// Nobody until there is somebody to tell.
    pub(super) manager: watch::Receiver<ServiceManager>,
    pub(super) root: Addr<Root>,
    pub(super) live: SharedLive,
    /// Something people should know that no state tells.
    pub(super) note: watch::Receiver<Option<String>>,
}

/// The service manager is told until this is dropped.
pub struct Notifying(watch::Sender<ServiceManager>);

impl Notifying {
    /// From now on this service manager.
    pub(super) fn begin(told: &watch::Sender<ServiceManager>, manager: &ServiceManager) -> Self {
        told.send_replace(manager.clone());
        Self(told.clone())
    }
}

impl Drop for Notifying {
    fn drop(&mut self) {
        self.0.send_replace(ServiceManager::default());
    }
}

impl SystemdNotifier {
    /// As a child of the tree.
    pub(super) fn child(self) -> Child {
        let notifier = Rc::new(self);
        Child::task("systemd", Restart::Always, move || {
            let notifier = Rc::clone(&notifier);
            async move { notifier.run().await }
        })
    }

    /// Tells whoever is to be told, without end.
    async fn run<T>(&self) -> T {
        let activity = Activity::protected("telling systemd", STALLED_AFTER);
        let mut managers = self.manager.clone();
        loop {
            let manager = managers.borrow_and_update().clone();
            activity.protect();
            let changed = async {
                // Its sender lives as long as the program.
                if managers.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                () = self.notify(&manager, &activity), if manager.listens() => {}
                () = changed => {}
            }
        }
    }

    async fn notify(&self, manager: &ServiceManager, activity: &Activity) {
        let every = manager.watchdog().map_or(CHECK_EVERY, |within| (within / CHECKS).min(CHECK_EVERY));
        let mut ticks = interval(every.max(Duration::from_millis(1)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut known, mut starved) = (String::new(), false);
        let mut note = self.note.clone();
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                // Its sender lives as long as the program.
                Ok(()) = note.changed() => {}
            }
            activity.record_progress();
            let trouble = self.trouble(every).await;
            match &trouble {
                None => {
                    if std::mem::take(&mut starved) {
                        log::info!("all managers recovered; the systemd watchdog gets its keep-alive");
                    }
                    manager.alive();
                }
                Some(trouble) => {
                    if !std::mem::replace(&mut starved, true) {
                        log::error!("{trouble}; the systemd watchdog gets no keep-alive");
                    }
                }
            }
            let line = self.line(trouble).await;
            if line != known {
                manager.status(&line);
                known = line;
            }
        }
    }

    /// Why no sign of life may be given.
    async fn trouble(&self, limit: Duration) -> Option<String> {
        let asked = timeout(limit * 2, self.root.send(AskUnresponsive { timeout: limit, all: false })).await;
        match asked {
            Ok(Ok(silent)) if silent.is_empty() => None,
            Ok(Ok(silent)) => Some(format!("no answer from: {}", silent.join(", "))),
            Ok(Err(_)) => Some("the root of the actor tree is gone".to_owned()),
            Err(_) => Some("the root of the actor tree does not answer".to_owned()),
        }
    }

    async fn line(&self, trouble: Option<String>) -> String {
        let note = self.note.borrow().clone();
        let latest = match timeout(STORE_TIMEOUT, self.live.latest()).await {
            Ok(Ok(latest)) => summary(&latest),
            _ => "the live store does not answer".to_owned(),
        };
        trouble.into_iter().chain(note).chain([latest]).collect::<Vec<_>>().join("; ")
    }
}

/// What runs, in a line: `198 of 200 cameras running, 205 streams live, 10 recorded`.
fn summary(latest: &Latest) -> String {
    let mut parts = Vec::new();
    let wanted = latest.cameras.iter().filter(|camera| camera.enabled).count();
    if wanted > 0 {
        let running = latest.cameras.iter().filter(|camera| camera.state == CameraState::Running).count();
        parts.push(format!("{running} of {wanted} cameras running"));
    }
    let silent = latest.hosts.iter().filter(|host| host.state == HostState::Silent).count();
    if silent > 0 {
        parts.push(format!("{silent} of {} hosts silent", latest.hosts.len()));
    }
    // An agent alone knows of no server.
    if latest.servers.is_empty() && !latest.hosts.is_empty() {
        return "this host is measured".to_owned();
    }
    let live = latest.streams.iter().filter(|stream| stream.state == StreamState::Live).count();
    parts.push(format!("{live} stream{} live", if live == 1 { "" } else { "s" }));
    let recorded = latest.recordings.iter().filter(|one| one.state == RecordingState::Recording).count();
    if !latest.recordings.is_empty() {
        parts.push(format!("{recorded} recorded"));
    }
    let gone = latest.servers.iter().filter(|server| !server.reachable);
    parts.extend(gone.map(|server| format!("server {} does not answer", server.name)));
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const THEN: &str = "2026-01-01T00:00:00Z";

    fn all<T: serde::de::DeserializeOwned>(values: Vec<Value>) -> Vec<T> {
        values.into_iter().map(|value| serde_json::from_value(value).expect("its form")).collect()
    }

    fn camera(id: i64, enabled: bool, state: &str) -> Value {
        json!({
            "id": id, "name": format!("c{id}"), "kind": "generic", "host": null, "enabled": enabled, "record": true,
            "state": state, "since": THEN, "restarts": 0, "lastError": null, "nextStart": null, "server": "main",
            "path": format!("c{id}")
        })
    }

    fn server(name: &str, reachable: bool) -> Value {
        json!({ "name": name, "reachable": reachable, "since": THEN })
    }

    #[test]
    fn the_status_line_tells_what_runs_and_what_is_missing() {
        assert_eq!(summary(&Latest::default()), "0 streams live");
        let cameras = vec![
            camera(1, true, "running"),
            camera(2, true, "backoff"),
            camera(3, false, "stopped"),
            camera(4, true, "running"),
        ];
        let servers = vec![server("main", true), server("spare", false)];
        let latest = Latest { cameras: all(cameras), servers: all(servers), ..Latest::default() };
        assert_eq!(summary(&latest), "2 of 3 cameras running, 0 streams live, server spare does not answer");
    }
}
