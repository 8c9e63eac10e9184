//! What is known of one target by its probes, and how everybody sees it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::outage::{Outage, OutageEvent, OutageLog};
use super::probe_queue::next_interval;
use super::probe_target::ProbeKey;
use super::stream_report::StreamReport;
use crate::domain::moment::Moment;
use crate::domain::probe::ProbeFault;

/// How a probed target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ProbeState {
    /// Not probed yet.
    Waiting,
    /// Its last probe was good.
    Well,
    /// Its last probe failed, the one before did not.
    Doubtful,
    /// Its last two probes failed.
    Out,
    /// A path that is not live, as its server says: it is not probed.
    NotLive,
}

/// How one probe went.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbeResult {
    /// When it ended.
    pub at: Moment,
    /// How long it took.
    pub took: Duration,
    /// What it found.
    pub found: Result<StreamReport, ProbeFault>,
}

/// What is remembered of one target.
#[derive(Clone, Debug)]
pub struct ProbeRecord {
    /// Which.
    pub key: ProbeKey,
    /// Its address without secrets; `None` for a path.
    pub shown: Option<String>,
    /// Time between two probes by the configuration.
    pub interval: Duration,
    /// A probe that takes longer is ended.
    pub limit: Duration,
    is_live: bool,
    last: Option<ProbeResult>,
    outages: OutageLog,
    runs: u64,
    failed_runs: u64,
}

impl ProbeRecord {
    /// Of a target that has not been probed.
    pub fn new(key: ProbeKey, shown: Option<String>, interval: Duration, limit: Duration) -> Self {
        let (last, outages) = (None, OutageLog::default());
        Self { key, shown, interval, limit, is_live: true, last, outages, runs: 0, failed_runs: 0 }
    }

    /// Of a path of which nobody has said that it is live.
    pub fn of_path(key: ProbeKey, interval: Duration, limit: Duration) -> Self {
        Self { is_live: false, ..Self::new(key, None, interval, limit) }
    }

    /// Takes a result. The time until the next probe, and what it means for incidents.
    pub fn take(&mut self, result: ProbeResult) -> (Duration, OutageEvent) {
        self.runs += 1;
        let event = match &result.found {
            Ok(_) => self.outages.succeeded(result.at),
            Err(_) => {
                self.failed_runs += 1;
                self.outages.failed(result.at)
            }
        };
        self.last = Some(result);
        (next_interval(self.interval, self.outages.successes(), self.outages.failures()), event)
    }

    /// Its server says that the path is live, or is not. Then nothing is known of it, and its outage is the server's to tell.
    pub fn set_live(&mut self, is_live: bool, at: Moment) {
        self.is_live = is_live;
        if !is_live {
            self.last = None;
            self.outages.stopped(at);
        }
    }

    /// Whether it is probed.
    pub fn is_live(&self) -> bool {
        self.is_live
    }

    /// Whether its last probe failed.
    pub fn is_failing(&self) -> bool {
        self.outages.failures() > 0
    }

    /// How it is.
    pub fn state(&self) -> ProbeState {
        match (&self.last, self.outages.failures()) {
            _ if !self.is_live => ProbeState::NotLive,
            (None, _) => ProbeState::Waiting,
            (Some(_), 0) => ProbeState::Well,
            (Some(_), 1) => ProbeState::Doubtful,
            (Some(_), _) => ProbeState::Out,
        }
    }

    /// As everybody sees it; `next` is when it is probed again.
    pub fn status(&self, next: Option<DateTime<Utc>>) -> StreamProbeStatus {
        let last = self.last.as_ref();
        let found = last.map(|last| &last.found);
        StreamProbeStatus {
            key: self.key.clone(),
            address: self.shown.clone(),
            state: self.state(),
            interval_seconds: self.interval.as_secs_f64(),
            limit_seconds: self.limit.as_secs_f64(),
            at: last.map(|last| last.at.wall),
            took_seconds: last.map(|last| last.took.as_secs_f64()),
            report: found.and_then(|found| found.as_ref().ok()).cloned(),
            fault: found.and_then(|found| found.as_ref().err()).cloned(),
            next_at: next.filter(|_| self.is_live),
            probes: self.runs,
            failed_probes: self.failed_runs,
            outages: self.outages.count(),
            outage: self.outages.current().cloned(),
            last_outage: self.outages.last_over().cloned(),
        }
    }
}

/// A probed target as everybody sees it. Holds no secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StreamProbeStatus {
    /// Target, server and path.
    #[serde(flatten)]
    pub key: ProbeKey,
    /// Its address without user name, password and keys; null for a path.
    pub address: Option<String>,
    /// How it is.
    pub state: ProbeState,
    /// Time between two probes by the configuration; one that is well for long is probed less often, one that fails sooner.
    pub interval_seconds: f64,
    /// A probe that takes longer is ended.
    pub limit_seconds: f64,
    /// When the last probe ended; null before the first, and while a path is not live.
    pub at: Option<DateTime<Utc>>,
    /// How long it took.
    pub took_seconds: Option<f64>,
    /// What it measured, when it was good.
    pub report: Option<StreamReport>,
    /// What is wrong, with a remedy, when it failed.
    pub fault: Option<ProbeFault>,
    /// When it is probed next; null while it is being probed.
    pub next_at: Option<DateTime<Utc>>,
    /// Probes since the start of the program.
    pub probes: u64,
    /// Of them, those that failed.
    pub failed_probes: u64,
    /// Outages since the start of the program: two failed probes in a row or more.
    pub outages: u64,
    /// The outage that lasts.
    pub outage: Option<Outage>,
    /// The last one that is over.
    pub last_outage: Option<Outage>,
}
