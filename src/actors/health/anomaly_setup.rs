//! What the anomalies need to know from outside.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::adapters::database::HistoryStore;
use crate::config::settings::{AnomalySensitivity, AnomalySettings};
use crate::domain::admission::matches;
use crate::domain::anomaly::{AnomalyMetric, AnomalyRule, Sensitivity};
use crate::domain::history::{Bucket, SeriesKey, SeriesKind};

/// A minute is judged so long after its end at the latest.
const EVERY: Duration = Duration::from_secs(5);

/// What an earlier run has told of streams that nothing is heard of is over so long after the start.
const LEFTOVERS_AFTER: Duration = Duration::from_secs(600);

/// Gives the minutes of streams and endpoints that have ended since it was asked last.
pub type EndedMinutes = Arc<dyn Fn() -> Vec<(SeriesKey, Bucket)> + Send + Sync>;

/// Built by `app` at the start.
#[derive(Clone)]
pub struct AnomalySetup {
    /// What is watched, and when it is told.
    pub rule: AnomalyRule,
    /// Patterns of names of streams that are watched.
    pub include: Vec<String>,
    /// Patterns of names of those that are not; wins over `include`.
    pub exclude: Vec<String>,
    /// Endpoints of the network whose latency is watched.
    pub endpoints: BTreeSet<String>,
    /// Minutes are asked for so often.
    pub every: Duration,
    /// So long after the start, what an earlier run has told of streams that are gone ends.
    pub leftovers_after: Duration,
    /// Where minutes come from.
    pub minutes: EndedMinutes,
    /// Where what is usual is learned from.
    pub history: Arc<dyn HistoryStore>,
}

impl std::fmt::Debug for AnomalySetup {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("AnomalySetup").field("rule", &self.rule).finish_non_exhaustive()
    }
}

impl AnomalySetup {
    /// Of checked settings, with the names of all endpoints; `None` where nothing is watched.
    pub fn of(
        settings: &AnomalySettings,
        endpoints: BTreeSet<String>,
        minutes: EndedMinutes,
        history: Arc<dyn HistoryStore>,
    ) -> Option<Self> {
        let sensitivity = match settings.sensitivity {
            AnomalySensitivity::Low => Sensitivity::Low,
            AnomalySensitivity::Medium => Sensitivity::Medium,
            AnomalySensitivity::High => Sensitivity::High,
        };
        let metrics: Vec<AnomalyMetric> = settings.metrics.iter().filter_map(|word| word.parse().ok()).collect();
        let endpoints = if metrics.contains(&AnomalyMetric::Latency) { endpoints } else { BTreeSet::new() };
        let rule = AnomalyRule { metrics, sensitivity, dwell: settings.dwell };
        let (include, exclude) = (settings.include.clone(), settings.exclude.clone());
        settings.enabled.then_some(Self {
            rule,
            include,
            exclude,
            endpoints,
            every: EVERY,
            leftovers_after: LEFTOVERS_AFTER,
            minutes,
            history,
        })
    }

    /// Whether this is watched.
    pub(super) fn watches(&self, key: &SeriesKey) -> bool {
        let named = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, &key.name));
        match key.kind {
            SeriesKind::Stream => named(&self.include) && !named(&self.exclude),
            SeriesKind::Endpoint => self.endpoints.contains(&key.name),
            _ => false,
        }
    }
}
