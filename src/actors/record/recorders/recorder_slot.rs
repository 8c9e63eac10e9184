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
