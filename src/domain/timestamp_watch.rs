//! Whether the timestamps of a recorded stream follow the time that passes. Those of some sources jump: after a reset, at a
//! change of their clock, with single frames that are stamped wrongly.
//!
//! A single frame is stamped anew by ffmpeg and counted; what lasts has to end the run, because ffmpeg squeezes everything
//! that is behind into one instant, and shows the frame before a jump forward as long as the jump.

use std::collections::VecDeque;
use std::time::Duration;

/// Media time that gets ahead of the clock by more between two reports has jumped. Reports of frames that were late do not:
/// they are compared with the last report that moved. MediaMTX itself corrects its sender reports in steps of five seconds when
/// a source's clock is slow, and ffmpeg follows them.
const AHEAD: Duration = Duration::from_secs(7);
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
    /// It has written up to here.
    pub media: Duration,
    /// Pictures so far.
    pub frames: u64,
    /// Pictures so far that were behind the one before them.
    pub behind: u64,
}

/// The reports of one run.
#[derive(Clone, Debug, Default)]
pub struct TimestampWatch {
    /// The last report that moved.
    moved: Option<TimestampReport>,
    /// Where the pictures that are behind began.
    since: Option<TimestampReport>,
    last: Option<TimestampReport>,
    /// When the first report came.
    begun: Duration,
}

/// What a report shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimestampFinding {
    /// Frames that were stamped anew since the last report.
    pub strays: u64,
    /// The timestamps have jumped and stay where they are now.
    pub jumped: bool,
}

impl TimestampWatch {
    /// Whether a picture has been behind the one before it: ffmpeg has squeezed some.
    pub fn saw_behind(&self) -> bool {
        self.last.is_some_and(|last| last.behind > 0)
    }

    /// Takes a report.
    pub fn report(&mut self, now: TimestampReport) -> TimestampFinding {
        let Some(last) = self.last.replace(now) else {
            (self.moved, self.begun) = (Some(now), now.at);
            return TimestampFinding::default();
        };
        let strays = now.behind.saturating_sub(last.behind);
        let moved = self.moved.unwrap_or(last);
        let forward = now.media.saturating_sub(moved.media) > now.at.saturating_sub(moved.at) + AHEAD;
        if now.media > moved.media {
            self.moved = Some(now);
        }
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
        TimestampFinding { strays: if guesses { 0 } else { strays }, jumped: forward || behind }
    }
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
    fn first_jump(of: impl Fn(u64) -> (u64, u64)) -> Option<u64> {
        let mut watch = TimestampWatch::default();
        (0..120_u64).find(|n| {
            let (media, behind) = of(*n);
            let at = Duration::from_millis(10_000 + n * 500);
            let report = TimestampReport { at, media: Duration::from_millis(media), frames: n * 5, behind };
            watch.report(report).jumped
        })
    }

    #[test]
    fn jumps_that_last_are_told_from_strays_rates_and_delays() {
        let steady = |n: u64| n * 500;
        for (what, jump) in [
            ("in time", first_jump(|n| (steady(n), 0))),
            ("a clock at 0.83", first_jump(|n| (steady(n) * 83 / 100, 0))),
            ("a slow clock that the server corrects", first_jump(|n| (steady(n) * 83 / 100 + n / 58 * 5_000, 0))),
            ("a clock at 1.2", first_jump(|n| (steady(n) * 120 / 100, 0))),
            (
                "silence of 8 s, then everything",
                first_jump(|n| (if (20..36).contains(&n) { 10_000 } else { steady(n) }, 0)),
            ),
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
    fn the_order_of_pictures_that_ffmpeg_guesses_at_first_is_no_jump() {
        let mut watch = TimestampWatch::default();
        let mut told = |ms: u64, behind: u64| {
            let time = Duration::from_millis(ms);
            watch.report(TimestampReport { at: time, media: time, frames: ms / 40, behind }).strays
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
