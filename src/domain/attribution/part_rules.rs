//! Incidents of media servers, hosts, disks and parts of ours, by themselves.

use super::opinion::Opinion;
use super::situation::{HostFact, IncidentFact};
use super::view::SituationView;
use crate::domain::incident::{Confidence, FaultCause, FaultFinding, FaultPart, IncidentKind, NextStep};
use crate::domain::probe::FaultKind;

/// A disk that is full to this percent takes nothing more.
const NO_ROOM: f64 = 99.5;

pub(super) fn server(view: &SituationView<'_>, incident: &IncidentFact, name: &str) -> Opinion {
    let at = incident.opened_at;
    let known = view.server(name);
    let host = known.and_then(|server| server.host.as_deref()).and_then(|host| view.host(host));
    if incident.kind == IncidentKind::ServerRestarted {
        return Opinion::new(FaultCause::MediaServerRestarted, Confidence::High)
            .found_at(FaultPart::Server, FaultFinding::Restarted, at)
            .host(host)
            .step(NextStep::ReadServerLog)
            .step(NextStep::Watch);
    }
    if incident.kind != IncidentKind::ServerDown {
        return Opinion::unknown();
    }
    let refuses = known.is_some_and(|server| server.refuses);
    let runs = host.filter(|host| !host.silent).and_then(|host| host.media_server_runs);
    match (host, runs) {
        // Its host says itself that no MediaMTX runs there.
        (Some(_), Some(false)) => Opinion::new(FaultCause::MediaServerDown, Confidence::High)
            .found_at(FaultPart::Server, FaultFinding::NotRunning, at)
            .host(host)
            .step(NextStep::StartServer)
            .step(NextStep::ReadServerLog),
        (Some(silent), _) if silent.silent => Opinion::new(FaultCause::HostDown, Confidence::High)
            .found_at(FaultPart::Server, FaultFinding::NoAnswer, at)
            .host(host)
            .step(NextStep::LookAtHost),
        _ if refuses => Opinion::new(FaultCause::MediaServerDown, Confidence::High)
            .found_at(FaultPart::Server, FaultFinding::NotRunning, at)
            .host(host)
            .step(NextStep::StartServer)
            .step(NextStep::ReadServerLog),
        // It runs and does not answer.
        (Some(_), Some(true)) => Opinion::new(FaultCause::MediaServerUnreachable, Confidence::Medium)
            .found_at(FaultPart::Server, FaultFinding::NoAnswer, at)
            .host(host)
            .step(NextStep::ReadServerLog)
            .step(NextStep::LookAtHost),
        _ => Opinion::new(FaultCause::MediaServerUnreachable, Confidence::Medium)
            .found_at(FaultPart::Server, FaultFinding::NoAnswer, at)
            .host(host)
            .step(NextStep::StartServer)
            .step(NextStep::LookAtHost),
    }
}

/// The incident itself says what was answered there.
pub(super) fn target(view: &SituationView<'_>, incident: &IncidentFact) -> Opinion {
    let found = |cause, confidence, finding| {
        Opinion::new(cause, confidence).found_at(FaultPart::Target, finding, incident.opened_at)
    };
    match view.fault(&incident.subject) {
        Some(FaultKind::NameNotResolved) => {
            Opinion::unknown_name(view, FaultPart::Target, FaultCause::TargetFails, incident, None)
        }
        Some(FaultKind::Refused) => {
            found(FaultCause::TargetFails, Confidence::High, FaultFinding::PortClosed).step(NextStep::LookAtTarget)
        }
        _ => found(FaultCause::TargetFails, Confidence::Medium, FaultFinding::Failed)
            .step(NextStep::LookAtTarget)
            .step(NextStep::LookAtUplink),
    }
}

pub(super) fn host(view: &SituationView<'_>, incident: &IncidentFact, name: &str) -> Opinion {
    let silent = |cause, confidence| {
        Opinion::new(cause, confidence).found_at(FaultPart::Host, FaultFinding::Silent, incident.opened_at)
    };
    let servers: Vec<_> = view.facts.servers.iter().filter(|server| server.host.as_deref() == Some(name)).collect();
    if let Some(fine) = servers.iter().find(|server| server.reachable) {
        return silent(FaultCause::AgentSilent, Confidence::High)
            .found_of(FaultPart::Server, FaultFinding::Fine, &fine.name)
            .step(NextStep::StartAgent);
    }
    // It is this very host, and we run.
    if name == view.facts.here {
        return silent(FaultCause::AgentSilent, Confidence::High).step(NextStep::StartAgent);
    }
    match servers.first() {
        Some(server) => silent(FaultCause::HostDown, Confidence::High)
            .found_of(FaultPart::Server, FaultFinding::NoAnswer, &server.name)
            .step(NextStep::LookAtHost),
        None => silent(FaultCause::HostDown, Confidence::Medium).step(NextStep::LookAtHost).step(NextStep::StartAgent),
    }
}

pub(super) fn disk(view: &SituationView<'_>, incident: &IncidentFact, host: &str, mount: &str) -> Opinion {
    let full = Opinion::new(FaultCause::DiskFull, Confidence::High);
    let used = view.host(host).and_then(|host| used(host, mount));
    let name = format!("{host} {mount}");
    let full = match used {
        // In whole fives: a disk that fills is not said anew with each percent.
        Some(used) => full.counted(FaultPart::Disk, FaultFinding::Full, Some(&name), (used / 5.0) as u32 * 5, None),
        None => full.found_at(FaultPart::Disk, FaultFinding::Full, incident.opened_at),
    };
    let full = full.step(NextStep::FreeDisk);
    // Recordings wait there for an object store that is away.
    match view.part(FaultPart::Objects) {
        Some(false) if is_of_spool(view, host, mount) => {
            full.found(FaultPart::Objects, FaultFinding::NoAnswer).step(NextStep::LookAtObjectStore)
        }
        Some(true) if is_of_spool(view, host, mount) => full.found(FaultPart::Objects, FaultFinding::Fine),
        _ => full,
    }
}

pub(super) fn service(view: &SituationView<'_>, incident: &IncidentFact, name: &str) -> Opinion {
    use Confidence::{High, Medium};
    let at = incident.opened_at;
    match (name, incident.kind) {
        (_, IncidentKind::ChangeBlocked) => Opinion::new(FaultCause::ChangeBlocked, High)
            .found_at(FaultPart::Table, FaultFinding::Waits, at)
            .step(NextStep::DecideChange),
        (_, IncidentKind::ReceiverFailing) => Opinion::new(FaultCause::ReceiverFails, Medium)
            .found_at(FaultPart::Receiver, FaultFinding::Failed, at)
            .step(NextStep::TestReceiver),
        ("spool", _) => spool(view, incident),
        ("database", _) => {
            let away = Opinion::new(FaultCause::DatabaseAway, Medium).found_at(
                FaultPart::Database,
                FaultFinding::NoAnswer,
                at,
            );
            match view.here().and_then(no_room) {
                Some(mount) => {
                    let mut full = away.found_of(FaultPart::Disk, FaultFinding::Full, mount).step(NextStep::FreeDisk);
                    full.cause = FaultCause::DiskFull;
                    full
                }
                None => with_neighbours(view, away, FaultPart::Database).step(NextStep::LookAtDatabase),
            }
        }
        ("redis", _) => {
            let away =
                Opinion::new(FaultCause::RedisAway, Medium).found_at(FaultPart::Redis, FaultFinding::NoAnswer, at);
            with_neighbours(view, away, FaultPart::Redis).step(NextStep::LookAtRedis)
        }
        ("objects", _) => {
            let away = Opinion::new(FaultCause::ObjectStoreAway, Medium).found_at(
                FaultPart::Objects,
                FaultFinding::NoAnswer,
                at,
            );
            with_neighbours(view, away, FaultPart::Objects).step(NextStep::LookAtObjectStore)
        }
        ("node", _) => Opinion::new(FaultCause::NodeConflict, High)
            .found_at(FaultPart::Program, FaultFinding::Wrong, at)
            .step(NextStep::ReadOwnLog),
        ("clock", _) => Opinion::new(FaultCause::ClockWrong, High)
            .found_at(FaultPart::Clock, FaultFinding::Wrong, at)
            .step(NextStep::SetOwnClock),
        ("streamwarden", _) => Opinion::new(FaultCause::ProgramEnded, High)
            .found_at(FaultPart::Program, FaultFinding::Ended, at)
            .host(view.here())
            .step(NextStep::ReadOwnLog)
            .step(NextStep::LookAtHost),
        _ => Opinion::unknown(),
    }
}

/// The spool cannot be written: its disk is full, because nothing leaves it or by itself, or its folder is not what it should be.
fn spool(view: &SituationView<'_>, incident: &IncidentFact) -> Opinion {
    let paused = |cause, confidence| {
        Opinion::new(cause, confidence).found_at(FaultPart::Spool, FaultFinding::CannotWrite, incident.opened_at)
    };
    let mount = view.facts.spool_mount.as_deref();
    let used = mount.and_then(|mount| view.here().and_then(|host| used(host, mount)));
    let objects = view.part(FaultPart::Objects);
    match used {
        Some(used) if used >= 90.0 => {
            let full = paused(FaultCause::DiskFull, Confidence::High)
                .counted(FaultPart::Disk, FaultFinding::Full, mount, (used / 5.0) as u32 * 5, None)
                .step(NextStep::FreeDisk);
            match objects {
                Some(false) => {
                    let mut kept =
                        full.found(FaultPart::Objects, FaultFinding::NoAnswer).step(NextStep::LookAtObjectStore);
                    kept.cause = FaultCause::ObjectStoreAway;
                    kept.steps.rotate_right(1);
                    kept
                }
                Some(true) => full.found(FaultPart::Objects, FaultFinding::Fine),
                None => full,
            }
        }
        Some(_) => paused(FaultCause::SpoolUnwritable, Confidence::High)
            .found(FaultPart::Disk, FaultFinding::Fine)
            .step(NextStep::LookAtMount),
        None if objects == Some(false) => paused(FaultCause::ObjectStoreAway, Confidence::Medium)
            .found(FaultPart::Objects, FaultFinding::NoAnswer)
            .step(NextStep::LookAtObjectStore)
            .step(NextStep::FreeDisk),
        None => {
            paused(FaultCause::SpoolUnwritable, Confidence::Medium).step(NextStep::FreeDisk).step(NextStep::LookAtMount)
        }
    }
}

/// What else of ours was asked.
fn with_neighbours(view: &SituationView<'_>, mut opinion: Opinion, but: FaultPart) -> Opinion {
    let others = super::situation::WATCHED_PARTS.into_iter().filter(|part| *part != but && *part != FaultPart::Spool);
    for part in others {
        opinion = match view.part(part) {
            Some(true) => opinion.found(part, FaultFinding::Fine),
            Some(false) => opinion.found(part, FaultFinding::NoAnswer),
            None => opinion,
        };
    }
    opinion.host(view.here())
}

fn used(host: &HostFact, mount: &str) -> Option<f64> {
    host.disks.iter().find(|disk| disk.mount == mount)?.used
}

/// A disk of the host that takes nothing more.
fn no_room(host: &HostFact) -> Option<&str> {
    let full = host.disks.iter().find(|disk| disk.used.is_some_and(|used| used >= NO_ROOM))?;
    Some(full.mount.as_str())
}

/// Whether the spool of this process is on this disk.
pub(super) fn is_of_spool(view: &SituationView<'_>, host: &str, mount: &str) -> bool {
    host == view.facts.here && view.facts.spool_mount.as_deref() == Some(mount)
}
