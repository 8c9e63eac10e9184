//! One piece of work at a time. What is asked for meanwhile follows once, with the newest of it; what failed is tried again
//! after a while, however often it is asked for; a failure that repeats is news once. A plain state machine: whoever owns it
//! runs the work, and limits its time.

use std::time::Duration;

use super::backoff::Backoff;

/// When failed work is tried again without being asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlightRetry {
    /// Not at all: whoever asked for it asks again, as with work that comes by a clock.
    Never,
    /// After so long, whatever is asked for meanwhile.
    Every(Duration),
    /// After delays that grow, whatever is asked for meanwhile.
    Backoff(Backoff),
}

impl FlightRetry {
    /// How long to wait after so many failures in a row; `jitter` is uniform in `0.0..=1.0`.
    pub fn delay(self, failures: u32, jitter: f64) -> Option<Duration> {
        match self {
            Self::Never => None,
            Self::Every(delay) => Some(delay),
            Self::Backoff(backoff) => Some(backoff.delay(failures, jitter)),
        }
    }
}

/// The state of one kind of work.
#[derive(Debug, Default)]
pub struct SingleFlight {
    state: FlightState,
    /// Asked for while it was running.
    again: bool,
    failures: u32,
    /// Rests so far: a timer of an earlier one is none of this one.
    rests: u32,
    complaint: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum FlightState {
    #[default]
    Idle,
    Running,
    /// Left alone until the next try.
    Resting,
}

/// What follows on work that succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Succeeded {
    /// It was asked for meanwhile: [`SingleFlight::ask`] for it now.
    pub again: bool,
    /// It had failed before.
    pub recovered: bool,
}

/// What follows on work that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailedFlight {
    /// It was asked for meanwhile, and nothing else tries it again: [`SingleFlight::ask`] for it now.
    pub again: bool,
    /// Call [`SingleFlight::rested`] after so long.
    pub rest: Option<Duration>,
    /// With this number.
    pub number: u32,
    /// The complaint differs from the last one.
    pub is_new: bool,
}

impl SingleFlight {
    /// Asks for work. True: begin it now. Else it follows on what runs, or on the rest after a failure.
    pub fn ask(&mut self) -> bool {
        self.again |= self.state == FlightState::Running;
        self.ask_if_idle()
    }

    /// The same without a wish for later: work that comes by a clock anyway.
    pub fn ask_if_idle(&mut self) -> bool {
        let begins = self.state == FlightState::Idle;
        if begins {
            self.state = FlightState::Running;
            self.again = false;
        }
        begins
    }

    /// The same, and a rest ends at once: for the last try before a stop.
    pub fn ask_now(&mut self) -> bool {
        if self.state == FlightState::Resting {
            self.state = FlightState::Idle;
        }
        self.ask()
    }

    /// What was begun turned out to be nothing.
    pub fn nothing(&mut self) {
        self.state = FlightState::Idle;
        self.again = false;
    }

    /// It ended well.
    pub fn succeeded(&mut self) -> Succeeded {
        self.state = FlightState::Idle;
        self.failures = 0;
        Succeeded { again: std::mem::take(&mut self.again), recovered: self.complaint.take().is_some() }
    }

    /// It failed, with these words.
    pub fn failed(&mut self, complaint: &str, retry: FlightRetry, jitter: f64) -> FailedFlight {
        self.failures = self.failures.saturating_add(1);
        let rest = retry.delay(self.failures, jitter);
        self.state = if rest.is_some() { FlightState::Resting } else { FlightState::Idle };
        self.rests = self.rests.wrapping_add(1);
        let again = std::mem::take(&mut self.again) && rest.is_none();
        FailedFlight { again, rest, number: self.rests, is_new: self.complain(complaint) }
    }

    /// Something is wrong with it, though it goes on. True when the complaint is a new one.
    pub fn complain(&mut self, complaint: &str) -> bool {
        let is_new = self.complaint.as_deref() != Some(complaint);
        if is_new {
            self.complaint = Some(complaint.to_owned());
        }
        is_new
    }

    /// The rest of this number is over. True: begin now.
    pub fn rested(&mut self, number: u32) -> bool {
        let begins = self.state == FlightState::Resting && self.rests == number;
        if begins {
            self.state = FlightState::Running;
        }
        begins
    }

    /// It is running now.
    pub fn is_running(&self) -> bool {
        self.state == FlightState::Running
    }

    /// It failed and is left alone until the next try.
    pub fn is_resting(&self) -> bool {
        self.state == FlightState::Resting
    }

    /// What is wrong, since it last succeeded.
    pub fn complaint(&self) -> Option<&str> {
        self.complaint.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: FlightRetry = FlightRetry::Every(Duration::from_secs(2));

    #[test]
    fn one_at_a_time_and_what_was_asked_meanwhile_follows_once() {
        let mut flight = SingleFlight::default();
        assert!(flight.ask() && flight.is_running());
        for _ in 0..100 {
            assert!(!flight.ask());
        }
        assert_eq!(flight.succeeded(), Succeeded { again: true, recovered: false });
        assert!(flight.ask());
        assert!(!flight.ask_if_idle(), "the clock's wish is not kept");
        assert_eq!(flight.succeeded(), Succeeded { again: false, recovered: false });
        assert!(flight.ask_if_idle());
        flight.nothing();
        assert!(!flight.is_running());
    }

    #[test]
    fn a_failure_is_one_try_per_delay_however_often_it_is_asked_for() {
        let mut flight = SingleFlight::default();
        let (mut tries, mut number) = (0, 0);
        // Asked for 50 times in each of 60 seconds; a rest is two of them.
        let mut rests_until = None;
        for tick in 0..3_000_u32 {
            let begins = if rests_until == Some(tick) { flight.rested(number) } else { flight.ask() };
            if begins {
                tries += 1;
                assert!(!flight.ask(), "while it runs");
                let failed = flight.failed("no", EVERY, 0.5);
                number = failed.number;
                assert_eq!((failed.again, failed.rest), (false, Some(Duration::from_secs(2))));
                assert_eq!(failed.is_new, tries == 1, "told once");
                rests_until = Some(tick + 100);
            }
            assert!(flight.is_resting());
        }
        assert_eq!(tries, 30);
        assert!(flight.rested(number));
        assert_eq!(flight.succeeded(), Succeeded { again: false, recovered: true });
        assert!(flight.ask() && flight.failed("no", EVERY, 0.5).is_new, "it had worked in between");
    }

    #[test]
    fn delays_are_those_of_the_rule() {
        let backoff = FlightRetry::Backoff(Backoff::STANDARD);
        let table = [(FlightRetry::Never, 3, None), (EVERY, 3, Some(2)), (backoff, 1, Some(1)), (backoff, 3, Some(4))];
        for (retry, failures, seconds) in table {
            assert_eq!(retry.delay(failures, 1.0), seconds.map(Duration::from_secs), "{retry:?} {failures}");
        }
        let (mut flight, mut number) = (SingleFlight::default(), 0);
        for seconds in [1, 2, 4, 8] {
            assert!(flight.ask() || flight.rested(number));
            let failed = flight.failed("no", backoff, 1.0);
            assert_eq!(failed.rest, Some(Duration::from_secs(seconds)));
            number = failed.number;
        }
        assert!(flight.rested(number) && !flight.rested(number), "one timer, one try");
        flight.succeeded();
        assert!(flight.ask());
        assert_eq!(flight.failed("no", backoff, 1.0).rest, Some(Duration::from_secs(1)), "begins anew");
    }

    #[test]
    fn without_a_retry_a_request_made_meanwhile_is_kept() {
        let mut flight = SingleFlight::default();
        assert!(flight.ask() && !flight.ask());
        assert_eq!(
            flight.failed("no", FlightRetry::Never, 0.0),
            FailedFlight { again: true, rest: None, number: 1, is_new: true }
        );
        assert!(flight.ask());
        assert_eq!(
            flight.failed("never", FlightRetry::Never, 0.0),
            FailedFlight { again: false, rest: None, number: 2, is_new: true }
        );
        assert_eq!(flight.complaint(), Some("never"));
    }

    #[test]
    fn a_last_try_does_not_wait_and_brings_no_second_timer() {
        let mut flight = SingleFlight::default();
        assert!(flight.ask() && !flight.ask_now(), "while it runs it is one of those that follow");
        let first = flight.failed("no", EVERY, 0.0);
        assert!(!flight.ask() && flight.ask_now());
        let second = flight.failed("no", EVERY, 0.0);
        assert!(!flight.rested(first.number), "its timer is of the rest before");
        assert!(flight.rested(second.number));
    }
}
