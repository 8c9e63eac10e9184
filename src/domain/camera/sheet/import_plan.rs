//! What a sheet changes of the cameras as they are: checked by the rules for every edit, and no more than what differs.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

use super::check::faults;
use super::read::{Sheet, SheetLine};
use super::{HIDDEN, ImportReport, SheetFault};
use crate::domain::camera::{CameraEdit, CameraRow, CameraSource, Kinds, draft};

/// One row to write.
#[derive(Clone, Debug)]
pub struct CameraWrite {
    /// The row that changes; `None` adds one.
    pub id: Option<i64>,
    /// The fields that are written.
    pub edit: CameraEdit,
}

/// Where a line of the sheet leads to: whether that may be called is for others to say.
#[derive(Clone, Debug)]
pub struct SheetTarget {
    /// Line of the file, from 1.
    pub line: u64,
    /// What would be called for its camera.
    pub source: CameraSource,
}

/// What follows from a sheet.
#[derive(Clone, Debug, Default)]
pub struct PlannedWrite {
    /// In numbers.
    pub report: ImportReport,
    /// In rows. Empty when there are faults.
    pub writes: Vec<CameraWrite>,
    /// Where the written rows lead to, as far as the sheet says so. With faults: where the lines without one would.
    pub called: Vec<SheetTarget>,
}

impl Sheet {
    /// Weighs every line against the row of its name.
    pub fn plan(&self, rows: &[CameraRow], kinds: &Kinds) -> PlannedWrite {
        let by_name: BTreeMap<&str, &CameraRow> = rows.iter().map(|row| (row.name.as_str(), row)).collect();
        let mut planned = PlannedWrite::default();
        let mut faults = self.faults.clone();
        for line in &self.lines {
            let row = line.edit.name.as_deref().and_then(|name| by_name.get(name)).copied();
            match write(line, row, kinds) {
                Ok(None) => planned.report.unchanged += 1,
                Ok(Some(write)) => {
                    planned.called.extend(called(line, row, &write.edit, kinds));
                    *(if row.is_some() { &mut planned.report.changed } else { &mut planned.report.added }) += 1;
                    planned.writes.push(write);
                }
                Err(found) => faults.extend(found),
            }
        }
        if faults.is_empty() {
            return planned;
        }
        PlannedWrite { report: ImportReport::refused(faults), writes: Vec::new(), called: planned.called }
    }
}

/// What a line writes; the error has everything that is wrong with it besides the cells that cannot be read.
fn write(line: &SheetLine, row: Option<&CameraRow>, kinds: &Kinds) -> Result<Option<CameraWrite>, Vec<SheetFault>> {
    let mut edit = line.edit.clone();
    let (mut wrong, mut found) = (line.wrong.clone(), Vec::new());
    let hidden = [("url", keep_hidden_url(&mut edit, row)), ("password", keep_hidden_password(&mut edit, row))];
    for (column, kept) in hidden {
        if let Err(text) = kept {
            found.push(SheetFault::new(line.number, Some(column), text));
            wrong.push(column);
        }
    }
    keep_hidden_host(&mut edit, row);
    if let Some(row) = row {
        let password = edit.password.clone();
        edit = difference(edit, row);
        if is_nothing(&edit) && wrong.is_empty() {
            return Ok(None);
        }
        // Written again where the row's address changes, the same one too: it has been entered for the new one.
        edit.password = password;
    }
    let others = faults(row, &edit, kinds, &wrong);
    found.extend(others.into_iter().map(|(field, text)| SheetFault::new(line.number, field.as_deref(), text)));
    if !wrong.is_empty() || !found.is_empty() {
        return Err(found);
    }
    Ok(Some(CameraWrite { id: row.map(|row| row.id), edit }))
}

fn called(line: &SheetLine, row: Option<&CameraRow>, edit: &CameraEdit, kinds: &Kinds) -> Option<SheetTarget> {
    if !edit.names_place() {
        return None;
    }
    // Who is switched off may hold what comes to no source.
    draft(row, edit, kinds).ok().map(|source| SheetTarget { line: line.number, source })
}

/// A URL that was written out without its credentials means the one that is there.
fn keep_hidden_url(edit: &mut CameraEdit, row: Option<&CameraRow>) -> Result<(), &'static str> {
    let Some(Some(url)) = &edit.url else { return Ok(()) };
    if !url.expose_secret().contains(HIDDEN) {
        return Ok(());
    }
    if row.and_then(CameraRow::shown_url).is_some_and(|shown| shown == url.expose_secret()) {
        edit.url = None;
        return Ok(());
    }
    Err("holds *** where its password was hidden, and no camera of this name has such a URL; write the whole URL")
}

/// `***` as a password means the one that is there: people write into its column what they see in a URL.
fn keep_hidden_password(edit: &mut CameraEdit, row: Option<&CameraRow>) -> Result<(), &'static str> {
    let Some(Some(password)) = &edit.password else { return Ok(()) };
    if password.expose_secret().trim() != HIDDEN {
        return Ok(());
    }
    if row.is_some_and(|row| row.password.is_some()) {
        edit.password = None;
        return Ok(());
    }
    Err("is ***, which stands for a stored password, and no camera of this name has one; write the password, or leave \
         the cell empty")
}

/// The same for a host that holds what may be a password; any other such host is refused for what it is.
fn keep_hidden_host(edit: &mut CameraEdit, row: Option<&CameraRow>) {
    let shown = row.and_then(CameraRow::shown_host_column);
    if edit
        .host
        .as_ref()
        .is_some_and(|host| *host == shown && shown.as_deref().is_some_and(|text| text.contains(HIDDEN)))
    {
        edit.host = None;
    }
}

/// What of the edit is not in the row already.
fn difference(edit: CameraEdit, row: &CameraRow) -> CameraEdit {
    fn new<T: PartialEq>(asked: Option<T>, there: &T) -> Option<T> {
        asked.filter(|asked| asked != there)
    }
    fn secret(asked: Option<Option<SecretString>>, there: &Option<SecretString>) -> Option<Option<SecretString>> {
        let open = |secret: &Option<SecretString>| secret.as_ref().map(|secret| secret.expose_secret().to_owned());
        asked.filter(|asked| open(asked) != open(there))
    }
    CameraEdit {
        name: new(edit.name, &row.name),
        kind: new(edit.kind, &row.kind),
        host: new(edit.host, &row.host),
        port: new(edit.port, &row.port),
        username: new(edit.username, &row.username),
        password: secret(edit.password, &row.password),
        channel: new(edit.channel, &row.channel),
        substream: new(edit.substream, &row.substream),
        url: secret(edit.url, &row.url),
        transport: new(edit.transport, &row.transport),
        audio: new(edit.audio, &row.audio),
        enabled: new(edit.enabled, &row.enabled),
        record: new(edit.record, &row.record),
        // As it was written out.
        label: new(edit.label, &row.shown_label()),
    }
}

fn is_nothing(edit: &CameraEdit) -> bool {
    let CameraEdit {
        name, kind, host, port, username, password, channel, substream, url, transport, audio, label, ..
    } = edit;
    let texts = [host, username, channel, substream, transport, audio, label];
    name.is_none()
        && kind.is_none()
        && port.is_none()
        && password.is_none()
        && url.is_none()
        && edit.enabled.is_none()
        && edit.record.is_none()
        && texts.into_iter().all(Option::is_none)
}
