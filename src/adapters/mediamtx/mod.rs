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
mod not_trusted;
mod path_config_client;
mod path_configs;
pub mod publish;
mod rtsp;
pub mod rtsp_connection;
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
use chrono::{DateTime, Utc};

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

/// What a server tells of itself; nothing before 1.15.2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerIdentity {
    /// Its version.
    pub version: Option<String>,
    /// When this run of it began, by its own clock.
    pub started_at: Option<DateTime<Utc>>,
}

/// A MediaMTX server as the monitor needs it.
#[async_trait]
pub trait MediaServer: Send + Sync {
    /// All paths, all pages, SRT numbers merged in. Errors carry a sentence with a remedy.
    async fn list(&self) -> Result<Listing>;

    /// What the server tells of itself (1.15.2 and later). Asked again after an outage, when the list of paths has changed in more
    /// than its numbers, and now and then.
    async fn identity(&self) -> Result<ServerIdentity>;

    /// Who publishes and reads, of every protocol whose list the server has. Nothing of a poll waits for it.
    async fn sessions(&self) -> Result<SessionLists> {
        Ok(SessionLists { sessions: Vec::new(), not_known: SessionProtocol::ALL.to_vec() })
    }

    /// Ends a session. `NotFound` when it has ended.
    async fn kick(&self, _protocol: SessionProtocol, _id: &str) -> Result<()> {
        Err(Error::not_found("there is no such session any more; it has ended"))
    }
}
