//! The numbers of one stream or endpoint, minute by minute: when they are unusual, since when, and how that is told.

use std::collections::VecDeque;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::anomaly_metric::AnomalyMetric;
use super::anomaly_status::{AnomalyState, AnomalyStatus};
use super::baseline::{Baseline, Usual};
use crate::domain::health::{ThresholdAlarm, ThresholdRule, median};
use crate::domain::history::{Bucket, SeriesKey, SeriesKind};
use crate::domain::moment::Moment;
use crate::domain::stream::StreamState;

/// Minutes that are further apart, in seconds, do not belong together.
const MOST_APART: i64 = 180;
/// So many minutes are not judged after a stream has come, a counter has begun anew, or nothing was heard.
const SETTLES: u8 = 2;
/// Below this part of what raises it, it is well again.
const CLEARS: f64 = 0.7;
/// It has to be well for so many dwell times: what comes and goes is one incident.
const CLEAR_DWELLS: u32 = 3;
/// What was not judged for so long is not known any more.
const FORGOTTEN: Duration = Duration::from_secs(3_600);
const MINUTE: i64 = 60;

/// How far a number has to leave what is usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sensitivity {
    /// Far: few false alarms.
    Low,
    /// In between.
    Medium,
    /// Not far: more of both.
    High,
}

impl Sensitivity {
    /// In spreads (what a standard deviation would be). As measured: `benches/anomalies`.
    pub fn spreads(self) -> f64 {
        match self {
            Self::Low => 4.0,
            Self::Medium => 3.0,
            Self::High => 2.5,
        }
    }
}

/// What is watched, and when it is told.
#[derive(Clone, Debug, PartialEq)]
pub struct AnomalyRule {
    /// Which numbers.
    pub metrics: Vec<AnomalyMetric>,
    /// How far they have to leave what is usual.
    pub sensitivity: Sensitivity,
    /// For how long.
    pub dwell: Duration,
}

impl AnomalyRule {
    /// What of it is watched of such a series.
    #[must_use]
    pub fn of(&self, kind: SeriesKind) -> Self {
        let metrics = self.metrics.iter().copied().filter(|metric| metric.is_of(kind)).collect();
        Self { metrics, ..self.clone() }
    }
}

/// What a minute means for whoever tells of incidents.
#[derive(Clone, Debug, PartialEq)]
pub enum AnomalyEvent {
    /// Nothing new.
    Nothing,
    /// A number is unusual, since then; what is unusual, in numbers.
    Since(Moment, String),
    /// None is, or none can be judged any more.
    Well,
}

/// One stream, or one endpoint.
#[derive(Clone, Debug)]
pub struct StreamAnomalies {
    watched: Vec<WatchedNumber>,
    /// Begin of the first minute, and of the last one.
    first: Option<i64>,
    last: Option<i64>,
    settles: u8,
    /// Since when it is judged without a break.
    judged_from: Option<Moment>,
    is_raised: bool,
    /// What an earlier run has left open was ended, or goes on here.
    is_told: bool,
    dwell: Duration,
    spreads: f64,
}

#[derive(Clone, Debug)]
struct WatchedNumber {
    metric: AnomalyMetric,
    baseline: Option<Baseline>,
    alarm: ThresholdAlarm,
    recent: VecDeque<f64>,
    /// When it was judged last.
    judged: Option<Moment>,
    /// What it was judged by.
    usual: Option<Usual>,
}

impl StreamAnomalies {
    /// Of which nothing is known yet.
    pub fn new(rule: &AnomalyRule) -> Self {
        let alarm = ThresholdRule {
            raise_at: 1.0,
            clear_below: CLEARS,
            dwell: rule.dwell,
            clear_dwell: rule.dwell * CLEAR_DWELLS,
        };
        let watched = |metric: &AnomalyMetric| WatchedNumber {
            metric: *metric,
            baseline: None,
            alarm: ThresholdAlarm::new(alarm),
            recent: VecDeque::new(),
            judged: None,
            usual: None,
        };
        Self {
            watched: rule.metrics.iter().map(watched).collect(),
            first: None,
            last: None,
            settles: SETTLES,
            judged_from: None,
            is_raised: false,
            is_told: false,
            dwell: rule.dwell,
            spreads: rule.sensitivity.spreads(),
        }
    }

    /// What is usual, as it was learned anew.
    pub fn learn(&mut self, baselines: Vec<(AnomalyMetric, Baseline)>) {
        for (metric, baseline) in baselines {
            if let Some(one) = self.watched.iter_mut().find(|one| one.metric == metric) {
                one.baseline = Some(baseline);
            }
        }
    }

    /// A minute has ended; `at` is now.
    pub fn take(&mut self, minute: &Bucket, at: Moment) -> AnomalyEvent {
        let goes_on = self.last.is_some_and(|last| (1..=MOST_APART).contains(&(minute.at - last)));
        self.first.get_or_insert(minute.at);
        self.last = Some(minute.at);
        if !goes_on {
            self.settle();
        }
        if minute.state != Some(StreamState::Live) {
            return self.ended();
        }
        if minute.reset || minute.lost || minute.watched.is_some() {
            self.settle();
        } else if self.settles > 0 {
            self.settles -= 1;
        } else {
            let spreads = self.spreads;
            let is_judged = self.watched.iter_mut().map(|one| one.judge(minute, spreads, at)).filter(|is| *is).count();
            if is_judged > 0 {
                self.judged_from.get_or_insert(at);
            }
        }
        self.event(at)
    }

    /// It is not live, gone, or nothing is heard of it: nothing more is said of it.
    pub fn ended(&mut self) -> AnomalyEvent {
        self.settle();
        for one in &mut self.watched {
            one.forget();
        }
        let tells = std::mem::take(&mut self.is_raised) || !std::mem::replace(&mut self.is_told, true);
        if tells { AnomalyEvent::Well } else { AnomalyEvent::Nothing }
    }

    /// When the last minute began, in seconds since 1970.
    pub fn last(&self) -> Option<i64> {
        self.last
    }

    fn settle(&mut self) {
        (self.settles, self.judged_from) = (SETTLES, None);
        for one in &mut self.watched {
            one.recent.clear();
            one.alarm.pause();
        }
    }

    fn event(&mut self, at: Moment) -> AnomalyEvent {
        for one in &mut self.watched {
            if one.judged.is_some_and(|judged| at.since(judged) >= FORGOTTEN) {
                one.forget();
            }
        }
        let raised = self.watched.iter().filter_map(|one| one.alarm.raised()).min_by_key(|since| since.steady);
        match (raised, self.is_raised) {
            (Some(since), false) => {
                (self.is_raised, self.is_told) = (true, true);
                let told: Vec<String> = self.watched.iter().filter_map(|one| one.explanation(at)).collect();
                AnomalyEvent::Since(since, told.join("; "))
            }
            (None, true) => {
                self.is_raised = false;
                AnomalyEvent::Well
            }
            // What an earlier run has told of would have been told again by now.
            (None, false) if !self.is_told => {
                self.is_told = self.judged_from.is_some_and(|from| at.since(from) >= self.dwell * CLEAR_DWELLS);
                if self.is_told { AnomalyEvent::Well } else { AnomalyEvent::Nothing }
            }
            _ => AnomalyEvent::Nothing,
        }
    }

    /// How its numbers are; those that were never measured are left out.
    pub fn statuses(&self, key: &SeriesKey, at: Moment) -> Vec<AnomalyStatus> {
        let time = |second: i64| DateTime::<Utc>::from_timestamp(second, 0);
        let of = |kind, name: &String| (key.kind == kind).then(|| name.clone());
        let status = |one: &WatchedNumber| {
            // Of what was never measured before nothing is kept yet.
            let begun = || one.recent.back().and(self.first).map(Baseline::judges_after);
            let judges_from = one.baseline.as_ref().and_then(Baseline::judges_from).or_else(begun);
            let (value, usual) = (one.value(), one.usual);
            let is_learned = judges_from.is_some_and(|from| from <= at.wall.timestamp());
            let state = match (one.alarm.raised(), usual) {
                (Some(_), _) => AnomalyState::Unusual,
                (None, Some(_)) if value.is_some() => AnomalyState::Usual,
                _ if is_learned => AnomalyState::NotJudged,
                _ => AnomalyState::Learning,
            };
            AnomalyStatus {
                server: of(SeriesKind::Stream, &key.server),
                stream: of(SeriesKind::Stream, &key.name),
                endpoint: of(SeriesKind::Endpoint, &key.name),
                metric: one.metric,
                state,
                value,
                usual_low: usual.filter(|_| one.metric.may_be_low()).map(|usual| usual.low),
                usual_median: usual.map(|usual| usual.median),
                usual_high: usual.filter(|_| one.metric.may_be_high()).map(|usual| usual.high),
                weeks: usual.map(|usual| usual.weeks),
                since: one.alarm.raised().map(|since| since.wall),
                explanation: one.explanation(at),
                at: self.last.and_then(|last| time(last + MINUTE)),
                judges_from: judges_from.filter(|_| !is_learned).and_then(time),
            }
        };
        self.watched.iter().filter(|one| one.is_measured()).map(status).collect()
    }
}

impl WatchedNumber {
    /// Whether it could be.
    fn judge(&mut self, minute: &Bucket, spreads: f64, at: Moment) -> bool {
        let Some(value) = minute.mean(self.metric.history()) else {
            if !self.metric.is_sparse() {
                self.recent.clear();
                self.alarm.pause();
            }
            return false;
        };
        if self.recent.len() >= self.metric.median_of() {
            self.recent.pop_front();
        }
        self.recent.push_back(value);
        let (Some(baseline), Some(value)) = (&self.baseline, self.value()) else { return false };
        self.usual = baseline.usual(minute.at, spreads);
        let Some(strays) = baseline.strays(minute.at, value, spreads) else {
            self.alarm.pause();
            return false;
        };
        self.alarm.take(Some(strays / spreads), at);
        self.judged = Some(at);
        true
    }

    fn forget(&mut self) {
        (self.judged, self.usual) = (None, None);
        self.recent.clear();
        self.alarm.reset();
    }

    fn value(&self) -> Option<f64> {
        let mut sorted: Vec<f64> = self.recent.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        median(&sorted)
    }

    fn is_measured(&self) -> bool {
        !self.recent.is_empty() || self.baseline.as_ref().is_some_and(|known| known.judges_from().is_some())
    }

    fn explanation(&self, at: Moment) -> Option<String> {
        let (since, usual, value) = (self.alarm.raised()?, self.usual?, self.value()?);
        let unit = self.metric.unit(usual.median.max(value));
        let (low, high) = (unit.number(usual.low), unit.number(usual.high));
        let range = match (self.metric.may_be_low(), self.metric.may_be_high()) {
            (true, false) => format!("{low} at least"),
            (false, true) => format!("{high} at most"),
            _ => format!("between {low} and {high}"),
        };
        Some(format!(
            "{} {}; usual for {} is {}, {range}; for {} min",
            self.metric.words(),
            unit.told(value),
            usual.hour.words(),
            unit.number(usual.median),
            at.since(since).as_secs() / 60,
        ))
    }
}

#[cfg(test)]
#[path = "stream_anomalies_tests.rs"]
mod tests;
