//! From readings to buckets.

use super::bucket::{Bucket, CodeBand, NotLive, worst};
use super::metric::Metric;
use super::tier::Tier;
use crate::domain::stream::StreamState;

/// Seconds between two readings of a stream, and of a host, whose time between is watched.
const APART: i64 = 150;
const APART_OF_HOSTS: i64 = 30 * 60;

/// What was measured at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// When, in seconds since 1970.
    pub second: i64,
    /// Of a stream.
    pub state: Option<StreamState>,
    /// A counter began anew.
    pub reset: bool,
    /// Seconds to the next one, where these are not what streams and hosts have: a time between two is watched when it is no longer.
    pub apart: Option<i64>,
    /// The numbers that could be measured, in their units.
    pub values: Vec<(Metric, f64)>,
}

/// A bucket that is still open.
#[derive(Clone, Debug, Default)]
pub struct Aggregate(Option<Open>);

#[derive(Clone, Debug, Default)]
struct Open {
    at: i64,
    /// When the first reading came that nothing was watched before; the start of the bucket where something was.
    since: i64,
    /// When the last one came.
    last: i64,
    state: Option<StreamState>,
    /// The state of the last reading: it lasts until the next one.
    latest: Option<StreamState>,
    /// Seconds that were not live, and of them those that were away.
    not_live: i64,
    away: i64,
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
    /// Adds a reading; gives the bucket that has ended with it. A clock that was set begins another bucket. What lies between
    /// two readings is watched when they are not far apart: nothing is said of the time before the first and after the last.
    pub fn add(&mut self, tier: Tier, reading: &Reading) -> Option<Bucket> {
        let at = tier.bucket_of(reading.second);
        let apart = reading.apart.unwrap_or(if reading.state.is_some() { APART } else { APART_OF_HOSTS });
        let goes_on = self.0.as_ref().is_some_and(|open| (0..=apart).contains(&(reading.second - open.last)));
        let before = self.0.as_ref().filter(|_| goes_on).and_then(|open| open.latest);
        if let Some(open) = self.0.as_mut().filter(|open| open.at == at) {
            // Of a hole nothing is known.
            let state = if goes_on { open.latest } else { open.latest.map(|_| StreamState::Unknown) };
            open.lasted(state, reading.second - open.last);
        }
        let ended = match &self.0 {
            Some(open) if open.at != at => self.end(tier, goes_on.then_some(open.at + tier.step())),
            _ => None,
        };
        let since = if goes_on { at } else { reading.second };
        let open = self.0.get_or_insert_with(|| {
            let mut open = Open { at, since, last: since, ..Open::default() };
            open.lasted(before, reading.second - since);
            open
        });
        open.last = reading.second;
        open.latest = reading.state;
        open.state = worst(open.state, reading.state);
        open.reset |= reading.reset;
        for (metric, value) in &reading.values {
            open.add(*metric, *value);
        }
        ended
    }

    /// Adds a number that somebody else has measured meanwhile; nothing where no bucket is open.
    pub fn note(&mut self, metric: Metric, value: f64) {
        if let Some(open) = &mut self.0 {
            open.add(metric, value);
        }
    }

    /// Ends the open bucket with its last reading.
    pub fn close(&mut self, tier: Tier) -> Option<Bucket> {
        self.end(tier, None)
    }

    /// Ends the open bucket, which is watched until then.
    fn end(&mut self, tier: Tier, until: Option<i64>) -> Option<Bucket> {
        let mut open = self.0.take()?;
        let until = until.unwrap_or(open.last + 1);
        open.lasted(open.latest, until - open.last);
        let within = |second: i64| (second - open.at).clamp(0, tier.step()) as u16;
        let watched = (within(open.since), within(until));
        let watched = (watched != (0, tier.step() as u16)).then_some(watched);
        let seconds = |seconds: i64| seconds.clamp(0, tier.step()) as u16;
        let not_live = NotLive { seconds: seconds(open.not_live), away: seconds(open.away) }.beside(open.state);
        let mut bands: Vec<_> =
            open.sums.iter().filter_map(|(metric, sum)| Some((*metric, sum.band(*metric)?))).collect();
        bands.sort_unstable_by_key(|(metric, _)| *metric);
        Some(Bucket { at: open.at, state: open.state, reset: open.reset, lost: false, watched, not_live, bands })
    }
}

impl Open {
    /// So many seconds passed in this state; none of them where a clock was set back.
    fn lasted(&mut self, state: Option<StreamState>, seconds: i64) {
        let seconds = seconds.max(0);
        match state {
            None | Some(StreamState::Live) => {}
            Some(StreamState::Unknown) => self.not_live += seconds,
            Some(StreamState::Stalled | StreamState::Offline) => {
                self.not_live += seconds;
                self.away += seconds;
            }
        }
    }

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
        Reading { second, state: Some(state), reset: second == 30, values: values.to_vec(), ..Reading::default() }
    }

    #[test]
    fn readings_become_buckets() {
        let mut minute = Aggregate::default();
        assert_eq!(minute.close(Tier::Minute), None);
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
            bands: vec![(Metric::Readers, band)],
            ..Bucket::default()
        };
        assert_eq!(ended, wanted);
        let outage = minute.add(Tier::Minute, &reading(10, StreamState::Live, &[])).expect("the clock was set back");
        assert_eq!((outage.at, outage.state, outage.bands), (60, Some(StreamState::Offline), vec![]));
        assert_eq!(minute.close(Tier::Minute).map(|bucket| bucket.at), Some(0));
        minute.note(Metric::Fps, 25.0);
        assert_eq!(minute.close(Tier::Minute), None, "it says nothing of a stream that nobody has read");
        minute.add(Tier::Minute, &reading(60, StreamState::Live, &[]));
        minute.note(Metric::Fps, 25.0);
        let fps = minute.close(Tier::Minute).and_then(|bucket| bucket.mean(Metric::Fps));
        assert!(fps.is_some_and(|fps| (fps - 25.0).abs() < 0.25), "{fps:?}");
    }

    #[test]
    fn nothing_is_said_of_the_time_before_the_first_reading_and_after_the_last() {
        type Watched = Option<(u16, u16)>;
        for (what, seconds, wanted) in [
            (
                "its first bucket, and one that is still open",
                vec![55, 57, 61],
                vec![(0, Some((55, 60))), (60, Some((0, 2)))],
            ),
            ("polls that are a minute apart", vec![0, 60, 120], vec![(0, None), (60, None), (120, Some((0, 1)))]),
            ("a hole", vec![0, 20, 230], vec![(0, Some((0, 21))), (180, Some((50, 51)))]),
            ("a clock that was set back", vec![130, 70], vec![(120, Some((10, 11))), (60, Some((10, 11)))]),
        ] {
            let mut minute = Aggregate::default();
            let mut found: Vec<(i64, Watched)> = Vec::new();
            let mut take = |bucket: Option<Bucket>| found.extend(bucket.map(|bucket| (bucket.at, bucket.watched)));
            for second in seconds {
                take(minute.add(Tier::Minute, &reading(second, StreamState::Live, &[])));
            }
            take(minute.close(Tier::Minute));
            assert_eq!(found, wanted, "{what}");
        }
    }

    #[test]
    fn a_state_lasts_until_the_next_reading() {
        use StreamState::{Live, Offline, Stalled, Unknown};
        let lost = |seconds, away| Some(NotLive { seconds, away });
        for (what, readings, wanted) in [
            ("always live", vec![(0, Live), (30, Live), (60, Live)], vec![None, None]),
            ("away for ten seconds", vec![(0, Live), (20, Offline), (30, Live), (60, Live)], vec![lost(10, 10), None]),
            ("beyond the end", vec![(0, Live), (50, Stalled), (70, Live)], vec![lost(10, 10), lost(10, 10)]),
            (
                "a server that does not answer",
                vec![(0, Live), (20, Unknown), (30, Offline), (60, Live)],
                vec![lost(40, 30), None],
            ),
            ("the last reading is a second of it", vec![(0, Live), (20, Offline)], vec![lost(1, 1)]),
            ("a clock that was set back", vec![(30, Offline), (10, Live), (20, Live)], vec![lost(0, 0)]),
        ] {
            let mut minute = Aggregate::default();
            let mut found: Vec<Option<NotLive>> = Vec::new();
            let mut take = |bucket: Option<Bucket>| found.extend(bucket.map(|bucket| bucket.not_live));
            for (second, state) in readings {
                take(minute.add(Tier::Minute, &reading(second, state, &[])));
            }
            take(minute.close(Tier::Minute));
            assert_eq!(found, wanted, "{what}");
        }
        let mut tens = Aggregate::default();
        tens.add(Tier::TenMinutes, &reading(0, Live, &[]));
        tens.add(Tier::TenMinutes, &reading(400, Live, &[]));
        let bucket = tens.close(Tier::TenMinutes).expect("a bucket");
        assert_eq!(bucket.not_live, lost(400, 0), "nothing is known of a hole in it");
    }

    #[test]
    fn what_was_not_measured_is_no_zero() {
        let mut minute = Aggregate::default();
        minute.add(Tier::Minute, &reading(0, StreamState::Live, &[(Metric::Rtt, -1.0), (Metric::Bitrate, 5.0)]));
        let bands = minute.close(Tier::Minute).expect("a bucket").bands;
        assert_eq!(bands.iter().map(|(metric, _)| *metric).collect::<Vec<_>>(), [Metric::Bitrate]);
    }
}
