//! `http`: where the page and the API are served and to whom, and what viewers see.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::base::network::Network;

/// HTTP server.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Address to listen on; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Origins besides our own that may open the WebSocket.
    pub allowed_origins: Vec<String>,
    /// Proxies whose word about the address and the scheme of their clients counts.
    pub trusted_proxies: Vec<Network>,
    /// Path below which a reverse proxy keeps us: `/cams`, or empty.
    pub base_path: String,
    /// Certificate and key where HTTP is served over TLS.
    pub tls: Option<TlsFiles>,
    /// Who may log in with a password, besides those of the database.
    pub users: Vec<ConfiguredUser>,
    /// Credentials of programs, besides those of the database.
    pub tokens: Vec<ConfiguredToken>,
    /// WebSocket sessions at once.
    pub websocket_clients: usize,
    /// Of them, of one address.
    pub websocket_clients_per_address: usize,
    /// The page that viewers may see.
    pub status_page: StatusPageSettings,
}

/// A page for viewers: what is up, and how it was on the last days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusPageSettings {
    /// There is one.
    pub enabled: bool,
    /// Its heading.
    pub title: String,
    /// Only whoever has logged in sees it.
    pub login: bool,
    /// Patterns of the names of streams that it shows.
    pub streams: Vec<String>,
    /// Patterns of the names of media servers.
    pub servers: Vec<String>,
    /// Patterns of the names of endpoints (`health.endpoints`).
    pub endpoints: Vec<String>,
}

/// The files of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, then those that lead to its authority, in PEM.
    pub cert: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
}

/// A hash; not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct HiddenHash(pub String);

impl std::fmt::Debug for HiddenHash {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("***")
    }
}

/// A user of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredUser {
    /// Unique.
    pub name: String,
    /// `viewer` or `operator`.
    pub role: String,
    /// argon2id, in PHC form.
    pub hash: HiddenHash,
}

/// A token of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredToken {
    /// Unique.
    pub name: String,
    /// `viewer` or `operator`.
    pub role: String,
    /// SHA-256 of the token in hex digits.
    pub hash: HiddenHash,
    /// It reads only streams whose names begin so.
    pub stream_prefix: Option<String>,
}
