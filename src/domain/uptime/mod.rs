//! Uptime: how much of each day something is known to have been up, known to have been away, and not known. Pure.
//!
//! It is counted from what was measured ([`Bucket`]s of the history), and where nothing was, from an incident that lasts: a time without either (the program
//! did not run, the server did not answer, nothing was configured yet) is unknown, and never up. Days are UTC, so that every day
//! has 86,400 seconds and no change to summer time moves anything from one to another. Of today only the part counts that has passed.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::history::{Bucket, NotLive};
use super::stream::StreamState;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Days that a page shows.
pub const SHOWN_DAYS: i64 = 90;

/// Seconds of one day, as far as it has passed; together they are all of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayUptime {
    /// UTC.
    pub day: NaiveDate,
    /// Known to have been up.
    pub up: u32,
    /// Known to have been away.
    pub down: u32,
    /// Nothing is known.
    pub unknown: u32,
}

impl DayUptime {
    /// Seconds of it that have passed.
    pub fn passed(&self) -> u32 {
        self.up + self.down + self.unknown
    }

    /// It is known from elsewhere to be away since then and until now: of what nothing is known, so much has to lie in that time.
    pub fn is_down_since(&mut self, since: DateTime<Utc>, now: DateTime<Utc>) {
        let begin = begin_of(self.day);
        let away = now.timestamp().min(begin + DAY) - since.timestamp().max(begin);
        let of_unknown = away - i64::from(self.up) - i64::from(self.down);
        let of_unknown = u32::try_from(of_unknown.max(0)).unwrap_or(0).min(self.unknown);
        (self.down, self.unknown) = (self.down + of_unknown, self.unknown - of_unknown);
    }
}

/// The day that a time lies in.
pub fn day_of(at: DateTime<Utc>) -> NaiveDate {
    at.date_naive()
}

/// When a day begins, in seconds since 1970.
pub fn begin_of(day: NaiveDate) -> i64 {
    day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp()
}

/// The last `count` days up to today, oldest first.
pub fn last_days(now: DateTime<Utc>, count: i64) -> impl Iterator<Item = NaiveDate> {
    let today = day_of(now);
    (0..count).rev().filter_map(move |back| today.checked_sub_signed(TimeDelta::days(back)))
}

/// One day from its buckets of `step` seconds. Buckets of other days, and what lies in the future (a clock that was set back), are
/// left out; two buckets of the same time count once.
pub fn uptime_of_day(day: NaiveDate, buckets: &[Bucket], step: i64, now: DateTime<Utc>) -> DayUptime {
    let begin = begin_of(day);
    let passed = (now.timestamp() - begin).clamp(0, DAY);
    let (mut up, mut down, mut counted) = (0, 0, i64::MIN);
    for bucket in buckets.iter().filter(|bucket| (begin..begin + passed).contains(&bucket.at)) {
        if bucket.at < counted {
            continue;
        }
        counted = bucket.at + step;
        let (of_up, of_down) = known(bucket, step.min(begin + passed - bucket.at));
        up += of_up;
        down += of_down;
    }
    let seconds = |seconds: i64| u32::try_from(seconds).unwrap_or(0);
    DayUptime { day, up: seconds(up), down: seconds(down), unknown: seconds(passed - up - down) }
}

/// Seconds of the first `passed` of a bucket that it was up, and those that it was away.
fn known(bucket: &Bucket, passed: i64) -> (i64, i64) {
    let (from, until) = bucket.watched.map_or((0, passed), |(from, until)| (i64::from(from), i64::from(until)));
    let watched = (until.min(passed) - from.min(passed)).max(0);
    if bucket.lost {
        return (0, 0);
    }
    let NotLive { seconds, away } = match (bucket.not_live, bucket.state) {
        (_, None) => return (0, 0),
        (Some(told), _) => told,
        (None, Some(StreamState::Live)) => NotLive::default(),
        // Of an earlier version, which kept the worst state alone: it is not known for how long, and it was not up all the time.
        (None, Some(StreamState::Unknown)) => return (0, 0),
        (None, Some(StreamState::Offline | StreamState::Stalled)) => return (0, watched),
    };
    let not_live = i64::from(seconds).min(watched);
    (watched - not_live, i64::from(away).min(not_live))
}

/// The share of the known time of these days that it was up, rounded down to hundredths of a percent so that an outage never
/// rounds away; `None` where nothing is known.
pub fn share_up(days: &[DayUptime]) -> Option<f64> {
    let (up, down) =
        days.iter().fold((0_u64, 0_u64), |(up, down), day| (up + u64::from(day.up), down + u64::from(day.down)));
    (up + down > 0).then(|| (up * 10_000 / (up + down)) as f64 / 10_000.0)
}

#[cfg(test)]
mod tests;
