//! `/health`, `/ready`: is this process alive, and is what it depends on there.

use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, web};
use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::future::{OptionFuture, join5};
use serde::Serialize;
use utoipa::ToSchema;

use super::access::{Public, PublicInPart};
use super::http_error::ErrorAnswer;
use super::http_state::HttpState;
use super::node_routes;
use crate::actors::record::SpoolDisk;
use crate::adapters::live::Latest;
use crate::base::size::size;
use crate::base::{Error, ErrorKind, Result};
use crate::domain::camera::{CameraState, CameraStatus, undelivered};
use crate::domain::change_guard::PlanView;
use crate::domain::host::{HostState, HostStatus};
use crate::domain::maintenance;
use crate::domain::probe::PUBLISH_LOGIN;
use crate::domain::recording::{RecordingState, RecordingStatus};
use crate::domain::role::Role;
use crate::domain::stream::{ServerStatus, StreamState, StreamStatus};

/// A dependency that does not answer in this time is down.
pub(super) const TIMEOUT: Duration = Duration::from_secs(2);

/// So many cameras that deliver nothing are named.
const CAMERAS_NAMED: usize = 5;

/// So many silent hosts are named.
const HOSTS_NAMED: usize = 5;

/// A manager that works answers at once: it only decides.
const MANAGERS_TIMEOUT: Duration = Duration::from_secs(1);

/// Liveness.
#[derive(Serialize, ToSchema)]
pub(super) struct Alive {
    ok: bool,
}

/// Readiness.
#[derive(Serialize, ToSchema)]
pub(super) struct Ready {
    /// Every required dependency answers.
    ok: bool,
    /// Each of them; empty for nobody where a login is asked for.
    services: Vec<Service>,
}

/// One thing this process depends on.
#[derive(Serialize, ToSchema)]
pub(super) struct Service {
    /// `database`, `node`, `objects`, `live`, `redis`, `certificate`, `updates`, `managers`, `spool`, `recording`, `cameras`, `camera table`, `hosts`,
    /// `node NAME` (another one that is silent), or `server NAME`.
    name: String,
    /// Whether it answers.
    ok: bool,
    /// Without it this process cannot do its work.
    required: bool,
    /// What it is, or what is wrong with it.
    detail: String,
}

/// The process answers.
#[utoipa::path(get, path = "/health", operation_id = "health", tag = "health", responses((status = 200, body = Alive)))]
pub(super) async fn alive(_: Public) -> web::Json<Alive> {
    web::Json(Alive { ok: true })
}

/// Whether the process can do its work; 503 when a required dependency is down. Which one is told to nobody who has not
/// logged in, where a login is asked for.
#[utoipa::path(get, path = "/ready", operation_id = "ready", tag = "health", responses(
    (status = 200, body = Ready),
    (status = 503, body = Ready, description = "a required dependency is down"),
))]
pub(super) async fn ready(PublicInPart(caller): PublicInPart, state: web::Data<HttpState>) -> ErrorAnswer {
    let services = services(&state).await;
    let ok = services.iter().all(|service| service.ok || !service.required);
    let status = if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok(HttpResponse::build(status)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(Ready { ok, services: if caller.role().is_some() { services } else { Vec::new() } }))
}

/// Everything this process depends on, asked now.
pub(super) async fn services(state: &HttpState) -> Vec<Service> {
    let relays = state.roles.contains(&Role::Restream);
    let (database, objects, latest, managers, plan) = join5(
        within(state.stores.health.ping()),
        within(state.objects.ping()),
        within(state.live.latest()),
        within(managers(state)),
        OptionFuture::from(relays.then(|| within(state.commands.camera_plan(false)))),
    )
    .await;
    // Found out beforehand: a disk that hangs must not hold a thread for each who asks.
    let trouble = |name: &str| match state.troubles.borrow().get(name) {
        Some(why) => Err(Error::unavailable(why.clone())),
        None => Ok(()),
    };
    let recording = latest.as_ref().ok().map(|latest| recording(latest, &state.disk.borrow()));
    let node = state.stores.nodes.admitted().and_then(|()| trouble("node"));
    let (servers, cameras_known, hosts_known) = latest
        .as_ref()
        .map(|latest| (latest.servers.clone(), latest.cameras.clone(), latest.hosts.clone()))
        .unwrap_or_default();
    let cameras = latest.as_ref().ok().and_then(cameras);
    let updates = match state.hub.hub() {
        Some(_) => Ok("sends updates to browsers".to_owned()),
        None => Err(Error::unavailable("being restarted")),
    };
    let mut services = vec![
        Service::of("database", true, database),
        Service::of("node", true, node.map(|()| format!("registered as {}", state.node))),
        Service::of("live", true, latest.map(|latest| streams(&latest.streams))),
        Service::of("updates", true, updates),
        Service::of("managers", true, managers),
    ];
    services.extend(redis(state));
    services.extend(node_routes::silent(state).await.into_iter().map(of_silent_node));
    services.extend(certificate(state));
    services.extend(hosts(&hosts_known));
    let records = state.roles.contains(&Role::Record);
    if records {
        let root = state.spool.root().display();
        services.push(Service::of("spool", true, trouble("spool").map(|()| format!("directory {root}"))));
        services.extend(recording);
    }
    // Others play from it where there is one.
    if records || objects.is_ok() {
        services.push(Service::of("objects", records, objects));
    }
    services.extend(cameras);
    // Who does not answer is told by `managers`.
    services.extend(plan.and_then(Result::ok).map(of_plan));
    // A server that is down is what this program is there to show; it goes on working.
    services.extend(servers.into_iter().map(|server| of_server(server, &cameras_known)));
    services
}

/// How many are live, and of how many nobody knows: those of a server that does not answer.
fn streams(streams: &[StreamStatus]) -> String {
    let of = |state| streams.iter().filter(|stream| stream.state == state).count();
    let live = format!("{} of {} live", of(StreamState::Live), counted(streams.len(), "stream"));
    match of(StreamState::Unknown) {
        0 => live,
        unknown => format!("{live}, the state of {unknown} is unknown"),
    }
}

/// The certificate of our own TLS, whose end browsers tell nobody before it is there; `None` where HTTP is plain.
fn certificate(state: &HttpState) -> Option<Service> {
    let current = state.certificate.as_ref()?.borrow().clone();
    let found = current.trouble(Utc::now()).map_or_else(|| Ok(current.describe()), |why| Err(Error::unavailable(why)));
    Some(Service::of("certificate", false, found))
}

/// What lies behind the live store of this process, which goes on without it; `None` where nothing does.
fn redis(state: &HttpState) -> Option<Service> {
    let place = Some(state.live.kept_in()).filter(|place| place != "memory")?;
    let found = state.live.fault().map_or(Ok(place), |fault| Err(Error::unavailable(fault)));
    Some(Service::of("redis", false, found))
}

/// Another node that has gone silent: this one goes on.
fn of_silent_node((name, roles, since): (String, Vec<String>, DateTime<Utc>)) -> Service {
    let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
    let detail = format!("silent since {since}; it runs {}", roles.join(", "));
    Service { name: format!("node {name}"), ok: false, required: false, detail }
}

/// Whether every host is heard of; `None` without hosts. One that is not makes nobody unready.
fn hosts(hosts: &[HostStatus]) -> Option<Service> {
    let silent: Vec<&HostStatus> = hosts.iter().filter(|host| host.state == HostState::Silent).collect();
    let since = |host: &&HostStatus| format!("{} (since {})", host.name, host.at.format("%Y-%m-%dT%H:%M:%SZ"));
    let named: Vec<String> = silent.iter().take(HOSTS_NAMED).map(since).collect();
    let detail = match silent.len() {
        0 => format!("{} measured", counted(hosts.len(), "host")),
        count => format!("{count} of {} silent: {}", counted(hosts.len(), "host"), named.join(", ")),
    };
    let service = Service { name: "hosts".to_owned(), ok: silent.is_empty(), required: false, detail };
    (!hosts.is_empty()).then_some(service)
}

/// Whether every enabled camera delivers; `None` without cameras. One that does not is shown and makes nobody unready: the
/// others go on.
fn cameras(latest: &Latest) -> Option<Service> {
    let enabled = latest.cameras.iter().filter(|camera| camera.enabled).count();
    let excused = |camera: &&CameraStatus| maintenance::of_camera(&latest.maintenance, camera).is_some();
    let in_maintenance = latest.cameras.iter().filter(|camera| camera.enabled).filter(excused).count();
    let asked = latest.cameras.iter().filter(|camera| !excused(camera));
    // On its way to its first picture, without a fault: it does not deliver yet, and nobody need look.
    let starts = |camera: &&CameraStatus| {
        use CameraState::{Probing, Starting, Waiting};
        camera.enabled && camera.last_error.is_none() && matches!(camera.state, Waiting | Probing | Starting)
    };
    let starting = asked.clone().filter(starts).count();
    let down: Vec<String> = asked.filter_map(|camera| down(camera, latest)).collect();
    let enabled = enabled - in_maintenance;
    let shown = down.iter().take(CAMERAS_NAMED).map(String::as_str).collect::<Vec<_>>().join("; ");
    let more = down.len().saturating_sub(CAMERAS_NAMED);
    let and_more = if more > 0 { format!("; and {more} more") } else { String::new() };
    let detail = match down.len() {
        0 if starting > 0 => format!("{} of {enabled} deliver; {starting} starting", enabled - starting),
        0 => format!("{enabled} of {enabled} deliver"),
        count => format!("{count} of {enabled} deliver nothing: {shown}{and_more}"),
    };
    let detail = match in_maintenance {
        0 => detail,
        count => format!("{detail}; {count} in maintenance"),
    };
    let service = Service { name: "cameras".to_owned(), ok: down.is_empty(), required: false, detail };
    (enabled + in_maintenance > 0).then_some(service)
}

/// A change of the table that is blocked stops nothing and waits for a person, who has to be told.
fn of_plan(plan: PlanView) -> Service {
    let (ok, detail) = match plan.blocked {
        None => (true, "no change is blocked".to_owned()),
        Some(blocked) => (false, format!("{}; see `streamwarden cameras plan`", blocked.summary)),
    };
    Service { name: "camera table".to_owned(), ok, required: false, detail }
}

/// The camera's name and why it delivers nothing; `None` when it does.
fn down(camera: &CameraStatus, latest: &Latest) -> Option<String> {
    let watched = latest.servers.iter().any(|server| server.name == camera.server);
    undelivered(camera, latest.stream(&camera.server, &camera.path), watched)
        .map(|why| format!("{} ({why})", camera.title()))
}

/// Recording pauses wholly for want of a disk, which is our own failure, or in part, which is shown.
fn recording(latest: &Latest, disk: &SpoolDisk) -> Service {
    let recordings: Vec<&RecordingStatus> =
        latest.recordings.iter().filter(|recording| recording.state != RecordingState::Off).collect();
    let excused = |recording: &&RecordingStatus| {
        let (server, name) = (recording.server.as_str(), recording.name.as_str());
        maintenance::of_stream(&latest.maintenance, &latest.cameras, server, name).is_some()
    };
    let paused = recordings.iter().copied().filter(|recording| recording.state == RecordingState::Paused);
    let mut paused = paused.filter(|recording| !excused(recording));
    let count = paused.clone().count();
    let first = paused.next().map(|recording| {
        let why = recording.reason.as_deref().unwrap_or("paused");
        format!("{count} of {} recordings are paused: {}: {why}", recordings.len(), called(recording, latest))
    });
    let fault = disk.obstacle.clone().or(first);
    Service {
        name: "recording".to_owned(),
        ok: fault.is_none(),
        required: disk.obstacle.is_some(),
        detail: fault.unwrap_or_else(|| match disk.free {
            Some(free) => format!("{}, {} free in the spool", counted(recordings.len(), "recording"), size(free)),
            None => counted(recordings.len(), "recording"),
        }),
    }
}

/// The recorded stream's name, with its camera's display name.
fn called(recording: &RecordingStatus, latest: &Latest) -> String {
    let of = |camera: &&CameraStatus| camera.server == recording.server && camera.path == recording.name.as_str();
    latest.cameras.iter().find(of).map_or_else(|| recording.name.to_string(), CameraStatus::title)
}

fn of_server(server: ServerStatus, cameras: &[CameraStatus]) -> Service {
    let ServerStatus { name, reachable, reason, version, .. } = server;
    let refused = |camera: &&CameraStatus| {
        let told = |words: &&str| camera.last_error.as_ref().is_some_and(|error| error.contains(words));
        camera.server == name && camera.state != CameraState::Running && PUBLISH_LOGIN.iter().any(told)
    };
    let refused = cameras.iter().filter(refused).count();
    let detail = match (reason, refused) {
        (Some(reason), _) => reason,
        (None, 0) => version.map_or_else(|| "answers".to_owned(), |version| format!("MediaMTX {version}")),
        (None, refused) => format!(
            "refuses publishing with the login that is set, or without one ({refused} cameras wait): correct publish_username and publish_password of \
            server {name}"
        ),
    };
    Service { name: format!("server {name}"), ok: reachable && refused == 0, required: false, detail }
}

/// `1 stream`, `2 streams`.
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Whether those who start, watch and record answer: this very page is served by other threads.
async fn managers(state: &HttpState) -> Result<String> {
    let silent = state.commands.unresponsive(MANAGERS_TIMEOUT).await?;
    match silent.as_slice() {
        [] => Ok("all respond".to_owned()),
        names => Err(Error::unavailable(format!(
            "no answer from {}; what hangs is restarted within 15 s, unless it waits for a disk; the log says more",
            names.join(", ")
        ))),
    }
}

impl Service {
    fn of(name: &str, required: bool, found: Result<String>) -> Self {
        let ok = found.is_ok();
        let detail = found.unwrap_or_else(|error| error.to_string());
        Self { name: name.to_owned(), ok, required, detail }
    }
}

/// The answer, or that there is none in time.
pub(super) async fn within<T>(question: impl Future<Output = Result<T>>) -> Result<T> {
    within_time(TIMEOUT, question).await
}

/// The answer, or that there is none in this time.
pub(super) async fn within_time<T>(limit: Duration, question: impl Future<Output = Result<T>>) -> Result<T> {
    let late = || Error::new(ErrorKind::Timeout, format!("timeout: no answer in {} s", limit.as_secs_f64()));
    tokio::time::timeout(limit, question).await.unwrap_or_else(|_| Err(late()))
}
