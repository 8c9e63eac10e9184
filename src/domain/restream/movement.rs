//! Whether a camera's pictures arrive, and whether its clock keeps time: judged by what ffmpeg has counted.
//!
//! ffmpeg goes on whatever a camera sends: sound without pictures, pictures of an hour ago, pictures that all have the same
//! time (each then gets the smallest step that there is). Only the numbers tell: frames, media time and wall time belong
//! together.

use std::time::Duration;

use crate::domain::camera::Scheme;

/// Media time that stands still for so long while pictures come does not do so by chance: a clock that was set back by less
/// has caught up by then.
const STILL: Duration = Duration::from_secs(4);

/// The same where ffmpeg itself puts right what jumps by more than 10 s: less has caught up by then.
const STILL_IN_CONTAINER: Duration = Duration::from_secs(12);

/// At least so many pictures have come meanwhile.
const STILL_FRAMES: u64 = 4;

/// Media time stands still when it makes less than this part of the way of the wall clock.
const STILL_RATE: u32 = 10;

/// Media time that gets ahead of both the wall clock and the pictures by so much has jumped. Less is a burst, a stall that was
/// made up for, or a clock that was set by a time server.
const LEAP: Duration = Duration::from_secs(10);

/// What ffmpeg has counted since it was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MovementCounts {
    /// Pictures.
    pub frames: u64,
    /// Media time of the output ([`TimeOf`]); `None` when ffmpeg does not tell.
    pub time: Option<Duration>,
    /// Bytes; zero for outputs that ffmpeg does not count.
    pub bytes: u64,
    /// Complaints about pictures or sound whose time is not after that of what came before.
    pub unordered: u64,
    /// Those about pictures whose time is more than a second behind: the media time of the other track may go on.
    pub set_back: u64,
}

/// Whose time ffmpeg tells of several tracks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeOf {
    /// Of the one that is furthest ahead.
    FurthestAhead,
    /// Of the one that is furthest behind, and of none before all have begun: sound that stops holds it, and whether the pictures'
    /// time stands is told by complaints alone.
    FurthestBehind,
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
#[derive(Clone, Debug)]
pub struct MovementWatch {
    /// Media time may stand still for so long.
    limit: Duration,
    time_of: TimeOf,
    last: MovementCounts,
    /// When `last` was reported; `None` before the first picture.
    at: Option<Duration>,
    /// The last report before which media time had moved, and when it was.
    moved: Option<(MovementCounts, Duration)>,
    /// Since when media time has stood still while pictures came, and how many there were before.
    still: Option<(Duration, u64)>,
}

impl MovementWatch {
    /// Of a run that reads by this protocol.
    pub fn of(scheme: Scheme, time_of: TimeOf) -> Self {
        let limit = match scheme {
            Scheme::Rtsp | Scheme::Rtsps => STILL,
            _ => STILL_IN_CONTAINER,
        };
        Self { limit, time_of, last: MovementCounts::default(), at: None, moved: None, still: None }
    }

    /// Takes a report of `now`, a time of a monotonic clock.
    pub fn judge(&mut self, counts: MovementCounts, now: Duration) -> Movement {
        let before = std::mem::replace(&mut self.last, counts);
        let frames = counts.frames.saturating_sub(before.frames);
        let moved = match frames {
            0 if counts.time.unwrap_or_default() > before.time.unwrap_or_default() || counts.bytes > before.bytes => {
                Movement::SoundOnly
            }
            0 => Movement::Nothing,
            _ => Movement::Pictures,
        };
        let Some(at) = self.at.replace(now) else {
            // The first pictures come all at once, and with whatever time the tracks differ by.
            self.at = (counts.frames > 0).then_some(now);
            return moved;
        };
        let (Some(time), Some(earlier)) = (counts.time, before.time) else { return moved };
        let (base, since) = self.moved.unwrap_or((before, at));
        if time > earlier {
            self.moved = Some((counts, now));
        }
        let wall = now.saturating_sub(at);
        let stands = time.saturating_sub(earlier) <= wall / STILL_RATE;
        let is_told = self.time_of == TimeOf::FurthestAhead || counts.unordered > before.unordered;
        let still = stands && is_told || counts.set_back > before.set_back;
        if has_leapt(base, counts, now.saturating_sub(since)) || self.is_still(still, frames, before.frames, at, now) {
            self.still = None;
            return Movement::ClockJumped;
        }
        moved
    }

    /// Whether this report and those before it make a standstill; `then`: when the last report was.
    fn is_still(&mut self, still: bool, frames: u64, before: u64, then: Duration, now: Duration) -> bool {
        if !still {
            self.still = None;
            return false;
        }
        if frames > 0 {
            self.still.get_or_insert((then, before));
        }
        self.still.is_some_and(|(since, had)| {
            now.saturating_sub(since) >= self.limit && self.last.frames.saturating_sub(had) >= STILL_FRAMES
        })
    }
}

/// More media time since `base` than can have passed in `wall`, and more than the pictures take at the pace until then. Since its time
/// last moved: what stood because a track did not come catches up at once.
fn has_leapt(base: MovementCounts, counts: MovementCounts, wall: Duration) -> bool {
    let until = base.time.unwrap_or_default();
    let media = counts.time.unwrap_or_default().saturating_sub(until);
    let seconds_per_frame = until.as_secs_f64() / base.frames.max(1) as f64;
    let frames = counts.frames.saturating_sub(base.frames);
    let played = Duration::try_from_secs_f64(seconds_per_frame * frames as f64).unwrap_or(Duration::MAX);
    media.saturating_sub(wall.max(played)) > LEAP
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One report a second: frames and milliseconds of media time so far.
    fn judged(reports: &[(u64, u64)]) -> Vec<Movement> {
        let mut watch = MovementWatch::of(Scheme::Rtsp, TimeOf::FurthestAhead);
        let counts = |(frames, ms)| MovementCounts {
            frames,
            time: Some(Duration::from_millis(ms)),
            ..MovementCounts::default()
        };
        reports.iter().zip(1..).map(|(one, second)| watch.judge(counts(*one), Duration::from_secs(second))).collect()
    }

    #[test]
    fn pictures_are_movement_and_sound_alone_is_none() {
        use Movement::{Nothing, Pictures, SoundOnly};
        let table = [
            ("a report before the first packet", vec![(0, 0), (0, 0)], vec![Nothing, Nothing]),
            ("a camera that is well", vec![(25, 960), (50, 1960)], vec![Pictures, Pictures]),
            ("its pictures stop", vec![(25, 960), (25, 1900), (25, 2900)], vec![Pictures, SoundOnly, SoundOnly]),
            ("and come again", vec![(25, 960), (25, 1900), (26, 2900)], vec![Pictures, SoundOnly, Pictures]),
            ("sound from the start", vec![(0, 900), (0, 1900)], vec![SoundOnly, SoundOnly]),
            ("all of it stops", vec![(25, 960), (25, 960)], vec![Pictures, Nothing]),
        ];
        for (words, reports, wanted) in table {
            assert_eq!(judged(&reports), wanted, "{words}");
        }
        let mut watch = MovementWatch::of(Scheme::Http, TimeOf::FurthestAhead);
        let counted = |frames| MovementCounts { frames, ..MovementCounts::default() };
        assert_eq!(watch.judge(counted(1), Duration::ZERO), Pictures, "without a time the pictures count");
        assert_eq!(watch.judge(counted(1), Duration::from_secs(60)), Nothing);
        assert_eq!(watch.judge(MovementCounts { bytes: 9, ..counted(1) }, Duration::from_secs(61)), SoundOnly);
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
    fn a_clock_of_the_pictures_alone_is_found_by_what_ffmpeg_complains_of() {
        let mut watch = MovementWatch::of(Scheme::Rtsp, TimeOf::FurthestAhead);
        let found = (1..60_u64).find(|&second| {
            let set_back = second.saturating_sub(20) * 25;
            let counts = MovementCounts {
                frames: second * 25,
                time: Some(Duration::from_secs(second)),
                set_back,
                ..MovementCounts::default()
            };
            watch.judge(counts, Duration::from_secs(second)) == Movement::ClockJumped
        });
        assert_eq!(found, Some(24));
        let mut watch = MovementWatch::of(Scheme::Rtsp, TimeOf::FurthestAhead);
        let once = (1..60_u64).any(|second| {
            let set_back = u64::from(second > 20);
            let counts = MovementCounts {
                frames: second * 25,
                time: Some(Duration::from_secs(second)),
                set_back,
                ..MovementCounts::default()
            };
            watch.judge(counts, Duration::from_secs(second)) == Movement::ClockJumped
        });
        assert!(!once, "one complaint");
    }

    #[test]
    fn sound_that_stops_is_no_clock_that_does_where_the_time_is_of_the_track_behind() {
        /// Whether a minute of pictures jumps; by second 20 their sound stops until 50. `unordered`: complaints by then.
        fn jumps(time_of: TimeOf, unordered: impl Fn(u64) -> u64) -> bool {
            let mut watch = MovementWatch::of(Scheme::Rtsp, time_of);
            (1..60_u64).any(|second| {
                let time = if second < 50 { second.min(20) } else { second };
                let time = (second > 5).then_some(Duration::from_secs(time));
                let counts =
                    MovementCounts { frames: second * 25, time, unordered: unordered(second), ..Default::default() };
                watch.judge(counts, Duration::from_secs(second)) == Movement::ClockJumped
            })
        }
        assert!(!jumps(TimeOf::FurthestBehind, |_| 0), "its pictures are in order");
        assert!(jumps(TimeOf::FurthestBehind, |second| second.saturating_sub(20) * 25), "they are not");
        assert!(jumps(TimeOf::FurthestAhead, |_| 0));
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
