//! Whether a camera's pictures arrive, and whether its clock keeps time: judged by what ffmpeg has counted.
//!
//! ffmpeg goes on whatever a camera sends: sound without pictures, pictures of an hour ago, pictures that all have the same
//! time (each then gets the smallest step that there is). Only the numbers tell: frames, media time and wall time belong
//! together.

use std::time::Duration;

/// Media time that stands still for so long while pictures come does not do so by chance: a clock that was set back by less
/// has caught up by then.
const STILL: Duration = Duration::from_secs(4);

/// At least so many pictures have come meanwhile.
const STILL_FRAMES: u64 = 4;

/// Media time stands still when it makes less than this part of the way of the wall clock.
const STILL_PACE: u32 = 10;

/// Media time that gets ahead of both the wall clock and the pictures by so much has jumped. Less is a burst, a stall that was
/// made up for, or a clock that was set by a time server.
const LEAP: Duration = Duration::from_secs(10);

/// What ffmpeg has counted since it was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Pictures.
    pub frames: u64,
    /// Media time of the output, of the track that is ahead; `None` when ffmpeg does not tell.
    pub time: Option<Duration>,
    /// Bytes; zero for outputs that ffmpeg does not count.
    pub bytes: u64,
}

/// What has happened between two reports of ffmpeg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Movement {
    /// Nothing came.
    Nothing,
    /// Something came, but no picture.
    SoundOnly,
    /// Pictures came, at the pace of their time.
    Pictures,
    /// Pictures come, and their time has stood still or leapt.
    ClockJumped,
}

/// The counts of one run, report by report.
#[derive(Clone, Debug, Default)]
pub struct MovementWatch {
    last: Counts,
    /// When `last` was reported; `None` before the first picture.
    at: Option<Duration>,
    /// Since when media time has stood still while pictures came, and how many there were before.
    still: Option<(Duration, u64)>,
}

impl MovementWatch {
    /// Takes a report of `now`, a time of a monotonic clock.
    pub fn judge(&mut self, counts: Counts, now: Duration) -> Movement {
        let before = std::mem::replace(&mut self.last, counts);
        let frames = counts.frames.saturating_sub(before.frames);
        let moved = match frames {
            0 if counts.time.unwrap_or_default() > before.time.unwrap_or_default() || counts.bytes > before.bytes => {
                Movement::SoundOnly
            }
            0 => Movement::Nothing,
            _ => Movement::Pictures,
        };
        let Some(at) = self.at else {
            // The first pictures come all at once, and with whatever time the tracks differ by.
            self.at = (counts.frames > 0).then_some(now);
            return moved;
        };
        self.at = Some(now);
        let (Some(time), Some(earlier)) = (counts.time, before.time) else { return moved };
        let (media, wall) = (time.saturating_sub(earlier), now.saturating_sub(at));
        if self.has_leapt(media, wall, frames, before) || self.stands_still(media, wall, frames, before.frames, now) {
            self.still = None;
            return Movement::ClockJumped;
        }
        moved
    }

    /// More media time than can have passed, and more than these pictures take at the pace so far.
    fn has_leapt(&self, media: Duration, wall: Duration, frames: u64, before: Counts) -> bool {
        let pace = before.time.unwrap_or_default().as_secs_f64() / before.frames.max(1) as f64;
        let played = Duration::try_from_secs_f64(pace * frames as f64).unwrap_or(Duration::MAX);
        media.saturating_sub(wall.max(played)) > LEAP
    }

    fn stands_still(&mut self, media: Duration, wall: Duration, frames: u64, before: u64, now: Duration) -> bool {
        if media > wall / STILL_PACE {
            self.still = None;
            return false;
        }
        if frames > 0 {
            self.still.get_or_insert((now.saturating_sub(wall), before));
        }
        self.still.is_some_and(|(since, had)| {
            now.saturating_sub(since) >= STILL && self.last.frames.saturating_sub(had) >= STILL_FRAMES
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One report a second: frames and milliseconds of media time so far.
    fn judged(reports: &[(u64, u64)]) -> Vec<Movement> {
        let mut watch = MovementWatch::default();
        let counts = |(frames, ms)| Counts { frames, time: Some(Duration::from_millis(ms)), bytes: 0 };
        reports.iter().zip(1..).map(|(one, second)| watch.judge(counts(*one), Duration::from_secs(second))).collect()
    }

    #[test]
    fn pictures_are_movement_and_sound_alone_is_none() {
        use Movement::{Nothing, Pictures, SoundOnly};
        let table: [(&str, &[(u64, u64)], &[Movement]); 6] = [
            ("a report before the first packet", &[(0, 0), (0, 0)], &[Nothing, Nothing]),
            ("a camera that is well", &[(25, 960), (50, 1960)], &[Pictures, Pictures]),
            ("its pictures stop", &[(25, 960), (25, 1900), (25, 2900)], &[Pictures, SoundOnly, SoundOnly]),
            ("and come again", &[(25, 960), (25, 1900), (26, 2900)], &[Pictures, SoundOnly, Pictures]),
            ("sound from the start", &[(0, 900), (0, 1900)], &[SoundOnly, SoundOnly]),
            ("all of it stops", &[(25, 960), (25, 960)], &[Pictures, Nothing]),
        ];
        for (words, reports, wanted) in table {
            assert_eq!(judged(reports), wanted, "{words}");
        }
        let mut watch = MovementWatch::default();
        let counted = |frames| Counts { frames, time: None, bytes: 0 };
        assert_eq!(watch.judge(counted(1), Duration::ZERO), Pictures, "without a time the pictures count");
        assert_eq!(watch.judge(counted(1), Duration::from_secs(60)), Nothing);
        assert_eq!(watch.judge(Counts { bytes: 9, ..counted(1) }, Duration::from_secs(61)), SoundOnly);
    }

    /// A minute of one picture every `every_ms`, with the media time that `time` makes of the true one.
    fn jumps(every_ms: u64, time: impl Fn(u64) -> u64) -> Option<usize> {
        let reports: Vec<_> = (1..=60).map(|second| (second * 1000 / every_ms, time(second * 1000))).collect();
        judged(&reports).iter().position(|one| *one == Movement::ClockJumped)
    }

    #[test]
    fn a_clock_that_stands_still_or_leaps_is_found_and_every_other_one_is_believed() {
        // As ffmpeg shows a clock that was set back: the last time, and a tick for every picture.
        let back = |by: u64| move |ms: u64| if ms <= 20_000 { ms } else { ms.saturating_sub(by).max(20_000) };
        for every in [16, 40, 100, 1000] {
            let found = jumps(every, back(30_000)).expect("found");
            assert!((22..=25).contains(&found), "{every} ms: after {found} s");
            assert_eq!(jumps(every, back(2_000)), None, "it has caught up");
            assert_eq!(jumps(every, |ms| if ms > 20_000 { ms + 3_600_000 } else { ms }), Some(20), "{every} ms: leapt");
            assert_eq!(jumps(every, |ms| if ms > 20_000 { ms + 5_000 } else { ms }), None, "a small step");
            assert!(jumps(every, |_| 0).is_some_and(|found| found <= 6), "no time at all");
            assert_eq!(jumps(every, |ms| ms), None);
            assert_eq!(jumps(every, |ms| ms / 2), None, "a slow clock is one");
            assert_eq!(jumps(every, |ms| ms * 3), None, "and so is a fast one");
        }
        assert_eq!(jumps(5_000, |ms| ms / 5_000 * 5_000), None, "a picture every five seconds");
    }

    #[test]
    fn what_comes_in_a_burst_has_not_leapt() {
        let table: [(&str, &[(u64, u64)]); 3] = [
            ("a playlist begins with three segments of 10 s", &[(750, 30_000), (775, 31_000), (800, 32_000)]),
            ("and goes on in segments", &[(250, 10_000), (250, 10_000), (750, 30_000), (750, 30_000)]),
            ("a minute that was kept back comes at once", &[(25, 1_000), (25, 1_000), (1525, 61_000)]),
        ];
        for (words, reports) in table {
            assert!(!judged(reports).contains(&Movement::ClockJumped), "{words}");
        }
    }
}
