//! `/api/v1/cameras/export` and `/import`: all cameras as CSV.
//!
//! A file is a command like any other: it is written in one piece, and the cameras that it names are meant.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::access::{Operator, Viewer};
use super::audit_routes::{self as audit, AuditedChange};
use super::body::Csv;
use super::http_error::{ErrorAnswer, Problem};
use super::http_state::HttpState;
use super::query::Query;
use crate::domain::camera::sheet::{self, ImportReport};

const CSV: &str = "text/csv; charset=utf-8";

/// All cameras as CSV, without passwords: their column is empty, and in a URL they are `***`.
#[utoipa::path(get, path = "/api/v1/cameras/export", operation_id = "exportCameras", tag = "cameras", responses(
    (status = 200, body = String, content_type = "text/csv"),
    (status = 503, body = Problem, content_type = "application/problem+json", description = "the database is unreachable"),
))]
pub(super) async fn export(_: Viewer, state: web::Data<HttpState>) -> ErrorAnswer {
    let text = sheet::write(&state.stores.cameras.cameras().await?);
    let name = "attachment; filename=\"cameras.csv\"";
    Ok(HttpResponse::Ok().content_type(CSV).insert_header((header::CONTENT_DISPOSITION, name)).body(text))
}

/// Adds and changes cameras by a CSV file; none is removed. Cameras are known by their name, columns by the names of the
/// fields: absent ones stay as they are, empty cells empty their field, an empty password keeps what there is, and has
/// to be filled where the kind, host, port or protocol of its camera changes. All rows are written or none.
#[utoipa::path(post, path = "/api/v1/cameras/import", operation_id = "importCameras", tag = "cameras",
    params(("dryRun" = Option<bool>, Query, description = "true: says what would happen, writes nothing")),
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = 200, body = ImportReport, description = "written; or what would be"),
        (status = 413, body = Problem, content_type = "application/problem+json", description = "more than 8 MB"),
        (status = 415, body = Problem, content_type = "application/problem+json", description = "not text/csv"),
        (status = 422, body = ImportReport, description = "nothing was written; `faults` says why"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "the database is unreachable"),
    ))]
pub(super) async fn import(
    _: Operator,
    state: web::Data<HttpState>,
    request: HttpRequest,
    Csv(file): Csv,
) -> ErrorAnswer {
    let mut query = Query::of(&request)?;
    let dry = query.parsed("dryRun", "true or false")?.unwrap_or(false);
    let report = state.commands.import_cameras(file.into(), dry).await?;
    if dry {
        audit::tell_no_change(&request);
    } else {
        let after = json!({ "added": report.added, "changed": report.changed, "unchanged": report.unchanged });
        audit::tell(&request, AuditedChange { target: None, before: None, after: Some(after) });
    }
    let mut answer = if report.is_refused() { HttpResponse::UnprocessableEntity() } else { HttpResponse::Ok() };
    Ok(answer.json(report))
}
