//! Whether the timestamps of a recorded stream follow the time that passes. Those of some sources jump: after a reset, at a
//! change of their clock, with single frames that are stamped wrongly.
//!
//! A single frame is stamped anew by ffmpeg and counted; what lasts has to end the run, because ffmpeg squeezes everything
//! that is behind into one instant, and shows the frame before a jump forward as long as the jump. A small jump forward costs less than
//! a new run, and is only counted.

use std::collections::VecDeque;
use std::time::Duration;

/// Media time that gets ahead of the clock by more has jumped, in milliseconds: by [`AHEAD`] so that it ends the run. MediaMTX itself
/// corrects its sender reports in steps of five seconds when a source's clock is slow, and ffmpeg follows them: that ends nothing.
const AHEAD: i64 = 7_000;
/// See [`AHEAD`]: by so much that it is counted.
const AHEAD_A_LITTLE: i64 = 2_000;
/// How far media time once was ahead of the clock is forgotten at this part of the time that passes: a clock that is slow by less
/// than that hides no jump for long, and what a source was silent for it may catch up with.
const FORGOTTEN: i64 = 50;
/// Pictures behind the last one have to be so many, and
const BEHIND: u64 = 3;
/// come for so long, and be half of all, to be a jump and not stray frames.
const LASTS: Duration = Duration::from_millis(1_400);
/// What ffmpeg corrects so soon after its first report is its own guess at the order of pictures (B-frames), and nothing that the
/// source did.
const GUESSES: Duration = Duration::from_secs(2);
/// Jumps are told of for so long.
const TOLD: Duration = Duration::from_secs(60);
/// More are not counted.
const MOST: usize = 10_000;

/// What one report of ffmpeg says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimestampReport {
    /// When, by a steady clock.
    pub at: Duration,
    /// It has written up to here; `None` when it does not tell.
    pub media: Option<Duration>,
    /// Pictures so far.
    pub frames: u64,
    /// Pictures so far that were behind the one before them.
    pub behind: u64,
}

/// The reports of one run.
#[derive(Clone, Debug, Default)]
pub struct TimestampWatch {
    lead: Option<MediaLead>,
    /// Media time has jumped forward by so much that the run has to end.
    is_ahead: bool,
    /// Where the pictures that are behind began.
    since: Option<TimestampReport>,
    last: Option<TimestampReport>,
    /// When the first report came.
    begun: Duration,
}

/// Media time beside the clock, in milliseconds.
#[derive(Clone, Copy, Debug)]
struct MediaLead {
    /// Of the last report that moved.
    at: i64,
    media: i64,
    /// The most that media time was ahead of the clock, as far as it is not forgotten.
    most: i64,
}

impl MediaLead {
    /// Takes a report; returns by how much media time has got ahead of the clock with it. Frames that were late have not: as they come,
    /// media time gets back to where it was.
    fn report(known: &mut Option<Self>, at: i64, media: i64) -> i64 {
        let lead = media - at;
        let before = known.get_or_insert(Self { at, media, most: lead });
        let most = before.most - (at - before.at) / FORGOTTEN;
        let step = (media - before.media) - (at - before.at);
        if media > before.media {
            *before = Self { at, media, most: most.max(lead) };
        }
        step.min(lead - most)
    }
}

/// What a report shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimestampFinding {
    /// Since the last report so many frames were stamped anew, or timestamps jumped forward.
    pub count: u64,
    /// The timestamps have jumped and stay where they are now. After a jump forward every report of the run says so.
    pub jumped: bool,
}

impl TimestampWatch {
    /// Whether a picture has been behind the one before it: ffmpeg has squeezed some.
    pub fn saw_behind(&self) -> bool {
        self.last.is_some_and(|last| last.behind > 0)
    }

    /// Takes a report.
    pub fn report(&mut self, now: TimestampReport) -> TimestampFinding {
        let ahead = now.media.map_or(0, |media| MediaLead::report(&mut self.lead, ms(now.at), ms(media)));
        let Some(last) = self.last.replace(now) else {
            self.begun = now.at;
            return TimestampFinding::default();
        };
        let strays = now.behind.saturating_sub(last.behind);
        self.is_ahead |= ahead > AHEAD;
        // Half of what came since the last report, or nothing is wrong.
        let frames = now.frames.saturating_sub(last.frames);
        if strays == 0 || strays * 2 < frames {
            self.since = None;
        } else {
            self.since.get_or_insert(last);
        }
        let behind = self.since.is_some_and(|since| {
            now.at.saturating_sub(since.at) >= LASTS && now.behind.saturating_sub(since.behind) >= BEHIND
        });
        let guesses = now.at.saturating_sub(self.begun) < GUESSES;
        let count = if guesses { u64::from(ahead > AHEAD) } else { strays + u64::from(ahead > AHEAD_A_LITTLE) };
        TimestampFinding { count, jumped: self.is_ahead || behind }
    }
}

fn ms(time: Duration) -> i64 {
    // A quarter of what there is, so that no sum of some is too large.
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX).min(i64::MAX / 4)
}

/// Jumps of the last minute.
#[derive(Clone, Debug, Default)]
pub struct RecentJumps {
    at: VecDeque<Duration>,
}

impl RecentJumps {
    /// So many more, now.
    pub fn add(&mut self, count: u64, now: Duration) {
        let room = MOST.saturating_sub(self.at.len());
        self.at.extend(std::iter::repeat_n(now, room.min(usize::try_from(count).unwrap_or(MOST))));
    }

    /// What is said of them while there are any.
    pub fn sentence(&mut self, now: Duration) -> Option<String> {
        while self.at.front().is_some_and(|at| now.saturating_sub(*at) > TOLD) {
            self.at.pop_front();
        }
        let count = self.at.len();
        (count > 0).then(|| {
            format!(
                "the source's timestamps jump: {count} in the last minute; what it sends is kept, in the time at which it \
                 came (see to the clock or the firmware of the source)"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reports each half second of 10 frames/s; `media` and `behind` tell of each what is said then, in ms and frames.
    fn findings(of: impl Fn(u64) -> (u64, u64)) -> Vec<TimestampFinding> {
        let mut watch = TimestampWatch::default();
        let report = |n: u64| {
            let (media, behind) = of(n);
            let at = Duration::from_millis(10_000 + n * 500);
            watch.report(TimestampReport { at, media: Some(Duration::from_millis(media)), frames: n * 5, behind })
        };
        (0..120).map(report).collect()
    }

    fn first_jump(of: impl Fn(u64) -> (u64, u64)) -> Option<u64> {
        findings(of).iter().zip(0..).find(|(finding, _)| finding.jumped).map(|(_, n)| n)
    }

    #[test]
    fn jumps_that_last_are_told_from_strays_rates_and_delays() {
        let steady = |n: u64| n * 500;
        // The first report behind the silence tells of its first frames alone.
        let caught_up = |n: u64| match n {
            20..38 => 10_000,
            38 => 10_040,
            _ => steady(n),
        };
        for (what, jump) in [
            ("in time", first_jump(|n| (steady(n), 0))),
            ("a clock at 0.83", first_jump(|n| (steady(n) * 83 / 100, 0))),
            ("a slow clock that the server corrects", first_jump(|n| (steady(n) * 83 / 100 + n / 58 * 5_000, 0))),
            ("a clock at 1.2", first_jump(|n| (steady(n) * 120 / 100, 0))),
            (
                "silence of 8 s, then everything",
                first_jump(|n| (if (20..36).contains(&n) { 10_000 } else { steady(n) }, 0)),
            ),
            ("silence of 9 s, then everything in half a second", first_jump(|n| (caught_up(n), 0))),
            ("forward by 5 s", first_jump(|n| (steady(n) + if n >= 50 { 5_000 } else { 0 }, 0))),
            ("one in twenty is stray", first_jump(|n| (steady(n), n / 4))),
            ("a single stray", first_jump(|n| (steady(n), u64::from(n > 50)))),
        ] {
            assert_eq!(jump, None, "{what}");
        }
        for (what, jump, latest) in [
            ("forward by 10 s", first_jump(|n| (steady(n) + if n >= 50 { 10_000 } else { 0 }, 0)), 50),
            ("forward by 13 h", first_jump(|n| (steady(n) + if n >= 50 { 47_000_000 } else { 0 }, 0)), 50),
            ("back by 10 s", first_jump(|n| (steady(n.min(50)), n.saturating_sub(50) * 5)), 53),
            ("back, while the sound goes on", first_jump(|n| (steady(n), n.saturating_sub(50) * 5)), 53),
        ] {
            assert!(jump.is_some_and(|at| at <= latest && at >= 50), "{what}: {jump:?}");
        }
    }

    #[test]
    fn small_jumps_forward_are_counted_and_large_ones_told_until_the_run_ends() {
        let steady = |n: u64| n * 500;
        let count = |findings: &[TimestampFinding]| findings.iter().map(|finding| finding.count).sum::<u64>();
        let jumps =
            |by: u64| move |n: u64| (steady(n) + if n >= 50 { by } else { 0 } + if n >= 80 { by } else { 0 }, 0);
        for (by, counted) in [(1_500, 0), (5_000, 2), (10_000, 2)] {
            let found = findings(jumps(by));
            assert_eq!(count(&found), counted, "{by} ms");
            // Whoever may not end the run yet is told again.
            assert!(found.iter().skip(50).all(|finding| finding.jumped == (by > 7_000)), "{by} ms: {found:?}");
        }
        for (what, found) in [
            ("a clock at 0.83", findings(|n| (steady(n) * 83 / 100, 0))),
            ("a clock at 1.2", findings(|n| (steady(n) * 120 / 100, 0))),
            ("a slow clock that the server corrects", findings(|n| (steady(n) * 83 / 100 + n / 58 * 5_000, 0))),
            ("silence, then everything", findings(|n| (if (20..36).contains(&n) { 10_000 } else { steady(n) }, 0))),
            (
                "the first report behind a silence",
                findings(|n| (if (20..38).contains(&n) { 10_000 + n / 37 * 40 } else { steady(n) }, 0)),
            ),
        ] {
            assert_eq!(count(&found), 0, "{what}");
        }
        // A day of a clock that is a little slow hides nothing.
        let mut watch = TimestampWatch::default();
        let mut count = 0;
        for n in 0..200_000_u64 {
            let media = Some(Duration::from_micros(n * 499_900 + if n >= 199_000 { 5_000_000 } else { 0 }));
            count +=
                watch.report(TimestampReport { at: Duration::from_millis(n * 500), media, frames: n, behind: 0 }).count;
        }
        assert_eq!(count, 1);
        // Time that is not told jumps nowhere.
        let mut watch = TimestampWatch::default();
        let told = [Some(0), None, None, Some(60_000), Some(60_500)];
        let jumped = told.iter().zip(0..).map(|(media, n)| {
            let at = Duration::from_secs(30 * n);
            watch.report(TimestampReport { at, media: media.map(Duration::from_millis), frames: n, behind: 0 }).jumped
        });
        assert!(!jumped.collect::<Vec<_>>().contains(&true));
    }

    #[test]
    fn the_order_of_pictures_that_ffmpeg_guesses_at_first_is_no_jump() {
        let mut watch = TimestampWatch::default();
        let mut told = |ms: u64, behind: u64| {
            let time = Duration::from_millis(ms);
            watch.report(TimestampReport { at: time, media: Some(time), frames: ms / 40, behind }).count
        };
        assert_eq!([told(500, 2), told(1_000, 3), told(1_500, 3), told(9_000, 4)], [0, 0, 0, 1]);
    }

    #[test]
    fn jumps_are_told_of_for_a_minute() {
        let mut jumps = RecentJumps::default();
        let s = Duration::from_secs;
        assert_eq!(jumps.sentence(s(5)), None);
        jumps.add(3, s(10));
        jumps.add(9, s(40));
        assert!(jumps.sentence(s(50)).is_some_and(|words| words.contains("jump: 12 in the last minute")));
        assert!(jumps.sentence(s(75)).is_some_and(|words| words.contains("jump: 9 in the last minute")));
        assert_eq!(jumps.sentence(s(101)), None);
        jumps.add(u64::MAX, s(200));
        assert_eq!(jumps.at.len(), MOST);
    }
}
