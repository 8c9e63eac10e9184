//! The session of a browser: begun by name and password, ended by logging out or by an operator.

use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::login::{LoginSession, Refusal, UserRole};
use crate::http::access::{Operator, Public, PublicInPart, too_many};
use crate::http::audit_routes::{self as audit, AuditedChange};
use crate::http::base_path::BasePath;
use crate::http::body::Json;
use crate::http::caller::Caller;
use crate::http::credentials::{COOKIE, cookie};
use crate::http::forwarded::source_of;
use crate::http::http_error::{ErrorAnswer, Problem};
use crate::http::http_state::HttpState;
use crate::http::item_list::ItemList;

/// Name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct LoginForm {
    /// Name of the user.
    #[schema(max_length = 64)]
    name: String,
    /// The user's password.
    #[schema(value_type = String, max_length = 1024, format = Password)]
    password: SecretString,
}

/// Who is logged in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct SessionView {
    /// A login is asked for; else everybody may do everything.
    login_required: bool,
    /// The user or token; null for nobody.
    user: Option<String>,
    /// What the caller may do; null: nothing.
    role: Option<UserRole>,
    /// Why a session or token that was sent along is worth nothing.
    reason: Option<String>,
}

/// A login that lasts, for lists.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct LoginSessionView {
    id: Uuid,
    user: String,
    /// Where the login came from.
    address: String,
    created_at: DateTime<Utc>,
    /// When it was last used, with a minute's resolution.
    used_at: DateTime<Utc>,
    /// It ends by then, or after 24 h without use.
    expires_at: DateTime<Utc>,
    /// It is the one of this request.
    own: bool,
}

/// Logs in: the answer sets the cookie of a new session, and a session that was sent along ends. Wrong names and wrong
/// passwords are answered alike.
#[utoipa::path(post, path = "/api/v1/login", operation_id = "logIn", tag = "logins", request_body = LoginForm, responses(
    (status = 200, body = SessionView, headers(("Set-Cookie" = String, description = "the session"))),
    (status = 401, body = Problem, content_type = "application/problem+json", description = "the name or the password is wrong"),
    (status = 503, body = Problem, content_type = "application/problem+json", description = "who may log in is not known yet: the database has not answered since the start"),
    (status = 429, body = Problem, content_type = "application/problem+json", description = "too many attempts from this address or for this name; Retry-After says for how many seconds"),
))]
pub(in crate::http) async fn log_in(
    _: Public,
    state: web::Data<HttpState>,
    request: HttpRequest,
    Json(form): Json<LoginForm>,
) -> ErrorAnswer {
    let address = source_of(&request).address;
    let user = match state.logins.by_password(&form.name, form.password, address).await? {
        Ok(user) => user,
        Err(refusal @ Refusal::TooMany { seconds }) => return Err(too_many(refusal, seconds)),
        Err(refusal @ Refusal::NotRead) => {
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, refusal.as_str()));
        }
        Err(refusal) => {
            // What nobody is called may be a password that was typed into the wrong field.
            let is_known = state.logins.table().user(&form.name).is_some();
            let (from, user) = (address.to_string(), if is_known { form.name } else { "unknown".to_owned() });
            log::warn!(from = from.as_str(), user = user.as_str(); "login refused");
            return Err(Problem::new(StatusCode::UNAUTHORIZED, refusal.as_str()));
        }
    };
    let before = match cookie(request.headers()) {
        Some(secret) => state.logins.by_cookie(&secret).await.ok(),
        None => None,
    };
    let begun = state.logins.begin_session(&user, address).await?;
    if let Some((session, _)) = before {
        // Gone already is as good.
        let _ = state.logins.end_session(session.id).await;
    }
    let caller = Caller::User { name: user.name.clone().into(), role: begun.role, session: Some(begun.session.id) };
    audit::write(&state, &caller, address, "login".to_owned(), AuditedChange::default()).await;
    let view = SessionView { login_required: true, user: Some(user.name), role: Some(begun.role), reason: None };
    let cookie = base_cookie(&request, begun.secret.expose_secret().to_owned());
    let age = begun.session.expires_at - begun.session.created_at;
    let cookie = cookie.max_age(actix_web::cookie::time::Duration::seconds(age.num_seconds())).finish();
    Ok(HttpResponse::Ok().cookie(cookie).json(view))
}

/// Logs out: ends the session and takes its cookie back.
#[utoipa::path(post, path = "/api/v1/logout", operation_id = "logOut", tag = "logins", responses((status = 204)))]
pub(in crate::http) async fn log_out(
    Public(caller): Public,
    state: web::Data<HttpState>,
    request: HttpRequest,
) -> ErrorAnswer {
    if let Caller::User { session: Some(id), .. } = &caller {
        state.logins.end_session(*id).await?;
        audit::write(&state, &caller, source_of(&request).address, "logout".to_owned(), AuditedChange::default()).await;
    }
    let cookie = base_cookie(&request, String::new()).max_age(actix_web::cookie::time::Duration::ZERO).finish();
    Ok(HttpResponse::NoContent().cookie(cookie).finish())
}

/// Who is logged in, and whether a login is asked for.
#[utoipa::path(get, path = "/api/v1/session", operation_id = "getLoginSession", tag = "logins", responses((status = 200, body = SessionView)))]
pub(in crate::http) async fn current(
    PublicInPart(caller): PublicInPart,
    state: web::Data<HttpState>,
) -> web::Json<SessionView> {
    let role = caller.role();
    let (user, reason) = match &caller {
        Caller::Anonymous | Caller::Unknown(Refusal::None) => (None, None),
        Caller::Unknown(refusal) => (None, Some(refusal.as_str().to_owned())),
        known => (Some(known.to_string()), None),
    };
    web::Json(SessionView { login_required: state.logins.required(), user, role, reason })
}

/// Sessions that last.
#[utoipa::path(get, path = "/api/v1/sessions", operation_id = "listLoginSessions", tag = "logins", responses((status = 200, body = ItemList<LoginSessionView>)))]
pub(in crate::http) async fn list(
    Operator(caller): Operator,
    state: web::Data<HttpState>,
) -> ErrorAnswer<web::Json<ItemList<LoginSessionView>>> {
    let (own, now) = (caller.credential(), Utc::now());
    let sessions = state.logins.table().sessions.into_iter().filter(|session| !session.is_over(now));
    Ok(web::Json(ItemList::whole(sessions.map(|session| view(session, own)).collect())))
}

/// Ends a session; its WebSockets are closed.
#[utoipa::path(delete, path = "/api/v1/sessions/{id}", operation_id = "endLoginSession", tag = "logins", params(("id" = Uuid, Path)), responses(
    (status = 204),
    (status = 404, body = Problem, content_type = "application/problem+json"),
))]
pub(in crate::http) async fn end(
    _: Operator,
    state: web::Data<HttpState>,
    id: web::Path<String>,
    request: HttpRequest,
) -> ErrorAnswer {
    let id = id.parse().map_err(|_| crate::base::Error::not_found("there is no such session"))?;
    let session = state.logins.table().sessions.into_iter().find(|session| session.id == id);
    state.logins.end_session(id).await?;
    let user = session.map(|session| session.user);
    audit::tell(
        &request,
        AuditedChange { before: Some(serde_json::json!({ "user": user })), ..AuditedChange::default() },
    );
    Ok(HttpResponse::NoContent().finish())
}

fn view(session: LoginSession, own: Option<Uuid>) -> LoginSessionView {
    let LoginSession { id, user, address, created_at, used_at, expires_at, hash: _ } = session;
    LoginSessionView { id, user, address, created_at, used_at, expires_at, own: own == Some(id) }
}

/// Never for scripts, never for requests that other sites begin, never over http once the page came over https.
fn base_cookie(request: &HttpRequest, secret: String) -> actix_web::cookie::CookieBuilder<'static> {
    let path = Some(BasePath::of(request)).filter(|base| !base.is_empty()).unwrap_or("/").to_owned();
    Cookie::build(COOKIE, secret)
        .path(path)
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(source_of(request).is_secure)
}
