//! When the log tells that a camera is degraded.

use crate::domain::camera::CameraState;

/// That a camera is degraded is news once, not at each of its tries.
#[derive(Debug, Default)]
pub(super) struct DegradedNotice(bool);

impl DegradedNotice {
    /// Whether this state is to be told.
    pub(super) fn is_change(&mut self, state: CameraState) -> bool {
        match state {
            CameraState::Degraded => !std::mem::replace(&mut self.0, true),
            // It fails like any other again, which takes a run that lasted; or somebody has stopped it.
            CameraState::Backoff | CameraState::Stopped => {
                self.0 = false;
                false
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degraded_is_said_once_until_the_camera_has_recovered() {
        use CameraState::{Backoff, Degraded, Probing, Running, Starting};
        let mut notice = DegradedNotice::default();
        let mut said = |states: &[CameraState]| states.iter().filter(|state| notice.is_change(**state)).count();
        assert_eq!(said(&[Backoff, Probing, Degraded]), 1);
        assert_eq!(said(&[Probing, Degraded, Starting, Running, Degraded]), 0, "tries");
        assert_eq!(said(&[Starting, Running, Backoff, Probing, Degraded]), 1, "it had recovered");
    }
}
