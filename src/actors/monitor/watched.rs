//! What the monitor is told of a server.

use std::fmt;
use std::sync::Arc;

use url::Url;

use crate::adapters::mediamtx::MediaServer;

/// A server to be polled.
#[derive(Clone)]
pub struct Watched {
    /// Name in our configuration, unique.
    pub name: String,
    /// Its API.
    pub client: Arc<dyn MediaServer>,
    /// Where it serves RTSP: it is not down while that answers, whatever its API does.
    pub rtsp_url: Url,
    /// Readers that leave a stream all at once are an incident.
    pub readers_gone: bool,
}

impl fmt::Debug for Watched {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Watched").field("name", &self.name).finish_non_exhaustive()
    }
}
