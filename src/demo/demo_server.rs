//! Which media server the demo and the tests run against: the stand-in, or a real MediaMTX where there is one.
//!
//! Owns the choice and one face for both. Knows nothing of what happens inside either.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use url::Url;

use super::cameras::Uplink;
use super::media_server::{ApiFault, MediaServer, Options};
use super::real_server::RealServer;
use crate::base::{Error, ErrorKind, Result};

/// Environment variable that names a MediaMTX program.
pub const BINARY_VARIABLE: &str = "MEDIAMTX_BIN";

/// Which server to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaServerChoice {
    /// The built-in one.
    StandIn,
    /// This MediaMTX program.
    Real(PathBuf),
}

impl MediaServerChoice {
    /// For the demo: the program that `MEDIAMTX_BIN` names, else a `mediamtx` on `PATH`, else the stand-in.
    pub fn detect() -> Result<Self> {
        Self::from_variables(std::env::var_os(BINARY_VARIABLE), std::env::var_os("PATH"))
    }

    /// For tests: the program that `MEDIAMTX_BIN` names, else the stand-in, whatever else is installed.
    pub fn named() -> Result<Self> {
        Self::from_variables(std::env::var_os(BINARY_VARIABLE), None)
    }

    /// The same with the values of the two variables. A named program that cannot be run is an error, because whoever
    /// named it does not want another one.
    pub fn from_variables(named: Option<OsString>, path: Option<OsString>) -> Result<Self> {
        if let Some(named) = named.filter(|named| !named.is_empty()) {
            let binary = PathBuf::from(named);
            if is_program(&binary) {
                return Ok(Self::Real(binary));
            }
            let text = format!("{} is not a program that can be run; name MediaMTX, or unset it", binary.display());
            return Err(Error::invalid(BINARY_VARIABLE, text));
        }
        let folders = path.iter().flat_map(std::env::split_paths).filter(|folder| folder.is_absolute());
        let found = folders.map(|folder| folder.join("mediamtx")).find(|binary| is_program(binary));
        Ok(found.map_or(Self::StandIn, Self::Real))
    }
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// A running media server of either kind. Dropped, it ends.
pub enum AnyServer {
    /// The built-in one.
    StandIn(MediaServer),
    /// MediaMTX.
    Real(RealServer),
}

/// Starts the chosen server; it answers on both addresses when this returns.
pub async fn start(choice: &MediaServerChoice, options: &Options) -> Result<AnyServer> {
    match choice {
        MediaServerChoice::StandIn => MediaServer::start(options.clone()).map(AnyServer::StandIn),
        MediaServerChoice::Real(binary) => RealServer::start(binary, options).await.map(AnyServer::Real),
    }
}

impl AnyServer {
    /// What it is, for people.
    pub fn name(&self) -> String {
        match self {
            Self::StandIn(_) => "the built-in stand-in".to_owned(),
            Self::Real(server) => format!("MediaMTX ({})", server.binary().display()),
        }
    }

    /// Where to publish to and to read from, without a path.
    pub fn rtsp_url(&self) -> Url {
        match self {
            Self::StandIn(server) => server.rtsp_url(),
            Self::Real(server) => server.rtsp_url(),
        }
    }

    /// Where the API is, without `/v3`.
    pub fn api_url(&self) -> Url {
        match self {
            Self::StandIn(server) => server.api_url(),
            Self::Real(server) => server.api_url(),
        }
    }

    /// Where somebody outside publishes a path by SRT; to the stand-in, which tells it as SRT where it was asked to, by RTSP.
    pub fn uplink(&self, path: &str) -> Uplink {
        let path = path.to_owned();
        match self {
            Self::StandIn(server) => {
                let mut url = server.rtsp_url();
                url.set_path(&path);
                Uplink { url, path, presence: Some(server.presence()) }
            }
            Self::Real(server) => {
                let mut url = server.srt_url();
                url.set_query(Some(&format!("streamid=publish:{path}&pkt_size=1316")));
                Uplink { url, path, presence: None }
            }
        }
    }

    /// Addresses of RTSP and of the API, with their real ports: start again on these to be found by everybody again.
    pub fn addresses(&self) -> (SocketAddr, SocketAddr) {
        match self {
            Self::StandIn(server) => (server.rtsp_address(), server.api_address()),
            Self::Real(server) => (server.rtsp_address(), server.api_address()),
        }
    }

    /// Makes the API misbehave, or behave again. A real server does not do that on demand: `Unsupported`.
    pub fn set_api_fault(&self, fault: Option<ApiFault>) -> Result<()> {
        match self {
            Self::StandIn(server) => {
                server.set_api_fault(fault);
                Ok(())
            }
            Self::Real(_) => Err(Error::new(ErrorKind::Unsupported, "a real MediaMTX cannot be made to misbehave")),
        }
    }

    /// Ends it; both ports are free when this returns.
    pub async fn stop(self) {
        match self {
            Self::StandIn(server) => server.stop().await,
            Self::Real(server) => server.stop().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(folder: &Path, name: &str, mode: u32) -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, "#!/bin/false\n").expect("a file");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("its mode");
        path
    }

    #[test]
    fn the_named_program_wins_then_the_path_then_the_stand_in() {
        let (one, two) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let named = program(one.path(), "other", 0o755);
        let plain = program(one.path(), "mediamtx", 0o644);
        let found = program(two.path(), "mediamtx", 0o755);
        let path = std::env::join_paths([one.path(), two.path()]).expect("a PATH");
        let choose = |named: Option<&Path>, path: Option<&OsString>| {
            MediaServerChoice::from_variables(named.map(|named| named.as_os_str().to_owned()), path.cloned())
        };
        assert_eq!(choose(Some(&named), Some(&path)).expect("named"), MediaServerChoice::Real(named));
        assert_eq!(choose(None, Some(&path)).expect("found"), MediaServerChoice::Real(found));
        assert_eq!(choose(None, None).expect("nothing"), MediaServerChoice::StandIn);
        assert_eq!(choose(Some(Path::new("")), None).expect("empty is unset"), MediaServerChoice::StandIn);
        let error = choose(Some(&plain), Some(&path)).expect_err("not executable");
        assert_eq!(error.field(), Some(BINARY_VARIABLE));
    }
}
