//! Whether a recorded stream that has a picture sends it. Pure.
//!
//! Sound alone keeps a recording going, and nothing else tells that there is nothing to see in it: a camera whose encoder hangs, a
//! picture of which ffmpeg finds no key frame.

use std::time::Duration;

/// Sound alone for so long is more than the wait for a key frame, as a rule.
const ALONE: Duration = Duration::from_secs(15);

/// The reports of one run.
#[derive(Clone, Copy, Debug, Default)]
pub struct PictureWatch {
    frames: u64,
    /// When the last picture came, or the first report.
    since: Option<Duration>,
    is_missing: bool,
}

impl PictureWatch {
    /// ffmpeg tells at `at`, by a steady clock, of so many pictures until now. `moved`: of something that it had not told of before.
    pub fn report(&mut self, at: Duration, frames: u64, moved: bool) {
        if frames > self.frames || self.since.is_none() {
            (self.frames, self.since, self.is_missing) = (frames, Some(at), false);
        } else if moved {
            self.is_missing |= self.since.is_some_and(|since| at.saturating_sub(since) >= ALONE);
        }
    }

    /// What is said while only sound comes.
    pub fn sentence(&self) -> Option<String> {
        let what = if self.frames == 0 { "no picture has come yet" } else { "no picture comes any more" };
        self.is_missing.then(|| {
            format!(
                "only the sound is recorded, because {what}; check that the source sends pictures, and its key frame interval"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reports twice a second for a minute; `frames` and whether something moved by the number of the report. The seconds at which
    /// what is said changes, and to what.
    fn said(of: impl Fn(u64) -> (u64, bool)) -> Vec<(u64, String)> {
        let mut watch = PictureWatch::default();
        let (mut changes, mut before) = (Vec::new(), None);
        for n in 0..120 {
            let (frames, moved) = of(n);
            watch.report(Duration::from_millis(70_000 + n * 500), frames, moved);
            let now = watch.sentence();
            if now != before {
                let words = now.as_deref().unwrap_or("fine");
                changes.push((n / 2, words.chars().skip(36).take(25).collect::<String>()));
                before = now;
            }
        }
        changes
    }

    #[test]
    fn sound_alone_is_told_of_until_pictures_come() {
        let yet = |second| (second, "no picture has come yet; ".to_owned());
        let no_more = |second| (second, "no picture comes any more".to_owned());
        let fine = |second| (second, String::new());
        for (what, found, wanted) in [
            ("pictures all the time", said(|n| (n * 12, true)), vec![]),
            ("one in ten seconds", said(|n| (n / 20, true)), vec![]),
            ("a key frame after twelve seconds", said(|n| (n.saturating_sub(24), true)), vec![]),
            ("none", said(|_| (0, true)), vec![yet(15)]),
            ("none for half a minute", said(|n| (n.saturating_sub(60), true)), vec![yet(15), fine(30)]),
            ("they end after ten seconds", said(|n| (n.min(20), true)), vec![no_more(25)]),
            ("everything ends, which a stall is", said(|n| (n.min(20), n < 20)), vec![]),
        ] {
            assert_eq!(found, wanted, "{what}");
        }
    }
}
