//! Cameras as CSV, without their secrets.

use super::{COLUMNS, FORMULAS};
use crate::domain::camera::CameraRow;

/// All rows with a header line. The column `password` is there and empty; the credentials of a URL are `***`.
pub fn write(rows: &[CameraRow]) -> String {
    let mut out = csv::Writer::from_writer(Vec::new());
    let lines = std::iter::once(COLUMNS.map(str::to_owned)).chain(rows.iter().map(cells));
    for line in lines {
        out.write_record(line).expect("every line has as many cells as the first, and memory takes them");
    }
    let bytes = out.into_inner().expect("memory can be flushed");
    String::from_utf8(bytes).expect("text between commas is text")
}

fn cells(row: &CameraRow) -> [String; COLUMNS.len()] {
    let text = |text: &Option<String>| text.as_deref().map(quoted).unwrap_or_default();
    let word = |yes: bool| if yes { "true" } else { "false" }.to_owned();
    [
        quoted(&row.name),
        quoted(&row.kind),
        text(&row.shown_host_column()),
        row.port.map(|port| port.to_string()).unwrap_or_default(),
        text(&row.username),
        String::new(),
        text(&row.channel),
        text(&row.substream),
        text(&row.shown_url()),
        text(&row.transport),
        text(&row.audio),
        word(row.enabled),
        word(row.record),
        text(&row.shown_label()),
    ]
}

/// A text that no spreadsheet runs as a formula.
fn quoted(text: &str) -> String {
    if text.starts_with(FORMULAS) { format!("'{text}") } else { text.to_owned() }
}
