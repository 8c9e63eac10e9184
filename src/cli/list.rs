//! `streamwarden cameras list`: the rows of the table, each with how its camera is where a streamwarden runs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Failure, Print, say};
use crate::app::remote::Remote;
use crate::app::{self, cameras};
use crate::config::Settings;
use crate::domain::camera::{CameraRow, CameraSettings, CameraState, CameraStatus};

/// What the running process says of each camera; nothing where none runs.
type Statuses = BTreeMap<i64, CameraStatus>;

/// Lists them.
///
/// # Errors
/// When the table cannot be read.
pub fn run(settings: &Settings, print: Print) -> Result<(), Failure> {
    let rows = app::block_on(cameras::list(settings))??;
    let statuses = statuses(settings);
    if print.json {
        say(&json(&rows, &statuses));
    } else {
        say(&words(&rows, &statuses));
    }
    Ok(())
}

fn statuses(settings: &Settings) -> Statuses {
    // Nobody runs there: the rows are all there is to say.
    let Ok(remote) = Remote::find(settings) else { return Statuses::new() };
    match app::block_on(remote.cameras()) {
        Ok(Ok(all)) => all.into_iter().map(|one| (one.id, one)).collect(),
        Ok(Err(error)) | Err(error) => {
            log::warn!("how the cameras are is not known: {error}");
            Statuses::new()
        }
    }
}

/// Rows without their secrets; `status` is as `GET /api/v1/cameras` has it, null where nothing is known.
fn json(rows: &[CameraRow], statuses: &Statuses) -> String {
    let items = rows.iter().map(|row| {
        let mut item = json!(CameraSettings::from(row));
        item["status"] = statuses.get(&row.id).map_or(Value::Null, |status| json!(status));
        item
    });
    json!({ "items": items.collect::<Vec<_>>(), "next": null }).to_string()
}

/// A table, and below it what is wrong with whom.
fn words(rows: &[CameraRow], statuses: &Statuses) -> String {
    if rows.is_empty() {
        return "no cameras yet; `streamwarden cameras add NAME --host HOST` adds one".to_owned();
    }
    let word = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let head = ["ID", "NAME", "STATE", "KIND", "SOURCE", "ENABLED", "RECORD"].map(str::to_owned);
    let lines = rows.iter().map(|row| {
        let source = row.shown_url().or_else(|| row.shown_host_column()).unwrap_or_default();
        let state = statuses.get(&row.id).map_or_else(|| "-".to_owned(), |status| status.state.to_string());
        let [name, kind, source] = [&row.name, &row.kind, &source].map(|text| printable(text));
        [row.id.to_string(), name, state, kind, source, word(row.enabled), word(row.record)]
    });
    let table = table(&std::iter::once(head).chain(lines).collect::<Vec<_>>());
    let faults = rows.iter().filter_map(|row| statuses.get(&row.id)).filter_map(fault);
    table.into_iter().chain(faults).collect::<Vec<_>>().join("\n")
}

fn fault(status: &CameraStatus) -> Option<String> {
    let error = status.last_error.as_ref().filter(|_| status.state != CameraState::Running)?;
    let next = status.next_start.map(|at| format!("; next try at {} UTC", at.format("%H:%M:%S"))).unwrap_or_default();
    Some(format!("{}: {}{next}", printable(&status.name), printable(error)))
}

fn table<const N: usize>(lines: &[[String; N]]) -> Vec<String> {
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |cells: &[String; N]| {
        let cells = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    lines.iter().map(line).collect()
}

/// Rows come from anybody: no escape sequence of theirs reaches the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn row(id: i64, name: &str) -> CameraRow {
        CameraRow {
            id,
            name: name.to_owned(),
            kind: "generic".to_owned(),
            host: Some("10.0.0.9".to_owned()),
            port: None,
            username: None,
            password: Some("hunter2".into()),
            channel: None,
            substream: None,
            url: None,
            transport: None,
            audio: None,
            enabled: true,
            record: false,
            updated_at: None,
        }
    }

    fn status(row: &CameraRow, state: CameraState) -> CameraStatus {
        CameraStatus {
            id: row.id,
            name: row.name.clone(),
            kind: row.kind.clone(),
            host: row.host.clone(),
            enabled: true,
            record: false,
            state,
            since: DateTime::UNIX_EPOCH,
            restarts: 1,
            last_error: Some("it refuses\nthe connection".to_owned()),
            next_start: (state == CameraState::Backoff).then_some(DateTime::UNIX_EPOCH),
            server: "main".to_owned(),
            path: row.name.clone(),
        }
    }

    #[test]
    fn people_read_how_each_camera_is_and_what_is_wrong() {
        let rows = [row(1, "gate"), row(2, "yard\u{1b}"), row(3, "new")];
        let states = [CameraState::Running, CameraState::Backoff];
        let statuses = rows.iter().zip(states).map(|(row, state)| (row.id, status(row, state))).collect();
        let wanted = "\
            ID  NAME   STATE    KIND     SOURCE    ENABLED  RECORD\n\
            1   gate   running  generic  10.0.0.9  yes      no\n\
            2   yard?  backoff  generic  10.0.0.9  yes      no\n\
            3   new    -        generic  10.0.0.9  yes      no\n\
            yard?: it refuses?the connection; next try at 00:00:00 UTC";
        assert_eq!(words(&rows, &statuses), wanted);
        let json: Value = serde_json::from_str(&json(&rows, &statuses)).expect("JSON");
        assert_eq!(
            (&json["items"][1]["status"]["state"], &json["items"][2]["status"]),
            (&"backoff".into(), &Value::Null)
        );
        assert!(!json.to_string().contains("hunter2"));
    }
}
