//! `streamwarden demo`: the whole main job on embedded defaults, with sample cameras, two media servers of its own and a sample past.
//!
//! Writes a configuration file and a SQLite database of the same form as everybody's into its folder and runs them; a
//! row inserted there acts like any other.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;

use super::login_access::LoginAccess;
use super::login_requirement::is_loopback;
use super::{App, LISTEN, build, on_main_thread, sample_mark, services, stale_demos, until_stopped};
use crate::actors::restream::LAST_KNOWN;
use crate::adapters::database::Condition;
use crate::adapters::secrets::random_secret;
use crate::adapters::systemd::ServiceManager;
use crate::base::error::ErrorKind;
use crate::base::{Error, Result};
use crate::config::{self, CliOverrides, Settings, Sources};
use crate::demo::cameras::{Dropout, SampleCamera, SampleCameras, SampleOptions};
use crate::demo::demo_server::{self, AnyServer, MediaServerChoice};
use crate::demo::media_server;
use crate::demo::sample_past::{self, SampleStream};
use crate::domain::camera::CameraEdit;
use crate::domain::login::UserRole;
use crate::signals::Signals;

/// What may be chosen.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// Address of the page, as typed.
    pub listen: String,
    /// How many sample cameras.
    pub cameras: u16,
    /// Folder to keep; a temporary one that is removed at exit when absent.
    pub keep: Option<PathBuf>,
    /// A login is asked for, with a user that is added.
    pub login: bool,
    /// No second server with its SRT stream, and no sample past.
    pub cameras_only: bool,
}

/// Name of the node.
const NODE: &str = "streamwarden";

/// Name of the server that the cameras are published to.
const SERVER: &str = "demo";

/// Name of the server that somebody outside publishes to, by SRT.
const EDGE: &str = "edge";

/// What is published there.
const UPLINK: &str = "van";

/// How long the node may take until it may write.
const ADMITTED_WITHIN: Duration = Duration::from_secs(20);

/// The user of [`DemoOptions::login`].
const USER: &str = "demo";

/// Letters of its password: 96 bits.
const PASSWORD_LENGTH: usize = 16;

/// The demo's folder: temporary, or kept.
enum DemoFolder {
    Temporary(TempDir),
    Kept(PathBuf),
}

impl DemoFolder {
    fn open(keep: Option<&Path>) -> Result<Self> {
        let fault =
            |error: std::io::Error| Error::internal(format!("no folder for the demo: {error}")).with_source(error);
        match keep {
            None => {
                let removed = stale_demos::remove_from(&std::env::temp_dir());
                if removed > 0 {
                    log::info!(folders = removed; "removed what demos that were killed have left");
                }
                tempfile::Builder::new().prefix(stale_demos::PREFIX).tempdir().map(Self::Temporary).map_err(fault)
            }
            Some(path) => {
                std::fs::create_dir_all(path).map_err(fault)?;
                Ok(Self::Kept(path.canonicalize().map_err(fault)?))
            }
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Kept(path) => path,
        }
    }
}

/// Runs the demo until stopped by a signal.
///
/// # Errors
/// When something cannot be started; nothing is left running and no temporary folder is left then.
pub fn run(options: &DemoOptions) -> Result<()> {
    on_main_thread(async {
        let mut signals = Signals::take_over()?;
        let folder = DemoFolder::open(options.keep.as_deref())?;
        let servers = DemoServers::start(options).await?;
        let settings = settings(&folder, &servers, &options.listen)?;
        forget_last_known(&settings);
        let past_until = begin_past(&settings, options)?;
        let password = if options.login { Some(add_user(&settings).await?) } else { None };
        let app =
            build(settings.clone()).await.map_err(|error| with_remedy(error, settings.http.listen, options.login))?;
        let cameras = SampleCameras::start(samples(&settings, options, &servers)?).await?;
        fill(&app, cameras.cameras()).await?;
        if let Some(until) = past_until {
            write_past(&app, &settings, until).await?;
        }
        greet(&app, &servers, &folder, options, password.as_ref());
        let stopped = until_stopped(app, &mut signals, &ServiceManager::default(), None).await;
        cameras.stop().await;
        servers.stop().await;
        stopped
    })
}

/// The media servers: the one of the cameras, and one that is published to from outside.
struct DemoServers {
    main: AnyServer,
    edge: Option<AnyServer>,
}

impl DemoServers {
    async fn start(options: &DemoOptions) -> Result<Self> {
        let choice = MediaServerChoice::detect()?;
        let main = demo_server::start(&choice, &media_server::Options::default()).await?;
        let srt = vec![UPLINK.to_owned()];
        let edge_options = media_server::Options { srt, ..media_server::Options::default() };
        let edge = match options.cameras_only {
            true => None,
            false => Some(demo_server::start(&choice, &edge_options).await?),
        };
        Ok(Self { main, edge })
    }

    /// The tables of the configuration, the main one first.
    fn tables(&self) -> String {
        let table = |(name, server): (&str, &AnyServer)| {
            let (api, rtsp) = (server.api_url(), server.rtsp_url());
            let (api, rtsp) = (api.as_str().trim_end_matches('/'), rtsp.as_str().trim_end_matches('/'));
            format!("[[servers]]\nname = \"{name}\"\napi_url = \"{api}\"\nrtsp_url = \"{rtsp}\"\n")
        };
        let edge = self.edge.iter().map(|server| (EDGE, server));
        [(SERVER, &self.main)].into_iter().chain(edge).map(table).collect::<Vec<_>>().join("\n")
    }

    async fn stop(self) {
        self.main.stop().await;
        if let Some(edge) = self.edge {
            edge.stop().await;
        }
    }
}

/// Says until when the past is made up, once per folder, before anybody can ask for it. The time; `None` where none is to be
/// written.
fn begin_past(settings: &Settings, options: &DemoOptions) -> Result<Option<DateTime<Utc>>> {
    if options.cameras_only || sample_mark::read(&settings.data_dir).is_some() {
        return Ok(None);
    }
    let until = Utc::now();
    sample_mark::write(&settings.data_dir, until)?;
    Ok(Some(until))
}

/// Writes the sample past of what the demo shows.
async fn write_past(app: &App, settings: &Settings, until: DateTime<Utc>) -> Result<()> {
    let stores = app.stores();
    let admitted = async {
        while stores.nodes.admitted().is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let late = |_| Error::unavailable("the database has not admitted the demo in time");
    tokio::time::timeout(ADMITTED_WITHIN, admitted).await.map_err(late)?;
    let server = || SERVER.to_owned();
    let rows = stores.cameras.cameras().await?.into_iter();
    let cameras = rows.map(|row| SampleStream { server: server(), path: row.name, camera: Some(row.id), srt: false });
    let mut streams: Vec<_> = cameras.collect();
    streams.push(SampleStream { server: EDGE.to_owned(), path: UPLINK.to_owned(), camera: None, srt: true });
    sample_past::write(stores, &streams, &settings.node, until).await
}

/// A demo has no configuration to name another address or a user in.
fn with_remedy(error: Error, listen: SocketAddr, has_login: bool) -> Error {
    if error.field() != Some(LISTEN) {
        return error;
    }
    if !has_login && !is_loopback(listen) {
        let text = format!(
            "the demo asks for no login, and is reachable on this machine only: leave --listen out, or write 127.0.0.1 or [::1]; with a \
             login: streamwarden demo --login --listen {listen}, or make demo DEMO_ARGS=\"--login --listen {listen}\""
        );
        return Error::new(error.kind(), text).with_source(error);
    }
    let other = SocketAddr::new(listen.ip(), listen.port().checked_add(1).unwrap_or(8080));
    let text =
        format!("{}: streamwarden demo --listen {other}, or make demo DEMO_ARGS=\"--listen {other}\"", error.message());
    Error::new(error.kind(), text).with_source(error)
}

fn samples(settings: &Settings, options: &DemoOptions, servers: &DemoServers) -> Result<SampleOptions> {
    Ok(SampleOptions {
        ffmpeg: settings.ffmpeg.ffmpeg.clone(),
        count: options.cameras.into(),
        dropout: Some(Dropout::default()),
        uplink: servers.edge.as_ref().map(|server| server.uplink(UPLINK)),
        mark: services::mark(&settings.data_dir)?,
    })
}

/// Writes the configuration file and reads it as `run` would.
fn settings(folder: &DemoFolder, servers: &DemoServers, listen: &str) -> Result<Settings> {
    let path = folder.path().join("streamwarden.toml");
    let text = format!(
        r#"# Written by `streamwarden demo`; `streamwarden run --config` takes it as well.
node = {node:?}
data_dir = {data:?}

[http.status_page]
enabled = true
title = "Streamwarden demo"
streams = ["*"]
servers = ["*"]

{servers}
[restream]
stall_timeout = "5s"

[record]
segment_duration = "10s"
thumbnails = true
min_free = "200M"
"#,
        // Written out: without it, a command that is given this file would take the name of the host.
        node = NODE,
        data = folder.path(),
        servers = servers.tables(),
    );
    std::fs::write(&path, text)
        .map_err(|error| Error::internal(format!("cannot write {}: {error}", path.display())).with_source(error))?;
    let cli = CliOverrides { listen: Some(listen.to_owned()), ..CliOverrides::default() };
    // The environment is left out: a DATABASE or REDIS of the machine must not end up in a demo.
    let sources = Sources { file: Some(path), cli, ..Sources::default() };
    config::load(&sources).map_err(|complaints| Error::invalid("demo", complaints.to_string()))
}

/// The sample cameras of a kept folder have other ports now; what an earlier run knew of them is nothing to compare that
/// against.
fn forget_last_known(settings: &Settings) {
    // Most often there is none; and one that stays only holds the new ports until they are confirmed.
    let _ = std::fs::remove_file(settings.data_dir.join(LAST_KNOWN));
}

/// Adds the sample cameras' rows, or brings their URLs up to date in a kept folder. Other rows are left alone.
async fn fill(app: &App, samples: &[SampleCamera]) -> Result<()> {
    let stores = app.stores();
    // Commands, which are not evaluated like changes of the table.
    let restream = app.restream.as_ref();
    let restream = restream.ok_or_else(|| Error::internal("a demo has every role"))?;
    let rows = stores.cameras.cameras().await?;
    for SampleCamera { name, label, url, .. } in samples {
        let url = SecretString::from(url.as_str().to_owned());
        match rows.iter().find(|row| row.name == *name) {
            None => {
                let edit = CameraEdit {
                    name: Some(name.clone()),
                    label: Some(label.clone()),
                    url: Some(Some(url)),
                    ..CameraEdit::default()
                };
                stores.cameras.add_camera(edit).await?;
            }
            Some(row) if row.url.as_ref().is_none_or(|old| old.expose_secret() != url.expose_secret()) => {
                let edit = CameraEdit { url: Some(Some(url)), ..CameraEdit::default() };
                restream.edit_camera(row.id, edit, Condition::always()).await?;
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// Adds the user, or gives the one of a kept folder another password. Before anything listens, so that nobody comes first.
async fn add_user(settings: &Settings) -> Result<SecretString> {
    let secret: String = random_secret().expose_secret().chars().take(PASSWORD_LENGTH).collect();
    let password = SecretString::from(secret);
    let logins = LoginAccess::to_add(settings).await?;
    match logins.add_user(USER, UserRole::Operator, password.clone()).await {
        Err(error) if error.kind() == ErrorKind::Conflict => {
            logins.edit_user(USER, Some(UserRole::Operator), Some(password.clone())).await?;
        }
        added => added?,
    }
    Ok(password)
}

fn greet(
    app: &App,
    servers: &DemoServers,
    folder: &DemoFolder,
    options: &DemoOptions,
    password: Option<&SecretString>,
) {
    let log_in = password.map_or_else(String::new, |password| {
        format!("\n         log in as {USER} with the password {} (shown only here)", password.expose_secret())
    });
    let data = folder.path().display();
    let more = match options.cameras_only {
        true => String::new(),
        false => format!(
            "  A second server ({EDGE}) has the stream {UPLINK}, as it would come by SRT from outside. This host is measured.\n  \
             The {} days before the start are sample data; the page marks them.\n",
            sample_past::DAYS
        ),
    };
    let text = format!(
        r#"
  Streamwarden demo: {cameras} cameras, pulled in by ffmpeg, watched, recorded in 10 s segments.
  Media server: {server}; data: {data}{fate}
{more}
  Open   http://{addr}{log_in}
         http://{addr}/status is what viewers see

  Try    kill -9 any ffmpeg (`pgrep -a ffmpeg`) and watch it come back
         kill -STOP one: it is found hanging and replaced
         sqlite3 {data}/streamwarden.db "INSERT INTO cameras(name, url) SELECT 'mine', url FROM cameras LIMIT 1"
         sqlite3 {data}/streamwarden.db "DELETE FROM cameras WHERE name = 'mine'"
         streamwarden status --config {data}/streamwarden.toml (so do the other commands)
         curl -s{who} http://{addr}/api/v1/streams
         ffplay -rtsp_transport tcp {rtsp}/cam1

  Ctrl-C ends it.
"#,
        cameras = options.cameras,
        server = servers.main.name(),
        who = if password.is_some() { format!("u {USER}") } else { String::new() },
        fate = if options.keep.is_some() { " (kept)" } else { " (removed at exit)" },
        addr = app.addr(),
        rtsp = servers.main.rtsp_url().as_str().trim_end_matches('/'),
    );
    // Whoever closed our stdout does not want to read it.
    let _ = writeln!(std::io::stdout(), "{text}");
    let _ = std::io::stdout().flush();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_others_reach_is_not_helped_by_another_port() {
        let listen = |text: &str| text.parse::<SocketAddr>().expect(text);
        let fault = || Error::invalid(LISTEN, "no good");
        for (address, has_login, says, never) in [
            ("0.0.0.0:8192", false, "demo --login --listen 0.0.0.0:8192", "8193"),
            ("0.0.0.0:8192", true, "--listen 0.0.0.0:8193", "asks for no login"),
            ("127.0.0.1:8192", false, "--listen 127.0.0.1:8193", "--login"),
        ] {
            let text = with_remedy(fault(), listen(address), has_login).to_string();
            assert!(text.contains(says) && !text.contains(never), "{text}");
        }
        assert_eq!(with_remedy(Error::invalid("name", "x"), listen("0.0.0.0:1"), false).field(), Some("name"));
    }
}
