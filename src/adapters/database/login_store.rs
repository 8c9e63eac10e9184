//! Who may log in, and what people have changed: what is asked of the database and written.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::base::error::ErrorKind;
use crate::base::{Error, Result};
use crate::domain::login::{AuditEntry, LastOperator, LoginSession, LoginTable, SecretHash, Token, User, UserRole};

/// Which entries of the audit log to list.
#[derive(Clone, Debug, Default)]
pub struct AuditQuery {
    /// Only by this person or token.
    pub who: Option<String>,
    /// Only from this time on.
    pub from: Option<DateTime<Utc>>,
    /// Only before this time.
    pub to: Option<DateTime<Utc>>,
    /// Only those before this id in the list's order.
    pub after: Option<Uuid>,
    /// At most so many.
    pub limit: u32,
}

/// Users, tokens, sessions and the audit log. Every write is durable when it returns.
#[async_trait]
pub trait LoginStore: Send + Sync {
    /// Everybody. Rows that somebody damaged by hand are left out.
    async fn logins(&self) -> Result<LoginTable>;
    /// Adds a user. `Conflict` when the name is taken.
    async fn add_user(&self, user: User) -> Result<()>;
    /// Changes what is given; a new password ends the user's sessions. `NotFound`; `Conflict` for the last operator, who stays one whatever
    /// others change at the same time.
    async fn edit_user(
        &self,
        name: String,
        role: Option<UserRole>,
        password_hash: Option<SecretHash>,
        last: LastOperator,
    ) -> Result<()>;
    /// Removes a user with its sessions. `NotFound`; `Conflict` as there.
    async fn remove_user(&self, name: String, last: LastOperator) -> Result<()>;
    /// Adds a token. `Conflict` when the name is taken.
    async fn add_token(&self, token: Token) -> Result<()>;
    /// Removes a token. `NotFound`.
    async fn remove_token(&self, name: String) -> Result<()>;
    /// Adds a session; forgets those that are over.
    async fn add_session(&self, session: LoginSession) -> Result<()>;
    /// Ends a session. `NotFound`.
    async fn remove_session(&self, id: Uuid) -> Result<()>;
    /// Notes when sessions and tokens were used.
    async fn note_used(&self, used: Vec<(Uuid, DateTime<Utc>)>) -> Result<()>;
    /// Adds an entry to the audit log, and forgets those older than [`AUDIT_KEPT`](crate::domain::login::AUDIT_KEPT).
    async fn write_audit(&self, entry: AuditEntry) -> Result<()>;
    /// Entries that match, the newest first.
    async fn audit(&self, query: AuditQuery) -> Result<Vec<AuditEntry>>;
}

pub(super) fn no_user(name: &str) -> Error {
    Error::not_found(format!("there is no user {name:?} in the database"))
}

pub(super) fn no_token(name: &str) -> Error {
    Error::not_found(format!("there is no token {name:?} in the database"))
}

pub(super) fn no_session(id: Uuid) -> Error {
    Error::not_found(format!("there is no session {id}"))
}

pub(super) fn taken(what: &str, name: &str) -> Error {
    Error::new(ErrorKind::Conflict, format!("there is a {what} {name:?} already; choose another name")).at("name")
}

/// Refuses a new user whose name differs from that of another only in case: people would take one for the other. Those that are there
/// go on.
///
/// # Errors
/// `Conflict` at `name`.
pub fn refuse_similar(users: &[User], name: &str) -> Result<()> {
    match users.iter().find(|user| user.name != name && user.name.eq_ignore_ascii_case(name)) {
        Some(other) => Err(similar(&other.name)),
        None => Ok(()),
    }
}

/// That of [`refuse_similar`], of the name that there is.
pub(super) fn similar(other: &str) -> Error {
    let text = format!("differs from that of the user {other:?} only in upper and lower case; choose another name");
    Error::new(ErrorKind::Conflict, text).at("name")
}

/// JSON as its column has it.
pub(super) fn json_text(value: Option<&serde_json::Value>) -> Option<String> {
    value.map(ToString::to_string)
}

/// JSON out of its column; what is none is shown as text.
pub(super) fn json_value(text: Option<String>) -> Option<serde_json::Value> {
    text.map(|text| serde_json::from_str(&text).unwrap_or(serde_json::Value::String(text)))
}
