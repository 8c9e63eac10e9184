//! `/api/v1/tokens`: credentials of programs. A token is shown once, when it is made.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::adapters::secrets::{random_secret, sha256};
use crate::base::Error;
use crate::domain::login::{Token, UserRole, check_login_name, check_stream_prefix};
use crate::http::access::Operator;
use crate::http::audit_routes::{self as audit, AuditedChange};
use crate::http::body::Json;
use crate::http::http_error::{ErrorAnswer, Problem};
use crate::http::http_state::HttpState;
use crate::http::item_list::ItemList;

/// A token, without its secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct TokenView {
    name: String,
    role: UserRole,
    /// It reads only streams whose names begin so; null: everything that its role may.
    stream_prefix: Option<String>,
    /// When it was added; null for one of the configuration.
    created_at: Option<DateTime<Utc>>,
    /// It ends by then; null: when it is revoked.
    expires_at: Option<DateTime<Utc>>,
    /// When it was last used, with a minute's resolution; null: never.
    used_at: Option<DateTime<Utc>>,
    /// It is one of the configuration (`http.tokens`) and cannot be revoked here.
    read_only: bool,
}

/// A token that has just been made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct NewTokenView {
    #[serde(flatten)]
    view: TokenView,
    /// The token itself; it is not kept, and never shown again.
    token: String,
}

/// A new token.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::http) struct NewToken {
    /// Its name, for people.
    #[schema(max_length = 64, min_length = 1, pattern = "^[a-zA-Z0-9._@][a-zA-Z0-9._@-]*$")]
    name: String,
    /// What it may do.
    role: UserRole,
    /// It reads only streams whose names begin so, and nothing else; for viewers.
    #[schema(min_length = 1, max_length = 200, pattern = "^[a-zA-Z0-9_./-]+$")]
    stream_prefix: Option<String>,
    /// It ends by then; absent: when it is revoked.
    expires_at: Option<DateTime<Utc>>,
}

/// All tokens.
#[utoipa::path(get, path = "/api/v1/tokens", operation_id = "listTokens", tag = "logins", responses((status = 200, body = ItemList<TokenView>)))]
pub(in crate::http) async fn list(
    _: Operator,
    state: web::Data<HttpState>,
) -> ErrorAnswer<web::Json<ItemList<TokenView>>> {
    Ok(web::Json(ItemList::whole(state.logins.table().tokens.into_iter().map(view).collect())))
}

/// Makes a token. The answer is the only place where it is shown.
#[utoipa::path(post, path = "/api/v1/tokens", operation_id = "addToken", tag = "logins", request_body = NewToken, responses(
    (status = 201, body = NewTokenView),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "the name is taken"),
))]
pub(in crate::http) async fn add(
    _: Operator,
    state: web::Data<HttpState>,
    request: HttpRequest,
    Json(new): Json<NewToken>,
) -> ErrorAnswer {
    check_login_name(&new.name)?;
    check_stream_prefix(new.role, new.stream_prefix.as_deref())?;
    if new.expires_at.is_some_and(|end| end <= Utc::now()) {
        return Err(Error::invalid("expiresAt", "must be a time to come").into());
    }
    let secret = random_secret();
    let token = Token {
        id: Uuid::now_v7(),
        name: new.name,
        role: new.role,
        hash: sha256(secret.expose_secret()),
        stream_prefix: new.stream_prefix,
        created_at: Some(Utc::now()),
        expires_at: new.expires_at,
        used_at: None,
    };
    state.logins.store().add_token(token.clone()).await?;
    state.logins.refresh().await?;
    let after = json!({ "role": token.role, "streamPrefix": token.stream_prefix, "expiresAt": token.expires_at });
    audit::tell(&request, AuditedChange { target: Some(token.name.clone()), before: None, after: Some(after) });
    let token = NewTokenView { view: view(token), token: secret.expose_secret().to_owned() };
    Ok(HttpResponse::Created().json(token))
}

/// Revokes a token; its WebSockets are closed.
#[utoipa::path(delete, path = "/api/v1/tokens/{name}", operation_id = "revokeToken", tag = "logins", params(("name" = String, Path)), responses(
    (status = 204),
    (status = 404, body = Problem, content_type = "application/problem+json", description = "there is none of this name in the database"),
))]
pub(in crate::http) async fn revoke(
    _: Operator,
    state: web::Data<HttpState>,
    name: web::Path<String>,
    request: HttpRequest,
) -> ErrorAnswer {
    let tokens = state.logins.table().tokens;
    let before = tokens.iter().find(|token| token.name == *name).map(|token| json!({ "role": token.role }));
    state.logins.store().remove_token(name.clone()).await?;
    state.logins.refresh().await?;
    audit::tell(&request, AuditedChange { target: Some(name.into_inner()), before, after: None });
    Ok(HttpResponse::NoContent().finish())
}

fn view(token: Token) -> TokenView {
    let Token { name, role, stream_prefix, created_at, expires_at, used_at, id: _, hash: _ } = token;
    TokenView { name, role, stream_prefix, created_at, expires_at, used_at, read_only: created_at.is_none() }
}
