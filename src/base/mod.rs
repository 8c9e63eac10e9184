//! What every layer may use: the error type, backoff arithmetic, redaction of secrets, ids.
//!
//! Never here: tokio, actix, files, sockets, clocks that read the machine.

pub mod backoff;
pub mod error;
pub mod redact;

pub use error::{Error, Kind, Result};
