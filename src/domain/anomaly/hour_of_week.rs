//! The hours of a week, in UTC.

/// Seconds of an hour.
pub(super) const HOUR: i64 = 3_600;
/// Seconds of a week.
pub(super) const WEEK: i64 = 168 * HOUR;
/// 1970 began on a Thursday.
const FIRST_MONDAY: i64 = -3 * 24 * HOUR;

const DAYS: [&str; 7] = ["Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays"];

/// An hour of the week; 0 is that of Monday 00:00 UTC.
///
/// In UTC and not in local time: a clock that is put forward or back moves the habits of people by an hour, and what is usual is taken
/// from the hours on both sides too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HourOfWeek(usize);

impl HourOfWeek {
    /// How many there are.
    pub const COUNT: usize = 168;

    /// Every one.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT).map(Self)
    }

    /// That of a time, in seconds since 1970.
    pub fn of(second: i64) -> Self {
        Self(((second - FIRST_MONDAY).rem_euclid(WEEK) / HOUR) as usize)
    }

    /// Its place in the week, from 0.
    pub fn index(self) -> usize {
        self.0
    }

    /// It with the hour before it and the hour after it.
    pub(super) fn with_neighbours(self) -> [usize; 3] {
        [(self.0 + Self::COUNT - 1) % Self::COUNT, self.0, (self.0 + 1) % Self::COUNT]
    }

    /// Which occurrence of this hour and its neighbours a time near it belongs to.
    pub(super) fn week_of(self, second: i64) -> i64 {
        let begin = FIRST_MONDAY + (self.0 as i64 - 1) * HOUR;
        (second - begin).div_euclid(WEEK)
    }

    /// `Sundays 14:00 UTC`.
    pub fn words(self) -> String {
        format!("{} {:02}:00 UTC", DAYS[self.0 / 24], self.0 % 24)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_an_hour_of_the_week() {
        for (second, words) in [
            (0, "Thursdays 00:00 UTC"),
            (-1, "Wednesdays 23:00 UTC"),
            // 2026-11-29 was a Sunday.
            (1_795_960_800 + 3_599, "Sundays 14:00 UTC"),
            (1_795_960_800 + 10 * HOUR, "Mondays 00:00 UTC"),
        ] {
            assert_eq!(HourOfWeek::of(second).words(), words);
        }
        let [before, it, after] = HourOfWeek::of(FIRST_MONDAY).with_neighbours();
        assert_eq!((before, it, after), (167, 0, 1), "a week ends where it begins");
        let monday = HourOfWeek(0);
        assert_eq!(monday.week_of(FIRST_MONDAY - HOUR), monday.week_of(FIRST_MONDAY + 2 * HOUR - 1));
        assert_ne!(monday.week_of(FIRST_MONDAY), monday.week_of(FIRST_MONDAY + WEEK));
    }
}
