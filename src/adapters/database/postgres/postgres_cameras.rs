//! The `cameras` and `camera_kinds` tables. Rows go out as they are; what makes one valid is a rule of `domain::camera`.

use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::stream::{FuturesOrdered, TryStreamExt};
use secrecy::SecretString;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::hidden::Hidden;
use super::postgres_client::PostgresClient;
use super::postgres_fault::{self, PostgresFailure};
use super::postgres_listener::COMMANDED;
use super::rights;
use crate::adapters::database::row_rules::{self, LONGEST_TEXT};
use crate::adapters::database::{Condition, WritePlan};
use crate::base::Error;
use crate::base::error::ErrorKind;
use crate::domain::camera::sheet::CameraWrite;
use crate::domain::camera::{CameraEdit, CameraRow, check_kind_change, check_unused};

const COLUMNS: &str = "id, name, kind, host, port, username, password, channel, substream, url, transport, audio, \
                       enabled, record, updated_at, label";

type Value = Box<dyn ToSql + Sync + Send>;

pub(super) async fn all(client: &PostgresClient) -> Result<Vec<CameraRow>, PostgresFailure> {
    let sql = format!("SELECT {COLUMNS} FROM cameras ORDER BY id");
    Ok(client.query(&sql, &[]).await?.iter().map(camera).collect())
}

pub(super) async fn one(client: &PostgresClient, id: i64) -> Result<Option<CameraRow>, PostgresFailure> {
    let sql = format!("SELECT {COLUMNS} FROM cameras WHERE id = $1");
    Ok(client.query_opt(&sql, &[&id]).await?.as_ref().map(camera))
}

pub(super) async fn kinds(client: &PostgresClient) -> Result<Vec<(String, String)>, PostgresFailure> {
    // "C": by bytes, as everywhere else in the program.
    let sql = "SELECT kind, url_template FROM camera_kinds ORDER BY kind COLLATE \"C\"";
    let rows = client.query(sql, &[]).await?;
    Ok(rows.iter().map(|row| (text(row, 0).unwrap_or_default(), text(row, 1).unwrap_or_default())).collect())
}

/// Looks at the cameras and writes, with the kind locked from the look on.
pub(super) async fn put_kind(client: &PostgresClient, kind: &str, template: &str) -> Result<(), PostgresFailure> {
    client.query("SELECT 1 FROM camera_kinds WHERE lower(kind) = lower($1) FOR UPDATE", &[&kind]).await?;
    let kinds = kinds(client).await?.into_iter().collect();
    check_kind_change(&kinds, kind, template, &all(client).await?)?;
    let sql = "INSERT INTO camera_kinds (kind, url_template) VALUES ($1, $2) \
               ON CONFLICT (kind) DO UPDATE SET url_template = excluded.url_template";
    client.execute(sql, &[&kind, &template]).await?;
    Ok(())
}

/// Deletes before it looks: who adds a camera of this kind holds its row, or finds it gone.
pub(super) async fn delete_kind(client: &PostgresClient, kind: &str) -> Result<(), PostgresFailure> {
    if client.execute("DELETE FROM camera_kinds WHERE kind = $1", &[&kind]).await? == 0 {
        return Err(row_rules::no_kind(kind).into());
    }
    Ok(check_unused(kind, &all(client).await?)?)
}

/// Holds the row's kind until the end of the transaction; it may have been deleted since the camera was checked.
async fn hold_kind(client: &PostgresClient, row: &CameraRow) -> Result<(), PostgresFailure> {
    let sql = "SELECT 1 FROM camera_kinds WHERE lower(kind) = lower(btrim($1)) FOR SHARE";
    if row.url.is_some() || client.query_opt(sql, &[&row.kind]).await?.is_some() {
        return Ok(());
    }
    Err(row_rules::kind_gone(&row.kind).into())
}

pub(super) async fn add(client: &PostgresClient, edit: CameraEdit) -> Result<CameraRow, PostgresFailure> {
    let name = edit.name.clone().ok_or_else(|| Error::invalid("name", "a camera needs a name"))?;
    let (columns, values): (Vec<_>, Vec<_>) = assignments(edit)?.into_iter().unzip();
    let sql = format!("{} RETURNING {COLUMNS}", insertion(&columns));
    let added = client.query_one(&sql, &borrowed(&values)).await;
    let added = camera(&added.map_err(|error| taken(error, &name))?);
    hold_kind(client, &added).await?;
    tell_meant(client, added.id).await?;
    Ok(added)
}

fn insertion(columns: &[&str]) -> String {
    let places: Vec<String> = (1..=columns.len()).map(|place| format!("${place}")).collect();
    format!("INSERT INTO cameras ({}) VALUES ({})", columns.join(", "), places.join(", "))
}

/// The row's id comes last.
fn change(columns: &[&str]) -> String {
    let sets: Vec<String> = columns.iter().zip(1..).map(|(column, place)| format!("{column} = ${place}")).collect();
    format!("UPDATE cameras SET {} WHERE id = ${}", sets.join(", "), columns.len() + 1)
}

/// All that `plan` asks for, with the table locked for other writers from its look on.
pub(super) async fn write(client: &PostgresClient, plan: WritePlan) -> Result<(), PostgresFailure> {
    client
        .batch_execute("LOCK TABLE camera_kinds IN SHARE MODE; LOCK TABLE cameras IN SHARE ROW EXCLUSIVE MODE")
        .await?;
    let rows = all(client).await?;
    let planned = plan(&rows)?;
    row_rules::check_kinds_there(&planned, &rows, &kinds(client).await?)?;
    let mut writes = Vec::new();
    for CameraWrite { id, edit } in planned {
        let name = edit.name.clone().unwrap_or_default();
        let (columns, mut values): (Vec<_>, Vec<_>) = assignments(edit)?.into_iter().unzip();
        if columns.is_empty() {
            continue;
        }
        values.extend(id.map(|id| -> Value { Box::new(id) }));
        writes.push((if id.is_some() { change(&columns) } else { insertion(&columns) }, values, name));
    }
    // Sent without waiting for each answer: a distant server costs a few ways and not ten thousand.
    let sent = writes.iter().map(|(sql, values, name)| async move {
        client.execute(sql, &borrowed(values)).await.map_err(|error| taken(error, name))
    });
    sent.collect::<FuturesOrdered<_>>().try_for_each(|_| std::future::ready(Ok(()))).await
}

/// With the row locked from the look on.
pub(super) async fn edit(
    client: &PostgresClient,
    id: i64,
    edit: CameraEdit,
    only_if: Condition,
) -> Result<CameraRow, PostgresFailure> {
    let row = locked(client, id).await?;
    only_if.check(&row)?;
    let takes_kind = row_rules::takes_kind(&edit);
    let edited = update(client, row, edit).await?;
    if takes_kind {
        hold_kind(client, &edited).await?;
    }
    tell_meant(client, id).await?;
    Ok(edited)
}

/// Whoever relays this camera, here or elsewhere, is to know that its change was asked for by name.
async fn tell_meant(client: &PostgresClient, id: i64) -> Result<(), PostgresFailure> {
    client.query(COMMANDED, &[&id.to_string()]).await?;
    Ok(())
}

async fn update(client: &PostgresClient, row: CameraRow, edit: CameraEdit) -> Result<CameraRow, PostgresFailure> {
    let (id, name) = (row.id, edit.name.clone().unwrap_or_default());
    let (columns, mut values): (Vec<_>, Vec<_>) = assignments(edit)?.into_iter().unzip();
    if columns.is_empty() {
        return Ok(row);
    }
    values.push(Box::new(id));
    let sql = format!("{} RETURNING {COLUMNS}", change(&columns));
    let edited = client.query_opt(&sql, &borrowed(&values)).await.map_err(|error| taken(error, &name))?;
    Ok(camera(&edited.ok_or_else(|| no_camera(id))?))
}

pub(super) async fn delete(client: &PostgresClient, id: i64, only_if: Condition) -> Result<(), PostgresFailure> {
    only_if.check(&locked(client, id).await?)?;
    client.execute("DELETE FROM cameras WHERE id = $1", &[&id]).await?;
    tell_meant(client, id).await
}

/// The row, which nobody else writes until the end of the transaction.
async fn locked(client: &PostgresClient, id: i64) -> Result<CameraRow, PostgresFailure> {
    let sql = format!("SELECT {COLUMNS} FROM cameras WHERE id = $1 FOR UPDATE");
    let row = client.query_opt(&sql, &[&id]).await?;
    Ok(camera(&row.ok_or_else(|| no_camera(id))?))
}

/// Says where the database is, which version, and whether everything we need can be done there.
pub(super) async fn ping(client: &PostgresClient, place: &str) -> Result<String, PostgresFailure> {
    rights::on_tables(client, place).await?;
    let sql = "SELECT current_setting('server_version'), count(*), \
               current_setting('transaction_read_only')::boolean FROM cameras";
    let row = client.query_one(sql, &[]).await?;
    let (version, cameras, is_read_only): (String, i64, bool) = (row.get(0), row.get(1), row.get(2));
    if is_read_only {
        return Err(postgres_fault::read_only(place).into());
    }
    Ok(format!("PostgreSQL {version} at {place}, cameras: {cameras}"))
}

/// Fails as long as the server has no room for new rows; leaves nothing behind. `last` is what is said where we may not
/// try.
pub(super) async fn try_room(client: &PostgresClient, last: Error) -> Result<(), PostgresFailure> {
    let sql = "CREATE TEMPORARY TABLE streamwarden_room ON COMMIT DROP AS \
               SELECT repeat(md5(one::text), 30) AS filler FROM generate_series(1, 100) AS one";
    match client.batch_execute(sql).await {
        Err(error) if postgres_fault::is_forbidden(&error) => Err(last.into()),
        tried => Ok(tried?),
    }
}

fn camera(row: &Row) -> CameraRow {
    let updated_at: Option<DateTime<Utc>> = row.try_get(14).ok();
    CameraRow {
        id: row.get(0),
        name: text(row, 1).unwrap_or_default(),
        kind: text(row, 2).unwrap_or_default(),
        host: filled(row, 3),
        port_text: None,
        port: row.try_get::<_, Option<i32>>(4).map_or(Some(CameraRow::NOT_A_NUMBER), |port| port.map(i64::from)),
        username: filled(row, 5),
        password: filled(row, 6).map(SecretString::from),
        channel: filled(row, 7),
        substream: filled(row, 8),
        url: filled(row, 9).map(SecretString::from),
        transport: filled(row, 10),
        audio: filled(row, 11),
        enabled: row.try_get(12).unwrap_or(false),
        record: row.try_get(13).unwrap_or(false),
        updated_at: updated_at.map(|time| time.to_rfc3339_opts(SecondsFormat::Millis, true)),
        label: filled(row, 15),
    }
}

/// A text, cut where no rule of the domain would admit it any more. A database that is not UTF-8 may hold bytes that are
/// no text: U+FFFD stands for them, which every rule refuses.
pub(super) fn text(row: &Row, column: usize) -> Option<String> {
    let Ok(text) = row.try_get::<_, Option<&str>>(column) else { return Some('\u{fffd}'.to_string()) };
    let text = text?;
    Some(text[..text.floor_char_boundary(LONGEST_TEXT + 1)].to_owned())
}

/// A text where the empty text means nothing too, as shells and CSV files write it.
pub(super) fn filled(row: &Row, column: usize) -> Option<String> {
    text(row, column).filter(|text| !text.is_empty())
}

/// Columns to write with their values; absent fields are not among them.
fn assignments(edit: CameraEdit) -> Result<Vec<(&'static str, Value)>, PostgresFailure> {
    let text = |text: Option<String>| -> Value { Box::new(text) };
    let secret = |secret: Option<SecretString>| -> Value { Box::new(Hidden(secret)) };
    let port = |port: i64| i32::try_from(port).map_err(|_| Error::invalid("port", "is not between 1 and 65535"));
    let port = edit.port.map(|value| value.map(port).transpose()).transpose()?;
    let flag = |flag: bool| -> Value { Box::new(flag) };
    let columns = [
        ("name", edit.name.map(|name| text(Some(name)))),
        ("kind", edit.kind.map(|kind| text(Some(kind)))),
        ("host", edit.host.map(text)),
        ("port", port.map(|port| -> Value { Box::new(port) })),
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
    ];
    Ok(columns.into_iter().filter_map(|(column, value)| Some((column, value?))).collect())
}

fn borrowed(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value.as_ref() as &(dyn ToSql + Sync)).collect()
}

fn taken(error: tokio_postgres::Error, name: &str) -> PostgresFailure {
    if postgres_fault::is_duplicate(&error) {
        let sentence = format!("a camera named {name:?} exists already; choose another name");
        return Error::new(ErrorKind::Conflict, sentence).at("name").into();
    }
    error.into()
}

fn no_camera(id: i64) -> Error {
    Error::not_found(format!("there is no camera {id}"))
}
