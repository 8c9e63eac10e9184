//! Servers and our own port.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::report::{CheckOutcome, Finding};
use crate::adapters::mediamtx::publish::{Publishing, TRIED_PATH, try_publishing};
use crate::adapters::mediamtx::rtsp_connection::RtspPlace;
use crate::adapters::mediamtx::{Listing, MediaServer};
use crate::app::running::RunningProgram;
use crate::config::settings::ServerSettings;
use crate::domain::name::StreamName;

/// How long an RTSP port may take to accept a connection.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Wrong credentials are answered after up to 4 s (the server delays on purpose).
const LOGIN_TIMEOUT: Duration = Duration::from_secs(8);

/// Port of RTSP when the URL names none.
const RTSP_PORT: u16 = 554;

/// What the API of a server answers, and its paths.
pub(super) async fn api(server: &ServerSettings, client: &dyn MediaServer) -> (Finding, Option<Vec<StreamName>>) {
    let what = format!("server {}", server.name);
    match client.list().await {
        Ok(listing) => {
            let found = listed(what, &listing, client).await;
            (found, Some(listing.paths.into_iter().map(|path| path.name).collect()))
        }
        Err(error) => (Finding::error(what, &error), None),
    }
}

async fn listed(what: String, listing: &Listing, client: &dyn MediaServer) -> Finding {
    let version = match client.identity().await.map(|identity| identity.version) {
        Ok(Some(version)) => format!("MediaMTX {version}"),
        Ok(None) => "MediaMTX, older than 1.15.2,".to_owned(),
        Err(error) => return Finding::error(what, &error),
    };
    let live = listing.paths.iter().filter(|path| path.available).count();
    let found = format!("{version} answers, {} paths, {live} available", listing.paths.len());
    match listing.refused.first() {
        None => Finding::ok(what, found),
        Some(name) => Finding {
            what,
            outcome: CheckOutcome::Note,
            found: format!("{found}, {} with names that are not touched, the first {name:?}", listing.refused.len()),
            remedy: Some("publish under letters, digits, '_', '-', '.' and '/'".to_owned()),
        },
    }
}

/// Whether cameras may be published there with our login. Nothing is published.
pub(super) async fn publishing(what: String, place: &RtspPlace, server: &ServerSettings) -> Finding {
    let login = server.publish_username.as_deref().zip(server.publish_password.as_ref());
    let name = &server.name;
    let found = match try_publishing(place, login, LOGIN_TIMEOUT).await {
        Ok(found) => found,
        Err(error) => return Finding::error(what, &error),
    };
    let may = format!(
        "in mediamtx.yml that user needs the permission `publish` for the cameras' paths ({TRIED_PATH} was tried)"
    );
    match found {
        Publishing::Allowed => Finding::ok(what, "accepts the login for publishing"),
        Publishing::AllowedToAnybody if login.is_some() => {
            Finding::ok(what, "allows anybody to publish; the login is not asked for")
        }
        Publishing::AllowedToAnybody => Finding::ok(what, "allows publishing without a login"),
        Publishing::WantsLogin => Finding::fault(
            what,
            "wants a login for publishing, and none is set",
            format!("set publish_username and publish_password of server {name}; {may}"),
        ),
        Publishing::RefusesLogin => Finding::fault(
            what,
            "refuses our login for publishing",
            format!("correct publish_username and publish_password of server {name}; {may}"),
        ),
        Publishing::RefusesPath(said) => Finding::note(
            what,
            format!("does not take the path {TRIED_PATH} ({said}), so whether it takes our login is not known"),
            "paths of cameras must be allowed in mediamtx.yml: `all_others:` below `paths:`, or a pattern",
        ),
    }
}

/// Whether the port that cameras are published to, and streams are read from, accepts connections. `key` names it.
pub(super) async fn rtsp(what: String, host: &str, port: Option<u16>, key: &str) -> Finding {
    let port = port.unwrap_or(RTSP_PORT);
    // Brackets of an IPv6 address belong to URLs only.
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let remedy = format!("start MediaMTX with `rtsp: yes`, or correct {key} (the default port is 8554)");
    let found = match timeout(TIMEOUT, TcpStream::connect((bare, port))).await {
        Ok(Ok(_)) => return Finding::ok(what, format!("{host}:{port} accepts connections")),
        Ok(Err(error)) => format!("{host}:{port} cannot be reached: {error}"),
        Err(_) => format!("{host}:{port} did not accept a connection within {} s", TIMEOUT.as_secs()),
    };
    Finding::fault(what, found, remedy)
}

/// Whether we can listen, or do so already.
pub(super) async fn listen(address: SocketAddr, running: Option<RunningProgram>) -> Finding {
    let what = "http.listen";
    if let Some(running) = running.filter(|running| running.listen == address) {
        return Finding::ok(
            what,
            format!("{address} is served by the streamwarden that runs (process {})", running.pid),
        );
    }
    match TcpListener::bind(address).await {
        Ok(_) => Finding::ok(what, format!("{address} is free")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Finding::fault(
            what,
            format!("{address} is in use, by another program or a streamwarden with another data_dir"),
            format!("stop it (`ss -ltnp sport = :{}` names it), or set http.listen to another port", address.port()),
        ),
        Err(error) => Finding::fault(
            what,
            format!("{address} cannot be listened on: {error}"),
            "set http.listen to another address",
        ),
    }
}
