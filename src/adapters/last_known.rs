//! The last known list of cameras in a file of ours: what a start goes by while the database is away.
//!
//! The file holds the cameras' passwords, as the database does, so that only our own user may read it; it is replaced in
//! one step, and only when the list has changed. Talked to by the planner of the cameras.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::base::{Error, Result};
use crate::domain::camera::{CameraRow, Kinds};

/// Form of the file; another one is not guessed at.
const VERSION: u32 = 1;

/// A list as it was once read from the database.
#[derive(Clone, Debug)]
pub struct CameraList {
    /// When it became the last known one.
    pub since: DateTime<Utc>,
    /// Its rows, unchecked as ever.
    pub rows: Vec<CameraRow>,
    /// The kinds they refer to.
    pub kinds: Kinds,
    /// Ids of the cameras that had really run shortly before; `None` in a file of an older version.
    pub ran: Option<Vec<i64>>,
}

impl CameraList {
    /// Ids of the cameras that had really run shortly before; all of them where that is not known.
    pub fn ran_lately(&self) -> Vec<i64> {
        self.ran.clone().unwrap_or_else(|| self.rows.iter().map(|row| row.id).collect())
    }
}

/// The file.
#[derive(Debug)]
pub struct LastKnownFile {
    path: PathBuf,
    /// What it holds, as far as we know.
    holds: Option<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Form {
    version: u32,
    since: DateTime<Utc>,
    kinds: BTreeMap<String, String>,
    cameras: Vec<Row>,
    #[serde(default)]
    ran: Option<Vec<i64>>,
}

#[derive(Serialize, Deserialize, Hash)]
#[serde(rename_all = "camelCase")]
struct Row {
    id: i64,
    name: String,
    kind: String,
    host: Option<String>,
    port: Option<i64>,
    username: Option<String>,
    password: Option<String>,
    channel: Option<String>,
    substream: Option<String>,
    url: Option<String>,
    transport: Option<String>,
    audio: Option<String>,
    enabled: bool,
    record: bool,
    #[serde(default)]
    label: Option<String>,
}

impl LastKnownFile {
    /// The file at this path; touches nothing.
    pub fn at(path: PathBuf) -> Self {
        Self { path, holds: None }
    }

    /// What it holds; `None` when there is no file.
    ///
    /// # Errors
    /// When it cannot be read, or is not one of ours; the sentence quotes nothing of it.
    pub fn load(&mut self) -> Result<Option<CameraList>> {
        let text = match fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.fault("cannot be read", &error)),
        };
        let form: Form = serde_json::from_slice(&text)
            .map_err(|error| self.fault("is not a list of cameras", &format!("line {}", error.line())))?;
        if form.version != VERSION {
            return Err(self.fault("has another form", &format!("version {}", form.version)));
        }
        self.holds = Some(content(&form));
        let rows = form.cameras.into_iter().map(CameraRow::from).collect();
        Ok(Some(CameraList { since: form.since, rows, kinds: form.kinds.into_iter().collect(), ran: form.ran }))
    }

    /// Keeps this list unless it is the one that is kept already; says whether it wrote.
    ///
    /// # Errors
    /// When the folder cannot be written; the file is as before then.
    pub fn keep(&mut self, known: &CameraList) -> Result<bool> {
        let kinds = known.kinds.iter().map(|(kind, template)| (kind.clone(), template.clone())).collect();
        let cameras = known.rows.iter().map(Row::from).collect();
        let form = Form { version: VERSION, since: known.since, kinds, cameras, ran: known.ran.clone() };
        let content = content(&form);
        if self.holds == Some(content) {
            return Ok(false);
        }
        let text = serde_json::to_vec(&form).map_err(|error| self.fault("cannot be written", &error))?;
        replace(&self.path, &text).map_err(|error| self.fault("cannot be written", &error))?;
        self.holds = Some(content);
        Ok(true)
    }

    /// A person has changed one row (`None`: removed it) while nobody ran on this folder: the next start takes that as it
    /// is meant, and does not evaluate it. Nothing happens where there is no file.
    ///
    /// # Errors
    /// As [`Self::load`] and [`Self::keep`].
    pub fn change_row(&mut self, id: i64, row: Option<&CameraRow>) -> Result<()> {
        let Some(mut known) = self.load()? else { return Ok(()) };
        match (known.rows.iter_mut().find(|known| known.id == id), row) {
            (Some(known), Some(row)) => *known = row.clone(),
            (Some(_), None) => known.rows.retain(|known| known.id != id),
            (None, _) => return Ok(()),
        }
        self.keep(&known).map(|_| ())
    }

    fn fault(&self, what: &str, why: &dyn std::fmt::Display) -> Error {
        Error::internal(format!("the last known cameras in {} {what}: {why}", self.path.display()))
    }
}

/// In one step, on the disk when it returns, and for its owner only from its first byte on.
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    // Made with mode 0600 by tempfile.
    let mut file = tempfile::Builder::new().prefix(".cameras.last-").tempfile_in(folder)?;
    // Root at the command line must not take the file away from the user that the service runs as.
    if let Ok(before) = fs::metadata(path)
        && before.uid() != file.as_file().metadata()?.uid()
    {
        std::os::unix::fs::chown(file.path(), Some(before.uid()), Some(before.gid()))?;
    }
    file.write_all(text)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

fn content(form: &Form) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&form.kinds, &form.cameras, &form.ran).hash(&mut hasher);
    hasher.finish()
}

impl From<&CameraRow> for Row {
    fn from(row: &CameraRow) -> Self {
        let open = |secret: &Option<SecretString>| secret.as_ref().map(|secret| secret.expose_secret().to_owned());
        Self {
            id: row.id,
            name: row.name.clone(),
            kind: row.kind.clone(),
            host: row.host.clone(),
            port: row.port,
            username: row.username.clone(),
            password: open(&row.password),
            channel: row.channel.clone(),
            substream: row.substream.clone(),
            url: open(&row.url),
            transport: row.transport.clone(),
            audio: row.audio.clone(),
            enabled: row.enabled,
            record: row.record,
            label: row.label.clone(),
        }
    }
}

impl From<Row> for CameraRow {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name,
            kind: row.kind,
            host: row.host,
            port: row.port,
            username: row.username,
            password: row.password.map(SecretString::from),
            channel: row.channel,
            substream: row.substream,
            url: row.url.map(SecretString::from),
            transport: row.transport,
            audio: row.audio,
            enabled: row.enabled,
            record: row.record,
            port_text: None,
            updated_at: None,
            label: row.label,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn known(enabled: bool) -> CameraList {
        let row = Row {
            id: 7,
            name: "gate".into(),
            kind: "axis".into(),
            host: Some("10.0.0.9".into()),
            port: Some(8554),
            username: Some("admin".into()),
            password: Some("s3cret".into()),
            channel: None,
            substream: Some("1".into()),
            url: None,
            transport: Some("udp".into()),
            audio: None,
            enabled,
            record: true,
            label: Some("Eingang Süd".into()),
        };
        let kinds = [("axis".to_owned(), "rtsp://{host}/".to_owned())].into();
        CameraList { since: DateTime::UNIX_EPOCH, rows: vec![row.into()], kinds, ran: Some(vec![7]) }
    }

    #[test]
    fn a_list_is_kept_when_it_changed_and_for_us_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("cameras.last.json");
        let mut file = LastKnownFile::at(path.clone());
        assert!(file.load().expect("no file is no fault").is_none());
        assert!(file.keep(&known(true)).expect("kept"));
        assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
        let later = CameraList { since: Utc::now(), ..known(true) };
        assert!(!file.keep(&later).expect("the same"), "it is known already");
        let mut file = LastKnownFile::at(path.clone());
        let loaded = file.load().expect("readable").expect("there");
        assert_eq!((loaded.since, &loaded.kinds), (DateTime::UNIX_EPOCH, &known(true).kinds));
        let row = &loaded.rows[0];
        assert_eq!((row.id, row.name.as_str(), row.port, row.enabled), (7, "gate", Some(8554), true));
        assert_eq!(row.label.as_deref(), Some("Eingang Süd"));
        assert_eq!(row.password.as_ref().map(ExposeSecret::expose_secret), Some("s3cret"));
        assert!(!file.keep(&later).expect("the same"), "also after a restart");
        assert!(file.keep(&known(false)).expect("changed"));
        assert!(
            file.keep(&CameraList { ran: Some(vec![]), ..known(false) }).expect("changed"),
            "it does not run any more"
        );
        let older = r#"{"version":1,"since":"2026-01-01T00:00:00Z","kinds":{},"cameras":[]}"#;
        fs::write(&path, older).expect("a file");
        assert_eq!(LastKnownFile::at(path.clone()).load().expect("readable").expect("there").ran, None);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing else is left");
    }

    #[test]
    fn a_row_that_a_person_changed_is_known_as_it_is_now() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("cameras.last.json");
        LastKnownFile::at(path.clone()).change_row(7, None).expect("no file, nothing to do");
        assert!(!path.exists());
        LastKnownFile::at(path.clone()).keep(&known(true)).expect("kept");
        let rows = || LastKnownFile::at(path.clone()).load().expect("readable").expect("there").rows;
        let off = CameraRow { enabled: false, ..known(true).rows.remove(0) };
        LastKnownFile::at(path.clone()).change_row(7, Some(&off)).expect("changed");
        assert!(!rows()[0].enabled);
        LastKnownFile::at(path.clone()).change_row(8, None).expect("a row that is not known");
        assert_eq!(rows().len(), 1);
        LastKnownFile::at(path.clone()).change_row(7, None).expect("removed");
        assert!(rows().is_empty());
    }

    #[test]
    fn a_file_that_is_not_ours_is_named_and_not_quoted() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("cameras.last.json");
        let other = r#"{"version":2,"since":"2026-01-01T00:00:00Z","kinds":{},"cameras":[]}"#;
        for (text, word) in [("s3cret", "not a list"), (r#"{"version":"s3cret"}"#, "not a list"), (other, "version 2")]
        {
            fs::write(&path, text).expect("a file");
            let error = LastKnownFile::at(path.clone()).load().expect_err(text).to_string();
            assert!(
                error.contains(word) && error.contains("cameras.last.json") && !error.contains("s3cret"),
                "{error}"
            );
        }
        assert!(LastKnownFile::at(folder.path().join("none/x")).keep(&known(true)).is_err());
    }
}
