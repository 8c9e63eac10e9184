//! What outlives each instance of the manager: its recorders, what they share with it, and what it knows of their streams.
//!
//! Whoever records goes on while the manager is built anew, and hears of the disk and of sources afterwards as before.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use tokio::sync::watch;

use super::known_streams::KnownStreams;
use super::recorder_slot::RecorderSlot;
use crate::actors::record::RecordHandles;
use crate::actors::record::folder_lock::LockedFolders;
use crate::actors::record::pauses::Pauses;
use crate::actors::supervision::Keep;
use crate::adapters::live::publisher::LivePublisher;
use crate::domain::admission::StreamKey;

/// Clones are the same.
#[derive(Clone)]
pub(super) struct RecordersMemory {
    /// The recorders, while there is no manager.
    pub(super) keep: Keep,
    /// What it knew of streams, while there is no manager.
    pub(super) streams: Rc<RefCell<RecordingMemory>>,
    /// States of all of them go through the same one, so that none comes after its recorder's end.
    pub(super) publisher: LivePublisher,
    pub(super) pauses: Pauses,
    /// Why nobody may record at present: the spool's disk.
    pub(super) obstacle: watch::Sender<Option<String>>,
    pub(super) folders: LockedFolders,
    /// The first pass of the recovery is over, however it went: it is known when the last sessions began.
    pub(super) recovered_once: Rc<Cell<bool>>,
}

/// What an instance leaves to the next one.
#[derive(Default)]
pub(super) struct RecordingMemory {
    pub(super) known: KnownStreams,
    pub(super) slots: BTreeMap<StreamKey, RecorderSlot>,
}

impl RecordersMemory {
    /// Nobody records yet. Call it in a tokio runtime.
    pub(super) fn new(handles: &RecordHandles) -> Self {
        Self {
            keep: Keep::default(),
            streams: Rc::default(),
            publisher: LivePublisher::new(handles.live.clone(), "recorders"),
            pauses: Pauses::new(handles.incidents.clone()),
            obstacle: watch::Sender::new(None),
            folders: LockedFolders::default(),
            recovered_once: Rc::default(),
        }
    }
}
