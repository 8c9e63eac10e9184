//! Sends this host's measurements to a monitor elsewhere, the oldest first, and keeps some while it is away.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::actors::supervision::Exit;
use crate::adapters::live::subscription::{LiveUpdate, subscription};
use crate::adapters::live::{Change, SharedLive};
use crate::adapters::monitor_client::MonitorClient;
use crate::base::ErrorKind;
use crate::base::backoff::Backoff;
use crate::base::single_flight::{FlightRetry, SingleFlight};
use crate::domain::host::{HostState, HostStatus};

/// Measurements that are kept while the monitor is away: an hour at the default interval, about a megabyte. The oldest go.
const BACKLOG: usize = 360;
/// Between two tries.
const RETRY: Backoff = Backoff { min: Duration::from_secs(1), max: Duration::from_secs(15) };

/// Sends the measurements of the host of this `name`, without end; `note` says what is wrong.
pub async fn post_measurements(
    name: String,
    live: SharedLive,
    monitor: MonitorClient,
    note: watch::Sender<Option<String>>,
) -> Exit {
    let mut updates = pin!(subscription(live, "measurements to send"));
    let mut backlog = Backlog::default();
    let mut tries = SingleFlight::default();
    let mut retry_at = Instant::now();
    loop {
        tokio::select! {
            update = updates.next() => match update {
                Some(update) => backlog.take(update, &name),
                None => return Exit::Failure("the live store tells nothing any more".to_owned()),
            },
            () = sleep_until(retry_at), if !backlog.waiting.is_empty() => {}
        }
        while Instant::now() >= retry_at
            && let Some(status) = backlog.waiting.front().cloned()
        {
            match monitor.report(&status).await {
                Ok(()) => {
                    backlog.waiting.pop_front();
                    if tries.succeeded().recovered {
                        log::info!("the monitor {} recovered: measurements are sent", monitor.shown());
                    }
                    note.send_replace(None);
                }
                // This one measurement: its neighbours are sent without it.
                Err(error) if error.kind() == ErrorKind::Invalid => {
                    backlog.waiting.pop_front();
                    if tries.complain(error.message()) {
                        log::warn!("{}", error.message());
                    }
                    note.send_replace(Some(error.message().to_owned()));
                }
                Err(error) => {
                    let failed = tries.failed(error.message(), FlightRetry::Backoff(RETRY), rand::random());
                    if failed.is_new {
                        log::warn!("{}; {BACKLOG} measurements are kept", error.message());
                    }
                    note.send_replace(Some(error.message().to_owned()));
                    retry_at = Instant::now() + failed.rest.unwrap_or(RETRY.max);
                }
            }
        }
    }
}

/// What is not sent yet, the oldest first.
#[derive(Default)]
struct Backlog {
    waiting: VecDeque<Arc<HostStatus>>,
}

impl Backlog {
    fn take(&mut self, update: LiveUpdate, name: &str) {
        match update {
            LiveUpdate::Everything(latest) => {
                latest.hosts.into_iter().map(Arc::new).for_each(|status| self.add(&status, name));
            }
            LiveUpdate::Changes(changes) => {
                for change in changes.iter() {
                    if let Change::Host(status) = change {
                        self.add(status, name);
                    }
                }
            }
        }
    }

    fn add(&mut self, status: &Arc<HostStatus>, name: &str) {
        let is_known = self.waiting.back().is_some_and(|last| last.at >= status.at);
        if status.name != name || status.state != HostState::Live || is_known {
            return;
        }
        self.waiting.push_back(Arc::clone(status));
        if self.waiting.len() > BACKLOG {
            self.waiting.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::sample;

    #[test]
    fn the_backlog_is_bounded_and_holds_this_host_only() {
        let mut backlog = Backlog::default();
        let first = sample::host("here");
        for second in 0..1_000 {
            let status = HostStatus { at: first.at + TimeDelta::seconds(second), ..first.clone() };
            let other = HostStatus { name: "other".to_owned(), ..status.clone() };
            let silent = HostStatus { state: HostState::Silent, ..status.clone() };
            let changes = [status.clone(), other, silent, status].map(|one| Change::Host(Arc::new(one)));
            backlog.take(LiveUpdate::Changes(Arc::new(changes.to_vec())), "here");
        }
        let ends = (backlog.waiting.front().expect("one").at, backlog.waiting.back().expect("one").at);
        assert_eq!(backlog.waiting.len(), BACKLOG);
        assert_eq!(ends, (first.at + TimeDelta::seconds(640), first.at + TimeDelta::seconds(999)));
    }
}
