//! The recent measurements of every host, bounded by age and by the bytes of all together.
//!
//! A host that is gone loses them; one that is silent keeps them until they are too old.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::domain::history::{Metric, Reading};
use crate::domain::host::{HostState, HostStatus};

/// Bytes of all hosts together: 6 hours of some 100 hosts that are measured every 10 s. More of them keep less each.
const MOST: usize = 32 << 20;
/// What a measurement takes besides its numbers, bytes.
const OVERHEAD: usize = 48;

pub(super) struct HostReadings {
    longest_ms: i64,
    most: usize,
    hosts: HashMap<String, VecDeque<Kept>>,
    bytes: usize,
}

/// One measurement; numbers as exact as a chart needs them.
struct Kept {
    at_ms: i64,
    values: Box<[(Metric, f32)]>,
}

impl Kept {
    fn cost(&self) -> usize {
        OVERHEAD + size_of_val(&*self.values)
    }
}

impl HostReadings {
    pub(super) fn new(longest: Duration) -> Self {
        Self::bounded(longest, MOST)
    }

    fn bounded(longest: Duration, most: usize) -> Self {
        let longest_ms = i64::try_from(longest.as_millis()).unwrap_or(i64::MAX);
        Self { longest_ms, most, hosts: HashMap::new(), bytes: 0 }
    }

    /// Adds a measurement. One that was told already adds nothing, and so does the news that a host is silent.
    pub(super) fn record(&mut self, status: &HostStatus) {
        let at_ms = status.at.timestamp_millis();
        let kept = self.hosts.entry(status.name.clone()).or_default();
        if status.state != HostState::Live || kept.back().is_some_and(|last| last.at_ms >= at_ms) {
            return;
        }
        let values = status.reading().values.into_iter().map(|(metric, value)| (metric, value as f32)).collect();
        let one = Kept { at_ms, values };
        self.bytes += one.cost();
        kept.push_back(one);
        let oldest_ms = at_ms.saturating_sub(self.longest_ms);
        while let Some(first) = kept.pop_front_if(|first| first.at_ms < oldest_ms) {
            self.bytes -= first.cost();
        }
        while self.bytes > self.most {
            let longest = self.hosts.values_mut().max_by_key(|kept| kept.len());
            let Some(first) = longest.and_then(VecDeque::pop_front) else { return };
            self.bytes -= first.cost();
        }
    }

    /// Drops what is known of a host.
    pub(super) fn forget(&mut self, host: &str) {
        let gone = self.hosts.remove(host).unwrap_or_default();
        self.bytes -= gone.iter().map(Kept::cost).sum::<usize>();
    }

    /// The measurements of a host between two times (both included), oldest first.
    pub(super) fn between(&self, host: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Reading> {
        let (from_ms, to_ms) = (from.timestamp_millis(), to.timestamp_millis());
        let kept = self.hosts.get(host).into_iter().flatten();
        let wanted = kept.filter(|one| (from_ms..=to_ms).contains(&one.at_ms));
        let values = |one: &Kept| one.values.iter().map(|(metric, value)| (*metric, f64::from(*value))).collect();
        wanted.map(|one| Reading { second: one.at_ms / 1_000, values: values(one), ..Reading::default() }).collect()
    }

    /// Time of a host's oldest measurement.
    pub(super) fn begins(&self, host: &str) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_millis(self.hosts.get(host)?.front()?.at_ms)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::sample;

    fn at(second: i64) -> DateTime<Utc> {
        sample::host("a").at + TimeDelta::seconds(second)
    }

    fn told(readings: &mut HostReadings, name: &str, seconds: impl IntoIterator<Item = i64>) {
        for second in seconds {
            readings.record(&HostStatus { at: at(second), ..sample::host(name) });
        }
    }

    fn seconds(readings: &HostReadings, name: &str) -> Vec<i64> {
        let found = readings.between(name, at(-1_000), at(1_000_000));
        found.iter().map(|one| one.second - at(0).timestamp()).collect()
    }

    #[test]
    fn each_measurement_is_kept_once_and_for_its_time() {
        let mut readings = HostReadings::new(Duration::from_secs(60));
        told(&mut readings, "a", [0, 10, 10, 5, 20]);
        readings.record(&HostStatus { state: HostState::Silent, at: at(30), ..sample::host("a") });
        told(&mut readings, "b", [0]);
        assert_eq!((seconds(&readings, "a"), seconds(&readings, "b")), (vec![0, 10, 20], vec![0]));
        assert_eq!(readings.between("a", at(10), at(20)).len(), 2, "both ends belong to it");
        let cpu =
            readings.between("a", at(0), at(0))[0].values.iter().find(|(metric, _)| *metric == Metric::Cpu).copied();
        assert_eq!(cpu, Some((Metric::Cpu, 31.0)));
        told(&mut readings, "a", [70]);
        assert_eq!((seconds(&readings, "a"), readings.begins("a")), (vec![10, 20, 70], Some(at(10))));
        readings.forget("a");
        readings.forget("b");
        assert_eq!((readings.bytes, readings.begins("a")), (0, None));
    }

    #[test]
    fn the_bytes_are_bounded_and_a_host_with_little_keeps_it() {
        let one = {
            let mut readings = HostReadings::new(Duration::from_secs(3_600));
            told(&mut readings, "a", [0]);
            readings.bytes
        };
        let mut readings = HostReadings::bounded(Duration::from_secs(3_600), one * 10);
        told(&mut readings, "small", [0, 10]);
        told(&mut readings, "large", (0..100).map(|number| number * 10));
        assert_eq!((seconds(&readings, "small"), seconds(&readings, "large").len()), (vec![0, 10], 8));
        assert!(readings.bytes <= one * 10);
    }
}
