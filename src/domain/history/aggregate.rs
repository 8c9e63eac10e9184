//! From readings to buckets.

use super::bucket::{Bucket, CodeBand, worst};
use super::metric::Metric;
use super::tier::Tier;
use crate::domain::stream::StreamState;

/// What was measured at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// When, in seconds since 1970.
    pub second: i64,
    /// Of a stream.
    pub state: Option<StreamState>,
    /// A counter began anew.
    pub reset: bool,
    /// The numbers that could be measured, in their units.
    pub values: Vec<(Metric, f64)>,
}

/// A bucket that is still open.
#[derive(Clone, Debug, Default)]
pub struct Aggregate(Option<Open>);

#[derive(Clone, Debug)]
struct Open {
    at: i64,
    state: Option<StreamState>,
    reset: bool,
    sums: Vec<(Metric, Sum)>,
}

#[derive(Clone, Copy, Debug)]
struct Sum {
    min: f64,
    max: f64,
    total: f64,
    count: u32,
    last: f64,
}

impl Aggregate {
    /// Adds a reading; gives the bucket that has ended with it. A clock that was set begins another bucket.
    pub fn add(&mut self, tier: Tier, reading: &Reading) -> Option<Bucket> {
        let at = tier.bucket_of(reading.second);
        let ended = match &self.0 {
            Some(open) if open.at != at => self.close(),
            _ => None,
        };
        let open = self.0.get_or_insert_with(|| Open { at, state: None, reset: false, sums: Vec::new() });
        open.state = worst(open.state, reading.state);
        open.reset |= reading.reset;
        for (metric, value) in &reading.values {
            open.add(*metric, *value);
        }
        ended
    }

    /// Ends the open bucket.
    pub fn close(&mut self) -> Option<Bucket> {
        let open = self.0.take()?;
        let mut bands: Vec<_> =
            open.sums.iter().filter_map(|(metric, sum)| Some((*metric, sum.band(*metric)?))).collect();
        bands.sort_unstable_by_key(|(metric, _)| *metric);
        Some(Bucket { at: open.at, state: open.state, reset: open.reset, lost: false, bands })
    }
}

impl Open {
    fn add(&mut self, metric: Metric, value: f64) {
        if !value.is_finite() {
            return;
        }
        match self.sums.iter_mut().find(|(one, _)| *one == metric) {
            Some((_, sum)) => sum.add(value),
            None => self.sums.push((metric, Sum { min: value, max: value, total: value, count: 1, last: value })),
        }
    }
}

impl Sum {
    fn add(&mut self, value: f64) {
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.total += value;
        self.count += 1;
        self.last = value;
    }

    fn band(&self, metric: Metric) -> Option<CodeBand> {
        let mean = (self.total / f64::from(self.count)).clamp(self.min, self.max);
        CodeBand::of(metric, self.min, mean, self.max, self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(second: i64, state: StreamState, values: &[(Metric, f64)]) -> Reading {
        Reading { second, state: Some(state), reset: second == 30, values: values.to_vec() }
    }

    #[test]
    fn readings_become_buckets() {
        let mut minute = Aggregate::default();
        assert_eq!(minute.close(), None);
        let readers = |count: f64| [(Metric::Readers, count)];
        for (second, count) in [(0, 4.0), (10, 2.0), (30, f64::NAN), (59, 9.0)] {
            assert_eq!(minute.add(Tier::Minute, &reading(second, StreamState::Live, &readers(count))), None);
        }
        let ended = minute.add(Tier::Minute, &reading(60, StreamState::Offline, &[])).expect("ended");
        let band = CodeBand { min: 2, mean: 5, max: 9, last: 9 };
        let wanted = Bucket {
            at: 0,
            state: Some(StreamState::Live),
            reset: true,
            lost: false,
            bands: vec![(Metric::Readers, band)],
        };
        assert_eq!(ended, wanted);
        let outage = minute.add(Tier::Minute, &reading(10, StreamState::Live, &[])).expect("the clock was set back");
        assert_eq!((outage.at, outage.state, outage.bands), (60, Some(StreamState::Offline), vec![]));
        assert_eq!(minute.close().map(|bucket| bucket.at), Some(0));
    }

    #[test]
    fn what_was_not_measured_is_no_zero() {
        let mut minute = Aggregate::default();
        minute.add(Tier::Minute, &reading(0, StreamState::Live, &[(Metric::Rtt, -1.0), (Metric::Bitrate, 5.0)]));
        let bands = minute.close().expect("a bucket").bands;
        assert_eq!(bands.iter().map(|(metric, _)| *metric).collect::<Vec<_>>(), [Metric::Bitrate]);
    }
}
