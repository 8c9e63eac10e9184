//! When the media of a recording arrived, on the wall: where each file of a run begins and ends.
//!
//! A file ends when the key frame of the next one arrives, which is when ffmpeg tells that it has closed it; the next begins
//! then. So files follow one another without gap or overlap whatever the timestamps of the source say, and their lengths
//! add up to the time that passed. Timestamps decide only where nothing else does: where the first file begins, and where
//! the last frame of a source that fell silent ended.

use std::ops::RangeInclusive;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// A source that has sent nothing for so long has fallen silent: what is longer is no delay of reports.
const QUIET: TimeDelta = TimeDelta::seconds(2);
/// Reports of so long at first tell where a run's media time zero is: later ones tell of the source's rate as well.
const FIRST_REPORTS: TimeDelta = TimeDelta::seconds(2);
/// A run whose first report comes later may have been kept back: ffmpeg looks for the format of a sound that does not come for up to
/// five seconds, or at seven pictures of H.264 how it reorders them, and then gives out everything at once. The reports of so long tell,
/// and two at least: a source of one picture a second has no more.
const LATE_BEGIN: TimeDelta = TimeDelta::seconds(4);
const SETTLES: TimeDelta = TimeDelta::seconds(1);
const SETTLED_BY: u32 = 2;
/// How much media time passes in a second of a source whose clock is wrong; a report that comes so long after the first tells, and
/// from there to the end of the file it has to be about the same.
const RATES: RangeInclusive<f64> = 0.5..=2.0;
const LATER: TimeDelta = TimeDelta::seconds(4);
const SAME_RATE: f64 = 0.05;
/// A clock that is not further off is right: reports come as much late.
const RIGHT_RATE: f64 = 0.02;
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

/// What ffmpeg said at first, and somewhat later.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FirstReports {
    /// Where media time zero lies, if the clock of the source is right.
    zero: DateTime<Utc>,
    /// The one of the first that came with the least delay.
    best: ProgressReport,
    /// One that came [`LATER`].
    later: Option<ProgressReport>,
    /// When the first of them came, and how many have.
    came: DateTime<Utc>,
    count: u32,
}

/// ffmpeg said at `at` that it had written up to `media`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProgressReport {
    /// When it came.
    pub at: DateTime<Utc>,
    /// Media time of the run.
    pub media: Duration,
}

impl ProgressReport {
    /// Media time that passed in a second since another one; no number where no time has passed.
    fn rate_since(&self, earlier: Self) -> f64 {
        let passed = (self.at - earlier.at).to_std().unwrap_or_default();
        self.media.saturating_sub(earlier.media).as_secs_f64() / passed.as_secs_f64()
    }
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
    /// What ffmpeg said at first.
    pub reports: Option<FirstReports>,
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
        let report = ProgressReport { at: now, media };
        // Nothing came before the run began.
        let zero = (now - delta(media)).max(self.begun);
        let first = self.first.get_or_insert(FirstReports { zero, best: report, later: None, came: now, count: 0 });
        // Reports come late, never early.
        let counts = now - first.came < FIRST_REPORTS || first.count < SETTLED_BY;
        if counts && zero < first.zero {
            (first.zero, first.best) = (zero, report);
        }
        if now - first.came >= LATER {
            first.later.get_or_insert(report);
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
        let (moved, reports) = (self.moved.min(now), self.first);
        let quiet = now - moved > QUIET;
        self.progressed(to, now);
        let start = match (self.cut, reports) {
            (Some(cut), _) => cut,
            (None, Some(reports)) if quiet => reports.zero,
            (None, _) => (now - media).max(self.begun),
        };
        let fell_silent = quiet && now - start - media > QUIET;
        let end = if fell_silent { moved.max(start + media).min(now) } else { now }.max(start);
        let first = self.cut.is_none().then_some(FirstFile { reports, media_end: to, not_before: self.begun });
        self.cut = Some(now.max(start));
        self.closed_until = to;
        (start, FileArrival { end: FileEnd::At(end), first })
    }

    /// A file that begins at `start`, which ffmpeg did not close, or whose closing nobody was told of, had been written by `written`.
    /// `is_last`: no other follows it in its run; else it ended when the next one began, which is then.
    pub fn left(&mut self, start: DateTime<Utc>, written: DateTime<Utc>, is_last: bool) -> FileArrival {
        let end = written.max(start);
        if is_last {
            let first = FirstFile { reports: self.first, media_end: self.written, not_before: self.begun };
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
        let Some(reports) = self.reports else { return by_length };
        let begins = self.media_end.saturating_sub(told);
        if let Some(rate) = reports.rate(ProgressReport { at: end, media: self.media_end }) {
            let before = delta(reports.best.media.saturating_sub(begins).div_f64(rate));
            return reports.best.at + delta(begins.saturating_sub(reports.best.media).div_f64(rate)) - before;
        }
        let by_reports = reports.zero + delta(begins);
        // A run that began with a stray timestamp is hours ahead in media time: its reports place nothing.
        let is_late = by_reports - by_length > LATE_REPORTS && by_reports < end;
        if is_late { by_reports } else { by_reports.min(by_length) }
    }
}

impl FirstReports {
    /// How much media time passes in a second, of a source whose clock is wrong. `None` where it is right, or that is not the same all
    /// the time until `end`: then timestamps jumped, or reports were late.
    fn rate(&self, end: ProgressReport) -> Option<f64> {
        let later = self.later?;
        let (rate, then) = (later.rate_since(self.best), end.rate_since(later));
        let all = end.rate_since(self.best);
        let is_steady = RATES.contains(&rate) && (then / rate - 1.0).abs() < SAME_RATE;
        (is_steady && (all - 1.0).abs() > RIGHT_RATE).then_some(all)
    }
}

fn delta(duration: Duration) -> TimeDelta {
    // Media time comes from outside: a century is enough, and keeps every sum in the calendar.
    let micros = duration.as_micros().min(100 * 366 * 86_400 * 1_000_000);
    TimeDelta::microseconds(i64::try_from(micros).unwrap_or(i64::MAX))
}

#[cfg(test)]
#[path = "arrival_tests.rs"]
mod tests;
