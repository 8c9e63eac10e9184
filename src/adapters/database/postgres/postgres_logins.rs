//! The tables `login_users`, `login_tokens`, `login_sessions` and `audit`.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::link::PostgresServer;
use super::postgres_address::Address;
use super::postgres_client::PostgresClient;
use super::postgres_fault::{self as fault, PostgresFailure};
use super::startup::Gate;
use crate::adapters::database::AuditQuery;
use crate::adapters::database::login_store::{json_text, json_value, no_session, no_token, no_user, similar, taken};
use crate::base::Result as Answer;
use crate::config::settings::PostgresSettings as Settings;
use crate::domain::login::{
    AUDIT_KEPT, AuditEntry, LastOperator, LoginSession, LoginTable, SESSION_IDLE, SecretHash, Token, User, UserRole,
};

const USER: &str = "name, role, password_hash, created_at";
const TOKEN: &str = "id, name, role, hash, stream_prefix, created_at, expires_at, used_at";
const SESSION: &str = "id, user_name, hash, address, created_at, expires_at, used_at";
const AUDIT: &str = "id, at, who, address, action, target, before_change, after_change";

/// Whether there is a user or a token, for `check`: migrates nothing. None where the tables are not made yet.
///
/// # Errors
/// As [`super::open`].
pub async fn inspect(settings: &Settings) -> Answer<bool> {
    let server = PostgresServer::new(&Address::of(settings)?, Arc::new(Gate::open()))?;
    let link = server.link().await?;
    let asked = async {
        let there = link.query_one("SELECT to_regclass('login_users') IS NOT NULL", &[]).await?;
        if !there.get::<_, bool>(0) {
            return Ok(false);
        }
        let sql = "SELECT EXISTS (SELECT 1 FROM login_users) OR EXISTS (SELECT 1 FROM login_tokens)";
        Ok(link.query_one(sql, &[]).await?.get(0))
    };
    link.answer(asked).await
}

pub(super) async fn all(client: &PostgresClient) -> Result<LoginTable, PostgresFailure> {
    let users = client.query(&format!("SELECT {USER} FROM login_users ORDER BY name"), &[]).await?;
    let tokens = client.query(&format!("SELECT {TOKEN} FROM login_tokens ORDER BY name"), &[]).await?;
    let sessions = client.query(&format!("SELECT {SESSION} FROM login_sessions ORDER BY created_at"), &[]).await?;
    Ok(LoginTable {
        users: users.iter().filter_map(user).collect(),
        tokens: tokens.iter().filter_map(token).collect(),
        sessions: sessions.iter().filter_map(session).collect(),
    })
}

pub(super) async fn add_user(client: &PostgresClient, user: &User) -> Result<(), PostgresFailure> {
    let sql = "SELECT name FROM login_users WHERE lower(name) = lower($1::text) AND name <> $1::text LIMIT 1";
    if let Some(other) = client.query_opt(sql, &[&user.name]).await? {
        return Err(similar(other.get(0)).into());
    }
    let sql = format!("INSERT INTO login_users ({USER}) VALUES ($1, $2, $3, $4)");
    let created = user.created_at.unwrap_or_else(Utc::now);
    let values: [&(dyn ToSql + Sync); 4] = [&user.name, &user.role.as_str(), &user.password_hash.0, &created];
    client.execute(&sql, &values).await.map_err(|error| duplicate(error, "user", &user.name))?;
    Ok(())
}

pub(super) async fn edit_user(
    client: &PostgresClient,
    name: &str,
    role: Option<UserRole>,
    hash: Option<&SecretHash>,
    last: LastOperator,
) -> Result<(), PostgresFailure> {
    if role.is_some() {
        last.check(&operators(client).await?, name, role)?;
    }
    let sql = "UPDATE login_users SET role = coalesce($2::text, role), \
               password_hash = coalesce($3::text, password_hash) WHERE name = $1";
    let (role, hash) = (role.map(UserRole::as_str), hash.map(|hash| hash.0.as_str()));
    if client.execute(sql, &[&name, &role, &hash]).await? == 0 {
        return Err(no_user(name).into());
    }
    if hash.is_some() {
        client.execute("DELETE FROM login_sessions WHERE user_name = $1", &[&name]).await?;
    }
    Ok(())
}

/// The names of the operators, who stay what they are until the end of this transaction: of two changes that would leave none, the second
/// waits here and sees what the first has done.
async fn operators(client: &PostgresClient) -> Result<Vec<String>, PostgresFailure> {
    let sql = "SELECT name FROM login_users WHERE role = $1 ORDER BY name FOR UPDATE";
    Ok(client.query(sql, &[&UserRole::Operator.as_str()]).await?.iter().filter_map(|row| row.try_get(0).ok()).collect())
}

pub(super) async fn remove_user(
    client: &PostgresClient,
    name: &str,
    last: LastOperator,
) -> Result<(), PostgresFailure> {
    last.check(&operators(client).await?, name, None)?;
    if client.execute("DELETE FROM login_users WHERE name = $1", &[&name]).await? == 0 {
        return Err(no_user(name).into());
    }
    client.execute("DELETE FROM login_sessions WHERE user_name = $1", &[&name]).await?;
    Ok(())
}

pub(super) async fn add_token(client: &PostgresClient, token: &Token) -> Result<(), PostgresFailure> {
    let sql = format!("INSERT INTO login_tokens ({TOKEN}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
    let created = token.created_at.unwrap_or_else(Utc::now);
    let values: [&(dyn ToSql + Sync); 8] = [
        &token.id,
        &token.name,
        &token.role.as_str(),
        &token.hash.0,
        &token.stream_prefix,
        &created,
        &token.expires_at,
        &token.used_at,
    ];
    client.execute(&sql, &values).await.map_err(|error| duplicate(error, "token", &token.name))?;
    Ok(())
}

pub(super) async fn remove_token(client: &PostgresClient, name: &str) -> Result<(), PostgresFailure> {
    match client.execute("DELETE FROM login_tokens WHERE name = $1", &[&name]).await? {
        0 => Err(no_token(name).into()),
        _ => Ok(()),
    }
}

pub(super) async fn add_session(client: &PostgresClient, session: &LoginSession) -> Result<(), PostgresFailure> {
    let idle = session.created_at - SESSION_IDLE;
    let forget = "DELETE FROM login_sessions WHERE expires_at < $1 OR used_at < $2";
    client.execute(forget, &[&session.created_at, &idle]).await?;
    let sql = format!("INSERT INTO login_sessions ({SESSION}) VALUES ($1, $2, $3, $4, $5, $6, $7)");
    let values: [&(dyn ToSql + Sync); 7] = [
        &session.id,
        &session.user,
        &session.hash.0,
        &session.address,
        &session.created_at,
        &session.expires_at,
        &session.used_at,
    ];
    client.execute(&sql, &values).await?;
    Ok(())
}

pub(super) async fn remove_session(client: &PostgresClient, id: Uuid) -> Result<(), PostgresFailure> {
    match client.execute("DELETE FROM login_sessions WHERE id = $1", &[&id]).await? {
        0 => Err(no_session(id).into()),
        _ => Ok(()),
    }
}

pub(super) async fn note_used(client: &PostgresClient, used: &[(Uuid, DateTime<Utc>)]) -> Result<(), PostgresFailure> {
    for (id, at) in used {
        for table in ["login_sessions", "login_tokens"] {
            let sql = format!("UPDATE {table} SET used_at = $2 WHERE id = $1 AND (used_at IS NULL OR used_at < $2)");
            client.execute(&sql, &[id, at]).await?;
        }
    }
    Ok(())
}

pub(super) async fn write_audit(client: &PostgresClient, entry: &AuditEntry) -> Result<(), PostgresFailure> {
    client.execute("DELETE FROM audit WHERE at < $1", &[&(entry.at - AUDIT_KEPT)]).await?;
    let sql = format!("INSERT INTO audit ({AUDIT}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
    let (before, after) = (json_text(entry.before.as_ref()), json_text(entry.after.as_ref()));
    let values: [&(dyn ToSql + Sync); 8] =
        [&entry.id, &entry.at, &entry.who, &entry.address, &entry.action, &entry.target, &before, &after];
    client.execute(&sql, &values).await?;
    Ok(())
}

pub(super) async fn audit(client: &PostgresClient, query: &AuditQuery) -> Result<Vec<AuditEntry>, PostgresFailure> {
    let sql = format!(
        "SELECT {AUDIT} FROM audit WHERE ($1::text IS NULL OR who = $1) AND ($2::timestamptz IS NULL OR at >= $2) \
         AND ($3::timestamptz IS NULL OR at < $3) \
         AND ($4::uuid IS NULL OR (at, id) < ((SELECT at FROM audit WHERE id = $4), $4)) \
         ORDER BY at DESC, id DESC LIMIT $5::bigint"
    );
    let limit = i64::from(query.limit);
    let values: [&(dyn ToSql + Sync); 5] = [&query.who, &query.from, &query.to, &query.after, &limit];
    Ok(client.query(&sql, &values).await?.iter().filter_map(entry).collect())
}

fn duplicate(error: tokio_postgres::Error, what: &str, name: &str) -> PostgresFailure {
    if fault::is_duplicate(&error) { taken(what, name).into() } else { error.into() }
}

fn user(row: &Row) -> Option<User> {
    Some(User {
        name: row.try_get(0).ok()?,
        role: row.try_get::<_, &str>(1).ok()?.parse().ok()?,
        password_hash: SecretHash(row.try_get(2).ok()?),
        created_at: row.try_get(3).ok()?,
    })
}

fn token(row: &Row) -> Option<Token> {
    Some(Token {
        id: row.try_get(0).ok()?,
        name: row.try_get(1).ok()?,
        role: row.try_get::<_, &str>(2).ok()?.parse().ok()?,
        hash: SecretHash(row.try_get(3).ok()?),
        stream_prefix: row.try_get(4).ok()?,
        created_at: row.try_get(5).ok()?,
        expires_at: row.try_get(6).ok()?,
        used_at: row.try_get(7).ok()?,
    })
}

fn session(row: &Row) -> Option<LoginSession> {
    Some(LoginSession {
        id: row.try_get(0).ok()?,
        user: row.try_get(1).ok()?,
        hash: SecretHash(row.try_get(2).ok()?),
        address: row.try_get(3).ok()?,
        created_at: row.try_get(4).ok()?,
        expires_at: row.try_get(5).ok()?,
        used_at: row.try_get(6).ok()?,
    })
}

fn entry(row: &Row) -> Option<AuditEntry> {
    Some(AuditEntry {
        id: row.try_get(0).ok()?,
        at: row.try_get(1).ok()?,
        who: row.try_get(2).ok()?,
        address: row.try_get(3).ok()?,
        action: row.try_get(4).ok()?,
        target: row.try_get(5).ok()?,
        before: json_value(row.try_get(6).ok()?),
        after: json_value(row.try_get(7).ok()?),
    })
}
