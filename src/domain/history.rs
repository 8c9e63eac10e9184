//! Thinning out a stream's history for a chart without losing what went wrong.

use chrono::{DateTime, Utc};

use super::stream::{Sample, StreamState};

/// At most `points` samples for the time from `from` to `to`, oldest first.
///
/// The time is cut into `points` stretches of equal length. Each one with samples in it gives one point: at the first
/// of them, with the worst state (so that an outage of one poll still shows), the mean of the known bit rates and the
/// most readers. Fewer samples than points are given as they are.
pub fn thin(samples: &[Sample], from: DateTime<Utc>, to: DateTime<Utc>, points: u32) -> Vec<Sample> {
    if samples.len() <= points as usize {
        return samples.to_vec();
    }
    let whole = (to - from).num_milliseconds().max(1);
    let stretch = |sample: &Sample| {
        let offset = (sample.at - from).num_milliseconds().clamp(0, whole - 1);
        i128::from(offset) * i128::from(points) / i128::from(whole)
    };
    samples.chunk_by(|a, b| stretch(a) == stretch(b)).filter_map(point).collect()
}

fn point(samples: &[Sample]) -> Option<Sample> {
    let state = samples.iter().map(|sample| sample.state).max_by_key(|state| badness(*state))?;
    let rates: Vec<u64> = samples.iter().filter_map(|sample| sample.bitrate).collect();
    let bitrate = rates.iter().sum::<u64>().checked_div(rates.len() as u64);
    let readers = samples.iter().map(|sample| sample.readers).max()?;
    Some(Sample { at: samples.first()?.at, state, bitrate, readers })
}

fn badness(state: StreamState) -> u8 {
    match state {
        StreamState::Live => 0,
        StreamState::Unknown => 1,
        StreamState::Stalled => 2,
        StreamState::Offline => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).expect("a valid time")
    }

    fn sample(second: i64, state: StreamState, bitrate: Option<u64>) -> Sample {
        Sample { at: at(second), state, bitrate, readers: second as u32 }
    }

    #[test]
    fn few_samples_stay_as_they_are() {
        let samples = [sample(0, StreamState::Live, Some(1)), sample(2, StreamState::Live, None)];
        assert_eq!(thin(&samples, at(0), at(10), 2), samples);
        assert_eq!(thin(&[], at(0), at(10), 2), []);
    }

    #[test]
    fn a_short_outage_survives_thinning() {
        let samples: Vec<Sample> = (0..1_000)
            .map(|n| {
                let state = if n == 777 { StreamState::Offline } else { StreamState::Live };
                sample(n * 2, state, (n != 777).then_some(100 + n as u64 % 2))
            })
            .collect();
        let thinned = thin(&samples, at(0), at(2_000), 10);
        assert_eq!(thinned.len(), 10);
        assert_eq!(thinned.iter().filter(|point| point.state == StreamState::Offline).count(), 1);
        assert!(thinned.iter().all(|point| point.bitrate == Some(100)), "the mean of 100 and 101, rounded down");
        assert_eq!((thinned[0].at, thinned[0].readers), (at(0), 198));
    }

    #[test]
    fn samples_outside_the_range_fall_into_its_ends() {
        let samples = [-5, 0, 1, 50, 99, 100, 500].map(|second| sample(second, StreamState::Live, None));
        let thinned = thin(&samples, at(0), at(100), 2);
        assert_eq!(thinned.iter().map(|point| point.at).collect::<Vec<_>>(), [at(-5), at(50)]);
    }
}
