//! `streamwarden cameras list`: the rows of the table, each with how its camera is where a streamwarden runs, and what
//! goes on though its row is gone.

use serde_json::{Value, json};

use super::whom::Whom;
use super::{CommandFailure, Print, printable, say, table};
use crate::app::camera_access::{ListedCamera, no_camera};
use crate::domain::camera::{CameraState, CameraStatus, is_named};

/// Lists them, or the one of this name or id.
///
/// # Errors
/// When the table cannot be read; `NotFound`.
pub(super) async fn run(whom: &Whom<'_>, camera: Option<&str>, print: Print) -> Result<(), CommandFailure> {
    let mut all = whom.cameras().await?.list().await?;
    if let Some(camera) = camera {
        let at = all.iter().position(|one| is_named(camera, id_of(one), name(one))).ok_or_else(|| no_camera(camera))?;
        all = vec![all.swap_remove(at)];
        if print.json {
            return say(&item(&all[0]).to_string());
        }
    }
    say(&if print.json { json(&all) } else { words(&all) })
}

fn name(listed: &ListedCamera) -> &str {
    let row = listed.settings.as_ref().map(|row| row.name.as_str());
    row.or(listed.status.as_ref().map(|status| status.name.as_str())).unwrap_or_default()
}

fn label(listed: &ListedCamera) -> Option<&str> {
    match (&listed.settings, &listed.status) {
        (Some(row), _) => row.label.as_deref(),
        (None, status) => status.as_ref()?.label.as_deref(),
    }
}

fn id_of(listed: &ListedCamera) -> i64 {
    let row = listed.settings.as_ref().map(|row| row.id);
    row.or(listed.status.as_ref().map(|status| status.id)).unwrap_or_default()
}

fn json(all: &[ListedCamera]) -> String {
    json!({ "items": all.iter().map(item).collect::<Vec<_>>(), "next": null }).to_string()
}

/// What `GET /api/v1/cameras` has of a camera while a program runs on it; null otherwise.
const RUNNING_ONLY: [&str; 9] =
    ["state", "since", "downSince", "restarts", "lastError", "fault", "nextStart", "sound", "server"];

/// A camera as `GET /api/v1/cameras` has it, and beside that the further fields of its settings, and whether its row is gone.
fn item(listed: &ListedCamera) -> Value {
    let mut item = match &listed.settings {
        Some(row) => {
            let mut item = json!(row);
            (item["host"], item["path"]) = (json!(row.source_host()), json!(row.name));
            item
        }
        None => json!({}),
    };
    for field in RUNNING_ONLY {
        item[field] = Value::Null;
    }
    if let Some(Value::Object(fields)) = listed.status.as_ref().map(|status| json!(status)) {
        fields.into_iter().for_each(|(field, value)| item[field] = value);
    }
    item["rowGone"] = listed.settings.is_none().into();
    item
}

/// A table, and below it what is wrong with whom.
fn words(all: &[ListedCamera]) -> String {
    if all.is_empty() {
        return "no cameras yet; `streamwarden cameras add NAME --host HOST` adds one".to_owned();
    }
    let word = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let has_labels = all.iter().any(|one| label(one).is_some());
    let last = if has_labels { "LABEL" } else { "" };
    let head = ["ID", "NAME", "STATE", "KIND", "SOURCE", "ENABLED", "RECORD", last].map(str::to_owned);
    let lines = all.iter().map(|one| {
        let state = one.status.as_ref().map_or_else(|| "-".to_owned(), |status| status.state.to_string());
        let (kind, source, enabled, record) = match (&one.settings, &one.status) {
            (Some(row), _) => {
                let source = row.url.clone().or_else(|| row.host.clone()).unwrap_or_default();
                (row.kind.clone(), source, word(row.enabled), word(row.record))
            }
            (None, Some(status)) => {
                (status.kind.clone(), status.host.clone().unwrap_or_default(), "gone".to_owned(), word(status.record))
            }
            (None, None) => Default::default(),
        };
        let [name, kind, source] = [name(one), &kind, &source].map(printable);
        let label = printable(label(one).unwrap_or_default());
        [id_of(one).to_string(), name, state, kind, source, enabled, record, label]
    });
    let table = table(&std::iter::once(head).chain(lines).collect::<Vec<_>>());
    let faults = all.iter().filter_map(|one| one.status.as_ref()).filter_map(fault);
    let gone = all.iter().filter(|one| one.settings.is_none()).map(|one| {
        let name = printable(name(one));
        format!("{name}: its row is gone, but it goes on until that is confirmed: `streamwarden cameras plan`")
    });
    table.into_iter().chain(faults).chain(gone).collect::<Vec<_>>().join("\n")
}

fn fault(status: &CameraStatus) -> Option<String> {
    let error = status.last_error.as_ref().filter(|_| status.state != CameraState::Running)?;
    let next = status.next_start.map(|at| format!("; next try at {} UTC", at.format("%H:%M:%S"))).unwrap_or_default();
    Some(format!("{}: {}{next}", printable(&status.title()), printable(error)))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::camera::{CameraRow, CameraSettings};
    use crate::domain::sample;

    fn row(id: i64, name: &str) -> CameraRow {
        CameraRow {
            host: Some("10.0.0.9".to_owned()),
            password: Some("hunter2".into()),
            record: false,
            ..sample::camera_row(id, name)
        }
    }

    fn status(row: &CameraRow, state: CameraState) -> CameraStatus {
        CameraStatus {
            kind: row.kind.clone(),
            host: row.host.clone(),
            record: false,
            state,
            restarts: 1,
            last_error: Some("it refuses\nthe connection".to_owned()),
            next_start: (state == CameraState::Backoff).then_some(DateTime::UNIX_EPOCH),
            ..sample::camera(row.id, &row.name)
        }
    }

    #[test]
    fn people_read_how_each_camera_is_and_what_is_wrong() {
        let listed = |row: CameraRow, state: Option<CameraState>, in_table: bool| ListedCamera {
            settings: in_table.then(|| CameraSettings::from(&row)),
            status: state.map(|state| status(&row, state)),
        };
        let all = [
            listed(row(1, "gate"), Some(CameraState::Running), true),
            listed(row(2, "yard\u{1b}"), Some(CameraState::Backoff), true),
            listed(row(3, "new"), None, true),
            listed(row(4, "old"), Some(CameraState::Running), false),
        ];
        let wanted = "\
            ID  NAME   STATE    KIND     SOURCE    ENABLED  RECORD\n\
            1   gate   running  generic  10.0.0.9  yes      no\n\
            2   yard?  backoff  generic  10.0.0.9  yes      no\n\
            3   new    -        generic  10.0.0.9  yes      no\n\
            4   old    running  generic  10.0.0.9  gone     no\n\
            yard?: it refuses?the connection; next try at 00:00:00 UTC\n\
            old: its row is gone, but it goes on until that is confirmed: `streamwarden cameras plan`";
        assert_eq!(words(&all), wanted);
        let json: Value = serde_json::from_str(&json(&all)).expect("JSON");
        assert_eq!(
            (&json["items"][1]["state"], &json["items"][2]["state"], &json["items"][3]["rowGone"]),
            (&"backoff".into(), &Value::Null, &true.into())
        );
        assert!(!json.to_string().contains("hunter2"));
        let labelled = CameraRow { label: Some("Hof Süd".to_owned()), ..row(2, "yard") };
        let two = [listed(row(1, "gate"), None, true), listed(labelled, None, true)];
        let wanted = "\
            ID  NAME  STATE  KIND     SOURCE    ENABLED  RECORD  LABEL\n\
            1   gate  -      generic  10.0.0.9  yes      no\n\
            2   yard  -      generic  10.0.0.9  yes      no      Hof Süd";
        assert_eq!(words(&two), wanted);
    }

    #[test]
    fn the_json_of_a_camera_is_that_of_the_api_with_its_settings_beside_it() {
        let of_url = CameraRow { host: None, url: Some("rtsp://viewer:hunter2@10.0.0.7/x".into()), ..row(5, "lab") };
        let at = |row: &CameraRow| CameraStatus { host: row.shown_host(), ..status(row, CameraState::Running) };
        for row in [row(1, "gate"), of_url, CameraRow { host: Some("a b".into()), ..row(6, "wrong") }] {
            let api = json!(at(&row));
            let settings = Some(CameraSettings::from(&row));
            let running = item(&ListedCamera { settings: settings.clone(), status: Some(at(&row)) });
            let alone = item(&ListedCamera { settings, status: None });
            for (field, value) in api.as_object().expect("an object") {
                assert_eq!(&running[field], value, "{field}");
                let known = if RUNNING_ONLY.contains(&field.as_str()) { &Value::Null } else { value };
                assert_eq!(&alone[field], known, "{field}, where nobody runs");
            }
            let keys = |item: &Value| item.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
            assert_eq!(keys(&running), keys(&alone));
            assert!(running["status"].is_null() && running["hasPassword"].is_boolean(), "{running}");
        }
    }
}
