//! Round trips of the last minutes: how long they take, how much that varies, and how many are lost.
//!
//! Median and median absolute deviation and not mean and standard deviation: one round trip of a second among many of a millisecond
//! says nothing of the network. What was not measured is null.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// More are not kept, however often an endpoint is asked.
const MOST: usize = 1024;

/// One question and its answer.
#[derive(Clone, Copy, Debug)]
struct RoundTrip {
    at: Duration,
    /// Seconds; `None`: lost.
    took: Option<f64>,
}

/// The round trips of a time, the oldest first.
#[derive(Clone, Debug)]
pub struct RollingWindow {
    length: Duration,
    kept: VecDeque<RoundTrip>,
}

/// What they come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WindowFigures {
    /// How far back they go, at most.
    pub seconds: f64,
    /// Questions sent.
    pub sent: u32,
    /// Questions without an answer.
    pub lost: u32,
    /// Share that is lost, from 0 to 1; null where nothing was sent.
    pub loss_ratio: Option<f64>,
    /// Median of the round trips.
    pub median_seconds: Option<f64>,
    /// Their median absolute deviation from it; null where fewer than two were answered.
    pub jitter_seconds: Option<f64>,
    /// The shortest.
    pub least_seconds: Option<f64>,
    /// The longest.
    pub most_seconds: Option<f64>,
}

impl RollingWindow {
    /// Of so long a time.
    pub fn new(length: Duration) -> Self {
        Self { length, kept: VecDeque::new() }
    }

    /// How far back it goes.
    pub fn length(&self) -> Duration {
        self.length
    }

    /// A question that was asked at that time, by any clock that only goes on; `took`: seconds to its answer.
    pub fn take(&mut self, at: Duration, took: Option<f64>) {
        let took = took.filter(|took| took.is_finite() && *took >= 0.0);
        self.kept.push_back(RoundTrip { at, took });
        while self.kept.len() > MOST || self.kept.front().is_some_and(|oldest| self.is_over(oldest, at)) {
            self.kept.pop_front();
        }
    }

    fn is_over(&self, one: &RoundTrip, now: Duration) -> bool {
        now.saturating_sub(one.at) > self.length
    }

    /// What those come to that are not older than the window, and not older than `after`.
    pub fn figures(&self, now: Duration, after: Duration) -> WindowFigures {
        let counted = self.kept.iter().filter(|one| !self.is_over(one, now) && one.at >= after);
        let (mut sent, mut took) = (0_u32, Vec::new());
        for one in counted {
            sent += 1;
            took.extend(one.took);
        }
        took.sort_by(f64::total_cmp);
        let lost = sent - took.len() as u32;
        let median_seconds = median(&took);
        let jitter_seconds = median_seconds.filter(|_| took.len() > 1).and_then(|middle| {
            let mut apart: Vec<f64> = took.iter().map(|one| (one - middle).abs()).collect();
            apart.sort_by(f64::total_cmp);
            median(&apart)
        });
        WindowFigures {
            seconds: self.length.as_secs_f64(),
            sent,
            lost,
            loss_ratio: (sent > 0).then(|| f64::from(lost) / f64::from(sent)),
            median_seconds,
            jitter_seconds,
            least_seconds: took.first().copied(),
            most_seconds: took.last().copied(),
        }
    }
}

/// The middle of sorted figures, or between the two in the middle.
pub fn median(sorted: &[f64]) -> Option<f64> {
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    sorted.get(sorted.len() / 2 - 1).map(|lower| (lower + upper) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn near(found: Option<f64>, wanted: Option<f64>) -> bool {
        match (found, wanted) {
            (Some(found), Some(wanted)) => (found - wanted).abs() < 1e-9,
            (found, wanted) => found == wanted,
        }
    }

    #[test]
    fn the_middle_is_told_and_what_was_not_measured_is_not() {
        for (round_trips, median, jitter, loss) in [
            (&[][..], None, None, None),
            (&[None, None][..], None, None, Some(1.0)),
            (&[Some(0.01)][..], Some(0.01), None, Some(0.0)),
            (&[Some(0.01), Some(0.03)][..], Some(0.02), Some(0.01), Some(0.0)),
            // One of a second spoils neither.
            (&[Some(0.01), Some(0.012), Some(1.0), Some(0.011), None][..], Some(0.0115), Some(0.001), Some(0.2)),
            (&[Some(0.01), Some(f64::NAN), Some(-1.0), Some(0.01)][..], Some(0.01), Some(0.0), Some(0.5)),
        ] {
            let mut window = RollingWindow::new(s(60));
            round_trips.iter().for_each(|took| window.take(s(1), *took));
            let found = window.figures(s(1), s(0));
            assert!(near(found.median_seconds, median), "{round_trips:?} {found:?}");
            assert!(near(found.jitter_seconds, jitter), "{round_trips:?} {found:?}");
            assert!(near(found.loss_ratio, loss), "{round_trips:?} {found:?}");
        }
    }

    #[test]
    fn what_is_older_than_the_window_is_forgotten() {
        let mut window = RollingWindow::new(s(60));
        for second in 0..200 {
            window.take(s(second), (second > 150).then_some(0.01));
        }
        let found = window.figures(s(199), s(0));
        assert_eq!((found.sent, found.lost, window.kept.len()), (61, 12, 61));
        assert_eq!(window.figures(s(199), s(151)).lost, 0, "what was before that time does not count");
        assert_eq!(window.figures(s(500), s(0)).sent, 0, "nothing was asked since");
        (0..5_000).for_each(|_| window.take(s(500), Some(0.01)));
        assert_eq!(window.kept.len(), MOST);
    }
}
