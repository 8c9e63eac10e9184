//! Reports and closed files of runs, and where their files lie in time by them.

use super::*;

/// Milliseconds after eight.
fn at(ms: i64) -> DateTime<Utc> {
    let eight: DateTime<Utc> = "2026-11-21T08:00:00Z".parse().expect("a time");
    eight + TimeDelta::milliseconds(ms)
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Reports twice a second of a source whose media time runs at `rate` percent from 1 s on, and a cut each `segment` ms of
/// media time: `(start, end)` of each file in ms, for so many files.
fn files(rate: i64, segment: i64, count: i64) -> Vec<(i64, i64)> {
    let mut times = ArrivalTimes::begin(at(0));
    let mut found = Vec::new();
    let wall_of = |media: i64| 1_000 + media * 100 / rate;
    let mut next_report = 1_500;
    for number in 0..count {
        let (from, to) = (number * segment, (number + 1) * segment);
        let now = wall_of(to);
        while next_report < now {
            let media = (next_report - 1_000) * rate / 100;
            times.progressed(ms(media as u64), at(next_report));
            next_report += 500;
        }
        let (start, arrival) = times.closed(ms(from as u64), ms(to as u64), at(now));
        let (start, length) = arrival.place(start, ms(segment as u64));
        found.push(((start - at(0)).num_milliseconds(), (start + length - at(0)).num_milliseconds()));
    }
    found
}

#[test]
fn files_follow_one_another_at_any_rate_of_the_sources_clock() {
    for rate in [83, 100, 120] {
        let found = files(rate, 10_000, 6);
        assert!((found[0].0 - 1_000).abs() < 20, "{rate} %: begins at {found:?}");
        for pair in found.windows(2) {
            assert_eq!(pair[0].1, pair[1].0, "{rate} %: no gap, no overlap: {found:?}");
        }
        assert_eq!(found[5].1, 1_000 + 60_000 * 100 / rate, "{rate} %");
    }
}

#[test]
fn the_first_file_begins_with_its_first_picture() {
    // A reader that joined in the middle of a GOP of 26 s: ffmpeg's clock begins at 1 s, the first picture comes at 27 s.
    let mut times = ArrivalTimes::begin(at(0));
    times.progressed(ms(26_500), at(27_500));
    let (start, arrival) = times.closed(ms(0), ms(60_000), at(61_000));
    assert_eq!(arrival.place(start, ms(34_000)), (at(27_000), ms(34_000)));
    // Sound from the beginning: the file is as long as it says.
    assert_eq!(arrival.place(start, ms(60_000)), (at(1_000), ms(60_000)));
    // A file that says it is longer than the run is as old as the reports say.
    assert_eq!(arrival.place(start, ms(3_600_000)), (at(1_000), ms(60_000)));
    // A stray timestamp before the first picture: ffmpeg's clock begins hours before it.
    let mut stray = ArrivalTimes::begin(at(0));
    stray.progressed(ms(9_800_100), at(1_100));
    let (start, arrival) = stray.closed(ms(0), ms(9_801_000), at(2_000));
    assert_eq!(arrival.place(start, ms(1_000)), (at(1_000), ms(1_000)));
}

#[test]
fn the_rate_of_the_source_places_a_first_picture_that_comes_late() {
    // ffmpeg's clock begins at 1 s, the first picture comes 25 s later, the file is closed 20 s after it.
    for (rate, first_report) in [0.83, 1.0, 1.2, 1.5].into_iter().flat_map(|rate| [(rate, 1_500), (rate, 26_300)]) {
        let media = |wall: i64| Duration::from_secs_f64((wall - 1_000) as f64 * rate / 1_000.0);
        let mut times = ArrivalTimes::begin(at(900));
        for report in (first_report..46_000).step_by(500) {
            times.progressed(media(report), at(report));
        }
        let (start, arrival) = times.closed(ms(0), media(46_000), at(46_000));
        let (start, length) = arrival.place(start, media(46_000) - media(26_000));
        assert_eq!(
            ((start - at(0)).num_milliseconds(), length.as_millis()),
            (26_000, 20_000),
            "{rate}, {first_report}"
        );
    }
}

#[test]
fn pictures_that_got_their_time_back_move_no_start() {
    // Of ten seconds two were squeezed; the run's clock begins at 1 s.
    let mut times = ArrivalTimes::begin(at(0));
    times.progressed(ms(500), at(1_500));
    let (start, arrival) = times.closed(ms(0), ms(8_000), at(11_000));
    assert_eq!(arrival.came_for(start, ms(8_000)), Some(ms(10_000)));
    assert_eq!(arrival.place_respaced(start, ms(10_000), ms(8_000)), (at(1_000), ms(10_000)));
    let (start, arrival) = times.closed(ms(8_000), ms(9_000), at(14_000));
    assert_eq!(arrival.came_for(start, ms(1_000)), Some(ms(3_000)));
    assert_eq!(
        FileArrival { end: FileEnd::NotAfter(at(4_000)), first: None }.came_for(at(1_000), ms(9)),
        Some(ms(3_000))
    );
    assert_eq!(FileArrival::NOT_KNOWN.came_for(at(0), ms(9)), None);
    assert_eq!(FileArrival::sealed_before(None).place(at(0), ms(9)), (at(0), ms(9)));
    assert_eq!(FileArrival::sealed_before(Some(at(4))).place(at(0), ms(9)), (at(0), ms(4)));
    assert_eq!(FileArrival::sealed_before(Some(at(4))).came_for(at(0), ms(9)), None);
}

#[test]
fn reports_that_wait_for_the_other_track_make_nothing_later() {
    let mut times = ArrivalTimes::begin(at(0));
    times.progressed(ms(500), at(2_500));
    times.progressed(ms(1_000), at(3_000));
    let (start, arrival) = times.closed(ms(0), ms(10_000), at(11_000));
    assert_eq!(arrival.place(start, ms(10_000)).0, at(1_000));
}

#[test]
fn timestamps_that_jump_change_no_length() {
    for (from, to) in [(10_000, 3_610_000), (10_000, 10_001), (10_000, 20_000)] {
        let mut times = ArrivalTimes::begin(at(0));
        times.progressed(ms(500), at(1_500));
        times.progressed(ms(9_500), at(10_500));
        times.closed(ms(0), ms(10_000), at(11_000));
        times.progressed(ms(to - 1), at(20_800));
        times.arrived(at(20_800));
        let (start, arrival) = times.closed(ms(from), ms(to), at(21_000));
        assert_eq!(arrival.place(start, ms(to - from)), (at(11_000), ms(10_000)), "{from} to {to}");
    }
}

#[test]
fn a_source_that_falls_silent_ends_with_its_last_frame() {
    let mut times = ArrivalTimes::begin(at(0));
    times.progressed(ms(500), at(1_500));
    times.closed(ms(0), ms(10_000), at(11_000));
    times.progressed(ms(14_000), at(15_000));
    // ffmpeg gives up ten seconds later.
    let (start, arrival) = times.closed(ms(10_000), ms(14_100), at(25_000));
    assert_eq!(arrival.place(start, ms(4_100)), (at(11_000), ms(4_100)));
    assert_eq!(times.over(at(25_100)), at(25_000));
    // One that caught up after a silence has been there all the time.
    let mut times = ArrivalTimes::begin(at(0));
    times.progressed(ms(500), at(1_500));
    times.closed(ms(0), ms(10_000), at(11_000));
    times.progressed(ms(12_000), at(13_000));
    let (start, arrival) = times.closed(ms(10_000), ms(20_000), at(21_000));
    assert_eq!(arrival.place(start, ms(10_000)), (at(11_000), ms(10_000)));
}

#[test]
fn files_that_nobody_told_of_follow_one_another() {
    let mut times = ArrivalTimes::begin(at(0));
    times.progressed(ms(500), at(1_500));
    times.progressed(ms(24_000), at(25_000));
    let mut found = Vec::new();
    for (written, media, is_last) in [(11_000, 12_000, false), (21_000, 12_000, false), (25_000, 4_800, true)] {
        let start = times.next_start().expect("a start");
        let (start, length) = times.left(start, at(written), is_last).place(start, ms(media));
        found.push(((start - at(0)).num_milliseconds(), length.as_millis()));
    }
    assert_eq!(found, [(1_000, 10_000), (11_000, 10_000), (21_000, 4_000)]);
    assert_eq!(times.over(at(26_000)), at(25_000));
    // A single one begins with its first picture, 20 s after ffmpeg's clock.
    let mut times = ArrivalTimes::begin(at(0));
    times.progressed(ms(24_000), at(25_000));
    assert_eq!(times.left(at(1_000), at(25_000), true).place(at(1_000), ms(4_000)), (at(21_000), ms(4_000)));
}

#[test]
fn a_file_whose_end_nobody_saw_is_as_long_as_its_media() {
    let killed = FileArrival { end: FileEnd::NotAfter(at(5_000)), first: None };
    assert_eq!(FileArrival::NOT_KNOWN.place(at(0), ms(7_000)), (at(0), ms(7_000)));
    assert_eq!(killed.place(at(0), ms(3_000)), (at(0), ms(3_000)));
    assert_eq!(killed.place(at(0), ms(3_600_000)), (at(0), ms(5_000)));
    for (what, media, written, wanted) in [
        ("in time", 7_000, Some(7_040), 7_000),
        ("its clock runs at 1.2 of the time", 8_400, Some(7_040), 7_040),
        ("its clock runs at 0.83", 5_810, Some(7_040), 5_810),
        ("mended, or copied, later", 7_000, Some(900_000), 7_000),
        ("of an earlier time, as the clock was set", 7_000, Some(-3_600_000), 7_000),
        ("nobody knows", 7_000, None, 7_000),
    ] {
        let found = FileArrival::left_behind(written.map(at)).place(at(0), ms(media));
        assert_eq!(found, (at(0), ms(wanted)), "{what}");
    }
    let mut times = ArrivalTimes::begin(at(0));
    assert_eq!((times.next_start(), times.over(at(700))), (None, at(700)));
    times.progressed(Duration::MAX, at(1_000));
    assert_eq!(times.over(at(2_000)), at(2_000), "nonsense from outside must not overflow");
}
