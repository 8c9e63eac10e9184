//! What the manager keeps about one stream.

use std::cell::RefCell;
use std::rc::Rc;

use tokio::sync::watch;

use crate::actors::record::start::RecordedSource;
use crate::domain::recording::RecordingState;
use crate::domain::wall_clock::SessionStarts;

/// What we keep about a stream that is or was recorded.
pub(super) struct RecorderSlot {
    pub(super) source: watch::Sender<RecordedSource>,
    pub(super) starts: Rc<RefCell<SessionStarts>>,
    pub(super) state: SlotState,
}

/// How far its recorder is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SlotState {
    /// Nobody records it.
    Not,
    /// It is not recorded; everybody is told this state with this sentence.
    Published(RecordingState, String),
    /// A recorder is there.
    Yes,
    /// Its recorder has been told to go.
    Leaving,
}

impl SlotState {
    /// What it is where an instance of the manager begins: a recorder is there, or on its way out, or there is none of it any more.
    pub(super) fn adopted(&self, is_there: bool, is_leaving: bool) -> Self {
        match self {
            _ if is_leaving => Self::Leaving,
            _ if is_there => Self::Yes,
            Self::Yes | Self::Leaving => Self::Not,
            known => known.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_instance_finds_decides() {
        use SlotState::{Leaving, Not, Yes};
        let paused = || SlotState::Published(RecordingState::Paused, "no place".to_owned());
        for (before, is_there, is_leaving, after) in [
            (Yes, true, false, Yes),
            (Yes, true, true, Leaving),
            (Leaving, true, false, Yes),
            (Yes, false, false, Not),
            (Leaving, false, false, Not),
            (Not, true, false, Yes),
            (paused(), false, false, paused()),
        ] {
            assert_eq!(before.adopted(is_there, is_leaving), after, "{before:?} {is_there} {is_leaving}");
        }
    }
}
