//! Keeps the service manager informed: a sign of life while all managers answer, and a status line.
//!
//! One manager that hangs is aborted and built again by its supervisor within some 15 s; the watchdog's time must be
//! longer than that. It is for what supervision cannot mend: a root that is gone or a thread that hangs, on which this
//! task runs too. A manager that is being built again starves nobody: a restart of the process would end every relay
//! and recording for the sake of one broken part.

use std::time::Duration;

use actix::Addr;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::task::AbortOnDropHandle;

use crate::actors::root::{AskUnresponsive, Root};
use crate::adapters::live::{Latest, SharedLive};
use crate::adapters::systemd::ServiceManager;
use crate::domain::camera::CameraState;
use crate::domain::recording::RecordingState;
use crate::domain::stream::StreamState;

/// How often the status line is looked at; with a watchdog so short that it needs more, more often.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Looks within the watchdog's time: a slow answer or two must not end us.
const LOOKS: u32 = 6;
/// The live store is asked no longer than this.
const PATIENCE: Duration = Duration::from_secs(1);

/// What it looks at and whom it tells.
pub(super) struct Attendant {
    pub(super) manager: ServiceManager,
    pub(super) root: Addr<Root>,
    pub(super) live: SharedLive,
    /// Something people should know that no state tells.
    pub(super) note: watch::Receiver<Option<String>>,
}

impl Attendant {
    /// Starts it; it ends with the handle. Without a service manager there is nothing to do.
    pub(super) fn begin(self) -> Option<AbortOnDropHandle<()>> {
        self.manager.listens().then(|| AbortOnDropHandle::new(actix::spawn(self.attend())))
    }

    async fn attend(self) {
        let every = self.manager.watchdog().map_or(LOOK_EVERY, |within| (within / LOOKS).min(LOOK_EVERY));
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
            let trouble = self.trouble(every).await;
            match &trouble {
                None => {
                    if std::mem::take(&mut starved) {
                        log::info!("all managers answer again; the watchdog is fed");
                    }
                    self.manager.alive();
                }
                Some(trouble) => {
                    if !std::mem::replace(&mut starved, true) {
                        log::error!("{trouble}; the watchdog is not fed");
                    }
                }
            }
            let line = self.line(trouble).await;
            if line != known {
                self.manager.status(&line);
                known = line;
            }
        }
    }

    /// Why no sign of life may be given.
    async fn trouble(&self, patience: Duration) -> Option<String> {
        let asked = timeout(patience * 2, self.root.send(AskUnresponsive { timeout: patience })).await;
        match asked {
            Ok(Ok(silent)) if silent.is_empty() => None,
            Ok(Ok(silent)) => Some(format!("no answer from: {}", silent.join(", "))),
            Ok(Err(_)) => Some("the root of the actor tree is gone".to_owned()),
            Err(_) => Some("the root of the actor tree does not answer".to_owned()),
        }
    }

    async fn line(&self, trouble: Option<String>) -> String {
        let note = self.note.borrow().clone();
        let latest = match timeout(PATIENCE, self.live.latest()).await {
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
    let live = latest.streams.iter().filter(|stream| stream.state == StreamState::Live).count();
    parts.push(format!("{live} streams live"));
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
