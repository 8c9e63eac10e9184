//! `streamwarden check`: tries everything the settings name and says what it found, what is wrong and what to do.
//!
//! Changes nothing: no folder is created, nothing is started, the servers are only read from. Called by `main`.

use std::path::PathBuf;

mod disk;
mod network;
mod report;

pub use report::{Finding, Report, Verdict};

use crate::adapters::mediamtx::MediaMtx;
use crate::config::Settings;
use crate::config::settings::Server;

/// Tries everything, in the order of the configuration. `log_files` are the files that logging would write.
pub async fn run(settings: &Settings, log_files: &[PathBuf]) -> Report {
    let mut findings = Vec::new();
    findings.push(disk::folder("data_dir", &settings.data_dir, least_free(settings)));
    findings.push(network::listen(settings.http.listen).await);
    // Side by side: a server that hangs costs its time limit once, however many hang.
    let servers = settings.servers.iter().map(|server| server_findings(settings, server));
    findings.extend(futures_util::future::join_all(servers).await.into_iter().flatten());
    for file in log_files {
        findings.push(disk::folder("logging", file.parent().unwrap_or(file), 0));
    }
    Report { findings }
}

/// Room that recording wants; the rest gets by with little.
fn least_free(settings: &Settings) -> u64 {
    if settings.roles.iter().any(|role| role == "record") { settings.record.min_free } else { 0 }
}

async fn server_findings(settings: &Settings, server: &Server) -> Vec<Finding> {
    let what = format!("server {} rtsp", server.name);
    let host = server.rtsp_url.host_str().unwrap_or_default();
    let mut findings = vec![match MediaMtx::new(server) {
        Ok(client) => network::api(server, &client).await,
        Err(error) => Finding::error(format!("server {}", server.name), &error),
    }];
    findings.push(network::rtsp(what, host, server.rtsp_url.port()).await);
    let restream = &settings.restream;
    if restream.server == server.name && (restream.media_host.is_some() || restream.media_port.is_some()) {
        let host = restream.media_host.as_deref().unwrap_or(host);
        let port = restream.media_port.or(server.rtsp_url.port());
        findings.push(network::rtsp("restream.media_host".to_owned(), host, port).await);
    }
    findings
}
