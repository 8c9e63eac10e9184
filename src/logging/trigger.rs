//! Trigger `size_or_time`: a log file is rolled when it has reached a size or when a new period begins, whichever
//! comes first. log4rs has one trigger or the other; its own time trigger also panics where a clock change skips
//! midnight, while periods here are counted in UTC.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use log4rs::append::rolling_file::LogFile;
use log4rs::append::rolling_file::policy::compound::trigger::Trigger;
use log4rs::config::{Deserialize, Deserializers};

use crate::config::{parse_duration, parse_size};

/// Shortest period; a shorter one would throw logs away faster than anybody reads.
const SHORTEST: Duration = Duration::from_secs(60);

/// Not yet asked.
const UNKNOWN: u64 = u64::MAX;

#[derive(Debug)]
struct SizeOrTime {
    /// Bytes.
    limit: u64,
    every: Duration,
    /// Number of the period that the file's last record belongs to, counted from 1970.
    period: AtomicU64,
}

impl SizeOrTime {
    /// `written` is when the file was last written, for the first question after a start: yesterday's file is rolled
    /// even if nothing ran at midnight.
    fn is_due(&self, size: u64, now: SystemTime, written: impl FnOnce() -> Option<SystemTime>) -> bool {
        let period = |time: SystemTime| {
            time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / self.every.as_secs())
        };
        let current = period(now);
        let mut last = self.period.swap(current, Ordering::Relaxed);
        if last == UNKNOWN {
            last = written().map_or(current, period);
        }
        size > 0 && (size >= self.limit || last != current)
    }
}

impl Trigger for SizeOrTime {
    fn trigger(&self, file: &LogFile<'_>) -> anyhow::Result<bool> {
        let written = || std::fs::metadata(file.path()).and_then(|metadata| metadata.modified()).ok();
        Ok(self.is_due(file.len_estimate(), SystemTime::now(), written))
    }

    fn is_pre_process(&self) -> bool {
        true // The first record of a new period belongs into the new file.
    }
}

/// `kind: size_or_time` of the file.
pub(super) struct SizeOrTimeKind;

/// Options, in the notation of `streamwarden.toml`.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TriggerOptions {
    limit: Text,
    every: Text,
}

/// YAML reads `100` as a number and `1d` as text.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Text {
    Number(u64),
    Text(String),
}

impl Text {
    fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl Deserialize for SizeOrTimeKind {
    type Trait = dyn Trigger;
    type Config = TriggerOptions;

    fn deserialize(&self, options: TriggerOptions, _: &Deserializers) -> anyhow::Result<Box<dyn Trigger>> {
        let limit = parse_size(&options.limit.text()).map_err(|fault| anyhow::anyhow!("limit: {fault}"))?;
        let every = parse_duration(&options.every.text()).map_err(|fault| anyhow::anyhow!("every: {fault}"))?;
        anyhow::ensure!(limit > 0, "limit: a log file needs at least one byte; write a size like 20M");
        anyhow::ensure!(every >= SHORTEST, "every: at least 1m; write a duration like 1d");
        Ok(Box::new(SizeOrTime { limit, every, period: AtomicU64::new(UNKNOWN) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_rolled_by_size_and_by_period() {
        let at = |day: u64, second: u64| UNIX_EPOCH + Duration::from_secs(day * 86_400 + second);
        let trigger = SizeOrTime { limit: 100, every: Duration::from_secs(86_400), period: AtomicU64::new(UNKNOWN) };
        let unasked = || -> Option<SystemTime> { panic!("only the first question needs the file's time") };
        assert!(trigger.is_due(10, at(7, 5), || Some(at(6, 86_399))), "yesterday's file, after a start");
        assert!(!trigger.is_due(10, at(7, 6), unasked));
        assert!(trigger.is_due(100, at(7, 7), unasked), "full");
        assert!(!trigger.is_due(99, at(7, 86_399), unasked));
        assert!(trigger.is_due(10, at(8, 0), unasked), "a new day");
        assert!(!trigger.is_due(0, at(9, 0), unasked), "an empty file is not worth keeping");
    }
}
