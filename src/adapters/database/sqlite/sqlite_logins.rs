//! The tables `login_users`, `login_tokens`, `login_sessions` and `audit`.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use uuid::Uuid;

use super::decode::{self, time_text};
use super::sqlite_fault::{self as fault, SqliteFailure};
use crate::adapters::database::AuditQuery;
use crate::adapters::database::login_store::{json_text, json_value, no_session, no_token, no_user, similar, taken};
use crate::domain::login::{
    AUDIT_KEPT, AuditEntry, LastOperator, LoginSession, LoginTable, SESSION_IDLE, SecretHash, Token, User, UserRole,
};

const USER: &str = "name, role, password_hash, created_at";
const TOKEN: &str = "id, name, role, hash, stream_prefix, created_at, expires_at, used_at";
const SESSION: &str = "id, user_name, hash, address, created_at, expires_at, used_at";
const AUDIT: &str = "id, at, who, address, action, target, before_change, after_change";

pub(super) fn all(connection: &mut Connection) -> Result<LoginTable, SqliteFailure> {
    let transaction = connection.transaction()?;
    Ok(LoginTable {
        users: rows(&transaction, &format!("SELECT {USER} FROM login_users ORDER BY name"), user)?,
        tokens: rows(&transaction, &format!("SELECT {TOKEN} FROM login_tokens ORDER BY name"), token)?,
        sessions: rows(&transaction, &format!("SELECT {SESSION} FROM login_sessions ORDER BY created_at"), session)?,
    })
}

fn rows<T>(connection: &Connection, sql: &str, read: fn(&Row<'_>) -> Option<T>) -> Result<Vec<T>, SqliteFailure> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows: Vec<Option<T>> = statement.query_map([], |row| Ok(read(row)))?.collect::<Result<_, _>>()?;
    Ok(rows.into_iter().flatten().collect())
}

pub(super) fn add_user(connection: &mut Connection, user: &User) -> Result<(), SqliteFailure> {
    let values = params![
        user.name,
        user.role.as_str(),
        user.password_hash.0,
        time_text(user.created_at.unwrap_or_else(Utc::now))
    ];
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let sql = "SELECT name FROM login_users WHERE name = ?1 COLLATE NOCASE AND name <> ?1 LIMIT 1";
    let other: Option<String> = transaction.query_row(sql, [&user.name], |row| row.get(0)).optional()?;
    if let Some(other) = other {
        return Err(similar(&other).into());
    }
    let sql = format!("INSERT INTO login_users ({USER}) VALUES (?, ?, ?, ?)");
    transaction.prepare_cached(&sql)?.execute(values).map_err(|error| duplicate(error, "user", &user.name))?;
    Ok(transaction.commit()?)
}

pub(super) fn edit_user(
    connection: &mut Connection,
    name: &str,
    role: Option<UserRole>,
    hash: Option<&SecretHash>,
    last: LastOperator,
) -> Result<(), SqliteFailure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if role.is_some() {
        last.check(&operators(&transaction)?, name, role)?;
    }
    let sql =
        "UPDATE login_users SET role = coalesce(?2, role), password_hash = coalesce(?3, password_hash) WHERE name = ?1";
    let hash = hash.map(|hash| hash.0.as_str());
    if transaction.execute(sql, params![name, role.map(UserRole::as_str), hash])? == 0 {
        return Err(no_user(name).into());
    }
    if hash.is_some() {
        transaction.execute("DELETE FROM login_sessions WHERE user_name = ?1", [name])?;
    }
    Ok(transaction.commit()?)
}

/// The names of the operators, in a transaction that writes: nobody else changes them before its end.
fn operators(transaction: &Transaction<'_>) -> Result<Vec<String>, SqliteFailure> {
    rows(transaction, "SELECT name FROM login_users WHERE role = 'operator'", |row| row.get(0).ok())
}

pub(super) fn remove_user(connection: &mut Connection, name: &str, last: LastOperator) -> Result<(), SqliteFailure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    last.check(&operators(&transaction)?, name, None)?;
    if transaction.execute("DELETE FROM login_users WHERE name = ?1", [name])? == 0 {
        return Err(no_user(name).into());
    }
    transaction.execute("DELETE FROM login_sessions WHERE user_name = ?1", [name])?;
    Ok(transaction.commit()?)
}

pub(super) fn add_token(connection: &mut Connection, token: &Token) -> Result<(), SqliteFailure> {
    let values = params![
        token.id.to_string(),
        token.name,
        token.role.as_str(),
        token.hash.0,
        token.stream_prefix,
        time_text(token.created_at.unwrap_or_else(Utc::now)),
        token.expires_at.map(time_text),
        token.used_at.map(time_text),
    ];
    let sql = format!("INSERT INTO login_tokens ({TOKEN}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    connection.prepare_cached(&sql)?.execute(values).map_err(|error| duplicate(error, "token", &token.name))?;
    Ok(())
}

pub(super) fn remove_token(connection: &mut Connection, name: &str) -> Result<(), SqliteFailure> {
    match connection.execute("DELETE FROM login_tokens WHERE name = ?1", [name])? {
        0 => Err(no_token(name).into()),
        _ => Ok(()),
    }
}

pub(super) fn add_session(connection: &mut Connection, session: &LoginSession) -> Result<(), SqliteFailure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (now, idle) = (time_text(session.created_at), time_text(session.created_at - SESSION_IDLE));
    transaction.execute("DELETE FROM login_sessions WHERE expires_at < ?1 OR used_at < ?2", [now, idle])?;
    let values = params![
        session.id.to_string(),
        session.user,
        session.hash.0,
        session.address,
        time_text(session.created_at),
        time_text(session.expires_at),
        time_text(session.used_at),
    ];
    transaction.execute(&format!("INSERT INTO login_sessions ({SESSION}) VALUES (?, ?, ?, ?, ?, ?, ?)"), values)?;
    Ok(transaction.commit()?)
}

pub(super) fn remove_session(connection: &mut Connection, id: Uuid) -> Result<(), SqliteFailure> {
    match connection.execute("DELETE FROM login_sessions WHERE id = ?1", [id.to_string()])? {
        0 => Err(no_session(id).into()),
        _ => Ok(()),
    }
}

pub(super) fn note_used(connection: &mut Connection, used: &[(Uuid, DateTime<Utc>)]) -> Result<(), SqliteFailure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (id, at) in used {
        let (id, at) = (id.to_string(), time_text(*at));
        for table in ["login_sessions", "login_tokens"] {
            let sql = format!("UPDATE {table} SET used_at = ?2 WHERE id = ?1 AND (used_at IS NULL OR used_at < ?2)");
            transaction.prepare_cached(&sql)?.execute([&id, &at])?;
        }
    }
    Ok(transaction.commit()?)
}

pub(super) fn write_audit(connection: &mut Connection, entry: &AuditEntry) -> Result<(), SqliteFailure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute("DELETE FROM audit WHERE at < ?1", [time_text(entry.at - AUDIT_KEPT)])?;
    let values = params![
        entry.id.to_string(),
        time_text(entry.at),
        entry.who,
        entry.address,
        entry.action,
        entry.target,
        json_text(entry.before.as_ref()),
        json_text(entry.after.as_ref()),
    ];
    transaction.execute(&format!("INSERT INTO audit ({AUDIT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"), values)?;
    Ok(transaction.commit()?)
}

pub(super) fn audit(connection: &mut Connection, query: &AuditQuery) -> Result<Vec<AuditEntry>, SqliteFailure> {
    let sql = format!(
        "SELECT {AUDIT} FROM audit WHERE (?1 IS NULL OR who = ?1) AND (?2 IS NULL OR at >= ?2) AND (?3 IS NULL OR at < ?3) \
         AND (?4 IS NULL OR (at, id) < ((SELECT at FROM audit WHERE id = ?4), ?4)) ORDER BY at DESC, id DESC LIMIT ?5"
    );
    let after = query.after.map(|id| id.to_string());
    let values = params![query.who, query.from.map(time_text), query.to.map(time_text), after, query.limit];
    let mut statement = connection.prepare_cached(&sql)?;
    let rows: Vec<Option<AuditEntry>> = statement.query_map(values, |row| Ok(entry(row)))?.collect::<Result<_, _>>()?;
    Ok(rows.into_iter().flatten().collect())
}

fn duplicate(error: rusqlite::Error, what: &str, name: &str) -> SqliteFailure {
    if fault::is_duplicate(&error) { taken(what, name).into() } else { error.into() }
}

fn user(row: &Row<'_>) -> Option<User> {
    Some(User {
        name: decode::text(row, 0)?,
        role: decode::text(row, 1)?.parse().ok()?,
        password_hash: SecretHash(decode::text(row, 2)?),
        created_at: decode::time(row, 3),
    })
}

fn token(row: &Row<'_>) -> Option<Token> {
    // An end that cannot be read is no permission without an end.
    let has_end = decode::text(row, 6).is_some();
    let expires_at = decode::time(row, 6);
    Some(Token {
        id: decode::id(row, 0)?,
        name: decode::text(row, 1)?,
        role: decode::text(row, 2)?.parse().ok()?,
        hash: SecretHash(decode::text(row, 3)?),
        stream_prefix: decode::text(row, 4),
        created_at: decode::time(row, 5),
        expires_at: if has_end { Some(expires_at?) } else { None },
        used_at: decode::time(row, 7),
    })
}

fn session(row: &Row<'_>) -> Option<LoginSession> {
    Some(LoginSession {
        id: decode::id(row, 0)?,
        user: decode::text(row, 1)?,
        hash: SecretHash(decode::text(row, 2)?),
        address: decode::text(row, 3)?,
        created_at: decode::time(row, 4)?,
        expires_at: decode::time(row, 5)?,
        used_at: decode::time(row, 6)?,
    })
}

fn entry(row: &Row<'_>) -> Option<AuditEntry> {
    Some(AuditEntry {
        id: decode::id(row, 0)?,
        at: decode::time(row, 1)?,
        who: decode::text(row, 2)?,
        address: decode::text(row, 3)?,
        action: decode::text(row, 4)?,
        target: decode::text(row, 5)?,
        before: json_value(decode::own_text(row, 6)),
        after: json_value(decode::own_text(row, 7)),
    })
}
