//! What people send is checked here before any database sees it.

use secrecy::{ExposeSecret, SecretString};

use crate::base::visible_text::turns_line;
use crate::base::{Error, Result};

use super::row::HIDDEN;
use super::source::{CameraSource, Kinds};
use super::{CameraEdit, CameraRow, LONGEST_LABEL, named, password};

/// Checks an edit of `row` (or, without one, a new camera) by the rules for rows: what would come out must be a camera
/// that could run, and a stored password stays where it was entered for. The error names the field.
pub fn check_edit(row: Option<&CameraRow>, edit: &CameraEdit, kinds: &Kinds) -> Result<()> {
    if row.is_none() && edit.name.is_none() {
        return Err(Error::invalid("name", "is missing; a camera needs the name of its path, such as \"gate\""));
    }
    if let Some(name) = edit.name.as_deref().filter(|name| row.is_none_or(|row| row.name != *name)) {
        named::check_new(name)?;
    }
    check_label(edit)?;
    if row.is_some() && !touches_source(edit) && edit.enabled.is_none() && edit.record.is_none() {
        // Only what is shown changes: whatever else is wrong with the row was so before.
        return Ok(());
    }
    let target = edited(row, edit);
    // A camera that is switched off may keep what somebody else wrote into its row, but nothing wrong is added to it.
    if !target.enabled && row.is_some() && !touches_source(edit) {
        return Ok(());
    }
    check_hidden(edit)?;
    CameraSource::from_row(&target, kinds)?;
    row.map_or(Ok(()), |row| password::check_edit(row, &target, edit, kinds))
}

/// The source that an edit of `row` (or, without one, a new camera) leads to, for trying it before it is saved; it needs no
/// name yet. A stored password is tried only where it was entered for. The error names the field.
pub fn draft(row: Option<&CameraRow>, edit: &CameraEdit, kinds: &Kinds) -> Result<CameraSource> {
    let mut target = edited(row, edit);
    if target.name.is_empty() {
        "unnamed".clone_into(&mut target.name);
    }
    check_hidden(edit)?;
    let source = CameraSource::from_row(&target, kinds)?;
    row.map_or(Ok(()), |row| password::check_edit(row, &target, edit, kinds))?;
    Ok(source)
}

impl CameraEdit {
    /// Whether it says where the camera is: then that has to be looked at before anything is written.
    pub fn names_place(&self) -> bool {
        self.host.is_some() || self.port.is_some() || self.url.is_some() || self.kind.is_some()
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        !touches_source(self) && self.enabled.is_none() && self.record.is_none() && self.label.is_none()
    }
}

fn check_label(edit: &CameraEdit) -> Result<()> {
    let Some(Some(label)) = &edit.label else { return Ok(()) };
    let length = label.chars().count();
    if length > LONGEST_LABEL {
        let sentence = format!("has {length} characters, at most {LONGEST_LABEL} are allowed; shorten it");
        return Err(Error::invalid("label", sentence));
    }
    if label.chars().any(char::is_control) {
        return Err(Error::invalid("label", "holds a control character (a line end, a tab); remove it"));
    }
    if let Some(turns) = label.chars().find(|one| turns_line(*one)) {
        let code = u32::from(turns);
        let sentence = format!("holds U+{code:04X}, which turns the direction of the text after it; remove it");
        return Err(Error::invalid("label", sentence));
    }
    Ok(())
}

/// A URL as it is shown has `***` where its credentials are, and would be saved with them gone.
fn check_hidden(edit: &CameraEdit) -> Result<()> {
    let url = edit.url.as_ref().and_then(Option::as_ref).map(ExposeSecret::expose_secret);
    match url {
        Some(url) if url.split(['/', '@', '?', '&', '=']).any(|part| part == HIDDEN) => {
            let sentence = "holds *** where its password was hidden; write the whole URL with its password, or leave it out \
                            to keep the present one";
            return Err(Error::invalid("url", sentence));
        }
        _ => {}
    }
    let password = edit.password.as_ref().and_then(Option::as_ref).map(ExposeSecret::expose_secret);
    if password.is_some_and(|password| password.trim() == HIDDEN) {
        let sentence =
            "is ***, which stands for a hidden one; write the password, or leave it out to keep the present one";
        return Err(Error::invalid("password", sentence));
    }
    Ok(())
}

fn touches_source(edit: &CameraEdit) -> bool {
    let CameraEdit {
        name,
        kind,
        host,
        port,
        username,
        password,
        channel,
        substream,
        url,
        transport,
        audio,
        enabled: _,
        record: _,
        label: _,
    } = edit;
    name.is_some()
        || kind.is_some()
        || port.is_some()
        || password.is_some()
        || url.is_some()
        || [host, username, channel, substream, transport, audio].into_iter().any(Option::is_some)
}

fn edited(row: Option<&CameraRow>, edit: &CameraEdit) -> CameraRow {
    let text = |new: &Option<Option<String>>, old: Option<&Option<String>>| {
        new.clone().unwrap_or_else(|| old.cloned().flatten())
    };
    let secret = |new: &Option<Option<SecretString>>, old: Option<&Option<SecretString>>| {
        new.clone().unwrap_or_else(|| old.cloned().flatten())
    };
    CameraRow {
        id: row.map_or(0, |row| row.id),
        name: edit.name.clone().or_else(|| row.map(|row| row.name.clone())).unwrap_or_default(),
        kind: edit.kind.clone().or_else(|| row.map(|row| row.kind.clone())).unwrap_or_else(|| "generic".into()),
        host: text(&edit.host, row.map(|row| &row.host)),
        port: edit.port.unwrap_or_else(|| row.and_then(|row| row.port)),
        username: text(&edit.username, row.map(|row| &row.username)),
        password: secret(&edit.password, row.map(|row| &row.password)),
        channel: text(&edit.channel, row.map(|row| &row.channel)),
        substream: text(&edit.substream, row.map(|row| &row.substream)),
        url: secret(&edit.url, row.map(|row| &row.url)),
        transport: text(&edit.transport, row.map(|row| &row.transport)),
        audio: text(&edit.audio, row.map(|row| &row.audio)),
        enabled: edit.enabled.or(row.map(|row| row.enabled)).unwrap_or(true),
        record: edit.record.or(row.map(|row| row.record)).unwrap_or(true),
        port_text: row.filter(|_| edit.port.is_none()).and_then(|row| row.port_text.clone()),
        updated_at: None,
        label: text(&edit.label, row.map(|row| &row.label)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds() -> Kinds {
        [("generic".to_owned(), "rtsp://{username}:{password}@{host}:{port=554}/".to_owned())].into()
    }

    fn edit(json: &str) -> CameraEdit {
        serde_json::from_str(json).expect(json)
    }

    #[test]
    fn edits_are_checked_as_the_row_they_lead_to() {
        let row = edited(None, &edit(r#"{"name":"gate","host":"10.0.0.9"}"#));
        let number = CameraRow { name: "9".into(), ..row.clone() };
        let broken = CameraRow { host: None, ..row.clone() };
        let long_label = format!(r#"{{"label":"{}"}}"#, "ü".repeat(201));
        let off = CameraRow { enabled: false, ..row.clone() };
        let table = [
            (None, r#"{"name":"gate","host":"10.0.0.9"}"#, None),
            (None, r#"{"name":"gate","url":"rtsp://h/x"}"#, None),
            (None, r#"{"host":"10.0.0.9"}"#, Some("name")),
            (None, r#"{"name":"gate"}"#, Some("host")),
            (None, r#"{"name":"gate","host":"h","kind":"x"}"#, Some("kind")),
            (None, r#"{"name":"gate","host":"h","enabled":false,"port":0}"#, Some("port")),
            (Some(&row), r#"{"record":false}"#, None),
            (Some(&row), r#"{"host":null}"#, Some("host")),
            (Some(&row), r#"{"host":null,"url":"rtsp://h/x"}"#, None),
            (Some(&row), r#"{"url":"file:/etc/passwd"}"#, Some("url")),
            (Some(&row), r#"{"url":"rtsp://***@h/x"}"#, Some("url")),
            (Some(&row), r#"{"url":"rtsp://h/x?token=***"}"#, Some("url")),
            (Some(&row), r#"{"url":"rtsp://u:a***b@h/x"}"#, None),
            (Some(&row), r#"{"username":"u","password":"***"}"#, Some("password")),
            (Some(&row), r#"{"username":"u","password":"a***"}"#, None),
            (Some(&row), r#"{"name":"../x"}"#, Some("name")),
            (None, r#"{"name":"9","host":"h"}"#, Some("name")),
            (Some(&row), r#"{"name":"9"}"#, Some("name")),
            (Some(&number), r#"{"name":"9","host":"h"}"#, None),
            (None, r#"{"name":"gate","host":"h","label":"Eingang Süd (Tor 2)"}"#, None),
            (None, r#"{"name":"gate","host":"h","label":"two\nlines"}"#, Some("label")),
            (None, "{\"name\":\"gate\",\"host\":\"h\",\"label\":\"Tor \u{202e}nekcis\"}", Some("label")),
            (None, "{\"name\":\"gate\",\"host\":\"h\",\"label\":\"\u{5e9}\u{5e2}\u{5e8}\u{200f} 1\"}", None),
            (Some(&row), r#"{"label":null}"#, None),
            (Some(&row), &long_label, Some("label")),
            (Some(&off), &long_label, Some("label")),
            (Some(&broken), r#"{"label":"Eingang"}"#, None),
            (Some(&broken), r#"{"enabled":false}"#, None),
            (Some(&broken), r#"{"enabled":true}"#, Some("host")),
            (Some(&broken), r#"{"enabled":false,"host":"a b"}"#, Some("host")),
        ];
        for (row, json, field) in table {
            let checked = check_edit(row, &edit(json), &kinds());
            assert_eq!(checked.as_ref().err().and_then(|error| error.field()), field, "{json}: {checked:?}");
            assert_eq!(checked.is_err(), field.is_some(), "{json}");
        }
    }

    #[test]
    fn a_draft_needs_no_name_and_takes_what_is_absent_from_its_row_but_no_password_elsewhere() {
        let row = edited(None, &edit(r#"{"name":"gate","host":"10.0.0.9","username":"u","password":"p"}"#));
        let source = draft(Some(&row), &edit(r#"{"channel":"2"}"#), &kinds()).expect("a source");
        assert_eq!(source.url.expose_secret(), "rtsp://u:p@10.0.0.9:554/");
        let elsewhere = draft(Some(&row), &edit(r#"{"host":"10.0.0.8"}"#), &kinds()).expect_err("not there");
        assert_eq!(elsewhere.field(), Some("password"));
        let again = edit(r#"{"host":"10.0.0.8","password":"q"}"#);
        let source = draft(Some(&row), &again, &kinds()).expect("a source");
        assert_eq!(source.url.expose_secret(), "rtsp://u:q@10.0.0.8:554/");
        assert_eq!(draft(None, &edit(r#"{"host":"h"}"#), &kinds()).expect("a source").name.as_str(), "unnamed");
        assert_eq!(draft(None, &edit("{}"), &kinds()).expect_err("no host").field(), Some("host"));
    }
}
