//! Which streamwarden runs here: by the note that it leaves in the data folder, or because it answers where our
//! configuration would listen. Asked before anything is done with the cameras: commands on another database than the
//! running program's would be done, said to be done, and never act.

use std::net::SocketAddr;
use std::path::Path;

use secrecy::SecretString;
use serde::Deserialize;

use super::own_certificate;
use super::remote::{About, Remote};
use crate::actors::logins::LOCAL_TOKEN;
use crate::adapters::database::postgres;
use crate::base::{Error, ErrorKind, Result};
use crate::config::Settings;
use crate::config::settings::{ApiTrust, DatabaseSettings};

/// What `run.json` says, as far as others ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct RunningProgram {
    /// Its process id.
    pub pid: u32,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Over TLS.
    #[serde(default)]
    pub tls: bool,
}

/// The process that runs on this folder; `None` when there is none, when its note was left behind, or when it is not for
/// us to read.
pub(super) fn on(data_dir: &Path) -> Option<RunningProgram> {
    let note = std::fs::read(data_dir.join("run.json")).ok()?;
    let running: RunningProgram = serde_json::from_slice(&note).ok()?;
    Path::new("/proc").join(running.pid.to_string()).exists().then_some(running)
}

/// The streamwarden that runs on our data folder, or else the one that answers at `http.listen`.
///
/// # Errors
/// `Timeout` when one runs on our data folder and does not answer.
pub(super) async fn find(settings: &Settings) -> Result<Option<(Remote, About)>> {
    if let Some(running) = on(&settings.data_dir) {
        let trust = running.tls.then(|| own_certificate::trust(&settings.data_dir));
        let remote = Remote::at_address(running.listen, trust.as_ref())?.with_token(local_token(&settings.data_dir));
        match remote.about().await {
            Ok(about) if about.pid == Some(running.pid) => return Ok(Some((remote, about))),
            Err(error) if error.kind() == ErrorKind::Timeout => {
                let text = format!("the streamwarden that runs here (process {}) does not answer", running.pid);
                return Err(Error::new(ErrorKind::Timeout, text).with_source(error));
            }
            Err(error) if error.kind() == ErrorKind::Unauthorized => return Err(asks_for_login(&remote, error)),
            // A note that was left behind, and a process that has got its number since.
            _ => {}
        }
    }
    if settings.http.listen.port() == 0 {
        return Ok(None);
    }
    let trust = settings.http.tls.as_ref().map(|files| ApiTrust::File(files.cert.clone()));
    let remote = Remote::at_address(settings.http.listen, trust.as_ref())?;
    match remote.about().await {
        Ok(about) => Ok(Some((remote, about))),
        // Without a problem document it is no streamwarden.
        Err(error) if error.kind() == ErrorKind::Unauthorized && error.message().contains("log in") => {
            Err(asks_for_login(&remote, error))
        }
        // Whatever else listens there is no business of ours.
        Err(_) => Ok(None),
    }
}

/// The token that the program on this folder has left for commands, when it is for us to read.
fn local_token(data_dir: &Path) -> Option<SecretString> {
    std::fs::read_to_string(data_dir.join(LOCAL_TOKEN)).ok().map(Into::into)
}

fn asks_for_login(remote: &Remote, error: Error) -> Error {
    let text = format!(
        "the streamwarden at {address} asks for a login; run this as the user whose data_dir it is (a command that takes --api \
         also reaches it with --api {address} and a token: STREAMWARDEN_TOKEN or --token-file)",
        address = remote.address()
    );
    Error::new(ErrorKind::Unauthorized, text).with_source(error)
}

/// As [`find`], refusing one that keeps its cameras in another database than these settings name.
///
/// # Errors
/// `Conflict` naming both databases; see also [`find`].
pub(super) async fn find_ours(settings: &Settings) -> Result<Option<(Remote, About)>> {
    let Some((remote, about)) = find(settings).await? else { return Ok(None) };
    let ours = database_name(settings);
    let theirs = about.database.as_deref().unwrap_or("a database that it does not name (it is another version)");
    if same_database(theirs, &ours) {
        return Ok(Some((remote, about)));
    }
    let process = about.pid.map_or_else(String::new, |pid| format!(" (process {pid})"));
    let text = format!(
        "the streamwarden that runs here{process} keeps its data in {theirs}, and this command would use {ours}; set PG_DSN \
         or --config as for that one (a command that takes --api also reaches it with --api {})",
        remote.address()
    );
    Err(Error::new(ErrorKind::Conflict, text))
}

impl Remote {
    /// Finds the process of these settings.
    ///
    /// # Errors
    /// `Unavailable` when none runs, `Conflict` when it keeps its cameras in another database, `Timeout`.
    pub async fn find(settings: &Settings) -> Result<Self> {
        let found = find_ours(settings).await?;
        found.map(|(remote, _)| remote).ok_or_else(|| {
            let folder = settings.data_dir.display();
            Error::unavailable(format!(
                "no streamwarden runs on data_dir {folder}; start it, name its --config, or its address with --api"
            ))
        })
    }
}

impl Remote {
    /// Where the program of these settings is expected, without asking it anything: what its note in the data folder says, or
    /// `http.listen`.
    ///
    /// # Errors
    /// `Unavailable` when neither names a port.
    pub fn expected(settings: &Settings) -> Result<Self> {
        let (listen, trust) = match on(&settings.data_dir) {
            Some(running) => (running.listen, running.tls.then(|| own_certificate::trust(&settings.data_dir))),
            None => {
                let trust = settings.http.tls.as_ref().map(|files| ApiTrust::File(files.cert.clone()));
                (settings.http.listen, trust)
            }
        };
        if listen.port() == 0 {
            return Err(Error::unavailable(format!(
                "no streamwarden runs on data_dir {}",
                settings.data_dir.display()
            )));
        }
        Ok(Self::at_address(listen, trust.as_ref())?.with_token(local_token(&settings.data_dir)))
    }
}

/// Where the cameras of these settings are, without a password.
pub(super) fn database_name(settings: &Settings) -> String {
    let postgres = |url| postgres::place(url).unwrap_or_else(|_| "a database that cannot be read".to_owned());
    match &settings.database {
        DatabaseSettings::Sqlite(file) => format!("sqlite:{}", whole(file).display()),
        DatabaseSettings::Postgres(ours) => {
            let schema = ours.schema.as_ref().map(|schema| format!(" (schema {schema})")).unwrap_or_default();
            format!("postgresql://{}{schema}", postgres(&ours.url))
        }
        DatabaseSettings::Site { url, .. } => format!("postgresql://{} (cameras_query)", postgres(url)),
    }
}

/// The path by which every process knows this file, also when it does not exist yet.
fn whole(file: &Path) -> std::path::PathBuf {
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else { return file };
    file.canonicalize().or_else(|_| folder.canonicalize().map(|folder| folder.join(name))).unwrap_or(file)
}

/// Whether two names mean the same database: this machine has several names.
fn same_database(one: &str, other: &str) -> bool {
    let plain = |name: &str| match name.strip_prefix("postgresql://") {
        Some(place) => ["localhost:", "[::1]:", "::1:"]
            .iter()
            .find_map(|here| Some(format!("127.0.0.1:{}", place.strip_prefix(here)?)))
            .unwrap_or_else(|| place.to_owned()),
        None => name.to_owned(),
    };
    plain(one) == plain(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::instance::Instance;

    #[test]
    fn a_running_process_is_known_by_its_note() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(on(folder.path()), None);
        let mut instance = Instance::lock(folder.path()).expect("free");
        let listen = ([127, 0, 0, 1], 8080).into();
        instance.announce(listen, false, "sqlite:/x").expect("writable");
        assert_eq!(on(folder.path()), Some(RunningProgram { pid: std::process::id(), listen, tls: false }));
        drop(instance);
        std::fs::write(folder.path().join("run.json"), r#"{"pid":4194305,"listen":"127.0.0.1:1"}"#).expect("a file");
        assert_eq!(on(folder.path()), None, "left behind by one that was killed");
    }

    #[test]
    fn a_database_is_known_by_its_place() {
        for (one, other, same) in [
            ("postgresql://localhost:5432/video", "postgresql://127.0.0.1:5432/video", true),
            ("postgresql://[::1]:5432/video", "postgresql://localhost:5432/video", true),
            ("postgresql://db:5432/video", "postgresql://db:5432/video", true),
            ("postgresql://db:5432/video", "postgresql://db:5432/other", false),
            ("postgresql://db:5432/video", "postgresql://db:5432/video (cameras_query)", false),
            ("postgresql://localhost.example:5432/video", "postgresql://127.0.0.1:5432/video", false),
            ("sqlite:/a", "sqlite:/b", false),
        ] {
            assert_eq!(same_database(one, other), same, "{one} {other}");
        }
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("a path");
        std::os::unix::fs::symlink(&root, root.join("link")).expect("a link");
        assert_eq!(whole(&root.join("link/new.db")), root.join("new.db"));
        assert_eq!(whole(Path::new("/nowhere/new.db")), Path::new("/nowhere/new.db"));
    }
}
