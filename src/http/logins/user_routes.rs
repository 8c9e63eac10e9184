//! `/api/v1/users`: who may log in with a password. Those of the configuration are only read.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::adapters::database::refuse_similar;
use crate::adapters::secrets::hash_password;
use crate::base::error::ErrorKind;
use crate::base::{Error, Result};
use crate::domain::login::{User, UserRole, check_password, check_user_name, check_user_role};
use crate::http::access::{Operator, Viewer};
use crate::http::audit_routes::{self as audit, AuditedChange};
use crate::http::body::Json;
use crate::http::caller::Caller;
use crate::http::forwarded::source_of;
use crate::http::http_error::{ErrorAnswer, Problem};
use crate::http::http_state::HttpState;
use crate::http::item_list::ItemList;

/// A user.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct UserView {
    name: String,
    role: UserRole,
    /// When it was added; null for one of the configuration.
    created_at: Option<DateTime<Utc>>,
    /// It is one of the configuration (`http.users`) and cannot be changed here.
    read_only: bool,
}

/// A new user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewUser {
    /// Its name.
    #[schema(max_length = 64, min_length = 1, pattern = "^[a-zA-Z0-9._@][a-zA-Z0-9._@-]*$")]
    name: String,
    /// What it may do: viewer or operator.
    #[schema(value_type = String, pattern = "^(viewer|operator)$")]
    role: UserRole,
    /// Its password, at least 10 letters.
    #[schema(value_type = String, min_length = 10, max_length = 1024, format = Password)]
    password: SecretString,
}

/// What is changed of a user; absent fields stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct UserEdit {
    /// What it may do: viewer or operator.
    #[schema(value_type = Option<String>, pattern = "^(viewer|operator)$")]
    role: Option<UserRole>,
    /// Its password; ends its sessions.
    #[schema(value_type = Option<String>, min_length = 10, max_length = 1024, format = Password)]
    password: Option<SecretString>,
}

/// A new password for the user who asks.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct PasswordEdit {
    /// The password until now.
    #[schema(value_type = String, max_length = 1024, format = Password)]
    current: SecretString,
    /// The new one, at least 10 letters.
    #[schema(value_type = String, min_length = 10, max_length = 1024, format = Password)]
    new: SecretString,
}

/// All users.
#[utoipa::path(get, path = "/api/v1/users", operation_id = "listUsers", tag = "logins", responses((status = 200, body = ItemList<UserView>)))]
pub(in crate::http) async fn list(
    _: Operator,
    state: web::Data<HttpState>,
) -> ErrorAnswer<web::Json<ItemList<UserView>>> {
    let users = state.logins.table().users.iter().map(view).collect();
    Ok(web::Json(ItemList::whole(users)))
}

/// Adds a user. With the first one a login is asked for from everybody.
#[utoipa::path(post, path = "/api/v1/users", operation_id = "addUser", tag = "logins", request_body = NewUser, responses(
    (status = 201, body = UserView),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "the name is taken"),
))]
pub(in crate::http) async fn add(
    _: Operator,
    state: web::Data<HttpState>,
    request: HttpRequest,
    Json(new): Json<NewUser>,
) -> ErrorAnswer {
    check_user_name(&new.name)?;
    check_password(new.password.expose_secret())?;
    check_user_role(new.role)?;
    changeable(&state, &new.name)?;
    refuse_similar(&state.logins.table().users, &new.name)?;
    let password_hash = hash_password(new.password).await?;
    let user = User { name: new.name, role: new.role, password_hash, created_at: Some(Utc::now()) };
    state.logins.store().add_user(user.clone()).await?;
    state.logins.refresh().await?;
    let (target, after) = (Some(user.name.clone()), Some(json!({ "role": user.role })));
    audit::tell(&request, AuditedChange { target, before: None, after });
    Ok(HttpResponse::Created().json(view(&user)))
}

/// Changes a user's role or password. The last operator stays one.
#[utoipa::path(patch, path = "/api/v1/users/{name}", operation_id = "editUser", tag = "logins", params(("name" = String, Path)), request_body = UserEdit, responses(
    (status = 200, body = UserView),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "it is one of the configuration, or the last operator"),
))]
pub(in crate::http) async fn edit(
    _: Operator,
    state: web::Data<HttpState>,
    name: web::Path<String>,
    request: HttpRequest,
    Json(edit): Json<UserEdit>,
) -> ErrorAnswer {
    edit.role.map_or(Ok(()), check_user_role)?;
    changeable(&state, &name)?;
    let before = find(&state, &name)?;
    let has_password = edit.password.is_some();
    let hash = match edit.password {
        Some(password) => {
            check_password(password.expose_secret())?;
            Some(hash_password(password).await?)
        }
        None => None,
    };
    state.logins.store().edit_user(name.clone(), edit.role, hash, state.logins.last_operator()).await?;
    state.logins.refresh().await?;
    let after = find(&state, &name)?;
    audit::tell(
        &request,
        AuditedChange {
            target: Some(name.into_inner()),
            before: Some(json!({ "role": before.role })),
            after: Some(json!({ "role": after.role, "newPassword": has_password })),
        },
    );
    Ok(HttpResponse::Ok().json(view(&after)))
}

/// Removes a user; its sessions end. The last operator stays.
#[utoipa::path(delete, path = "/api/v1/users/{name}", operation_id = "removeUser", tag = "logins", params(("name" = String, Path)), responses(
    (status = 204),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "it is one of the configuration, or the last operator"),
))]
pub(in crate::http) async fn remove(
    _: Operator,
    state: web::Data<HttpState>,
    name: web::Path<String>,
    request: HttpRequest,
) -> ErrorAnswer {
    changeable(&state, &name)?;
    let before = find(&state, &name)?;
    state.logins.store().remove_user(name.clone(), state.logins.last_operator()).await?;
    state.logins.refresh().await?;
    let before = Some(json!({ "role": before.role }));
    audit::tell(&request, AuditedChange { target: Some(name.into_inner()), before, after: None });
    Ok(HttpResponse::NoContent().finish())
}

/// Changes the password of the user who asks; all its sessions end.
#[utoipa::path(post, path = "/api/v1/password", operation_id = "changePassword", tag = "logins", request_body = PasswordEdit, responses(
    (status = 204),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "nobody is logged in, or a user of the configuration"),
    (status = 422, body = Problem, content_type = "application/problem+json", description = "the password until now is another one"),
))]
pub(in crate::http) async fn change_password(
    Viewer(caller): Viewer,
    state: web::Data<HttpState>,
    request: HttpRequest,
    Json(edit): Json<PasswordEdit>,
) -> ErrorAnswer {
    let Caller::User { name, .. } = &caller else {
        return Err(Error::new(ErrorKind::Conflict, "only users have passwords; log in as one").into());
    };
    changeable(&state, name)?;
    check_password(edit.new.expose_secret()).map_err(|error| error.at("new"))?;
    let address = source_of(&request).address;
    if state.logins.by_password(name, edit.current, address).await?.is_err() {
        return Err(Error::invalid("current", "is not the password of this user, or was tried too often").into());
    }
    state.logins.set_password(name.to_string(), edit.new).await?;
    let change = AuditedChange { target: Some(name.to_string()), ..AuditedChange::default() };
    audit::write(&state, &caller, address, "password".to_owned(), change).await;
    Ok(HttpResponse::NoContent().finish())
}

fn find(state: &HttpState, name: &str) -> Result<User> {
    let user = state.logins.table().user(name).cloned();
    user.ok_or_else(|| Error::not_found(format!("there is no user {:?}", name.chars().take(64).collect::<String>())))
}

/// Those of the configuration are changed there.
fn changeable(state: &HttpState, name: &str) -> Result<()> {
    if state.logins.is_configured(name) {
        let text = format!("user {name} is one of the configuration (http.users); change it there and reload");
        return Err(Error::new(ErrorKind::Conflict, text));
    }
    Ok(())
}

fn view(user: &User) -> UserView {
    let User { name, role, created_at, password_hash: _ } = user;
    UserView { name: name.clone(), role: *role, created_at: *created_at, read_only: created_at.is_none() }
}
