//! A figure that is too high: from when on that is told, and until when. Two thresholds and a dwell time, so that a figure about the
//! limit is one alarm and not many.

use std::time::Duration;

use crate::domain::moment::Moment;

/// When a figure is too high.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThresholdRule {
    /// From here on it is.
    pub raise_at: f64,
    /// Below that it is well again.
    pub clear_below: f64,
    /// It has to be too high for so long.
    pub dwell: Duration,
    /// And well for so long.
    pub clear_dwell: Duration,
}

/// The state of one.
#[derive(Clone, Debug)]
pub struct ThresholdAlarm {
    rule: ThresholdRule,
    /// Since when the figure is on the other side of its threshold.
    since: Option<Moment>,
    raised: Option<Moment>,
}

impl ThresholdAlarm {
    /// Not raised.
    pub fn new(rule: ThresholdRule) -> Self {
        Self { rule, since: None, raised: None }
    }

    /// The figure at that time; what was not measured changes nothing. Since when it is too high, while it is.
    pub fn take(&mut self, value: Option<f64>, at: Moment) -> Option<Moment> {
        let Some(value) = value else { return self.raised };
        let crosses = match self.raised {
            None => value >= self.rule.raise_at,
            Some(_) => value < self.rule.clear_below,
        };
        if !crosses {
            self.since = None;
            return self.raised;
        }
        let since = *self.since.get_or_insert(at);
        let dwell = if self.raised.is_some() { self.rule.clear_dwell } else { self.rule.dwell };
        if at.since(since) >= dwell {
            self.raised = if self.raised.is_some() { None } else { Some(since) };
            self.since = None;
        }
        self.raised
    }

    /// It was not looked at for a while: what is raised stays, and what has begun to cross its threshold begins anew.
    pub fn pause(&mut self) {
        self.since = None;
    }

    /// Since when it is too high, while it is.
    pub fn raised(&self) -> Option<Moment> {
        self.raised
    }

    /// Nothing is known any more.
    pub fn reset(&mut self) {
        (self.since, self.raised) = (None, None);
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn at(second: u64) -> Moment {
        let wall = DateTime::from_timestamp(1_800_000_000 + second as i64, 0).expect("a time");
        Moment { wall, steady: Duration::from_secs(second) }
    }

    #[test]
    fn it_takes_the_dwell_time_and_the_other_threshold() {
        let minute = Duration::from_secs(60);
        let rule = ThresholdRule { raise_at: 0.2, clear_below: 0.1, dwell: minute, clear_dwell: minute };
        // A figure every 30 s: how long it is raised after each, in figures back to where it began.
        for (figures, wanted) in [
            (&[0.1, 0.25, 0.3, 0.25, 0.3][..], &[None, None, None, Some(1), Some(1)][..]),
            (&[0.3, 0.1, 0.3, 0.1, 0.3, 0.3][..], &[None; 6][..]),
            // Between the two it stays what it is; one low figure ends nothing.
            (
                &[0.3, 0.3, 0.3, 0.15, 0.05, 0.15, 0.05, 0.05, 0.05][..],
                &[None, None, Some(0), Some(0), Some(0), Some(0), Some(0), Some(0), None][..],
            ),
        ] {
            let mut alarm = ThresholdAlarm::new(rule);
            for (index, (figure, wanted)) in figures.iter().zip(wanted).enumerate() {
                let raised = alarm.take(Some(*figure), at(index as u64 * 30));
                assert_eq!(raised, wanted.map(|figure| at(figure * 30)), "{figures:?} {index}");
            }
        }
        // An end that has to last longer.
        let mut alarm = ThresholdAlarm::new(ThresholdRule { clear_dwell: 2 * minute, ..rule });
        let figures = [0.3, 0.3, 0.3, 0.05, 0.05, 0.05, 0.3, 0.05, 0.05, 0.05, 0.05, 0.05];
        let raised = figures.iter().zip(0..).map(|(figure, index)| alarm.take(Some(*figure), at(index * 30)).is_some());
        assert_eq!(raised.filter(|raised| *raised).count(), 9);
        assert_eq!(alarm.raised(), None);
        // Between the two times nobody has looked.
        assert_eq!(alarm.take(Some(0.3), at(900)), None);
        alarm.pause();
        assert_eq!(alarm.take(Some(0.3), at(1_800)), None);
        let mut alarm = ThresholdAlarm::new(ThresholdRule { dwell: Duration::ZERO, ..rule });
        assert_eq!(alarm.take(Some(0.2), at(0)), Some(at(0)));
        assert_eq!(alarm.take(None, at(900)), Some(at(0)), "what is not measured changes nothing");
        alarm.reset();
        assert_eq!(alarm.take(Some(0.15), at(901)), None);
    }
}
