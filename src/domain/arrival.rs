//! When the media of a recording arrived, on the wall: where each file of a run begins and ends.
//!
//! A file ends when the key frame of the next one arrives, which is when ffmpeg tells that it has closed it; the next begins
//! then. So files follow one another without gap or overlap whatever the timestamps of the source say, and their lengths
//! add up to the time that passed. Timestamps decide only where nothing else does: where the first file begins, and where
//! the last frame of a source that fell silent ended.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// A source that has sent nothing for so long has fallen silent: what is longer is no delay of reports.
const QUIET: TimeDelta = TimeDelta::seconds(2);
/// Reports of so long at first tell where a run's media time zero is: later ones tell of the source's rate as well.
const FIRST_REPORTS: TimeDelta = TimeDelta::seconds(2);
/// A run whose first report comes later may have been kept back: ffmpeg looks for the format of a sound that does not come for five
/// seconds, or at seven pictures of H.264 how it reorders them, and then gives out everything at once. The reports of so long tell,
/// and two at least: a source of one picture a second has no more.
const LATE_BEGIN: TimeDelta = TimeDelta::seconds(4);
const SETTLES: TimeDelta = TimeDelta::seconds(1);
const SETTLED_BY: u32 = 2;
/// First reports may come so late, because ffmpeg waits for the other track.
const LATE_REPORTS: TimeDelta = TimeDelta::milliseconds(1_200);

/// What is known of the arrivals of one run.
#[derive(Clone, Debug)]
pub struct ArrivalTimes {
    /// The run was begun: nothing arrived before.
    begun: DateTime<Utc>,
    /// What the first reports tell.
    first: Option<FirstReports>,
    /// The end of the last closed file.
    cut: Option<DateTime<Utc>>,
    /// Up to here ffmpeg says it has written, and since when.
    written: Duration,
    moved: DateTime<Utc>,
    /// The media time at the cut.
    closed_until: Duration,
}

#[derive(Clone, Copy, Debug)]
struct FirstReports {
    /// Where media time zero lies.
    zero: DateTime<Utc>,
    /// When the first of them came, and how many have.
    came: DateTime<Utc>,
    count: u32,
}

/// Where a file lies in time. Its boxes tell the rest: [`FileArrival::place`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FileArrival {
    /// Its end.
    pub end: FileEnd,
    /// It is the first of its run.
    pub first: Option<FirstFile>,
}

/// The end of a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FileEnd {
    /// Nobody saw it: it is as long as its media.
    NotKnown,
    /// The key frame of the next one arrived then, or its own last frame.
    At(DateTime<Utc>),
    /// Nobody saw it, but it had ended by then: it is as long as its media, and no longer. A time before its start says nothing: the
    /// clock was set, or the file is a copy.
    NotAfter(DateTime<Utc>),
    /// As [`Self::NotAfter`], of a file that was sealed once: it may be stored already, and stays as it is.
    SealedBefore(DateTime<Utc>),
}

/// The first file of a run: where it begins is known only when its boxes have been read, because its first picture comes
/// with the first key frame and not with ffmpeg's time zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FirstFile {
    /// Media time zero of the run, by the first reports.
    pub zero: Option<DateTime<Utc>>,
    /// Its end in media time of the run.
    pub media_end: Duration,
    /// It does not begin before this.
    pub not_before: DateTime<Utc>,
}

impl ArrivalTimes {
    /// A run begins.
    pub fn begin(begun: DateTime<Utc>) -> Self {
        Self { begun, first: None, cut: None, written: Duration::ZERO, moved: begun, closed_until: Duration::ZERO }
    }

    /// ffmpeg says at `now` that it has written up to `media`.
    pub fn progressed(&mut self, media: Duration, now: DateTime<Utc>) {
        if media > self.written {
            (self.written, self.moved) = (media, now);
        }
        let zero = (now - delta(media)).max(self.begun);
        let first = self.first.get_or_insert(FirstReports { zero, came: now, count: 0 });
        // Reports come late, never early.
        if now - first.came < FIRST_REPORTS || first.count < SETTLED_BY {
            first.zero = first.zero.min(zero);
        }
        first.count = first.count.saturating_add(1);
    }

    /// Something came at `now`, whatever its timestamps say.
    pub fn arrived(&mut self, now: DateTime<Utc>) {
        self.moved = self.moved.max(now);
    }

    /// Whether ffmpeg has reported.
    pub fn has_report(&self) -> bool {
        self.first.is_some()
    }

    /// Whether the reports until `now` tell where the run begins.
    pub fn is_settled(&self, now: DateTime<Utc>) -> bool {
        let settled = |first: FirstReports| now - first.came >= SETTLES && first.count >= SETTLED_BY;
        self.first.is_some_and(|first| first.came - self.begun < LATE_BEGIN || settled(first))
    }

    /// When what reaches to `media` had come, of which ffmpeg told at `now` at the earliest: it may have kept it back.
    pub fn came_by(&self, media: Duration, now: DateTime<Utc>) -> DateTime<Utc> {
        self.first.map_or(now, |first| (first.zero + delta(media)).min(now))
    }

    /// Where the file begins that is being written; `None` before the first report.
    pub fn next_start(&self) -> Option<DateTime<Utc>> {
        self.cut.or(self.first.map(|first| first.zero))
    }

    /// ffmpeg told at `now` that it has closed a file that reaches from `from` to `to` in media time. Returns its start, as far as
    /// it is known, and the rest.
    pub fn closed(&mut self, from: Duration, to: Duration, now: DateTime<Utc>) -> (DateTime<Utc>, FileArrival) {
        let media = delta(to.saturating_sub(from));
        let (moved, zero) = (self.moved.min(now), self.first.map(|first| first.zero));
        let quiet = now - moved > QUIET;
        self.progressed(to, now);
        let start = match (self.cut, zero) {
            (Some(cut), _) => cut,
            (None, Some(zero)) if quiet => zero,
            (None, _) => (now - media).max(self.begun),
        };
        let fell_silent = quiet && now - start - media > QUIET;
        let end = if fell_silent { moved.max(start + media).min(now) } else { now }.max(start);
        let first = self.cut.is_none().then_some(FirstFile { zero, media_end: to, not_before: self.begun });
        self.cut = Some(now.max(start));
        self.closed_until = to;
        (start, FileArrival { end: FileEnd::At(end), first })
    }

    /// A file that begins at `start`, which ffmpeg did not close, or whose closing nobody was told of, had been written by `written`.
    /// `is_last`: no other follows it in its run; else it ended when the next one began, which is then.
    pub fn left(&mut self, start: DateTime<Utc>, written: DateTime<Utc>, is_last: bool) -> FileArrival {
        let end = written.max(start);
        if is_last {
            let zero = self.first.map(|first| first.zero);
            let first = FirstFile { zero, media_end: self.written, not_before: self.begun };
            return FileArrival { end: FileEnd::NotAfter(end), first: self.cut.is_none().then_some(first) };
        }
        let took = (end - start).to_std().unwrap_or_default();
        self.closed_until = self.closed_until.saturating_add(took).min(self.written);
        self.cut = Some(end);
        FileArrival { end: FileEnd::At(end), first: None }
    }

    /// The end of the run, which is over at `now`.
    pub fn over(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let Some(start) = self.next_start() else { return now };
        let rest = delta(self.written.saturating_sub(self.closed_until));
        (start + rest).min(now).max(start)
    }
}

impl FileArrival {
    /// Nobody saw the file come.
    pub const NOT_KNOWN: Self = Self { end: FileEnd::NotKnown, first: None };
    /// Nobody saw the file come; it was written last at `written`, as far as that is known.
    pub fn left_behind(written: Option<DateTime<Utc>>) -> Self {
        Self { end: written.map_or(FileEnd::NotKnown, FileEnd::NotAfter), first: None }
    }

    /// A file that was sealed before, and written last at `written`, as far as that is known.
    pub fn sealed_before(written: Option<DateTime<Utc>>) -> Self {
        Self { end: FileEnd::SealedBefore(written.unwrap_or(DateTime::<Utc>::MIN_UTC)), first: None }
    }

    /// In what time a file came of which the boxes tell `media`; `None` where nobody saw it.
    pub fn came_for(&self, start: DateTime<Utc>, media: Duration) -> Option<Duration> {
        match self.end {
            FileEnd::NotKnown | FileEnd::SealedBefore(_) => None,
            FileEnd::NotAfter(end) => (end - self.place(start, media).0).to_std().ok(),
            FileEnd::At(_) => Some(self.place(start, media).1),
        }
    }

    /// Start and length of a file that was thought to begin at `start` and holds `media` by its boxes.
    pub fn place(&self, start: DateTime<Utc>, media: Duration) -> (DateTime<Utc>, Duration) {
        self.place_respaced(start, media, media)
    }

    /// The same for one of which the boxes told `told` before pictures that ffmpeg had squeezed got their time.
    pub fn place_respaced(&self, start: DateTime<Utc>, media: Duration, told: Duration) -> (DateTime<Utc>, Duration) {
        let length = |start: DateTime<Utc>, end: DateTime<Utc>| (end - start).to_std().unwrap_or_default();
        match (self.end, self.first) {
            (FileEnd::NotKnown, _) => (start, media),
            (FileEnd::NotAfter(end) | FileEnd::SealedBefore(end), _) if end < start => (start, media),
            (FileEnd::NotAfter(end), Some(first)) => {
                let start = first.start(end, media, told).max(first.not_before).min(end);
                (start, media.min(length(start, end)))
            }
            (FileEnd::NotAfter(end) | FileEnd::SealedBefore(end), _) => (start, media.min(length(start, end))),
            (FileEnd::At(end), None) => (start, length(start, end)),
            (FileEnd::At(end), Some(first)) => {
                let start = first.start(end, media, told).max(first.not_before).min(end);
                (start, length(start, end))
            }
        }
    }
}

impl FirstFile {
    /// Its end less its length, which is right for a source whose clock is right; the first reports where it is not.
    fn start(&self, end: DateTime<Utc>, media: Duration, told: Duration) -> DateTime<Utc> {
        let by_length = end - delta(media);
        let Some(zero) = self.zero else { return by_length };
        let by_reports = zero + delta(self.media_end.saturating_sub(told));
        // A run that began with a stray timestamp is hours ahead in media time: its reports place nothing.
        let is_late = by_reports - by_length > LATE_REPORTS && by_reports < end;
        if is_late { by_reports } else { by_reports.min(by_length) }
    }
}

fn delta(duration: Duration) -> TimeDelta {
    // Media time comes from outside: a century is enough, and keeps every sum in the calendar.
    let micros = duration.as_micros().min(100 * 366 * 86_400 * 1_000_000);
    TimeDelta::microseconds(i64::try_from(micros).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
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
            let start = (start - at(0)).num_milliseconds();
            found.push((start, start + length.as_millis() as i64));
        }
        found
    }

    #[test]
    fn files_follow_one_another_at_any_rate_of_the_sources_clock() {
        for rate in [83, 100, 120] {
            let found = files(rate, 10_000, 6);
            assert!((found[0].0 - 1_000).abs() < 500, "{rate} %: begins at {found:?}");
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
}
