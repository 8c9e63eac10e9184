//! Another process that calls itself as this node does: what each tells would be taken for its own by the other.

use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

/// A process that is just being replaced by this one may still tell something; one that goes on has another sign of life.
const REPLACED: Duration = Duration::from_secs(3);

/// What has been heard under our own name from another process.
#[derive(Default)]
pub(super) struct Namesake(Option<Heard>);

struct Heard {
    run: Uuid,
    first: Instant,
    last: Instant,
}

impl Namesake {
    /// Something was told under our name; `run` is the other process, `None` when it was we, or a version that does not say.
    pub(super) fn heard(&mut self, run: Option<Uuid>, now: Instant) {
        let Some(run) = run else { return };
        match &mut self.0 {
            Some(heard) if heard.run == run => heard.last = now,
            _ => self.0 = Some(Heard { run, first: now, last: now }),
        }
    }

    /// Whether another process goes on under our name; it has ended when it is not heard for `silent`.
    pub(super) fn is_there(&self, silent: Duration, now: Instant) -> bool {
        self.0.as_ref().is_some_and(|heard| {
            heard.last.duration_since(heard.first) >= REPLACED && now.duration_since(heard.last) < silent
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_just_replaced_is_no_namesake_and_who_is_silent_is_none_any_more() {
        let (other, third, start) = (Uuid::from_u128(1), Uuid::from_u128(2), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        // What was heard, by whom and when; whether somebody is there at a second.
        for (heard, second, is_there) in [
            (&[][..], 0, false),
            (&[(None, 0), (None, 5)], 5, false),
            (&[(Some(other), 0)], 5, false),
            (&[(Some(other), 0), (Some(other), 1)], 5, false),
            (&[(Some(other), 0), (Some(other), 5)], 5, true),
            (&[(Some(other), 0), (None, 2), (Some(other), 5)], 20, true),
            (&[(Some(other), 0), (Some(other), 5)], 21, false),
            (&[(Some(other), 0), (Some(third), 5)], 6, false),
        ] {
            let mut namesake = Namesake::default();
            heard.iter().for_each(|(run, second)| namesake.heard(*run, at(*second)));
            assert_eq!(namesake.is_there(Duration::from_secs(16), at(second)), is_there, "{heard:?} at {second}");
        }
    }
}
