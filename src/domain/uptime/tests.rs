//! Tables of the rules.

use super::*;
use crate::domain::history::{Aggregate, Reading, Tier};

const STEP: i64 = 600;

/// 2027-03-28: at one o'clock UTC the clocks of Europe are set to summer time, and nothing of it shows here.
fn midnight() -> i64 {
    begin_of(NaiveDate::from_ymd_opt(2027, 3, 28).expect("a date"))
}

fn time(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(midnight() + second, 0).expect("a time")
}

/// Buckets of readings each ten seconds in these stretches: from, to (seconds after midnight), state.
fn measured(stretches: &[(i64, i64, StreamState)]) -> Vec<Bucket> {
    let (mut tens, mut buckets) = (Aggregate::default(), Vec::new());
    for (from, to, state) in stretches {
        for second in (*from..*to).step_by(10) {
            let reading = Reading { second: midnight() + second, state: Some(*state), ..Reading::default() };
            buckets.extend(tens.add(Tier::TenMinutes, &reading));
        }
    }
    buckets.extend(tens.close(Tier::TenMinutes));
    crate::domain::history::merge(buckets, Vec::new())
}

/// Up, down and unknown seconds of the day before 2027-03-28 and of that day.
fn days(buckets: &[Bucket], now: i64) -> [(u32, u32, u32); 2] {
    let today = day_of(time(0));
    [today.pred_opt().expect("a day"), today].map(|day| {
        let found = uptime_of_day(day, buckets, STEP, time(now));
        assert_eq!(i64::from(found.passed()), (now + if day == today { 0 } else { DAY }).clamp(0, DAY));
        (found.up, found.down, found.unknown)
    })
}

#[test]
fn a_day_is_what_was_measured_of_it() {
    use StreamState::{Live, Offline, Stalled, Unknown};
    type Case = (&'static str, &'static [(i64, i64, StreamState)], i64, [(u32, u32, u32); 2]);
    #[rustfmt::skip]
    let table: &[Case] = &[
        ("nothing was measured", &[], DAY, [(0, 0, 86_400), (0, 0, 86_400)]),
        ("up all day, and summer time begins in it", &[(0, DAY, Live)], DAY, [(0, 0, 86_400), (86_391, 0, 9)]),
        ("of today only what has passed counts", &[(0, 3_600, Live)], 3_600, [(0, 0, 86_400), (3_591, 0, 9)]),
        ("an outage across midnight", &[(-3_600, -60, Live), (-60, 120, Offline), (120, 600, Live)], 600,
            [(3_540, 60, 82_800), (471, 120, 9)]),
        ("an outage when it began to be watched: nothing is known of the time before", &[(300, 360, Offline), (360, 600, Live)], 600,
            [(0, 0, 86_400), (231, 60, 309)]),
        ("an outage that goes on", &[(0, 300, Live), (300, 600, Offline)], 600, [(0, 0, 86_400), (300, 291, 9)]),
        ("a stall is an outage", &[(0, 300, Live), (300, 330, Stalled), (330, 600, Live)], 600, [(0, 0, 86_400), (561, 30, 9)]),
        ("two outages in one bucket", &[(0, 100, Live), (100, 110, Offline), (110, 200, Live), (200, 230, Offline), (230, 600, Live)], 600,
            [(0, 0, 86_400), (551, 40, 9)]),
        ("a server that does not answer says nothing of its streams", &[(0, 100, Live), (100, 200, Unknown), (200, 600, Live)], 600,
            [(0, 0, 86_400), (491, 0, 109)]),
        ("the program did not run for an hour", &[(0, 600, Live), (4_200, 4_800, Live)], 4_800, [(0, 0, 86_400), (1_182, 0, 3_618)]),
        ("the program did not run for some minutes, in one bucket", &[(0, 100, Live), (400, 600, Live)], 600,
            [(0, 0, 86_400), (281, 0, 319)]),
        ("what is measured in the future is not of now: the clock was set back", &[(0, 7_200, Live)], 3_600,
            [(0, 0, 86_400), (3_600, 0, 0)]),
        ("the day itself is in the future", &[(0, 7_200, Live)], -600, [(0, 0, 85_800), (0, 0, 0)]),
    ];
    for (what, stretches, now, wanted) in table {
        assert_eq!(days(&measured(stretches), *now), *wanted, "{what}");
    }
}

#[test]
fn the_same_time_counts_once() {
    use StreamState::{Live, Offline};
    // The clock was set back by ten minutes after twenty: ten of them are measured twice, once up and once away.
    let buckets = measured(&[(0, 1_200, Live), (600, 1_200, Offline), (1_200, 1_800, Live)]);
    let [_, (up, down, unknown)] = days(&buckets, 1_800);
    assert_eq!(up + down + unknown, 1_800);
    assert!((590..=610).contains(&down), "the worse of the two: {down}");
    let kept = measured(&[(0, 600, Live)]);
    let twice: Vec<Bucket> = kept.iter().chain(&kept).cloned().collect();
    assert_eq!(days(&twice, 600), days(&kept, 600), "two nodes saw the same");
}

#[test]
fn rows_of_earlier_versions_are_never_better_than_what_they_say() {
    use StreamState::{Live, Offline, Stalled, Unknown};
    let bucket = |state: Option<StreamState>, lost| Bucket { at: midnight(), state, lost, ..Bucket::default() };
    for (state, lost, wanted) in [
        (Some(Live), false, (600, 0, 0)),
        (Some(Offline), false, (0, 600, 0)),
        (Some(Stalled), false, (0, 600, 0)),
        (Some(Unknown), false, (0, 0, 600)),
        (Some(Live), true, (0, 0, 600)),
        (None, false, (0, 0, 600)),
    ] {
        assert_eq!(days(&[bucket(state, lost)], 600)[1], wanted, "{state:?} {lost}");
    }
}

#[test]
fn an_outage_never_rounds_away() {
    let day = |up, down, unknown| DayUptime { day: day_of(time(0)), up, down, unknown };
    for (days, wanted) in [
        (vec![], None),
        (vec![day(0, 0, 86_400)], None),
        (vec![day(86_400, 0, 0)], Some(1.0)),
        (vec![day(86_399, 1, 0)], Some(0.9999)),
        (vec![day(86_400, 0, 0); 89].into_iter().chain([day(86_399, 1, 0)]).collect(), Some(0.9999)),
        (vec![day(100, 100, 86_200)], Some(0.5)),
        (vec![day(0, 100, 0)], Some(0.0)),
    ] {
        assert_eq!(share_up(&days), wanted, "{days:?}");
    }
    let days: Vec<NaiveDate> = last_days(time(5), 3).collect();
    assert_eq!(days.iter().map(NaiveDate::to_string).collect::<Vec<_>>(), ["2027-03-26", "2027-03-27", "2027-03-28"]);
}

#[test]
fn what_is_known_to_be_away_counts_as_far_as_it_cannot_have_been_measured() {
    let day = day_of(time(0));
    // Up, down, unknown seconds of the day at noon; since when it is away; what of it is down then.
    for ((up, down, unknown), since, wanted) in [
        ((0, 0, 43_200), 43_100, 100),
        ((0, 0, 43_200), -5_000, 43_200),
        ((0, 0, 43_200), 50_000, 0),
        // What was measured may lie in that time, all of it.
        ((0, 80, 43_120), 43_100, 100),
        ((0, 100, 43_100), 43_100, 100),
        ((40_000, 0, 3_200), 43_100, 0),
        ((40_000, 0, 3_200), 0, 3_200),
    ] {
        let mut uptime = DayUptime { day, up, down, unknown };
        uptime.is_down_since(time(since), time(43_200));
        assert_eq!((uptime.down, uptime.passed()), (wanted, 43_200), "{up} {down} {unknown} since {since}");
    }
    let mut tomorrow = DayUptime { day: day.succ_opt().expect("a day"), up: 0, down: 0, unknown: 0 };
    tomorrow.is_down_since(time(0), time(43_200));
    assert_eq!(tomorrow.passed(), 0);
}
