//! `streamwarden check`: tries everything the settings name and says what it found, what is wrong and what to do.
//!
//! Changes nothing: no folder or database is created or migrated, nothing is started, the servers are only read from.
//! Called by `cli`.

mod agent;
mod anomalies;
mod devices;
mod disk;
mod endpoints;
mod network;
pub(in crate::app) mod nodes;
mod receivers;
mod report;
mod rows;
mod server_paths;
mod status_patterns;
mod targets;

use std::path::{Path, PathBuf};

use chrono::Utc;
pub use report::{CheckOutcome, Finding, Report};
use server_paths::ServerPaths;

use crate::actors::restream;
use crate::adapters::database::{postgres, sqlite};
use crate::adapters::ffmpeg::child::try_hiding;
use crate::adapters::ffmpeg::ffmpeg_version;
use crate::adapters::live::redis::inspect;
use crate::adapters::mediamtx::MediaMtx;
use crate::adapters::mediamtx::rtsp_connection::RtspPlace;
use crate::adapters::objects::s3::S3Store;
use crate::adapters::tls::server_certificate::ServerCertificate;
use crate::app::open_stores::has_logins;
use crate::app::{agent_alone, login_requirement, running};
use crate::config::Settings;
use crate::config::settings::{DatabaseSettings, LiveSettings, ObjectsSettings, ServerSettings};
use crate::domain::name::StreamName;
use crate::logging::unset_variable;

/// Port of RTSP over TLS where a URL names none.
const RTSPS_PORT: u16 = 322;

/// Where cameras are published when it is not the `rtsp_url` of the server.
const MEDIA_HOST: &str = "restream.media_host and restream.media_port";

/// Tries everything that the roles use, in the order of the configuration. `log_files` are the files that logging would write.
pub async fn run(settings: &Settings, log_files: &[PathBuf]) -> Report {
    if agent_alone::is_alone(settings) {
        let mut findings = live(settings).await;
        findings.extend(agent::monitor(settings).await);
        findings.extend(log_files.iter().map(|file| log_file(file)));
        return Report { findings };
    }
    let here = running::on(&settings.data_dir);
    let mut findings = vec![disk::folder("data_dir", &settings.data_dir, least_free(settings))];
    let (listening, others) = tokio::join!(network::listen(settings.http.listen, here), program_here(settings));
    findings.push(listening);
    findings.extend(certificate(settings));
    let logins = logins(settings).await;
    let nobody_logs_in = logins.as_ref().is_some_and(|(_, has_logins)| !has_logins);
    findings.extend(logins.map(|(finding, _)| finding));
    findings.extend(others);
    // Side by side: a server that hangs costs its time limit once, however many hang.
    let servers = settings.servers.iter().map(|server| server_findings(settings, server));
    let mut paths = Vec::new();
    for (server, found, its) in futures_util::future::join_all(servers).await {
        findings.extend(found);
        paths.push((server, its));
    }
    let paths = ServerPaths::new(paths);
    findings.extend(database(settings).await);
    findings.extend(live(settings).await);
    findings.extend(nodes::findings(settings).await);
    findings.push(objects(&settings.objects).await);
    findings.extend(targets::findings(settings, &paths).await);
    findings.extend(endpoints::findings(settings).await);
    findings.extend(devices::findings(settings).await);
    findings.extend(anomalies::finding(settings));
    findings.extend(status_patterns::findings(settings, &paths));
    findings.extend(
        login_requirement::open_status_page(settings, nobody_logs_in)
            .map(|(fault, remedy)| Finding::note("http.status_page.login", fault, remedy)),
    );
    findings.extend(receivers::findings(settings).await);
    findings.push(program("ffmpeg", &settings.ffmpeg.ffmpeg).await);
    findings.push(program("ffprobe", &settings.ffmpeg.ffprobe).await);
    for path in [&settings.ffmpeg.ffmpeg, &settings.ffmpeg.ffprobe] {
        findings.extend(hiding(path).await);
    }
    for file in log_files {
        findings.push(log_file(file));
    }
    Report { findings }
}

/// Where segments go: a folder, or a bucket in which every request is tried.
async fn objects(settings: &ObjectsSettings) -> Finding {
    match settings {
        ObjectsSettings::Directory(folder) => disk::folder("objects", folder, 0),
        ObjectsSettings::S3(bucket) => {
            let tried = async { S3Store::new(bucket)?.try_out().await };
            tried.await.map_or_else(|error| Finding::error("objects", &error), |found| Finding::ok("objects", found))
        }
    }
}

/// Whether a streamwarden runs here, and on the database of this configuration.
async fn program_here(settings: &Settings) -> Option<Finding> {
    match running::find_ours(settings).await {
        Ok(None) => None,
        Ok(Some((remote, about))) => {
            let process = about.pid.map_or_else(String::new, |pid| format!(" as process {pid}"));
            let found = format!("version {} runs{process} at {}", about.version, remote.address());
            Some(Finding::ok("streamwarden", found))
        }
        Err(error) => Some(Finding::error("streamwarden", &error)),
    }
}

/// The certificate of our own TLS.
fn certificate(settings: &Settings) -> Option<Finding> {
    let what = "certificate";
    let files = settings.http.tls.as_ref()?;
    Some(match ServerCertificate::read(files) {
        Err(error) => Finding::error(what, &error),
        Ok(read) => match read.trouble(Utc::now()) {
            None => Finding::ok(what, format!("{} {}", files.cert.display(), read.describe())),
            Some(trouble) => Finding::in_words(what, CheckOutcome::Note, &trouble, "see http.tls_cert"),
        },
    })
}

/// Who may log in where other machines reach the page, and whether anybody may; nothing where the database does not answer, which is told
/// of elsewhere.
async fn logins(settings: &Settings) -> Option<(Finding, bool)> {
    let (what, listen) = ("logins", settings.http.listen);
    let is_configured = login_requirement::configured(&settings.http).has_logins();
    let known = if is_configured { Ok(true) } else { has_logins(settings).await };
    let has_logins = known.ok()?;
    let finding = match has_logins {
        true => Finding::ok(what, "everybody has to log in: there is a user or a token"),
        false if login_requirement::is_loopback(listen) => Finding::ok(
            what,
            format!("nobody has to log in: only this machine reaches {listen}, and there is no user yet"),
        ),
        false => Finding::fault(what, login_requirement::no_user(listen), login_requirement::ADD_USER),
    };
    Some((finding, has_logins))
}

/// The Redis behind the live store, where there is one.
async fn live(settings: &Settings) -> Vec<Finding> {
    let LiveSettings::Redis(redis) = &settings.live else { return Vec::new() };
    let servers: Vec<String> = settings.servers.iter().map(|server| server.name.clone()).collect();
    match inspect::inspect(redis, &servers).await {
        Err(error) => vec![Finding::error("redis", &error)],
        Ok(inspect::Inspection { found, notes }) => {
            let notes = notes.into_iter().map(|(found, remedy)| Finding::note("redis", found, remedy));
            std::iter::once(Finding::ok("redis", found)).chain(notes).collect()
        }
    }
}

async fn database(settings: &Settings) -> Vec<Finding> {
    let file = match &settings.database {
        DatabaseSettings::Sqlite(file) => file,
        DatabaseSettings::Site { url, cameras_query, .. } => {
            return rows::findings(url, cameras_query, &restream::reach(settings)).await;
        }
        DatabaseSettings::Postgres(settings) => {
            return vec![match postgres::inspect(settings).await {
                Ok(found) => Finding::ok("database", found),
                Err(error) => Finding::error("database", &error),
            }];
        }
    };
    if !file.exists() {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut finding = disk::folder("database", folder, 0);
        if finding.outcome == CheckOutcome::Ok {
            finding.found = format!("{} will be created", file.display());
        }
        return vec![finding];
    }
    vec![match sqlite::inspect(file).await {
        Ok(found) => Finding::ok("database", found),
        Err(error) => Finding::error("database", &error),
    }]
}

fn log_file(file: &Path) -> Finding {
    match unset_variable(file) {
        None => disk::folder("logging", file.parent().unwrap_or(file), 0),
        // Whoever types `check` has not the environment of the service.
        Some(name) => Finding::note(
            "logging",
            format!("{}: the variable {name} is not set here", file.display()),
            "systemd sets it for its service where LogsDirectory= is; for other starts set it yourself",
        ),
    }
}

async fn program(what: &str, program: &Path) -> Finding {
    // No later start must take this child for a leftover of its own: the mark belongs to no data folder.
    match ffmpeg_version::look(program, "check").await {
        Ok(version) => Finding::ok(what, format!("{} {version}", program.display())),
        Err(error) => Finding::error(what, &error),
    }
}

/// Whether `ps` shows the passwords that the program is given; nothing when it does not, or when it cannot be started at all.
async fn hiding(program: &Path) -> Option<Finding> {
    ffmpeg_version::look(program, "check").await.ok()?;
    let error = try_hiding(program, "check").await.err()?;
    let found = format!("passwords will be visible in `ps` here: {}", error.message());
    Some(Finding::note("passwords", found, "or mount /proc with hidepid=2"))
}

/// Room that recording wants; the rest gets by with little.
fn least_free(settings: &Settings) -> u64 {
    if settings.has_role("record") { settings.record.min_free } else { 0 }
}

/// Its name, what was found, and its paths where it answers.
async fn server_findings(
    settings: &Settings,
    server: &ServerSettings,
) -> (String, Vec<Finding>, Option<Vec<StreamName>>) {
    let what = format!("server {} rtsp", server.name);
    let host = server.rtsp_url.host_str().unwrap_or_default();
    let (api, paths) = match MediaMtx::new(server) {
        Ok(client) => network::api(server, &client).await,
        Err(error) => (Finding::error(format!("server {}", server.name), &error), None),
    };
    let mut findings = vec![api];
    let default_port = (server.rtsp_url.scheme() == "rtsps").then_some(RTSPS_PORT);
    findings.push(network::rtsp(what, host, server.rtsp_url.port().or(default_port), "rtsp_url").await);
    if settings.restream.server == server.name {
        publishing(settings, server, host, default_port, &mut findings).await;
    }
    (server.name.clone(), findings, paths)
}

/// Where cameras are published, and whether they may be. The last of `findings` is that of the RTSP port of the server.
async fn publishing(
    settings: &Settings,
    server: &ServerSettings,
    host: &str,
    default_port: Option<u16>,
    findings: &mut Vec<Finding>,
) {
    let restream = &settings.restream;
    let mut base = server.rtsp_url.clone();
    if restream.media_host.is_some() || restream.media_port.is_some() {
        let host = restream.media_host.as_deref().unwrap_or(host);
        let port = restream.media_port.or(server.rtsp_url.port()).or(default_port);
        findings.push(network::rtsp("restream.media_host".to_owned(), host, port, MEDIA_HOST).await);
        // What does not fit together refuses the start; here the plain address is tried.
        let _ = base.set_host(Some(host));
        let _ = base.set_port(port);
    }
    let answers = findings.last().is_some_and(|last| last.outcome != CheckOutcome::Fault);
    let place = RtspPlace::published(server, base);
    if answers && settings.has_role("restream") {
        findings.push(network::publishing(format!("server {} publish", server.name), &place, server).await);
    }
}
