//! What every layer may use: the error type, backoff arithmetic, backoff per item, one piece of work at a time, hashes that may
//! be kept, fingerprints, redaction of secrets, text that is shared, text that can be seen, sizes in words, addresses of sources
//! and of endpoints, counts.
//!
//! Never here: tokio, actix, files, sockets, clocks that read the machine.

pub mod backoff;
pub mod endpoint_url;
pub mod error;
pub mod fingerprint;
pub mod item_backoff;
pub mod network;
pub mod placeholders;
pub mod redact;
pub mod shared_text;
pub mod single_flight;
pub mod size;
pub mod source_url;
pub mod stable_hash;
pub mod tally;
pub mod upload_window;
pub mod visible_text;

pub use error::{Error, ErrorKind, Result, Scope};
pub use shared_text::SharedText;
