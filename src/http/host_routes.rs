//! `/api/v1/hosts`: the hosts that are measured by an agent.

use std::sync::{Arc, PoisonError};
use std::time::Instant;

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::Utc;

use super::access::{HostReporter, Operator, Viewer};
use super::audit_routes::{self as audit, AuditedChange};
use super::body::Json;
use super::history_routes::{History, HistoryRequest, past_of_host};
use super::http_error::{ErrorAnswer, Problem};
use super::http_state::HttpState;
use super::item_list::ItemList;
use super::query::Query;
use crate::adapters::database::with_timeout;
use crate::adapters::live::Change;
use crate::base::{Error, ErrorKind, Result};
use crate::domain::history::SeriesKind;
use crate::domain::host::{HostStatus, carry_forecasts, checked, silent_after};
use crate::domain::role::Role;

/// So many hosts are watched; the next one is refused.
const MOST: usize = 1_000;

/// All hosts, by name. What could not be measured is null, and `unmeasured` says why.
#[utoipa::path(get, path = "/api/v1/hosts", operation_id = "listHosts", tag = "hosts", responses(
    (status = 200, body = ItemList<HostStatus>),
))]
pub(super) async fn list(_: Viewer, state: web::Data<HttpState>) -> ErrorAnswer<web::Json<ItemList<HostStatus>>> {
    Ok(web::Json(ItemList::whole(state.live.latest().await?.hosts)))
}

/// An agent tells how its host is: one measurement. For tokens of the role agent, and for operators. `state` is judged here,
/// whatever is sent.
#[utoipa::path(post, path = "/api/v1/hosts", operation_id = "reportHost", tag = "hosts", request_body = HostStatus, responses(
    (status = 204),
    (status = 409, body = Problem, content_type = "application/problem+json",
        description = "too many hosts are watched, or this one is told of by another token or by this process itself"),
))]
pub(super) async fn report(
    reporter: HostReporter,
    state: web::Data<HttpState>,
    Json(report): Json<HostStatus>,
) -> ErrorAnswer {
    let mut report = checked(report, Utc::now())?;
    admit(&state, reporter, &report)?;
    let hosts = state.live.latest().await?.hosts;
    if hosts.len() >= MOST && !hosts.iter().any(|host| host.name == report.name) {
        let text =
            format!("{MOST} hosts are watched, and no more are taken; is the name of an agent made up anew each time?");
        return Err(Error::new(ErrorKind::Conflict, text).into());
    }
    if let Some(before) = hosts.iter().find(|host| host.name == report.name) {
        carry_forecasts(before, &mut report);
    }
    state.live.publish(vec![Change::Host(Arc::new(report))]).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Whether this one may tell of that host.
///
/// # Errors
/// `Conflict` while this process measures it itself, or another token tells of it.
fn admit(state: &HttpState, reporter: HostReporter, report: &HostStatus) -> Result<()> {
    let host = report.name.as_str();
    if host == state.node && state.roles.contains(&Role::Agent) {
        log::warn!(host = host; "an agent elsewhere calls itself {host}, as this process, which measures its own host: refused");
        let text = "this process measures the host of that name itself; give the agent a `node` of its own";
        return Err(Error::new(ErrorKind::Conflict, text));
    }
    let Some(token) = reporter.token else { return Ok(()) };
    let silent_after = silent_after(report.interval);
    let mut reporters = state.host_reporters.lock().unwrap_or_else(PoisonError::into_inner);
    reporters.note(host, &token, silent_after, Instant::now()).map_err(|other| {
        log::warn!(host = host, token = &*token; "{token} tells of the host {host}, as {other} does: refused");
        let text = format!(
            "another token tells of the host {host} already; give each agent a `node` of its own, or wait {} s after its end",
            silent_after.as_secs()
        );
        Error::new(ErrorKind::Conflict, text)
    })
}

/// Watches a host no longer: it is forgotten, and its incidents end. One whose agent still runs is there again with its next
/// measurement.
#[utoipa::path(delete, path = "/api/v1/hosts/{host}", operation_id = "removeHost", tag = "hosts",
    params(("host" = String, Path, description = "name of the host")),
    responses(
        (status = 204),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn remove(
    _: Operator,
    state: web::Data<HttpState>,
    host: web::Path<String>,
    request: HttpRequest,
) -> ErrorAnswer {
    known(&state, &host).await?;
    with_timeout(state.stores.hosts.remove_host(host.clone())).await?;
    state.live.publish(vec![Change::HostGone { name: host.clone() }]).await?;
    audit::tell(&request, AuditedChange { target: Some(host.into_inner()), before: None, after: None });
    Ok(HttpResponse::NoContent().finish())
}

async fn known(state: &HttpState, host: &str) -> Result<HostStatus> {
    let found = state.live.latest().await?.hosts.into_iter().find(|status| status.name == host);
    found.ok_or_else(|| Error::not_found("no agent has measured a host of this name"))
}

/// How a host has been: as the history of a stream, without states: the measurements themselves
/// (`monitor.history`), before them buckets of one and of ten minutes.
#[utoipa::path(get, path = "/api/v1/hosts/{host}/history", operation_id = "getHostHistory", tag = "hosts",
    params(
        ("host" = String, Path, description = "name of the host"),
        ("from" = Option<DateTime<Utc>>, Query, description = "RFC 3339; one hour before `to` when absent"),
        ("to" = Option<DateTime<Utc>>, Query, description = "RFC 3339; now when absent"),
        ("points" = Option<u32>, Query, minimum = 1, maximum = 5000, description = "at most so many, 1 to 5000; 300 when absent"),
        ("metrics" = Option<String>, Query, min_length = 1,
            pattern = r"^\s*(cpu|cpuIowait|cpuSteal|memoryUsed|swapUsed|load|networkIn|networkOut|diskRead|diskWrite|diskUsed|temperature|mediamtxCpu|mediamtxRss|cpuUser|cpuSystem)\s*(,\s*(cpu|cpuIowait|cpuSteal|memoryUsed|swapUsed|load|networkIn|networkOut|diskRead|diskWrite|diskUsed|temperature|mediamtxCpu|mediamtxRss|cpuUser|cpuSystem)\s*)*$",
            description = "comma-separated: cpu, cpuUser, cpuSystem, cpuIowait, cpuSteal, memoryUsed, swapUsed, load, networkIn, networkOut, diskRead, \
                           diskWrite, diskUsed, temperature, mediamtxCpu, mediamtxRss"),
        ("format" = Option<String>, Query, pattern = "^(json|csv)$", description = "json or csv; `Accept` decides when absent"),
    ),
    responses(
        (status = 200, description = "points, oldest first", content((History = "application/json"), (String = "text/csv"))),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn history(
    _: Viewer,
    state: web::Data<HttpState>,
    host: web::Path<String>,
    request: HttpRequest,
) -> ErrorAnswer {
    let asked = HistoryRequest::read(&mut Query::of(&request)?, &request, SeriesKind::Host)?;
    let status = known(&state, &host).await?;
    Ok(asked.answer(&state, past_of_host(&state, &status, &asked).await?))
}
