//! Up to where a recording has been written, by the reports of ffmpeg. Pure.
//!
//! Until 6 it tells the time of the track that is furthest ahead, from 7 on that of the one that is furthest behind, and none at all
//! before every track has begun (`trailing_dts`, fftools/ffmpeg_sched.c). So sound that is announced and does not come, or stops,
//! would seem to stop the recording. Where pictures come and the time that is told stands, their number and the clock tell.

use std::time::Duration;

/// Reports are two a second; what stands for so long while pictures come is held by another track.
const STANDS: Duration = Duration::from_secs(2);

/// What one report says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WrittenReport {
    /// When, by a steady clock.
    pub at: Duration,
    /// The time it tells.
    pub told: Option<Duration>,
    /// Pictures so far.
    pub frames: u64,
}

/// The reports of one run.
#[derive(Clone, Debug, Default)]
pub struct WrittenTime {
    written: Duration,
    /// The furthest time that was told, and the most pictures.
    told: Duration,
    frames: u64,
    /// The last report whose time had moved; before any, the first one with pictures.
    anchor: Option<WrittenReport>,
}

impl WrittenTime {
    /// Up to where has been written by the reports so far; zero while that is not known. Never goes back.
    pub fn until(&self) -> Duration {
        self.written
    }

    /// The furthest time that was told; `None` where a report tells none: what is guessed moves with the clock and jumps nowhere.
    pub fn told_by(&self, report: &WrittenReport) -> Option<Duration> {
        report.told.map(|_| self.told)
    }

    /// Takes a report; returns whether anything has been written since the last.
    pub fn report(&mut self, now: WrittenReport) -> bool {
        let (has_moved, more) = (now.told.is_some_and(|told| told > self.told), now.frames > self.frames);
        self.told = self.told.max(now.told.unwrap_or_default());
        self.frames = self.frames.max(now.frames);
        if has_moved || (self.anchor.is_none() && now.frames > 0) {
            self.anchor = Some(now);
        }
        let guess = self.anchor.filter(|_| more).and_then(|anchor| guess(anchor, now));
        self.written = self.written.max(self.told).max(guess.unwrap_or_default());
        has_moved || more
    }
}

/// Where the pictures of `now` are, of which no time was told since `anchor`.
fn guess(anchor: WrittenReport, now: WrittenReport) -> Option<Duration> {
    let passed = now.at.checked_sub(anchor.at).filter(|passed| *passed >= STANDS)?;
    match anchor.told {
        Some(told) => Some(told + passed),
        // The first report may tell of seconds of pictures at once: ffmpeg has waited for the sound.
        None => {
            let since = now.frames.checked_sub(anchor.frames).filter(|since| *since > 0)?;
            Some(passed.mul_f64(now.frames as f64 / since as f64))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reports each half second from second 100 on of 25 pictures a second, of which the first comes with `burst` pictures; `told`
    /// in ms by the number of the report. Returns what is known after each.
    fn written(burst: u64, frames: impl Fn(u64) -> u64, told: impl Fn(u64) -> Option<u64>) -> Vec<u64> {
        let mut time = WrittenTime::default();
        let report = |n: u64| WrittenReport {
            at: Duration::from_millis(100_000 + n * 500),
            told: told(n).map(Duration::from_millis),
            frames: burst + frames(n),
        };
        let until = |n: u64| {
            time.report(report(n));
            u64::try_from(time.until().as_millis()).expect("ms")
        };
        (0..12).map(until).collect()
    }

    #[test]
    fn what_is_told_counts_and_where_it_stands_the_pictures_do() {
        let steady = |n: u64| n * 25 / 2;
        let all = |n: u64| Some(n * 500);
        assert_eq!(written(0, steady, all), (0..12).map(|n| n * 500).collect::<Vec<_>>(), "all tracks");

        let held = written(125, |n| n * 10, |_| None);
        assert_eq!(held[..4], [0; 4], "not yet");
        // 5 s and the time that passed would be 125 + 40 pictures at 20 a second.
        assert_eq!(
            (held[4], held[11]),
            (8_250, 11_750),
            "nothing is told: as many pictures as ever came, at their rate"
        );

        let stops = |n: u64| Some(n.min(3) * 500);
        assert_eq!(written(0, steady, stops)[3..], [1_500, 1_500, 1_500, 1_500, 3_500, 4_000, 4_500, 5_000, 5_500]);

        let nothing = written(0, |n| steady(n.min(3)), stops);
        assert_eq!(nothing[3..], [1_500; 9], "pictures stop too: nothing is guessed");

        let squeezed = written(0, steady, |n| Some(if n < 2 { n * 500 } else { 30_000 }));
        assert_eq!(
            (squeezed[2], squeezed[5], squeezed[6]),
            (30_000, 30_000, 32_000),
            "a jump of the source is told as it is"
        );
        assert_eq!(written(0, |_| 0, |n| Some(n * 500))[11], 5_500, "sound alone");
        let mut time = WrittenTime::default();
        let at = |ms: u64, told: Option<u64>, frames| WrittenReport {
            at: Duration::from_millis(ms),
            told: told.map(Duration::from_millis),
            frames,
        };
        let moved: Vec<bool> = [at(0, None, 0), at(500, None, 3), at(900, Some(400), 3), at(1_400, Some(400), 3)]
            .map(|one| time.report(one))
            .into();
        assert_eq!(moved, [false, true, true, false], "pictures or their time");
        assert_eq!(time.told_by(&at(1_900, Some(0), 3)), Some(Duration::from_millis(400)));
        assert_eq!(time.told_by(&at(1_900, None, 3)), None);
        let back = written(0, steady, |n| (n != 5).then_some(n * 500));
        assert_eq!((back[5], back[6]), (2_000, 3_000), "one report without a time");
    }
}
