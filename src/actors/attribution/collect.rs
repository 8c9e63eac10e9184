//! What this process knows, as facts of the rules.

use std::collections::HashSet;
use std::path::Path;

use chrono::Utc;

use super::sources::AttributionSources;
use crate::adapters::live::Latest;
use crate::domain::attribution::{
    CameraFact, DiskFact, HostFact, IncidentFact, PartFact, ServerFact, Situation, StreamFact,
};
use crate::domain::camera::CameraStatus;
use crate::domain::host::{HostState, HostStatus, NO_PROCESS};
use crate::domain::incident::{FaultPart, Incident, Subject};
use crate::domain::stream::{CONNECTION_REFUSED, ServerStatus};

/// What is known now. `own`: this node's incidents as they are in the database.
pub(super) fn situation(
    sources: &AttributionSources,
    latest: &Latest,
    own: &[Incident],
    objects: Option<bool>,
    with_media_server: &mut HashSet<String>,
) -> Situation {
    let known: HashSet<_> = own.iter().map(|incident| incident.id).collect();
    let others = latest.incidents.iter().filter(|incident| !known.contains(&incident.id));
    let incidents: Vec<IncidentFact> = own.iter().chain(others).map(incident).collect();
    let concerned: HashSet<(&str, &str)> = incidents
        .iter()
        .filter_map(|incident| match &incident.subject {
            Subject::Stream { server, name } => Some((server.as_str(), name.as_str())),
            _ => None,
        })
        .collect();
    let streams = latest.streams.iter().filter(|stream| concerned.contains(&(&*stream.server, stream.name.as_str())));
    let streams = streams.map(|stream| StreamFact {
        server: stream.server.to_string(),
        name: stream.name.to_string(),
        state: stream.state,
        readers: stream.readers,
        loss: stream.loss_rate,
    });
    let streams = streams.collect();
    let hosts: Vec<HostFact> = latest.hosts.iter().map(|one| host(one, with_media_server)).collect();
    let spool_mount = sources.spool.as_ref().and_then(|spool| mount_of(&spool.folder, &sources.here, &hosts));
    let servers = latest.servers.iter().map(|one| server(one, sources, &hosts)).collect();
    Situation {
        now: Utc::now(),
        here: sources.here.clone(),
        incidents,
        cameras: latest.cameras.iter().filter(|camera| camera.enabled).map(camera).collect(),
        servers,
        streams,
        hosts,
        parts: parts(sources, objects),
        spool_mount,
        endpoints: (sources.endpoints)(),
        faults: (sources.faults)(),
        feeds: (sources.feeds)(),
        excused: latest.maintenance.iter().map(|one| one.key.clone()).collect(),
    }
}

fn incident(incident: &Incident) -> IncidentFact {
    let Incident { id, kind, subject, opened_at, closed_at, .. } = incident;
    IncidentFact { id: *id, kind: *kind, subject: subject.clone(), opened_at: *opened_at, closed_at: *closed_at }
}

fn camera(camera: &CameraStatus) -> CameraFact {
    let CameraStatus { id, host, server, path, state, fault, .. } = camera;
    let (host, server, path) = (host.clone(), server.clone(), path.clone());
    CameraFact { id: *id, host, server, path, state: *state, fault: *fault }
}

fn server(status: &ServerStatus, sources: &AttributionSources, hosts: &[HostFact]) -> ServerFact {
    let address = sources.server_hosts.get(&status.name);
    let host = address.and_then(|address| match address.as_str() {
        "localhost" | "127.0.0.1" | "[::1]" | "::1" => Some(sources.here.clone()),
        // Its agent may call it by the first part of its name.
        address => {
            let short = address.split('.').next().unwrap_or(address);
            hosts.iter().find(|host| host.name == *address || host.name == short).map(|host| host.name.clone())
        }
    });
    ServerFact {
        name: status.name.clone(),
        reachable: status.reachable,
        since: status.since,
        rtsp_answers: status.rtsp_answers,
        refuses: status.reason.as_deref().is_some_and(|reason| reason.contains(CONNECTION_REFUSED)),
        host,
    }
}

fn host(status: &HostStatus, with_media_server: &mut HashSet<String>) -> HostFact {
    let silent = status.state == HostState::Silent;
    if status.mediamtx.is_some() {
        with_media_server.insert(status.name.clone());
    }
    // Where none was ever seen it may be hidden from the agent, as in another container.
    let ended = with_media_server.contains(&status.name)
        && status.unmeasured.get("mediamtx").is_some_and(|why| why.starts_with(NO_PROCESS));
    HostFact {
        name: status.name.clone(),
        silent,
        at: status.at,
        cpu: status.cpu.map(|cpu| cpu.busy),
        memory: status.memory.map(|memory| memory.used as f64 / memory.total.max(1) as f64 * 100.0),
        io_wait: status.pressure.and_then(|pressure| pressure.io).and_then(|io| io.full),
        media_server_runs: if status.mediamtx.is_some() { Some(true) } else { ended.then_some(false) },
        disks: status
            .disks
            .iter()
            .map(|disk| DiskFact { mount: disk.mount.clone(), used: disk.used_percent })
            .collect(),
    }
}

fn parts(sources: &AttributionSources, objects: Option<bool>) -> Vec<PartFact> {
    let redis = (sources.live.kept_in() != "memory").then(|| sources.live.fault().is_none());
    let spool = sources.spool.as_ref().and_then(|spool| (spool.fine)());
    let database = Some(sources.incidents.database_fault().is_none());
    let all = [
        (FaultPart::Spool, spool),
        (FaultPart::Objects, objects),
        (FaultPart::Database, database),
        (FaultPart::Redis, redis),
    ];
    all.into_iter().filter_map(|(part, fine)| Some(PartFact { part, fine: fine? })).collect()
}

/// The folder where the disk of this folder is mounted, by the longest name.
fn mount_of(folder: &Path, here: &str, hosts: &[HostFact]) -> Option<String> {
    let host = hosts.iter().find(|host| host.name == here)?;
    let mounts = host.disks.iter().map(|disk| &disk.mount).filter(|mount| folder.starts_with(mount));
    mounts.max_by_key(|mount| mount.len()).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;

    #[test]
    fn the_disk_of_a_folder_is_that_with_the_longest_name() {
        let disk = |mount: &str| DiskFact { mount: mount.to_owned(), used: Some(50.0) };
        let disks = ["/", "/srv", "/srv/rec"].map(disk).to_vec();
        let host = HostFact { disks, ..host(&sample::host("here"), &mut HashSet::new()) };
        for (folder, mount) in [
            ("/srv/rec/spool", Some("/srv/rec")),
            ("/srv/records", Some("/srv")),
            ("/var/spool", Some("/")),
            ("spool", None),
        ] {
            assert_eq!(mount_of(Path::new(folder), "here", std::slice::from_ref(&host)).as_deref(), mount, "{folder}");
        }
        assert_eq!(mount_of(Path::new("/srv"), "elsewhere", &[host]), None);
    }

    #[test]
    fn a_media_server_that_was_seen_and_is_no_longer_has_ended() {
        let mut seen = HashSet::new();
        let mut status = sample::host("edge");
        status.unmeasured.insert("mediamtx".to_owned(), "no process that we may see listens at port 9997".to_owned());
        assert_eq!(host(&status, &mut seen).media_server_runs, None, "it may be hidden");
        let running = HostStatus { mediamtx: Some(process()), ..sample::host("edge") };
        assert_eq!(host(&running, &mut seen).media_server_runs, Some(true));
        assert_eq!(host(&status, &mut seen).media_server_runs, Some(false));
    }

    fn process() -> crate::domain::host::ProcessUsage {
        serde_json::from_value(serde_json::json!({
            "pid": 1, "cpu": null, "rss": 1, "threads": 1, "descriptors": null, "descriptorLimit": null, "startedAt": null,
        }))
        .expect("a process")
    }
}
