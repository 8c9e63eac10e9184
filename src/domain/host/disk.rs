//! When a disk is full: its level now, and the days until then from its trend.

use std::collections::VecDeque;

use super::status::{DiskForecast, DiskStatus, HostStatus};

/// What is over ends only so much below its limit, in percent.
const BELOW: f64 = 2.0;
/// Between two points of a trend, in seconds.
const APART: i64 = 300;
/// Points of a trend: a day.
const POINTS: usize = 288;
/// A shorter past says nothing of the future, in seconds.
const LEAST: i64 = 1_800;
/// A disk that lasts longer is not filling.
const FURTHEST: f64 = 3_650.0;

/// How full a disk is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum DiskLevel {
    /// Room enough.
    #[default]
    Fine,
    /// Nearly full, or full soon.
    NearlyFull,
}

/// When a disk counts as nearly full.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DiskLimits {
    /// Percent used, of bytes or of inodes.
    pub percent: f64,
    /// Days until it is full; only of disks that are half full.
    pub days: f64,
}

/// The level of a disk that was on this one, and why.
pub fn disk_level(limits: DiskLimits, before: DiskLevel, disk: &DiskStatus) -> (DiskLevel, Option<String>) {
    let ease = if before == DiskLevel::NearlyFull { BELOW } else { 0.0 };
    let inodes = disk.inodes.zip(disk.inodes_free).map(|(all, free)| 100.0 - free as f64 / all.max(1) as f64 * 100.0);
    let used = disk.used_percent;
    let days = disk.days_until_full;
    let until = || match days {
        Some(days) => format!("; full in {}", in_days(days)),
        None => String::new(),
    };
    let cause = if used.is_some_and(|used| used >= limits.percent - ease) {
        Some(format!("{:.1} % used{}", used.unwrap_or_default(), until()))
    } else if inodes.is_some_and(|used| used >= limits.percent - ease) {
        Some(format!("{:.1} % of its inodes used: many small files", inodes.unwrap_or_default()))
    } else if used.is_some_and(|used| used >= 50.0 - ease)
        && days.is_some_and(|days| days <= limits.days * (1.0 + ease / 10.0))
    {
        Some(format!("{:.1} % used{}, as it has been filling", used.unwrap_or_default(), until()))
    } else {
        None
    };
    match cause {
        Some(cause) => (DiskLevel::NearlyFull, Some(cause)),
        // A disk that does not answer is not better for it.
        None if used.is_none() => (before, None),
        None => (DiskLevel::Fine, None),
    }
}

fn in_days(days: f64) -> String {
    match days {
        days if days < 1.0 => format!("{:.0} hours", (days * 24.0).max(1.0)),
        days => format!("{days:.1} days"),
    }
}

/// Longest past that a forecast is carried over, in seconds: as long as a trend.
const CARRIED: i64 = 86_400;

/// Gives the disks of a host whose agent has just been restarted, and has no trend yet, the forecast that was known of them.
pub fn carry_forecasts(before: &HostStatus, now: &mut HostStatus) {
    let passed = (now.at - before.at).num_seconds();
    if before.name != now.name || !(0..=CARRIED).contains(&passed) {
        return;
    }
    for disk in now.disks.iter_mut().filter(|disk| disk.forecast == DiskForecast::Unknown) {
        let is_it = |known: &&DiskStatus| known.mount == disk.mount && known.total == disk.total;
        let Some(known) = before.disks.iter().find(is_it) else { continue };
        disk.forecast = known.forecast;
        // As fast as it was filling then.
        let days = known.days_until_full.zip(known.free.zip(disk.free));
        disk.days_until_full = days.map(|(days, (before, now))| {
            let share = now as f64 / before.max(1) as f64;
            (days * share * 100.0).round() / 100.0
        });
    }
}

/// How much of a disk was used, for at most a day.
#[derive(Clone, Debug, Default)]
pub struct DiskTrend {
    /// Second and bytes used.
    points: VecDeque<(i64, u64)>,
    total: u64,
}

impl DiskTrend {
    /// Adds a measurement. A disk of another size is another disk, and a clock that was set begins anew.
    pub fn add(&mut self, second: i64, used: u64, total: u64) {
        if self.total != total || self.points.back().is_some_and(|(last, _)| second < *last || second > *last + 86_400)
        {
            self.points.clear();
            self.total = total;
        }
        if self.points.back().is_none_or(|(last, _)| second >= last + APART) {
            self.points.push_back((second, used));
        }
        if self.points.len() > POINTS {
            self.points.pop_front();
        }
    }

    /// Where it is going, and the days until `free` bytes are used up.
    pub fn forecast(&self, free: u64) -> (DiskForecast, Option<f64>) {
        let (Some((first, _)), Some((last, _))) = (self.points.front(), self.points.back()) else {
            return (DiskForecast::Unknown, None);
        };
        if last - first < LEAST {
            return (DiskForecast::Unknown, None);
        }
        // Least squares.
        let count = self.points.len() as f64;
        let at = |second: i64| (second - first) as f64;
        let mean_at = self.points.iter().map(|(second, _)| at(*second)).sum::<f64>() / count;
        let mean_used = self.points.iter().map(|(_, used)| *used as f64).sum::<f64>() / count;
        let (mut product, mut square) = (0.0, 0.0);
        for (second, used) in &self.points {
            product += (at(*second) - mean_at) * (*used as f64 - mean_used);
            square += (at(*second) - mean_at).powi(2);
        }
        let days = free as f64 / (product / square) / 86_400.0;
        if product > 0.0 && days <= FURTHEST {
            (DiskForecast::Filling, Some((days * 100.0).round() / 100.0))
        } else {
            (DiskForecast::Steady, None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::DiskLevel::{Fine, NearlyFull};
    use super::*;
    use crate::domain::sample;

    #[test]
    fn a_disk_on_the_edge_does_not_flutter() {
        let limits = DiskLimits { percent: 90.0, days: 3.0 };
        let mut level = Fine;
        let disk = |used, days, free| DiskStatus {
            used_percent: used,
            days_until_full: days,
            inodes: Some(100),
            inodes_free: Some(free),
            ..sample::host("a").disks[0].clone()
        };
        for (one, wanted, words) in [
            (disk(Some(89.9), None, 50), Fine, ""),
            (disk(Some(90.0), None, 50), NearlyFull, "90.0 % used"),
            (disk(Some(88.1), Some(0.1), 50), NearlyFull, "88.1 % used; full in 2 hours"),
            (disk(None, None, 50), NearlyFull, ""),
            (disk(Some(87.9), None, 50), Fine, ""),
            (disk(None, None, 50), Fine, ""),
            (disk(Some(60.0), Some(2.9), 50), NearlyFull, "full in 2.9 days"),
            (disk(Some(60.0), Some(3.5), 50), NearlyFull, "full in 3.5 days"),
            (disk(Some(60.0), Some(4.0), 50), Fine, ""),
            (disk(Some(20.0), Some(0.5), 50), Fine, ""),
            (disk(Some(20.0), None, 9), NearlyFull, "91.0 % of its inodes"),
            (disk(Some(20.0), None, 13), Fine, ""),
        ] {
            let (now, cause) = disk_level(limits, level, &one);
            assert_eq!(now, wanted, "{one:?}");
            assert!(cause.unwrap_or_default().contains(words), "{words}");
            level = now;
        }
    }

    #[test]
    fn a_forecast_outlives_a_restart_of_the_agent() {
        let host = |second: i64, free: u64, forecast, days_until_full| {
            let mut host = sample::host("edge-1");
            host.at += chrono::TimeDelta::seconds(second);
            (host.disks[0].free, host.disks[0].forecast) = (Some(free), forecast);
            host.disks[0].days_until_full = days_until_full;
            host
        };
        use DiskForecast::{Filling, Steady, Unknown};
        let known = host(0, 1_000, Filling, Some(4.0));
        for (before, second, free, forecast, wanted) in [
            (&known, 60, 1_000, Unknown, (Filling, Some(4.0))),
            (&known, 60, 500, Unknown, (Filling, Some(2.0))),
            (&known, 60, 500, Steady, (Steady, None)),
            (&known, 90_000, 500, Unknown, (Unknown, None)),
            (&known, -5, 500, Unknown, (Unknown, None)),
            (&host(0, 9, Steady, None), 60, 9, Unknown, (Steady, None)),
        ] {
            let mut now = host(second, free, forecast, None);
            carry_forecasts(before, &mut now);
            assert_eq!((now.disks[0].forecast, now.disks[0].days_until_full), wanted, "{second} {free} {forecast:?}");
        }
        for change in [
            |host: &mut HostStatus| host.name = "other".to_owned(),
            |host: &mut HostStatus| {
                host.disks[0].total = Some(7);
            },
        ] {
            let mut now = host(60, 500, Unknown, None);
            change(&mut now);
            carry_forecasts(&known, &mut now);
            assert_eq!(now.disks[0].forecast, Unknown, "another host, another disk");
        }
    }

    #[test]
    fn days_until_full_come_from_the_trend() {
        const GIB: u64 = 1 << 30;
        let trend = |points: &[(i64, u64)]| {
            let mut trend = DiskTrend::default();
            points.iter().for_each(|(minute, used)| trend.add(minute * 60, *used, 100 * GIB));
            trend.forecast(24 * GIB)
        };
        let hourly =
            |hours: i64, step: i64| (0..=hours).map(|n| (n * 60, (50 + n * step) as u64 * GIB)).collect::<Vec<_>>();
        assert_eq!(trend(&[]), (DiskForecast::Unknown, None));
        assert_eq!(trend(&[(0, GIB), (29, 2 * GIB)]), (DiskForecast::Unknown, None), "too short");
        assert_eq!(trend(&hourly(10, 1)), (DiskForecast::Filling, Some(1.0)), "1 GiB an hour, 24 are left");
        assert_eq!(trend(&hourly(10, 0)), (DiskForecast::Steady, None));
        assert_eq!(trend(&hourly(10, -1)), (DiskForecast::Steady, None));
        assert_eq!(trend(&[(0, GIB), (60, GIB + 1)]), (DiskForecast::Steady, None), "in ten thousand years");
        // Somebody put a larger disk in, and somebody set the clock: both begin anew.
        let mut trend = DiskTrend::default();
        hourly(10, 1).into_iter().for_each(|(minute, used)| trend.add(minute * 60, used, 100 * GIB));
        trend.add(660 * 60, 60 * GIB, 200 * GIB);
        assert_eq!(trend.forecast(GIB), (DiskForecast::Unknown, None));
        for second in 0..1_000_000 {
            trend.add(50_000 + second, GIB, 200 * GIB);
        }
        assert_eq!((trend.points.len(), trend.forecast(GIB)), (POINTS, (DiskForecast::Steady, None)), "bounded");
    }
}
