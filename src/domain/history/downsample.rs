//! A chart's points: as many as asked for, without losing what went wrong.

use chrono::{DateTime, TimeDelta, Utc};

use super::aggregate::Reading;
use super::bucket::{Bucket, worst};
use super::code;
use super::metric::Metric;
use crate::domain::stream::{Sample, StreamState};

/// Min, mean, max and last of a number in a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// The least.
    pub min: f64,
    /// The mean; of buckets, the mean of their means.
    pub mean: f64,
    /// The most.
    pub max: f64,
    /// The newest.
    pub last: f64,
}

impl Band {
    /// Of one number.
    pub fn of(value: f64) -> Self {
        Self { min: value, mean: value, max: value, last: value }
    }
}

/// A point of a chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Point {
    /// The begin of what it stands for.
    pub at: DateTime<Utc>,
    /// What it stands for; nothing for a raw sample.
    pub step: TimeDelta,
    /// The worst state; `None` for a host.
    pub state: Option<StreamState>,
    /// A counter began anew.
    pub reset: bool,
    /// Something of it could not be kept.
    pub lost: bool,
    /// What was before it was not watched, however short.
    pub gap: bool,
    /// The numbers.
    pub bands: Vec<(Metric, Band)>,
}

impl Point {
    /// The number, when it is known.
    pub fn band(&self, metric: Metric) -> Option<Band> {
        self.bands.iter().find(|(one, _)| *one == metric).map(|(_, band)| *band)
    }

    /// Of a bucket that lasts so many seconds: the part of it that was watched.
    pub fn of_bucket(bucket: &Bucket, step: i64) -> Option<Self> {
        let band = |metric: Metric, codes: [u16; 4]| {
            let [min, mean, max, last] = codes.map(|code| code::decode_scaled(code, metric.scale()));
            Band { min, mean, max, last }
        };
        let (from, until) = bucket.watched.map_or((0, step), |(from, until)| (i64::from(from), i64::from(until)));
        Some(Self {
            at: DateTime::from_timestamp(bucket.at + from, 0)?,
            step: TimeDelta::seconds((until - from).max(0)),
            state: bucket.state,
            reset: bucket.reset,
            lost: bucket.lost,
            gap: from > 0,
            bands: (bucket.bands.iter())
                .map(|(metric, codes)| (*metric, band(*metric, [codes.min, codes.mean, codes.max, codes.last])))
                .collect(),
        })
    }
}

impl Point {
    /// Of a measurement.
    pub fn of_reading(reading: &Reading) -> Option<Self> {
        let bands = reading.values.iter().map(|(metric, value)| (*metric, Band::of(*value))).collect();
        let at = DateTime::from_timestamp(reading.second, 0)?;
        Some(Self { at, state: reading.state, reset: reading.reset, bands, ..Self::default() })
    }
}

impl From<&Sample> for Point {
    fn from(sample: &Sample) -> Self {
        let numbers = [
            (Metric::Bitrate, sample.bitrate.map(|bitrate| bitrate as f64)),
            (Metric::BitrateOut, sample.bitrate_out.map(|bitrate| bitrate as f64)),
            (Metric::Readers, Some(f64::from(sample.readers))),
            (Metric::Rtt, sample.srt.rtt),
            (Metric::LossRate, sample.srt.loss_rate),
            (Metric::LinkCapacity, sample.srt.link_capacity_mbps),
            (Metric::RecvRate, sample.srt.recv_rate_mbps),
            (Metric::RetransmitRate, sample.srt.retransmit_rate),
        ];
        let band = |(metric, value): (Metric, Option<f64>)| Some((metric, Band::of(value?)));
        Self {
            at: sample.at,
            state: Some(sample.state),
            gap: sample.gap,
            reset: sample.reset,
            bands: numbers.into_iter().filter_map(band).collect(),
            ..Self::default()
        }
    }
}

/// At most `points` points for the time from `from` to `to`, oldest first.
///
/// The time is cut into `points` stretches of equal length. Each one with something in it gives one point: at the first of
/// it, with the worst state (so that an outage of one poll still shows), the least, the most, the last and the mean of the
/// known numbers. Fewer than that are given as they are.
pub fn downsample(points: Vec<Point>, from: DateTime<Utc>, to: DateTime<Utc>, most: u32) -> Vec<Point> {
    if points.len() <= most as usize {
        return points;
    }
    let whole = (to - from).num_milliseconds().max(1);
    let stretch = |point: &Point| {
        let offset = (point.at - from).num_milliseconds().clamp(0, whole - 1);
        i128::from(offset) * i128::from(most) / i128::from(whole)
    };
    points.chunk_by(|a, b| stretch(a) == stretch(b)).filter_map(join).collect()
}

fn join(points: &[Point]) -> Option<Point> {
    let (first, last) = (points.first()?, points.last()?);
    let mut joined = Point { at: first.at, gap: first.gap, step: last.at + last.step - first.at, ..Point::default() };
    let mut counts: Vec<u32> = Vec::new();
    for point in points {
        joined.state = worst(joined.state, point.state);
        joined.reset |= point.reset;
        joined.lost |= point.lost;
        for (metric, band) in &point.bands {
            match joined.bands.iter().position(|(one, _)| one == metric) {
                Some(place) => {
                    counts[place] += 1;
                    let sum = &mut joined.bands[place].1;
                    sum.min = sum.min.min(band.min);
                    sum.max = sum.max.max(band.max);
                    sum.mean += band.mean;
                    sum.last = band.last;
                }
                None => {
                    counts.push(1);
                    joined.bands.push((*metric, *band));
                }
            }
        }
    }
    for ((_, band), count) in joined.bands.iter_mut().zip(counts) {
        band.mean /= f64::from(count);
    }
    Some(joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).expect("a valid time")
    }

    fn point(second: i64, state: StreamState, bitrate: Option<u64>) -> Point {
        Point::from(&Sample { bitrate, readers: second as u32, ..Sample::new(at(second), state) })
    }

    #[test]
    fn few_samples_stay_as_they_are() {
        let points = vec![point(0, StreamState::Live, Some(1)), point(2, StreamState::Live, None)];
        assert_eq!(downsample(points.clone(), at(0), at(10), 2), points);
        assert_eq!(downsample(vec![], at(0), at(10), 2), []);
    }

    #[test]
    fn a_short_outage_survives_thinning() {
        let mut points: Vec<Point> = (0..1_000)
            .map(|n| {
                let state = if n == 777 { StreamState::Offline } else { StreamState::Live };
                point(n * 2, state, (n != 777).then_some(100 + n as u64 % 2))
            })
            .collect();
        points[5].reset = true;
        let thinned = downsample(points, at(0), at(2_000), 10);
        assert_eq!(thinned.len(), 10);
        assert_eq!(thinned.iter().filter(|point| point.state == Some(StreamState::Offline)).count(), 1);
        let bitrates: Vec<Band> = thinned.iter().filter_map(|point| point.band(Metric::Bitrate)).collect();
        assert!(bitrates.iter().all(|band| band.mean.floor() == 100.0 && (band.min, band.max) == (100.0, 101.0)));
        assert_eq!((thinned[0].at, thinned[0].band(Metric::Readers).expect("readers").max), (at(0), 198.0));
        assert_eq!(thinned.iter().map(|point| point.reset).collect::<Vec<_>>()[..2], [true, false]);
        assert_eq!(thinned[0].step, TimeDelta::seconds(198));
    }

    #[test]
    fn samples_outside_the_range_fall_into_its_ends() {
        let points = [-5, 0, 1, 50, 99, 100, 500].map(|second| point(second, StreamState::Live, None));
        let thinned = downsample(points.to_vec(), at(0), at(100), 2);
        assert_eq!(thinned.iter().map(|point| point.at).collect::<Vec<_>>(), [at(-5), at(50)]);
    }
}
