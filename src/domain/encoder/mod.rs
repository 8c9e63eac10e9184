//! Hardware encoders (Blackmagic Web Presenter and Streaming Encoder): what they say, and what of it is believed.
//!
//! An [`EncoderReading`] is one answer of a device, whichever protocol it came by. [`EncoderMemory`] compares readings: a device that
//! says `Streaming` streams only while its duration goes on and its bit rate is not 0. What follows for incidents is
//! [`EncoderEvent`].
//!
//! Never here: sockets, and what the protocols call things (`adapters/webpresenter`).

mod encoder_event;
mod encoder_fault;
mod encoder_feeds;
mod encoder_memory;
mod encoder_reading;
mod encoder_status;
mod occurrences;

pub use encoder_event::EncoderEvent;
pub use encoder_fault::{EncoderFault, EncoderFaultKind};
pub use encoder_feeds::EncoderFeeds;
pub use encoder_memory::EncoderMemory;
pub use encoder_reading::{EncoderClaim, EncoderDetails, EncoderOrder, EncoderProtocol, EncoderReading};
pub use encoder_status::{EncoderState, EncoderStatus};
