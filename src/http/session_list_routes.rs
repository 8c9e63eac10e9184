//! `/api/v1/streams/{path}/sessions`: who publishes and who reads, and ending a session.

use std::net::{IpAddr, SocketAddr};

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::access::{Operator, Viewer};
use super::audit_routes::{self as audit, AuditedChange};
use super::http_error::{ErrorAnswer, Problem};
use super::http_state::HttpState;
use super::query::Query;
use super::stream_routes::stream_of;
use crate::actors::monitor::FoundSessions;
use crate::base::network::NetworkLabel;
use crate::base::{Error, ErrorKind};
use crate::domain::session::{SessionProtocol, StreamSession};

/// Who publishes to a stream and who reads it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionsView {
    /// The server that was asked.
    server: String,
    /// When it told this; null before its first answer.
    at: Option<DateTime<Utc>>,
    /// The publisher, then the readers by protocol and age.
    items: Vec<StreamSession>,
    /// Protocols of which nobody knows whether they have sessions: switched off there, or the version lists none.
    not_known: Vec<SessionProtocol>,
    /// Why the server has told nothing since; null when it has.
    fault: Option<String>,
}

/// Who publishes and who reads. Asked for every 10 s, and at the rate of the polls while somebody asks here. Without `server` the
/// first stream of that name.
#[utoipa::path(get, path = "/api/v1/streams/{path}/sessions", operation_id = "listStreamSessions", tag = "streams",
    params(
        ("path" = String, Path, description = "name of the stream, percent-encoded as one part (`cam%2Ffront`)"),
        ("server" = Option<String>, Query, min_length = 1, description = "name of its server"),
    ),
    responses(
        (status = 200, body = SessionsView),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn list(
    _: Viewer,
    state: web::Data<HttpState>,
    path: web::Path<String>,
    request: HttpRequest,
) -> ErrorAnswer<web::Json<SessionsView>> {
    let server = Query::of(&request)?.text("server")?;
    let stream = stream_of(&state, &path, server.as_deref()).await?;
    let server = stream.server.to_string();
    let found = match state.commands.sessions(&server, stream.name.as_str()).await {
        Ok(found) => found,
        Err(error) if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout) => {
            FoundSessions { fault: Some(error.message().to_owned()), ..FoundSessions::default() }
        }
        Err(error) => return Err(error.into()),
    };
    let mut items = found.lists.sessions;
    for session in &mut items {
        session.label = session.address.as_deref().and_then(|address| label(&state.labels, address));
    }
    let not_known = if found.at.is_none() { SessionProtocol::ALL.to_vec() } else { found.lists.not_known };
    Ok(web::Json(SessionsView { server, at: found.at, items, not_known, fault: found.fault }))
}

/// Ends a session; its program may connect again. Without `server` the first stream of that name.
#[utoipa::path(post, path = "/api/v1/streams/{path}/sessions/{id}/kick", operation_id = "kickStreamSession", tag = "streams",
    params(
        ("path" = String, Path, description = "name of the stream, percent-encoded as one part (`cam%2Ffront`)"),
        ("id" = String, Path, description = "id of the session, as listed"),
        ("server" = Option<String>, Query, min_length = 1, description = "name of its server"),
    ),
    responses(
        (status = 204),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "there is no such stream or session (any more)"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "the media server cannot end sessions of this kind"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "the media server refuses or does not answer"),
    ))]
pub(super) async fn kick(
    _: Operator,
    state: web::Data<HttpState>,
    path: web::Path<(String, String)>,
    request: HttpRequest,
) -> ErrorAnswer {
    let (path, id) = path.into_inner();
    let server = Query::of(&request)?.text("server")?;
    let stream = stream_of(&state, &path, server.as_deref()).await?;
    let known = state.commands.sessions(&stream.server, stream.name.as_str()).await?.lists.sessions;
    let session = known.into_iter().find(|session| session.id == id);
    let session = session.ok_or_else(|| Error::not_found("there is no such session any more; it has ended"))?;
    if !session.can_be_kicked {
        let text = "the media server cannot end a session of this kind";
        return Err(Error::new(ErrorKind::Conflict, text).into());
    }
    state.commands.kick_session(&stream.server, session.protocol, &session.id).await?;
    let before = json!({
        "protocol": session.protocol, "state": session.state, "address": session.address, "user": session.user,
    });
    let target = format!("{} ({}): session {id}", stream.name, stream.server);
    audit::tell(&request, AuditedChange { target: Some(target), before: Some(before), after: None });
    Ok(HttpResponse::NoContent().finish())
}

/// What the configuration calls an address; the first network that has it.
fn label(labels: &[NetworkLabel], address: &str) -> Option<String> {
    let bare = || address.trim_matches(['[', ']']).parse::<IpAddr>();
    let address = address.parse::<SocketAddr>().map(|address| address.ip()).or_else(|_| bare()).ok()?;
    labels.iter().find(|label| label.network.contains(address)).map(|label| label.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_called_as_the_configuration_says() {
        let labels = ["10.0.0.7=OBS", "10.0.0.0/8=office", "fd00::/8=lab"].map(|text| text.parse().expect(text));
        for (address, wanted) in [
            ("10.0.0.7:50000", Some("OBS")),
            ("10.0.0.8:50000", Some("office")),
            ("[fd00::1]:5", Some("lab")),
            ("10.0.0.7", Some("OBS")),
            ("192.168.0.1:1", None),
            ("somewhere", None),
        ] {
            assert_eq!(label(&labels, address).as_deref(), wanted, "{address}");
        }
    }
}
