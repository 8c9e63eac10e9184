//! Streams: what a poll says about a path ([`reading`]), what we say about it ([`stream_status`]), and the rules that lead
//! from the one to the other ([`stream_memory`]): state, since when, why, bitrate.

mod reading;
mod server_restart;
mod stream_events;
mod stream_memory;
mod stream_status;

#[cfg(test)]
mod memory_tests;

pub use reading::{PathReading, PathSource, SrtReading};
pub use server_restart::{Continuity, ServerRun, server_run};
pub use stream_events::{StreamEvent, StreamEvents};
pub use stream_memory::{FORGET_AFTER, PathSeen, StreamMemory, StreamObservation};
pub use stream_status::{
    CONNECTION_REFUSED, Sample, ServerStatus, SrtFigures, StreamState, StreamStatus, StreamTrack, TrackList,
};
