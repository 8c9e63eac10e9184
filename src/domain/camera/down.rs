//! Since when a camera brings no picture, through all the states of its tries.

use chrono::{DateTime, Utc};

use super::CameraState;

/// From the first failure, or from the moment when it stopped running, until it runs again.
#[derive(Clone, Copy, Debug, Default)]
pub struct DownSince {
    ran: bool,
    since: Option<DateTime<Utc>>,
}

impl DownSince {
    /// It is in this state from `at` on.
    pub fn note(&mut self, state: CameraState, at: DateTime<Utc>) {
        use CameraState::{Backoff, Degraded, Held, Probing, Running, Stalled, Starting, Stopped, Waiting};
        let ran = std::mem::replace(&mut self.ran, state == Running);
        match state {
            Running | Stopped => self.since = None,
            Backoff | Degraded | Stalled | Held => _ = self.since.get_or_insert(at),
            Waiting | Probing | Starting if ran => _ = self.since.get_or_insert(at),
            Waiting | Probing | Starting => {}
        }
    }

    /// `None` while it runs, is off, or has only just begun.
    pub fn since(&self) -> Option<DateTime<Utc>> {
        self.since
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_do_not_begin_an_outage_anew() {
        use CameraState::{Backoff, Degraded, Held, Probing, Running, Stalled, Starting, Stopped, Waiting};
        type Row = (&'static str, &'static [CameraState], Option<i64>);
        let table: [Row; 9] = [
            ("on its way to the first picture", &[Waiting, Probing, Starting], None),
            ("it never came up", &[Waiting, Probing, Backoff, Waiting, Probing, Backoff, Degraded], Some(2)),
            ("it runs", &[Waiting, Backoff, Starting, Running], None),
            ("it failed", &[Running, Backoff, Waiting, Starting], Some(1)),
            ("it stalled", &[Running, Stalled, Backoff, Starting, Stalled], Some(1)),
            ("the server shows it no more", &[Running, Starting, Backoff], Some(1)),
            ("its server went away", &[Running, Waiting, Probing], Some(1)),
            ("again", &[Running, Backoff, Running, Held], Some(3)),
            ("switched off", &[Running, Backoff, Stopped], None),
        ];
        let at = |second: i64| DateTime::from_timestamp(1_800_000_000 + second, 0).expect("a time");
        for (words, states, wanted) in table {
            let mut down = DownSince::default();
            states.iter().zip(0..).for_each(|(state, second)| down.note(*state, at(second)));
            assert_eq!(down.since(), wanted.map(at), "{words}");
        }
    }
}
