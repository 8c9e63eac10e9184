//! What is usual for one number of one stream in each hour of the week.

use super::anomaly_metric::AnomalyMetric;
use super::hour_of_week::{HourOfWeek, WEEK};
use super::robust::Spread;
use crate::domain::history::Bucket;
use crate::domain::stream::StreamState;

/// So many days are learned from.
pub const LEARNED_DAYS: i64 = 29;
/// Of these the last so many are not: what goes wrong now does not become usual by it.
pub const UNLEARNED_DAYS: i64 = 1;

const DAY: i64 = 86_400;
/// An hour is judged when so many weeks say what is usual in it.
const LEAST_WEEKS: usize = 3;
/// A week says something of an hour with so many ten minutes of it and its neighbours.
const LEAST_OF_WEEK: usize = 6;
/// What is left of the values when their hour's median is taken off strays by so much more than it seems: the medians are made of the same
/// values.
const OF_RESIDUALS: f64 = 1.1;
/// A new level is believed when so many ten minutes of the last day were measured, so large a part of them on its side of what was usual.
const LEAST_OF_LEVEL: usize = 120;
const LEVEL_SHARE: f64 = 0.9;
/// And so many spreads away from it.
const LEVEL_AWAY: f64 = 2.0;

/// What is usual, by hour of the week. About 2 KB.
#[derive(Clone, Debug)]
pub struct Baseline {
    metric: AnomalyMetric,
    hours: Vec<HourUsual>,
    /// The last day was so far away from what was usual, all of it.
    level: f32,
    oldest: Option<i64>,
}

/// On the scale of the metric.
#[derive(Clone, Copy, Debug, Default)]
struct HourUsual {
    median: f32,
    down: f32,
    up: f32,
    /// There were some in nearly all of it.
    is_never_none: bool,
    weeks: u8,
}

/// What is usual at one time, in the unit of the metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usual {
    /// The hour it is said of.
    pub hour: HourOfWeek,
    /// The least that is usual.
    pub low: f64,
    /// The median.
    pub median: f64,
    /// The most that is usual.
    pub high: f64,
    /// Weeks that it was learned from.
    pub weeks: u8,
}

impl Baseline {
    /// Of ten-minute buckets, as far as the stream was live and the number measured.
    ///
    /// An hour is learned together with both its neighbours, so that a habit that moves by an hour (daylight saving time) stays usual,
    /// and no hour strays less than the whole of what was learned does around its medians: four weeks are four values of a day's mood.
    pub fn learn(metric: AnomalyMetric, buckets: &[Bucket], now: i64) -> Self {
        let known = |bucket: &Bucket| {
            let whole = bucket.watched.is_none() && !bucket.reset && !bucket.lost;
            let counts = whole && bucket.state == Some(StreamState::Live) && bucket.at >= now - LEARNED_DAYS * DAY;
            counts.then_some((bucket.at, metric.scaled(bucket.mean(metric.history())?)))
        };
        let all: Vec<(i64, f64)> = buckets.iter().filter_map(known).collect();
        let (old, new): (Vec<_>, Vec<_>) = all.into_iter().partition(|(at, _)| *at < now - UNLEARNED_DAYS * DAY);
        let mut by_hour: Vec<Vec<(i64, f64)>> = vec![Vec::new(); HourOfWeek::COUNT];
        for (at, value) in &old {
            by_hour[HourOfWeek::of(*at).index()].push((*at, *value));
        }
        let mut hours: Vec<HourUsual> = HourOfWeek::all().map(|hour| of_hour(hour, &by_hour, metric)).collect();
        let residual = |(at, value): &(i64, f64)| {
            let hour = hours.get(HourOfWeek::of(*at).index()).filter(|hour| hour.is_known())?;
            Some(value - f64::from(hour.median))
        };
        let mut residuals: Vec<f64> = old.iter().filter_map(residual).collect();
        if let Some(whole) = Spread::of(&mut residuals) {
            for hour in &mut hours {
                hour.down = hour.down.max((whole.down * OF_RESIDUALS) as f32);
                hour.up = hour.up.max((whole.up * OF_RESIDUALS * metric.tolerance_above()) as f32);
            }
        }
        let mut learned = Self { metric, hours, level: 0.0, oldest: old.first().or(new.first()).map(|(at, _)| *at) };
        learned.level = learned.level_of(&new);
        learned
    }

    /// How far the last day was away from what was usual, when all of it was: from then on that is usual too.
    fn level_of(&self, last_day: &[(i64, f64)]) -> f32 {
        let away: Vec<f64> = last_day.iter().filter_map(|(at, value)| self.spreads_away(*at, *value)).collect();
        let mut apart: Vec<f64> =
            (last_day.iter()).filter_map(|(at, value)| Some(value - f64::from(self.hour(*at)?.median))).collect();
        let share = |side: f64| away.iter().filter(|one| **one * side >= LEVEL_AWAY).count() as f64 / away.len() as f64;
        let has_moved = away.len() >= LEAST_OF_LEVEL && (share(1.0) >= LEVEL_SHARE || share(-1.0) >= LEVEL_SHARE);
        if has_moved { Spread::of(&mut apart).map_or(0.0, |spread| spread.median as f32) } else { 0.0 }
    }

    fn hour(&self, second: i64) -> Option<&HourUsual> {
        self.hours.get(HourOfWeek::of(second).index()).filter(|hour| hour.is_known())
    }

    /// How far a value on the scale is from what is usual at that time, in spreads: below zero for too little. `None` where nobody knows
    /// what is usual.
    fn spreads_away(&self, second: i64, scaled: f64) -> Option<f64> {
        let hour = self.hour(second)?;
        let (apart, level) = (scaled - f64::from(hour.median), f64::from(self.level));
        // Between the old level and the new one everything is usual.
        let apart = if apart < 0.0 { (apart - level.min(0.0)).min(0.0) } else { (apart - level.max(0.0)).max(0.0) };
        let spread = f64::from(if apart < 0.0 { hour.down } else { hour.up });
        Some(apart / spread)
    }

    /// How far a value is from what is usual, in spreads, on the sides that count, when so many spreads are usual.
    pub(super) fn strays(&self, second: i64, value: f64, spreads: f64) -> Option<f64> {
        let away = self.spreads_away(second, self.metric.scaled(value))?;
        let usual = self.usual(second, spreads)?;
        if value < self.metric.least() {
            // Nobody at all: of many that is told, of a few it happens.
            return Some(if usual.low >= self.metric.least() { away.abs().max(spreads) } else { 0.0 });
        }
        let counts = if away < 0.0 { self.metric.may_be_low() } else { self.metric.may_be_high() };
        Some(if counts { away.abs() } else { 0.0 })
    }

    /// What is usual at that time, when so many spreads are.
    pub fn usual(&self, second: i64, spreads: f64) -> Option<Usual> {
        let hour = self.hour(second)?;
        let (median, level) = (f64::from(hour.median), f64::from(self.level));
        let low = self.metric.unscaled(median + level.min(0.0) - spreads * f64::from(hour.down));
        Some(Usual {
            hour: HourOfWeek::of(second),
            low: if hour.is_never_none { low.max(self.metric.least()) } else { low },
            median: self.metric.unscaled(median),
            high: self.metric.unscaled(median + level.max(0.0) + spreads * f64::from(hour.up)),
            weeks: hour.weeks,
        })
    }

    /// From when on it can judge: when the first hours have weeks enough behind them. `None` without anything measured.
    pub fn judges_from(&self) -> Option<i64> {
        self.oldest.map(Self::judges_after)
    }

    /// The same of what is measured since then.
    pub(super) fn judges_after(oldest: i64) -> i64 {
        oldest + LEAST_WEEKS as i64 * WEEK
    }
}

impl HourUsual {
    fn is_known(&self) -> bool {
        usize::from(self.weeks) >= LEAST_WEEKS
    }
}

fn of_hour(hour: HourOfWeek, by_hour: &[Vec<(i64, f64)>], metric: AnomalyMetric) -> HourUsual {
    let near = || hour.with_neighbours().into_iter().flat_map(|index| by_hour[index].iter());
    let mut weeks: Vec<i64> = near().map(|(at, _)| hour.week_of(*at)).collect();
    weeks.sort_unstable();
    let weeks = weeks.chunk_by(|a, b| a == b).filter(|week| week.len() >= LEAST_OF_WEEK).count();
    let mut values: Vec<f64> = near().map(|(_, value)| *value).collect();
    match Spread::of(&mut values) {
        Some(spread) => HourUsual {
            median: spread.median as f32,
            down: spread.down.max(metric.least_spread()) as f32,
            up: (spread.up.max(metric.least_spread()) * metric.tolerance_above()) as f32,
            is_never_none: metric.unscaled(spread.low) >= metric.never_none(),
            weeks: weeks as u8,
        },
        None => HourUsual::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::history::{CodeBand, Metric};

    /// A Monday, 00:00 UTC.
    const NOW: i64 = 1_795_996_800;

    fn bucket(at: i64, bitrate: f64) -> Bucket {
        let band = CodeBand::of(Metric::Bitrate, bitrate, bitrate, bitrate, bitrate).expect("a number");
        let (state, bands) = (Some(StreamState::Live), vec![(Metric::Bitrate, band)]);
        Bucket { at, state, bands, ..Bucket::default() }
    }

    /// Ten-minute buckets of so many days before now.
    fn days(from: i64, to: i64, bitrate: impl Fn(i64) -> f64) -> Vec<Bucket> {
        let (from, to) = (NOW - from * DAY, NOW - to * DAY);
        (from..to).step_by(600).map(|at| bucket(at, bitrate(at))).collect()
    }

    fn by_day(at: i64) -> f64 {
        if (at.rem_euclid(DAY) / 3_600) < 12 { 1e6 } else { 4e6 }
    }

    #[test]
    fn hours_have_what_is_usual_in_them_when_weeks_enough_were_seen() {
        for (weeks, known) in [(1, false), (2, false), (3, true), (4, true)] {
            let learned = Baseline::learn(AnomalyMetric::Bitrate, &days(weeks * 7 + 1, 0, by_day), NOW);
            let usual = learned.usual(NOW + 5 * 3_600, 6.0);
            assert_eq!(usual.is_some(), known, "{weeks}");
            let judges_from = learned.judges_from().expect("measured");
            assert_eq!(judges_from, NOW - (weeks * 7 + 1) * DAY + 3 * WEEK, "{weeks}");
            assert_eq!(known, judges_from <= NOW, "{weeks}");
        }
        let learned = Baseline::learn(AnomalyMetric::Bitrate, &days(29, 0, by_day), NOW);
        let (night, noon) = (NOW + 5 * 3_600, NOW + 18 * 3_600);
        let near = |found: f64, wanted: f64| (found / wanted - 1.0).abs() < 0.02;
        let (low, high) = (learned.usual(night, 3.0).expect("known"), learned.usual(noon, 3.0).expect("known"));
        assert!(near(low.median, 1e6) && near(high.median, 4e6), "{low:?} {high:?}");
        assert!(low.low > 0.7e6 && low.high < 1.6e6 && high.low > 3e6 && high.high < 6e6, "{low:?} {high:?}");
        assert_eq!(low.weeks, 4);
        assert!(
            learned.strays(night, 4e6, 5.0).expect("known") > 10.0
                && learned.strays(noon, 4e6, 5.0).expect("known") < 1.0
        );
        let turn = learned.usual(NOW + 12 * 3_600, 3.0).expect("known");
        assert!(turn.low < 1e6 && turn.high > 4e6, "it may come an hour earlier or later: {turn:?}");
    }

    #[test]
    fn what_goes_wrong_is_not_learned_at_once_and_nothing_is_learned_of_what_was_not_whole() {
        let mut buckets = days(29, 1, |_| 4e6);
        buckets.extend(days(1, 0, |at| if at > NOW - 6 * 3_600 { 1e6 } else { 4e6 }));
        for bucket in buckets.iter_mut().step_by(3) {
            bucket.reset = true;
            bucket.bands = vec![(Metric::Bitrate, CodeBand::of(Metric::Bitrate, 9.0, 9.0, 9.0, 9.0).expect("numbers"))];
        }
        let learned = Baseline::learn(AnomalyMetric::Bitrate, &buckets, NOW);
        let usual = learned.usual(NOW, 3.0).expect("known");
        assert!(usual.low > 2e6 && usual.high < 6e6, "{usual:?}");
        let rtt = Baseline::learn(AnomalyMetric::Rtt, &buckets, NOW);
        assert_eq!((rtt.usual(NOW, 6.0), rtt.judges_from()), (None, None), "it was never measured");
    }

    #[test]
    fn a_level_that_lasts_for_a_day_is_usual_and_the_old_one_too() {
        let mut buckets = days(29, 1, |_| 4e6);
        buckets.extend(days(1, 0, |_| 2e6));
        let learned = Baseline::learn(AnomalyMetric::Bitrate, &buckets, NOW);
        for (bitrate, is_usual) in [(4e6, true), (3e6, true), (2e6, true), (1e6, false), (8e6, false)] {
            assert_eq!(learned.strays(NOW, bitrate, 5.0).expect("known") < 5.0, is_usual, "{bitrate}");
        }
        let usual = learned.usual(NOW, 3.0).expect("known");
        assert!(usual.low < 2e6 && usual.high > 4e6 && usual.high < 6e6, "{usual:?}");
    }
}
