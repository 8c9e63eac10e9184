//! Users, tokens and the audit log for the command line: in the database itself, which a running program reads again within
//! seconds, or by way of the program at an address that was typed. Both answer in the API's form.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use uuid::Uuid;

use super::open_stores::{open_existing, open_stores};
use super::remote::{Remote, RemotePage};
use super::running;
use crate::adapters::database::{AuditQuery, LoginStore, Stores, refuse_similar};
use crate::adapters::secrets::{hash_password, random_secret, sha256};
use crate::base::{Error, Result};
use crate::config::Settings;
use crate::domain::login::{
    AuditEntry, LoginTable, Token, User, UserRole, check_login_name, check_password, check_stream_prefix,
    check_user_name, check_user_role,
};
use std::sync::Arc;

/// Who the audit log says did what was typed here.
pub(super) const WHO: &str = "command line";

/// Where users and tokens are.
pub enum LoginAccess {
    /// With the program at an address.
    Running(Remote),
    /// In the database of the configuration.
    Table {
        /// The database.
        store: Arc<dyn LoginStore>,
        /// Users and tokens of the configuration.
        configured: LoginTable,
    },
}

impl LoginAccess {
    /// Those of these settings.
    ///
    /// # Errors
    /// `Conflict` when the program that runs here is on another database; `NotFound` when there is none; when it cannot be opened.
    pub async fn of(settings: &Settings) -> Result<Self> {
        running::find_ours(settings).await?;
        Ok(Self::with(settings, open_existing(settings).await?))
    }

    /// The same for whoever adds one: a database that does not exist is made, as before the first start.
    ///
    /// # Errors
    /// As [`Self::of`], but for `NotFound`.
    pub async fn to_add(settings: &Settings) -> Result<Self> {
        running::find_ours(settings).await?;
        Ok(Self::with(settings, open_stores(settings).await?))
    }

    fn with(settings: &Settings, stores: Stores) -> Self {
        Self::Table { store: stores.logins, configured: super::login_requirement::configured(&settings.http) }
    }

    /// All users.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn users(&self) -> Result<Vec<Value>> {
        match self {
            Self::Running(remote) => remote.items("users").await,
            Self::Table { store, configured } => {
                let users = configured.users.iter().cloned().chain(store.logins().await?.users);
                let view = |user: User| {
                    let read_only = user.created_at.is_none();
                    json!({ "name": user.name, "role": user.role, "createdAt": user.created_at, "readOnly": read_only })
                };
                Ok(users.map(view).collect())
            }
        }
    }

    /// Adds a user.
    ///
    /// # Errors
    /// `Invalid` naming the field; `Conflict` when the name is taken.
    pub async fn add_user(&self, name: &str, role: UserRole, password: SecretString) -> Result<()> {
        check_user_name(name)?;
        check_password(password.expose_secret())?;
        check_user_role(role)?;
        match self {
            Self::Running(remote) => {
                let body = json!({ "name": name, "role": role, "password": password.expose_secret() });
                remote.post("users", &body).await.map(drop)
            }
            Self::Table { store, configured } => {
                refuse_configured(configured, name)?;
                refuse_similar(&configured.users, name)?;
                let password_hash = hash_password(password).await?;
                let user = User { name: name.to_owned(), role, password_hash, created_at: Some(Utc::now()) };
                store.add_user(user).await?;
                note(&**store, "user add", name, None, Some(json!({ "role": role }))).await
            }
        }
    }

    /// Changes a user's role or password.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` naming the field; `Conflict` for the last operator.
    pub async fn edit_user(&self, name: &str, role: Option<UserRole>, password: Option<SecretString>) -> Result<()> {
        if let Some(password) = &password {
            check_password(password.expose_secret())?;
        }
        role.map_or(Ok(()), check_user_role)?;
        match self {
            Self::Running(remote) => {
                let password = password.as_ref().map(ExposeSecret::expose_secret);
                remote.patch(&format!("users/{name}"), &json!({ "role": role, "password": password })).await
            }
            Self::Table { store, configured } => {
                refuse_configured(configured, name)?;
                let known = store.logins().await?;
                let before = known.user(name).map(|user| json!({ "role": user.role }));
                let new = password.is_some();
                let hash = match password {
                    Some(password) => Some(hash_password(password).await?),
                    None => None,
                };
                store.edit_user(name.to_owned(), role, hash, configured.last_operator()).await?;
                note(&**store, "user edit", name, before, Some(json!({ "role": role, "newPassword": new }))).await
            }
        }
    }

    /// Removes a user; its sessions end.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` for the last operator.
    pub async fn remove_user(&self, name: &str) -> Result<()> {
        match self {
            Self::Running(remote) => remote.delete(&format!("users/{name}")).await,
            Self::Table { store, configured } => {
                refuse_configured(configured, name)?;
                store.remove_user(name.to_owned(), configured.last_operator()).await?;
                note(&**store, "user remove", name, None, None).await
            }
        }
    }

    /// All tokens, without their secrets.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn tokens(&self) -> Result<Vec<Value>> {
        match self {
            Self::Running(remote) => remote.items("tokens").await,
            Self::Table { store, configured } => {
                let tokens = configured.tokens.iter().cloned().chain(store.logins().await?.tokens);
                let view = |token: Token| {
                    let Token { name, role, stream_prefix, created_at, expires_at, used_at, .. } = token;
                    json!({
                        "name": name, "role": role, "streamPrefix": stream_prefix, "createdAt": created_at,
                        "expiresAt": expires_at, "usedAt": used_at, "readOnly": created_at.is_none(),
                    })
                };
                Ok(tokens.map(view).collect())
            }
        }
    }

    /// Makes a token and returns it.
    ///
    /// # Errors
    /// `Invalid` naming the field; `Conflict` when the name is taken.
    pub async fn add_token(
        &self,
        name: &str,
        role: UserRole,
        stream_prefix: Option<String>,
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<SecretString> {
        check_login_name(name)?;
        check_stream_prefix(role, stream_prefix.as_deref())?;
        let after = json!({ "role": role, "streamPrefix": stream_prefix, "expiresAt": expires_at });
        match self {
            Self::Running(remote) => {
                let mut body = after;
                body["name"] = json!(name);
                let made = remote.post("tokens", &body).await?;
                let token = made["token"].as_str().ok_or_else(|| Error::internal("the answer holds no token"))?;
                Ok(token.to_owned().into())
            }
            Self::Table { store, .. } => {
                let secret = random_secret();
                let token = Token {
                    id: Uuid::now_v7(),
                    name: name.to_owned(),
                    role,
                    hash: sha256(secret.expose_secret()),
                    stream_prefix,
                    created_at: Some(Utc::now()),
                    expires_at,
                    used_at: None,
                };
                store.add_token(token).await?;
                note(&**store, "token add", name, None, Some(after)).await?;
                Ok(secret)
            }
        }
    }

    /// Revokes a token.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn revoke_token(&self, name: &str) -> Result<()> {
        match self {
            Self::Running(remote) => remote.delete(&format!("tokens/{name}")).await,
            Self::Table { store, .. } => {
                store.remove_token(name.to_owned()).await?;
                note(&**store, "token revoke", name, None, None).await
            }
        }
    }

    /// What people have changed, the newest first.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn audit(&self, limit: u32) -> Result<Vec<AuditEntry>> {
        match self {
            Self::Running(remote) => {
                let items = remote.items(&format!("audit?limit={limit}")).await?;
                let read = |item| serde_json::from_value(item).map_err(|_| Error::internal("an entry cannot be read"));
                items.into_iter().map(read).collect()
            }
            Self::Table { store, .. } => store.audit(AuditQuery { limit, ..AuditQuery::default() }).await,
        }
    }
}

impl Remote {
    async fn items(&self, route: &str) -> Result<Vec<Value>> {
        let all: RemotePage<Value> = self.ask(self.http.get(self.url(route))).await?;
        Ok(all.items)
    }

    async fn post(&self, route: &str, body: &Value) -> Result<Value> {
        self.ask(self.http.post(self.url(route)).json(body)).await
    }

    async fn patch(&self, route: &str, body: &Value) -> Result<()> {
        self.send(self.http.patch(self.url(route)).json(body)).await.map(drop)
    }

    async fn delete(&self, route: &str) -> Result<()> {
        self.send(self.http.delete(self.url(route))).await.map(drop)
    }
}

fn refuse_configured(configured: &LoginTable, name: &str) -> Result<()> {
    match configured.user(name) {
        Some(_) => {
            Err(Error::invalid("name", "is a user of the configuration (http.users); change it there and reload"))
        }
        None => Ok(()),
    }
}

pub(super) async fn note(
    store: &dyn LoginStore,
    action: &str,
    target: &str,
    before: Option<Value>,
    after: Option<Value>,
) -> Result<()> {
    let entry = AuditEntry {
        id: Uuid::now_v7(),
        at: Utc::now(),
        who: WHO.to_owned(),
        address: "this machine".to_owned(),
        action: action.to_owned(),
        target: target.to_owned(),
        before,
        after,
    };
    store.write_audit(entry).await
}
