//! What runs that failed have shown of the tracks, where that is not what the server tells.
//!
//! What the server tells may be old by a poll. So what contradicts it holds until it tells of another source or of other
//! tracks; and where that would mark the picture in a way that some players refuse, it is tried again after a while.

use std::time::Duration;

use crate::adapters::ffmpeg::record_argv::EndKind;
use crate::base::backoff::Backoff;
use crate::domain::container::{Audio, Mp4Plan, PlanCorrection};

/// Delays between two looks whether the picture is what the server tells. Each costs a session and the wait for a key frame.
const LOOK_AGAIN: Backoff = Backoff { min: Duration::from_secs(30), max: Duration::from_secs(3_600) };

/// Of one recorder.
#[derive(Debug, Default)]
pub(super) struct Corrections {
    /// In force.
    pub(super) now: PlanCorrection,
    /// Nothing had come when ffmpeg stopped looking.
    looks_long: bool,
    /// How often the picture was another one.
    failures: u32,
    /// When it is looked again, on the recorder's clock.
    again: Option<Duration>,
}

impl Corrections {
    /// A run of this plan has ended so. True when the next one will be another.
    pub(super) fn learn(&mut self, kind: EndKind, plan: Mp4Plan, now: Duration) -> bool {
        match kind {
            EndKind::DoesNotFit if plan.audio == Audio::Copy => self.now.encode_sound = true,
            EndKind::OtherPicture if plan.hevc => {
                self.now.other_picture = true;
                self.failures += 1;
                self.again = Some(now + LOOK_AGAIN.delay(self.failures, 0.5));
            }
            EndKind::NotDescribed if !self.looks_long => self.looks_long = true,
            _ => return false,
        }
        true
    }

    /// A file has been written whose picture is H.265, with a mark that some players refuse, by a run of this plan. True when the
    /// next one will be another.
    pub(super) fn learn_h265(&mut self, plan: Mp4Plan) -> bool {
        let is_new = !plan.hevc && !self.now.other_picture && !self.now.is_h265;
        self.now.is_h265 |= is_new;
        is_new
    }

    /// Whether ffmpeg has to look for the formats as long as it does by itself.
    pub(super) fn must_look_long(&self) -> bool {
        self.looks_long
    }

    /// Whether the time has come to believe the server again about the picture; asked at a cut.
    pub(super) fn must_try_again(&mut self, now: Duration) -> bool {
        let is_due = self.again.is_some_and(|again| now >= again);
        if is_due {
            (self.now.other_picture, self.again) = (false, None);
        }
        is_due
    }

    /// The server tells of another source, or of other tracks.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_contradicts_the_server_is_tried_again_later_each_time() {
        let (told, mut corrections) = (Mp4Plan { audio: Audio::Copy, hevc: true }, Corrections::default());
        let mut now = Duration::from_secs(5);
        let mut waits = Vec::new();
        for _ in 0..9 {
            assert!(corrections.learn(EndKind::OtherPicture, corrections.now.of(told), now));
            assert_eq!(corrections.now.of(told), Mp4Plan { hevc: false, ..told });
            let begun = now;
            while !corrections.must_try_again(now) {
                now += Duration::from_secs(1);
            }
            assert_eq!(corrections.now.of(told), told, "it is marked as the server tells");
            waits.push((now - begun).as_secs());
        }
        assert!(waits.is_sorted() && waits[0] <= 60 && waits[8] > 600 && waits[8] <= 3_601, "{waits:?}");
    }

    #[test]
    fn what_came_tells_more_than_a_server_that_does_not_answer() {
        let (told, mut corrections) = (Mp4Plan { audio: Audio::Copy, hevc: false }, Corrections::default());
        assert!(corrections.learn_h265(told));
        assert_eq!(corrections.now.of(told), Mp4Plan { hevc: true, ..told });
        assert!(!corrections.learn_h265(told), "a file of the run that has been ended for it");
        assert!(!corrections.must_look_long() && corrections.learn(EndKind::NotDescribed, told, Duration::ZERO));
        assert!(corrections.must_look_long() && !corrections.learn(EndKind::NotDescribed, told, Duration::ZERO));
        corrections.forget();
        assert_eq!((corrections.now.of(told), corrections.must_look_long()), (told, false));
        let told = Mp4Plan { hevc: true, ..told };
        assert!(corrections.learn(EndKind::OtherPicture, told, Duration::ZERO));
        assert!(!corrections.learn_h265(corrections.now.of(told)), "ffmpeg has refused the mark");
    }

    #[test]
    fn sound_that_does_not_fit_leaves_the_mark_of_the_picture() {
        let (told, mut corrections) = (Mp4Plan { audio: Audio::Copy, hevc: true }, Corrections::default());
        assert!(corrections.learn(EndKind::DoesNotFit, told, Duration::ZERO));
        let corrected = corrections.now.of(told);
        assert_eq!(corrected, Mp4Plan { audio: Audio::Aac, hevc: true });
        assert!(!corrections.learn(EndKind::DoesNotFit, corrected, Duration::ZERO), "the next one would be the same");
        assert!(!corrections.must_try_again(Duration::MAX), "what is recorded well is not interrupted");
        corrections.forget();
        assert_eq!(corrections.now.of(told), told);
    }
}
