//! Platforms that streams are sent to (Vimeo): their live events, whether they get a stream, and what follows from it.
//!
//! A [`PlatformReport`] is what one look has found, whichever platform it is; [`PlatformMemory`] keeps the last one and says what has to be
//! told. How often may be asked is [`RequestLimit`].
//!
//! Never here: HTTP, and what a platform calls things (`adapters/platforms`).

mod live_event;
mod platform_fault;
mod platform_memory;
mod platform_status;
mod request_limit;

pub use live_event::{EventPhase, IngestPhase, IngestReport, LiveEvent, PlatformReport};
pub use platform_fault::{PlatformFault, PlatformFaultKind};
pub use platform_memory::{PlatformChange, PlatformMemory};
pub use platform_status::{PlatformState, PlatformStatus};
pub use request_limit::{RequestLimit, resets_at};
