//! Streams: what a poll says about a path ([`reading`]), what we say about it ([`status`]), and the rules that lead
//! from the one to the other ([`memory`]): state, since when, why, bitrate.

mod memory;
mod reading;
mod status;

#[cfg(test)]
mod memory_tests;

pub use memory::{FORGET_AFTER, PathSeen, StreamMemory, StreamObservation};
pub use reading::{PathReading, PathSource, SrtReading};
pub use status::{Sample, ServerStatus, StreamState, StreamStatus, StreamTrack};
