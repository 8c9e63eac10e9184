//! `health.anomalies`: which numbers of which streams are watched, and when they are told.

use std::time::Duration;

use super::checker::Checker;
use super::health_targets::{HOUR, SECOND};
use super::sections::patterns;
use super::values::{duration, flag, list, one_of, text};
use crate::config::complaint::ConfigFault;
use crate::config::raw::RawEntry;
use crate::config::settings::{AnomalySensitivity, AnomalySettings, MonitorSettings};

/// Words `metrics` may hold: the numbers that `domain::anomaly` knows; a test compares them.
pub const ANOMALY_METRICS: [&str; 5] = ["bitrate", "fps", "readers", "rtt", "latency"];

/// What is usual is learned from four weeks, and the last day is not learned from.
const LEARNED: Duration = Duration::from_secs(29 * 86_400);

impl Default for AnomalySettings {
    fn default() -> Self {
        Self {
            enabled: false,
            metrics: ANOMALY_METRICS.map(str::to_owned).to_vec(),
            dwell: Duration::from_secs(300),
            sensitivity: AnomalySensitivity::Medium,
            include: vec!["*".to_owned()],
            exclude: Vec::new(),
        }
    }
}

pub(super) fn anomalies(check: &mut Checker<'_>, monitor: &MonitorSettings) -> AnomalySettings {
    let default = AnomalySettings::default();
    let settings = AnomalySettings {
        enabled: check.read("health.anomalies.enabled", flag).unwrap_or(default.enabled),
        metrics: check.read("health.anomalies.metrics", metrics).unwrap_or(default.metrics),
        dwell: check
            .read("health.anomalies.dwell", |entry| duration(entry, 60 * SECOND..=6 * HOUR))
            .unwrap_or(default.dwell),
        sensitivity: check.read("health.anomalies.sensitivity", sensitivity).unwrap_or(default.sensitivity),
        include: check.read("health.anomalies.include", include).unwrap_or(default.include),
        exclude: check.read("health.anomalies.exclude", patterns).unwrap_or(default.exclude),
    };
    if settings.enabled && monitor.history_10m < LEARNED {
        let days = monitor.history_10m.as_secs() / 86_400;
        let fault = format!("learns from four weeks of history, and monitor.history_10m keeps {days} days");
        check.complain(
            "health.anomalies.enabled",
            ConfigFault::new(fault, "keep 29d of monitor.history_10m or more, or write false"),
        );
    }
    settings
}

fn metrics(entry: &RawEntry) -> Result<Vec<String>, ConfigFault> {
    let mut words: Vec<String> = Vec::new();
    for word in list(entry)? {
        let word = one_of(&word, &ANOMALY_METRICS, "a number that is watched")?;
        if !words.contains(&word) {
            words.push(word);
        }
    }
    if words.is_empty() {
        return Err(ConfigFault::new("names no number", "write enabled = false, or leave the key out for all of them"));
    }
    Ok(words)
}

fn sensitivity(entry: &RawEntry) -> Result<AnomalySensitivity, ConfigFault> {
    Ok(match one_of(&text(entry)?, &["low", "medium", "high"], "a sensitivity")?.as_str() {
        "low" => AnomalySensitivity::Low,
        "high" => AnomalySensitivity::High,
        _ => AnomalySensitivity::Medium,
    })
}

fn include(entry: &RawEntry) -> Result<Vec<String>, ConfigFault> {
    let patterns = patterns(entry)?;
    if patterns.is_empty() {
        return Err(ConfigFault::new("names no stream", "write enabled = false, or [\"*\"] for all of them"));
    }
    Ok(patterns)
}
