//! Who may log in, in a PostgreSQL database: see [`super::postgres_stores`].

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Postgres, postgres_logins as logins};
use crate::adapters::database::{AuditQuery, LoginStore};
use crate::base::Result;
use crate::domain::login::{AuditEntry, LastOperator, LoginSession, LoginTable, SecretHash, Token, User, UserRole};

#[async_trait]
impl LoginStore for Postgres {
    async fn logins(&self) -> Result<LoginTable> {
        let link = self.server.link().await?;
        link.answer(logins::all(&link)).await
    }

    async fn edit_user(
        &self,
        name: String,
        role: Option<UserRole>,
        password_hash: Option<SecretHash>,
        last: LastOperator,
    ) -> Result<()> {
        let link = self.server.link().await?;
        link.answer(logins::edit_user(&link, &name, role, password_hash.as_ref(), last)).await
    }

    async fn remove_session(&self, id: Uuid) -> Result<()> {
        let link = self.server.link().await?;
        link.answer(logins::remove_session(&link, id)).await
    }

    async fn audit(&self, query: AuditQuery) -> Result<Vec<AuditEntry>> {
        let link = self.server.link().await?;
        link.answer(logins::audit(&link, &query)).await
    }

    async fn add_user(&self, user: User) -> Result<()> {
        let link = self.server.link().await?;
        link.answer(logins::add_user(&link, &user)).await
    }

    async fn remove_user(&self, name: String, last: LastOperator) -> Result<()> {
        let link = self.server.link().await?;
        link.answer(logins::remove_user(&link, &name, last)).await
    }

    async fn add_token(&self, token: Token) -> Result<()> {
        let link = self.server.link().await?;
        link.answer(logins::add_token(&link, &token)).await
    }

    async fn remove_token(&self, name: String) -> Result<()> {
        let link = self.server.link().await?;
        link.answer(logins::remove_token(&link, &name)).await
    }

    async fn add_session(&self, session: LoginSession) -> Result<()> {
        let link = self.server.link().await?;
        link.answer(logins::add_session(&link, &session)).await
    }

    async fn note_used(&self, used: Vec<(Uuid, DateTime<Utc>)>) -> Result<()> {
        let link = self.server.link().await?;
        link.answer(logins::note_used(&link, &used)).await
    }

    async fn write_audit(&self, entry: AuditEntry) -> Result<()> {
        let link = self.server.link().await?;
        link.answer(logins::write_audit(&link, &entry)).await
    }
}
