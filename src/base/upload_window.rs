//! A stretch of every day by the clock: `22:00-06:00`. When uploads may go on (in UTC), and when people want to be left alone.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, NaiveTime, Timelike, Utc};

/// A stretch of every day; over midnight where it begins later than it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploadWindow {
    from: NaiveTime,
    to: NaiveTime,
}

impl UploadWindow {
    /// Reads `22:00-06:00`; `None` for anything else, and where it begins when it ends.
    pub fn parse(text: &str) -> Option<Self> {
        let time = |text: &str| {
            let text = text.trim();
            (text.len() == 5).then(|| NaiveTime::parse_from_str(text, "%H:%M").ok()).flatten()
        };
        let (from, to) = text.split_once('-')?;
        let (from, to) = (time(from)?, time(to)?);
        (from != to).then_some(Self { from, to })
    }

    /// How long until it opens; `None` while it is open.
    pub fn opens_in(&self, now: DateTime<Utc>) -> Option<Duration> {
        (!self.is_open(now.time())).then(|| until(self.from, now.time()))
    }

    /// How long until it closes; `None` while it is closed.
    pub fn closes_in(&self, now: DateTime<Utc>) -> Option<Duration> {
        self.is_open(now.time()).then(|| until(self.to, now.time()))
    }

    fn is_open(&self, time: NaiveTime) -> bool {
        match self.from < self.to {
            true => self.from <= time && time < self.to,
            false => self.from <= time || time < self.to,
        }
    }
}

/// From one time of the day to the next `then`.
fn until(then: NaiveTime, time: NaiveTime) -> Duration {
    let seconds = |time: NaiveTime| u64::from(time.num_seconds_from_midnight());
    Duration::from_secs((seconds(then) + 86_400 - seconds(time)) % 86_400)
}

impl fmt::Display for UploadWindow {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}-{}", self.from.format("%H:%M"), self.to.format("%H:%M"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_opens_each_day_also_over_midnight() {
        for (window, now, wanted) in [
            ("08:00-17:30", "08:00:00", None),
            ("08:00-17:30", "17:29:59", None),
            ("08:00-17:30", "17:30:00", Some(14 * 3_600 + 1_800)),
            ("08:00-17:30", "07:59:30", Some(30)),
            ("22:00-06:00", "23:00:00", None),
            ("22:00-06:00", "00:00:00", None),
            ("22:00-06:00", "06:00:00", Some(16 * 3_600)),
            ("22:00-06:00", "21:00:00", Some(3_600)),
        ] {
            let parsed = UploadWindow::parse(window).expect(window);
            assert_eq!(parsed.to_string(), window);
            let now = format!("2026-11-21T{now}Z").parse().expect("a time");
            assert_eq!(parsed.opens_in(now), wanted.map(Duration::from_secs), "{window} {now}");
            assert_eq!(parsed.closes_in(now).is_some(), wanted.is_none(), "{window} {now}");
        }
        let closes = |now: &str| {
            let now = format!("2026-11-21T{now}Z").parse().expect("a time");
            UploadWindow::parse("22:00-06:00").expect("a window").closes_in(now).map(|rest| rest.as_secs())
        };
        assert_eq!((closes("23:00:00"), closes("05:59:59"), closes("06:00:00")), (Some(7 * 3_600), Some(1), None));
        for wrong in ["", "22:00", "22:00-22:00", "24:00-06:00", "8:00-17:00", "22:00-06:00-07:00", "a-b"] {
            assert_eq!(UploadWindow::parse(wrong), None, "{wrong}");
        }
    }
}
