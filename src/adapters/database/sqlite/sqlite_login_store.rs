//! Who may log in, in a SQLite database: see [`super::sqlite_stores`].

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::sqlite_file::ConnectionRole::{Lists, Reader, Writer};
use super::{Sqlite, sqlite_logins as logins};
use crate::adapters::database::{AuditQuery, LoginStore};
use crate::base::Result;
use crate::domain::login::{AuditEntry, LastOperator, LoginSession, LoginTable, SecretHash, Token, User, UserRole};

#[async_trait]
impl LoginStore for Sqlite {
    async fn logins(&self) -> Result<LoginTable> {
        self.file.call(Reader, logins::all).await
    }

    async fn edit_user(
        &self,
        name: String,
        role: Option<UserRole>,
        password_hash: Option<SecretHash>,
        last: LastOperator,
    ) -> Result<()> {
        let edit = move |connection: &mut _| logins::edit_user(connection, &name, role, password_hash.as_ref(), last);
        self.file.call(Writer, edit).await
    }

    async fn remove_session(&self, id: Uuid) -> Result<()> {
        self.file.call(Writer, move |connection| logins::remove_session(connection, id)).await
    }

    async fn audit(&self, query: AuditQuery) -> Result<Vec<AuditEntry>> {
        self.file.call(Lists, move |connection| logins::audit(connection, &query)).await
    }

    async fn add_user(&self, user: User) -> Result<()> {
        self.file.call(Writer, move |connection| logins::add_user(connection, &user)).await
    }

    async fn remove_user(&self, name: String, last: LastOperator) -> Result<()> {
        self.file.call(Writer, move |connection| logins::remove_user(connection, &name, last)).await
    }

    async fn add_token(&self, token: Token) -> Result<()> {
        self.file.call(Writer, move |connection| logins::add_token(connection, &token)).await
    }

    async fn remove_token(&self, name: String) -> Result<()> {
        self.file.call(Writer, move |connection| logins::remove_token(connection, &name)).await
    }

    async fn add_session(&self, session: LoginSession) -> Result<()> {
        self.file.call(Writer, move |connection| logins::add_session(connection, &session)).await
    }

    async fn note_used(&self, used: Vec<(Uuid, DateTime<Utc>)>) -> Result<()> {
        self.file.call(Writer, move |connection| logins::note_used(connection, &used)).await
    }

    async fn write_audit(&self, entry: AuditEntry) -> Result<()> {
        self.file.call(Writer, move |connection| logins::write_audit(connection, &entry)).await
    }
}
