//! One MediaMTX server's control API, every 1.x version from 1.2 in one normal form.
//!
//! Owns the HTTP client and the wire types. Reads only, but for sessions that an operator ends. [`rtsp_probe`]
//! looks at the RTSP side of a server whose API does not answer, [`publish`] asks whether it takes our login,
//! [`sound`] whether a path has sound.
//! Talked to by the server pollers and by `streamwarden check`.

mod known_items;
mod lenient;
mod mediamtx_client;
mod mediamtx_fault;
mod mediamtx_path;
mod mediamtx_wire;
pub mod publish;
mod rtsp;
pub mod rtsp_probe;
mod session_client;
mod session_wire;
pub mod sound;

#[cfg(test)]
mod client_tests;
#[cfg(test)]
mod known_items_tests;
#[cfg(test)]
mod mediamtx_wire_tests;

use std::time::Duration;

use async_trait::async_trait;

use crate::base::{Error, Result};
use crate::domain::session::{SessionLists, SessionProtocol};
use crate::domain::stream::PathReading;

pub use mediamtx_client::MediaMtx;

/// One answered poll.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    /// Every path with an admissible name.
    pub paths: Vec<PathReading>,
    /// Names that we refuse to touch, shortened for display.
    pub refused: Vec<String>,
    /// How long before the return of the call the counters were read: later requests take their time too.
    pub age: Duration,
}

/// A MediaMTX server as the monitor needs it.
#[async_trait]
pub trait MediaServer: Send + Sync {
    /// All paths, all pages, SRT numbers merged in. Errors carry a sentence with a remedy.
    async fn list(&self) -> Result<Listing>;

    /// Version, where the server tells it (1.15.2 and later).
    async fn version(&self) -> Result<Option<String>>;

    /// Who publishes and reads, of every protocol whose list the server has. Nothing of a poll waits for it.
    async fn sessions(&self) -> Result<SessionLists> {
        Ok(SessionLists { sessions: Vec::new(), not_known: SessionProtocol::ALL.to_vec() })
    }

    /// Ends a session. `NotFound` when it has ended.
    async fn kick(&self, _protocol: SessionProtocol, _id: &str) -> Result<()> {
        Err(Error::not_found("there is no such session any more; it has ended"))
    }
}
