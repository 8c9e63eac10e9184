//! What is known of one endpoint by its probes, when it is down or degraded, and how everybody sees it.
//!
//! Down: so many probes in a row have failed ([`OutageRule`]). Degraded: it answers, and too many round trips are lost, they take too
//! long, or its certificate ends soon. While it is down nothing else is said of it, and what was lost then does not count afterwards.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::endpoint_status::{EndpointState, NetworkProbeStatus};
use super::network_round::{CertificateFacts, NetworkRound};
use super::outage::{OutageEvent, OutageLog, OutageRule};
use super::probe_queue::next_interval;
use super::rolling_window::{RollingWindow, WindowFigures, median};
use super::threshold_alarm::{ThresholdAlarm, ThresholdRule};
use crate::base::endpoint_url::EndpointUrl;
use crate::domain::incident::Subject;
use crate::domain::moment::Moment;

/// Fewer questions say nothing of a share that is lost.
const LEAST_SENT: u32 = 10;
/// Too much of something has to last so long, and so has its end.
const DWELL: Duration = Duration::from_secs(60);
/// A loss below this part of its limit is well again.
const LOSS_CLEARS: f64 = 0.5;
/// And a latency.
const LATENCY_CLEARS: f64 = 0.8;

/// An endpoint of the configuration.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Unique.
    pub name: String,
    /// Where it is, and how it is asked.
    pub url: EndpointUrl,
    /// Time between two probes.
    pub interval: Duration,
    /// A probe that takes longer is ended.
    pub limit: Duration,
    /// What is too bad.
    pub limits: EndpointLimits,
    /// How far back its figures go.
    pub window: Duration,
}

impl Endpoint {
    /// Whom an incident happens to.
    pub fn subject(&self) -> Subject {
        Subject::Target { name: self.name.clone() }
    }
}

/// From when on an endpoint is down or degraded.
#[derive(Clone, Debug, PartialEq)]
pub struct EndpointLimits {
    /// Probes in a row that are down, and up again.
    pub outage: OutageRule,
    /// Share of round trips lost, above 0.
    pub max_loss: f64,
    /// Median of the round trips.
    pub max_latency: Option<Duration>,
    /// A certificate that is valid for a shorter time; zero: never told.
    pub certificate_left: Duration,
}

/// How one probe went.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkResult {
    /// When it ended.
    pub at: Moment,
    /// How long it took.
    pub took: Duration,
    /// What it found.
    pub round: NetworkRound,
}

/// What a result means for whoever tells of incidents.
#[derive(Clone, Debug, PartialEq)]
pub struct EndpointEvent {
    /// Of being down.
    pub down: OutageEvent,
    /// Of being degraded.
    pub degraded: DegradedEvent,
}

/// Whether an endpoint is degraded.
#[derive(Clone, Debug, PartialEq)]
pub enum DegradedEvent {
    /// It was not looked at for long enough: what an earlier run has said of it stays.
    NotKnown,
    /// It is not.
    Well,
    /// Since then, for that.
    Since(Moment, String),
}

/// What is remembered of one endpoint.
#[derive(Clone, Debug)]
pub struct EndpointRecord {
    /// Which.
    pub endpoint: Endpoint,
    last: Option<NetworkResult>,
    /// When the first one came.
    first_at: Option<Moment>,
    /// When there were enough round trips for the first time to judge what is lost.
    loss_known_at: Option<Moment>,
    window: RollingWindow,
    /// Of the whole window, after the last result: made once and not for each reader.
    figures: WindowFigures,
    outages: OutageLog,
    /// When the last outage was over; what was lost before does not count as loss.
    counted_from: Duration,
    loss: ThresholdAlarm,
    latency: ThresholdAlarm,
    certificate: Option<Moment>,
    /// The last certificate that was shown.
    shown: Option<CertificateFacts>,
    trouble: Option<String>,
    runs: u64,
    failed_runs: u64,
    sent: u64,
    lost: u64,
}

impl EndpointRecord {
    /// Of an endpoint that has not been probed.
    pub fn new(endpoint: Endpoint) -> Self {
        let EndpointLimits { max_loss, max_latency, outage, .. } = endpoint.limits;
        let longest = max_latency.map_or(f64::INFINITY, |longest| longest.as_secs_f64());
        let rule = |raise_at, part| {
            ThresholdAlarm::new(ThresholdRule {
                raise_at,
                clear_below: raise_at * part,
                dwell: DWELL,
                clear_dwell: DWELL,
            })
        };
        Self {
            last: None,
            first_at: None,
            loss_known_at: None,
            figures: RollingWindow::new(endpoint.window).figures(Duration::ZERO, Duration::ZERO),
            window: RollingWindow::new(endpoint.window),
            outages: OutageLog::by(outage),
            counted_from: Duration::ZERO,
            loss: rule(max_loss, LOSS_CLEARS),
            latency: rule(longest, LATENCY_CLEARS),
            certificate: None,
            shown: None,
            trouble: None,
            runs: 0,
            failed_runs: 0,
            sent: 0,
            lost: 0,
            endpoint,
        }
    }

    /// Takes a result. The time until the next probe, and what it means for incidents.
    pub fn take(&mut self, result: NetworkResult) -> (Duration, EndpointEvent) {
        let at = result.at;
        self.runs += 1;
        for took in &result.round.round_trips {
            self.window.take(at.steady, *took);
            self.sent += 1;
            self.lost += u64::from(took.is_none());
        }
        self.figures = self.window.figures(at.steady, Duration::ZERO);
        self.first_at.get_or_insert(at);
        let was_out = self.outages.is_raised();
        let down = match &result.round.fault {
            None => self.outages.succeeded(at),
            Some(_) => {
                self.failed_runs += 1;
                self.outages.failed(at)
            }
        };
        if was_out && !self.outages.is_raised() {
            self.counted_from = at.steady;
        }
        if let Some(shown) = &result.round.certificate {
            self.shown = Some(shown.clone());
        }
        self.last = Some(result);
        let degraded = match self.degraded(at) {
            Some((since, why)) => DegradedEvent::Since(since, why),
            None if !self.is_judged(at) && !self.outages.is_raised() => DegradedEvent::NotKnown,
            None => DegradedEvent::Well,
        };
        self.trouble = if let DegradedEvent::Since(_, why) = &degraded { Some(why.clone()) } else { None };
        (next_interval(self.endpoint.interval, 0, self.outages.failures()), EndpointEvent { down, degraded })
    }

    /// It was looked at for long enough to say that it is not degraded. Where it is asked too seldom to judge what is lost, that is a
    /// whole window.
    fn is_judged(&self, at: Moment) -> bool {
        let lasted = |since: Option<Moment>, long| since.is_some_and(|since| at.since(since) >= long);
        lasted(self.first_at, 2 * DWELL)
            && (lasted(self.loss_known_at, DWELL) || lasted(self.first_at, self.window.length() + DWELL))
    }

    fn degraded(&mut self, at: Moment) -> Option<(Moment, String)> {
        if self.outages.is_raised() {
            self.loss.reset();
            self.latency.reset();
            self.certificate = None;
            return None;
        }
        let figures = self.window.figures(at.steady, self.counted_from);
        let loss = figures.loss_ratio.filter(|_| figures.sent >= LEAST_SENT);
        if loss.is_some() {
            self.loss_known_at.get_or_insert(at);
        }
        let minutes = self.window.length().as_secs_f64() / 60.0;
        let mut found = Vec::new();
        if let Some(since) = self.loss.take(loss, at) {
            let of = figures.sent;
            found.push((since, format!("{} of {of} round trips of the last {minutes:.0} min were lost", figures.lost)));
        }
        if let Some(since) = self.latency.take(figures.median_seconds, at) {
            let (median, most) = (figures.median_seconds.unwrap_or_default(), self.endpoint.limits.max_latency);
            let most = most.unwrap_or_default().as_secs_f64();
            found
                .push((since, format!("a round trip takes {} and should take {} at most", shown(median), shown(most))));
        }
        if let Some(found_at) = self.certificate_ends(at) {
            found.push(found_at);
        }
        let since = found.iter().map(|(since, _)| *since).min_by_key(|since| since.steady)?;
        let told: Vec<String> = found.into_iter().map(|(_, why)| why).collect();
        Some((since, format!("{}: {}", self.endpoint.url.origin(), told.join("; "))))
    }

    fn certificate_ends(&mut self, at: Moment) -> Option<(Moment, String)> {
        let left = self.shown.as_ref()?.not_after - at.wall;
        let least = TimeDelta::from_std(self.endpoint.limits.certificate_left).unwrap_or(TimeDelta::MAX);
        if least.is_zero() || left >= least {
            self.certificate = None;
            return None;
        }
        let since = *self.certificate.get_or_insert(at);
        let told = match left.num_days() {
            days if left > TimeDelta::zero() => format!("its certificate is valid for {days} more days; renew it"),
            _ => "its certificate has expired; renew it".to_owned(),
        };
        Some((since, told))
    }

    /// Whether its last probe failed.
    pub fn is_failing(&self) -> bool {
        self.outages.failures() > 0
    }

    /// How it is.
    pub fn state(&self) -> EndpointState {
        match &self.last {
            None => EndpointState::Waiting,
            Some(_) if self.outages.is_raised() => EndpointState::Down,
            Some(_) if self.is_failing() => EndpointState::Doubtful,
            Some(_) if self.trouble.is_some() => EndpointState::Degraded,
            Some(_) => EndpointState::Up,
        }
    }

    /// As everybody sees it; `next` is when it is probed again.
    pub fn status(&self, next: Option<DateTime<Utc>>) -> NetworkProbeStatus {
        let last = self.last.as_ref();
        let round = last.map(|last| &last.round);
        let answered = || {
            let mut took: Vec<f64> = round?.round_trips.iter().flatten().copied().collect();
            took.sort_by(f64::total_cmp);
            median(&took)
        };
        NetworkProbeStatus {
            endpoint: self.endpoint.name.clone(),
            kind: self.endpoint.url.scheme.word().to_owned(),
            url: self.endpoint.url.origin(),
            state: self.state(),
            interval_seconds: self.endpoint.interval.as_secs_f64(),
            limit_seconds: self.endpoint.limit.as_secs_f64(),
            at: last.map(|last| last.at.wall),
            took_seconds: last.map(|last| last.took.as_secs_f64()),
            address: round.and_then(|round| round.address.clone()),
            measured_by: round.and_then(|round| round.by),
            round_trip_seconds: answered(),
            phases: round.map(|round| round.phases.clone()).unwrap_or_default(),
            window: self.figures.clone(),
            http_status: round.and_then(|round| round.http_status),
            path_mtu_bytes: round.and_then(|round| round.path_mtu),
            certificate: self.shown.clone(),
            fault: round.and_then(|round| round.fault.clone()),
            trouble: self.trouble.clone(),
            next_at: next,
            probes: self.runs,
            failed_probes: self.failed_runs,
            round_trips: self.sent,
            lost_round_trips: self.lost,
            outages: self.outages.count(),
            outage: self.outages.current().cloned(),
            last_outage: self.outages.last_over().cloned(),
        }
    }
}

fn shown(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.1} ms", seconds * 1e3) } else { format!("{seconds:.1} s") }
}

#[cfg(test)]
#[path = "endpoint_tests.rs"]
mod tests;
