//! The `cameras` and `camera_kinds` tables. Rows go out as they are; what makes one valid is a rule of `domain::camera`.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params_from_iter};
use secrecy::{ExposeSecret, SecretString};

use super::decode;
use super::sqlite_fault::{self, SqliteFailure};
use crate::adapters::database::{Condition, WritePlan, row_rules};
use crate::base::Error;
use crate::base::error::ErrorKind;
use crate::domain::camera::sheet::CameraWrite;
use crate::domain::camera::{CameraEdit, CameraRow, check_kind_change, check_unused};

const COLUMNS: &str = "id, name, kind, host, port, username, password, channel, substream, url, transport, audio, \
                       enabled, record, updated_at, label";

pub(super) fn all(connection: &mut Connection) -> Result<Vec<CameraRow>, SqliteFailure> {
    every(connection)
}

fn every(connection: &Connection) -> Result<Vec<CameraRow>, SqliteFailure> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM cameras ORDER BY id"))?;
    let rows = statement.query_map([], camera)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn one(connection: &mut Connection, id: i64) -> Result<Option<CameraRow>, SqliteFailure> {
    Ok(find(connection, id)?)
}

pub(super) fn count(connection: &mut Connection) -> Result<u64, SqliteFailure> {
    let count: i64 = connection.query_row("SELECT count(*) FROM cameras", [], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

pub(super) fn kinds(connection: &mut Connection) -> Result<Vec<(String, String)>, SqliteFailure> {
    every_kind(connection)
}

fn every_kind(connection: &Connection) -> Result<Vec<(String, String)>, SqliteFailure> {
    let mut statement = connection.prepare_cached("SELECT kind, url_template FROM camera_kinds ORDER BY kind")?;
    let text = |row: &Row<'_>, column| decode::text(row, column).unwrap_or_default();
    let rows = statement.query_map([], |row| Ok((text(row, 0), text(row, 1))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn put_kind(connection: &mut Connection, kind: &str, template: &str) -> Result<(), SqliteFailure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let kinds = every_kind(&transaction)?.into_iter().collect();
    check_kind_change(&kinds, kind, template, &every(&transaction)?)?;
    let sql = "INSERT INTO camera_kinds (kind, url_template) VALUES (?1, ?2) \
               ON CONFLICT (kind) DO UPDATE SET url_template = excluded.url_template";
    transaction.execute(sql, [kind, template])?;
    Ok(transaction.commit()?)
}

pub(super) fn delete_kind(connection: &mut Connection, kind: &str) -> Result<(), SqliteFailure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if transaction.execute("DELETE FROM camera_kinds WHERE kind = ?1", [kind])? == 0 {
        return Err(row_rules::no_kind(kind).into());
    }
    check_unused(kind, &every(&transaction)?)?;
    Ok(transaction.commit()?)
}

/// A kind that somebody has deleted since the camera was checked.
fn check_kind_there(transaction: &Connection, row: &CameraRow) -> Result<(), SqliteFailure> {
    let sql = "SELECT 1 FROM camera_kinds WHERE lower(kind) = lower(trim(?1))";
    let is_there = row.url.is_some() || transaction.query_row(sql, [&row.kind], |_| Ok(())).optional()?.is_some();
    if is_there { Ok(()) } else { Err(row_rules::kind_gone(&row.kind).into()) }
}

pub(super) fn add(connection: &mut Connection, edit: CameraEdit) -> Result<CameraRow, SqliteFailure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    insert(&transaction, edit)?;
    let added = find(&transaction, transaction.last_insert_rowid())?;
    let added = added.ok_or_else(|| Error::internal("the camera vanished while it was added"))?;
    check_kind_there(&transaction, &added)?;
    transaction.commit()?;
    Ok(added)
}

fn insert(transaction: &Connection, edit: CameraEdit) -> Result<(), SqliteFailure> {
    let name = edit.name.clone().ok_or_else(|| Error::invalid("name", "a camera needs a name"))?;
    let (columns, values): (Vec<_>, Vec<_>) = assignments(edit).into_iter().unzip();
    let places = vec!["?"; columns.len()].join(", ");
    let sql = format!("INSERT INTO cameras ({}) VALUES ({places})", columns.join(", "));
    let mut statement = transaction.prepare_cached(&sql)?;
    statement.execute(params_from_iter(values)).map_err(|error| taken(error, &name))?;
    Ok(())
}

fn update(transaction: &Connection, id: i64, edit: CameraEdit) -> Result<(), SqliteFailure> {
    let name = edit.name.clone().unwrap_or_default();
    let (columns, mut values): (Vec<_>, Vec<_>) = assignments(edit).into_iter().unzip();
    if columns.is_empty() {
        return Ok(());
    }
    let sql = format!("UPDATE cameras SET {} = ? WHERE id = ?", columns.join(" = ?, "));
    values.push(Value::Integer(id));
    let mut statement = transaction.prepare_cached(&sql)?;
    statement.execute(params_from_iter(values)).map_err(|error| taken(error, &name))?;
    Ok(())
}

/// All that `plan` asks for in one transaction, which holds the only lock for writing from its look on.
pub(super) fn write(connection: &mut Connection, plan: WritePlan) -> Result<(), SqliteFailure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let rows = every(&transaction)?;
    let writes = plan(&rows)?;
    row_rules::check_kinds_there(&writes, &rows, &every_kind(&transaction)?)?;
    for CameraWrite { id, edit } in writes {
        match id {
            Some(id) => update(&transaction, id, edit)?,
            None => insert(&transaction, edit)?,
        }
    }
    Ok(transaction.commit()?)
}

/// Looks and writes in one transaction, which holds the only lock for writing from the look on.
pub(super) fn edit(
    connection: &mut Connection,
    id: i64,
    edit: CameraEdit,
    only_if: Condition,
) -> Result<CameraRow, SqliteFailure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    only_if.check(&find(&transaction, id)?.ok_or_else(|| no_camera(id))?)?;
    let takes_kind = row_rules::takes_kind(&edit);
    update(&transaction, id, edit)?;
    let edited = find(&transaction, id)?.ok_or_else(|| no_camera(id))?;
    if takes_kind {
        check_kind_there(&transaction, &edited)?;
    }
    transaction.commit()?;
    Ok(edited)
}

pub(super) fn delete(connection: &mut Connection, id: i64, only_if: Condition) -> Result<(), SqliteFailure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    only_if.check(&find(&transaction, id)?.ok_or_else(|| no_camera(id))?)?;
    transaction.execute("DELETE FROM cameras WHERE id = ?1", [id])?;
    Ok(transaction.commit()?)
}

fn find(connection: &Connection, id: i64) -> rusqlite::Result<Option<CameraRow>> {
    let sql = format!("SELECT {COLUMNS} FROM cameras WHERE id = ?1");
    connection.prepare_cached(&sql)?.query_row([id], camera).optional()
}

fn camera(row: &Row<'_>) -> rusqlite::Result<CameraRow> {
    Ok(CameraRow {
        id: row.get(0)?,
        name: decode::text(row, 1).unwrap_or_default(),
        kind: decode::text(row, 2).unwrap_or_default(),
        host: decode::filled(row, 3),
        port: decode::integer(row, 4, CameraRow::NOT_A_NUMBER),
        port_text: decode::no_integer(row, 4),
        username: decode::filled(row, 5),
        password: decode::filled(row, 6).map(SecretString::from),
        channel: decode::filled(row, 7),
        substream: decode::filled(row, 8),
        url: decode::filled(row, 9).map(SecretString::from),
        transport: decode::filled(row, 10),
        audio: decode::filled(row, 11),
        enabled: decode::flag(row, 12),
        record: decode::flag(row, 13),
        updated_at: decode::text(row, 14),
        label: decode::filled(row, 15),
    })
}

/// Columns to write with their values; absent fields are not among them.
fn assignments(edit: CameraEdit) -> Vec<(&'static str, Value)> {
    let text = |text: Option<String>| text.map_or(Value::Null, Value::Text);
    let secret = |secret: Option<SecretString>| text(secret.map(|secret| secret.expose_secret().to_owned()));
    let flag = |flag: bool| Value::Integer(flag.into());
    [
        ("name", edit.name.map(Value::Text)),
        ("kind", edit.kind.map(Value::Text)),
        ("host", edit.host.map(text)),
        ("port", edit.port.map(|port| port.map_or(Value::Null, Value::Integer))),
        ("username", edit.username.map(text)),
        ("password", edit.password.map(secret)),
        ("channel", edit.channel.map(text)),
        ("substream", edit.substream.map(text)),
        ("url", edit.url.map(secret)),
        ("transport", edit.transport.map(text)),
        ("audio", edit.audio.map(text)),
        ("enabled", edit.enabled.map(flag)),
        ("record", edit.record.map(flag)),
        ("label", edit.label.map(text)),
    ]
    .into_iter()
    .filter_map(|(column, value)| Some((column, value?)))
    .collect()
}

fn taken(error: rusqlite::Error, name: &str) -> SqliteFailure {
    if sqlite_fault::is_duplicate(&error) {
        let sentence = format!("a camera named {name:?} exists already; choose another name");
        return Error::new(ErrorKind::Conflict, sentence).at("name").into();
    }
    error.into()
}

fn no_camera(id: i64) -> Error {
    Error::not_found(format!("there is no camera {id}"))
}
