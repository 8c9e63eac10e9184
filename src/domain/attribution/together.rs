//! Cameras that went wrong together: the first of them stands for all, with the cause that they have in common.
//!
//! Several of one address are a device, several of one network a switch, several of all networks our own, or this host. A name
//! server, a media server that refuses and an ffmpeg that cannot be started hit cameras wherever they are.

use std::collections::{BTreeMap, HashMap, HashSet};

use uuid::Uuid;

use super::network_range::is_loopback;
use super::opinion::{Opinion, load_of};
use super::situation::{CameraFact, IncidentFact, TOGETHER_S};
use super::view::SituationView;
use crate::domain::incident::{Confidence, FaultCause, FaultFinding, FaultPart, IncidentKind, NextStep, Subject};
use crate::domain::probe::FaultKind;

/// So many devices of one network are no accident.
const RANGE_AT_LEAST: usize = 3;

/// A camera's incident with what is known of the camera.
type Member<'a> = (&'a IncidentFact, &'a CameraFact);

/// Which incident stands for another one. The opinions of those that stand for others become that of all.
pub(super) fn leads(view: &SituationView<'_>, opinions: &mut BTreeMap<Uuid, Opinion>) -> HashMap<Uuid, Uuid> {
    let mut leads = HashMap::new();
    let mut members: Vec<Member<'_>> = view.facts.incidents.iter().filter_map(|one| member(view, one)).collect();
    members.sort_by_key(|(incident, _)| (incident.opened_at, incident.id));
    let mut take = |cluster: &[Member<'_>], opinion: Opinion, opinions: &mut BTreeMap<Uuid, Opinion>| {
        let mut left: Vec<&IncidentFact> = cluster.iter().map(|(incident, _)| *incident).collect();
        // Those that last while the first is over have a first of their own.
        while let Some(first) = left.first().copied() {
            opinions.insert(first.id, opinion.clone());
            let (follow, other): (Vec<_>, Vec<_>) =
                left.into_iter().skip(1).partition(|one| one.may_follow(first, view.facts.now));
            leads.extend(follow.into_iter().map(|one| (one.id, first.id)));
            left = other;
        }
    };
    if let Some((cluster, opinion)) = everywhere(view, &members) {
        let done: HashSet<Uuid> = cluster.iter().map(|(incident, _)| incident.id).collect();
        take(&cluster, opinion, opinions);
        members.retain(|(incident, _)| !done.contains(&incident.id));
    }
    for find in [ranges, devices, names, refusals, programs] {
        for (cluster, opinion) in find(view, &members) {
            let done: HashSet<Uuid> = cluster.iter().map(|(incident, _)| incident.id).collect();
            take(&cluster, opinion, opinions);
            members.retain(|(incident, _)| !done.contains(&incident.id));
        }
    }
    leads
}

fn member<'a>(view: &SituationView<'a>, incident: &'a IncidentFact) -> Option<Member<'a>> {
    let Subject::Camera { id, .. } = &incident.subject else { return None };
    let is_down = matches!(incident.kind, IncidentKind::CameraDown | IncidentKind::CameraStalled);
    is_down.then_some(())?;
    Some((incident, view.camera(*id)?))
}

/// The camera says nothing at all, as it is when something between us is gone.
fn is_silent(fault: Option<FaultKind>) -> bool {
    matches!(fault, None | Some(FaultKind::TimedOut | FaultKind::NoRoute | FaultKind::Silent | FaultKind::Stalled))
}

/// Cuts what is in the order of time where nothing happened for a while.
fn clusters<'a>(members: Vec<Member<'a>>) -> Vec<Vec<Member<'a>>> {
    let mut found: Vec<Vec<Member<'a>>> = Vec::new();
    for member in members {
        let joins = found
            .last()
            .and_then(|cluster| cluster.last())
            .is_some_and(|(last, _)| (member.0.opened_at - last.opened_at).num_seconds() <= TOGETHER_S);
        match found.last_mut() {
            Some(cluster) if joins => cluster.push(member),
            _ => found.push(vec![member]),
        }
    }
    found
}

fn grouped<'a, K: Ord>(members: &[Member<'a>], key: impl Fn(&Member<'a>) -> Option<K>) -> BTreeMap<K, Vec<Member<'a>>> {
    let mut groups: BTreeMap<K, Vec<Member<'a>>> = BTreeMap::new();
    for member in members {
        if let Some(key) = key(member) {
            groups.entry(key).or_default().push(*member);
        }
    }
    groups
}

fn addresses(cluster: &[Member<'_>]) -> usize {
    cluster.iter().filter_map(|(_, camera)| camera.host.as_deref()).collect::<HashSet<_>>().len()
}

fn count(cluster: &[Member<'_>]) -> u32 {
    cluster.iter().map(|(_, camera)| camera.id).collect::<HashSet<_>>().len() as u32
}

type Found<'a> = Vec<(Vec<Member<'a>>, Opinion)>;

/// Cameras of several networks, and nothing beyond this host delivers.
fn everywhere<'a>(view: &SituationView<'a>, members: &[Member<'a>]) -> Option<(Vec<Member<'a>>, Opinion)> {
    let beyond = |camera: &CameraFact| camera.host.as_deref().is_some_and(|host| !is_loopback(host));
    let silent: Vec<Member<'a>> = members
        .iter()
        .filter(|(incident, camera)| incident.closed_at.is_none() && beyond(camera) && is_silent(camera.fault))
        .copied()
        .collect();
    let cluster = clusters(silent).into_iter().max_by_key(Vec::len)?;
    let ranges: HashSet<String> =
        cluster.iter().filter_map(|(_, camera)| Some(view.range(camera.host.as_deref()?)?.0)).collect();
    if addresses(&cluster) < RANGE_AT_LEAST || ranges.len() < 2 {
        return None;
    }
    let (first, _) = cluster.first()?;
    let load = view.here().filter(|host| !host.silent).filter(|host| load_of(host).is_some());
    if load.is_some() {
        let opinion = Opinion::new(FaultCause::HostOverloaded, Confidence::Medium)
            .host(load)
            .counted(FaultPart::Camera, FaultFinding::ManyDown, None, count(&cluster), None)
            .step(NextStep::ReduceLoad)
            .step(NextStep::LookAtHost);
        return Some((cluster, opinion));
    }
    // An endpoint that answers proves the network of this host.
    if view.anything_beyond_delivers() != Some(false) || view.endpoints_beyond_answer("") == Some(true) {
        return None;
    }
    let away =
        view.facts.servers.iter().any(|server| !server.reachable && server.host.as_deref() != Some(&view.facts.here))
            || [FaultPart::Database, FaultPart::Redis, FaultPart::Objects]
                .iter()
                .any(|part| view.part(*part) == Some(false));
    let confidence = if away { Confidence::High } else { Confidence::Medium };
    let total = count(&cluster);
    let opinion = Opinion::new(FaultCause::OwnNetwork, confidence)
        .found_at(FaultPart::Network, FaultFinding::NothingAnswers, first.opened_at)
        .counted(FaultPart::Camera, FaultFinding::ManyDown, None, total, Some(total))
        .host(view.here())
        .step(NextStep::LookAtUplink)
        .step(NextStep::LookAtSwitch);
    Some((cluster, opinion))
}

fn ranges<'a>(view: &SituationView<'a>, members: &[Member<'a>]) -> Found<'a> {
    let groups = grouped(members, |(_, camera)| {
        is_silent(camera.fault).then_some(())?;
        Some(view.range(camera.host.as_deref()?)?.0)
    });
    let mut found = Vec::new();
    for (range, group) in groups {
        for cluster in clusters(group).into_iter().filter(|cluster| addresses(cluster) >= RANGE_AT_LEAST) {
            let Some((first, camera)) = cluster.first() else { continue };
            let all = view.range(camera.host.as_deref().unwrap_or_default()).map_or(0, |(_, tally)| tally.all);
            let down = count(&cluster);
            let confidence = if down * 3 >= all * 2 { Confidence::High } else { Confidence::Medium };
            let opinion = Opinion::new(FaultCause::NetworkSegment, confidence)
                .counted(FaultPart::Network, FaultFinding::ManyDown, Some(&range), down, Some(all.max(down)))
                .found_at(FaultPart::Camera, FaultFinding::NoAnswer, first.opened_at)
                .found(FaultPart::Relay, FaultFinding::Fine)
                .step(NextStep::LookAtSwitch)
                .step(NextStep::LookAtUplink);
            let opinion = server_fine(view, &camera.server, opinion).host(view.here());
            found.push((cluster, opinion));
        }
    }
    found
}

/// What a device with several cameras says to each of them.
fn device_class(fault: Option<FaultKind>) -> Option<u8> {
    match fault {
        None
        | Some(FaultKind::TimedOut | FaultKind::NoRoute | FaultKind::Silent | FaultKind::Ended | FaultKind::Refused) => {
            Some(0)
        }
        Some(FaultKind::Unauthorized) => Some(1),
        Some(FaultKind::Busy) => Some(2),
        _ => None,
    }
}

fn devices<'a>(view: &SituationView<'a>, members: &[Member<'a>]) -> Found<'a> {
    let groups = grouped(members, |(_, camera)| {
        let host = camera.host.as_deref().filter(|host| !is_loopback(host))?;
        Some((host, device_class(camera.fault)?))
    });
    let mut found = Vec::new();
    for ((host, class), group) in groups {
        let device = view.device(host);
        for cluster in clusters(group).into_iter().filter(|cluster| count(cluster) >= 2) {
            let Some((first, camera)) = cluster.first() else { continue };
            let down = count(&cluster);
            let of = Some(device.all.max(down));
            let counted = |cause, confidence, finding| {
                Opinion::new(cause, confidence)
                    .counted(FaultPart::Device, FaultFinding::ManyDown, Some(host), down, of)
                    .found_at(FaultPart::Camera, finding, first.opened_at)
            };
            let opinion = match class {
                1 => counted(FaultCause::CameraLogin, Confidence::High, FaultFinding::RefusesLogin)
                    .found(FaultPart::Network, FaultFinding::Fine)
                    .step(NextStep::CorrectLogin),
                2 => counted(FaultCause::CameraBusy, Confidence::High, FaultFinding::Busy)
                    .found(FaultPart::Network, FaultFinding::Fine)
                    .step(NextStep::CloseOtherSessions),
                _ => {
                    let confidence = if device.deliver == 0 { Confidence::High } else { Confidence::Medium };
                    let finding = match camera.fault {
                        Some(FaultKind::Refused) => FaultFinding::PortClosed,
                        Some(FaultKind::Ended) => FaultFinding::EndedConnection,
                        _ => FaultFinding::NoAnswer,
                    };
                    counted(FaultCause::Device, confidence, finding)
                        .step(NextStep::LookAtDevice)
                        .step(NextStep::LookAtSwitch)
                }
            };
            let opinion = server_fine(view, &camera.server, opinion.found(FaultPart::Relay, FaultFinding::Fine));
            found.push((cluster, opinion));
        }
    }
    found
}

fn names<'a>(_: &SituationView<'a>, members: &[Member<'a>]) -> Found<'a> {
    let unknown = grouped(members, |(_, camera)| (camera.fault == Some(FaultKind::NameNotResolved)).then_some(()));
    let clusters = unknown.into_values().flat_map(clusters).filter(|cluster| addresses(cluster) >= 2);
    let told = clusters.map(|cluster| {
        let total = count(&cluster);
        let opinion = Opinion::new(FaultCause::Dns, Confidence::High)
            .counted(FaultPart::Camera, FaultFinding::NameUnknown, None, total, None)
            .step(NextStep::LookAtNameServer);
        (cluster, opinion)
    });
    told.collect()
}

/// A media server that answers and takes no stream.
fn refusals<'a>(view: &SituationView<'a>, members: &[Member<'a>]) -> Found<'a> {
    let refused = grouped(members, |(_, camera)| {
        let is_up = view.server(&camera.server).is_none_or(|server| server.reachable);
        (camera.fault == Some(FaultKind::PublishRefused) && is_up).then_some(camera.server.as_str())
    });
    let clusters = refused.into_values().flat_map(clusters).filter(|cluster| count(cluster) >= 2);
    let told = clusters.filter_map(|cluster| {
        let (_, camera) = cluster.first()?;
        let opinion = Opinion::new(FaultCause::MediaServerRefuses, Confidence::High)
            .counted(FaultPart::Server, FaultFinding::RefusesStream, Some(&camera.server), count(&cluster), None)
            .step(NextStep::ReadServerLog)
            .step(NextStep::LookAtServerPaths)
            .host(view.here());
        Some((cluster, opinion))
    });
    told.collect()
}

fn programs<'a>(view: &SituationView<'a>, members: &[Member<'a>]) -> Found<'a> {
    let failed = grouped(members, |(_, camera)| (camera.fault == Some(FaultKind::Program)).then_some(()));
    let clusters = failed.into_values().flat_map(clusters).filter(|cluster| count(cluster) >= 2);
    let told = clusters.map(|cluster| {
        let opinion = Opinion::new(FaultCause::RelayProgram, Confidence::High)
            .counted(FaultPart::Relay, FaultFinding::CannotStart, None, count(&cluster), None)
            .host(view.here())
            .step(NextStep::LookAtHost)
            .step(NextStep::ReadOwnLog);
        (cluster, opinion)
    });
    told.collect()
}

fn server_fine(view: &SituationView<'_>, server: &str, opinion: Opinion) -> Opinion {
    match view.server(server).map(|server| server.reachable) {
        Some(true) => opinion.found(FaultPart::Server, FaultFinding::Fine),
        Some(false) => opinion.found_of(FaultPart::Server, FaultFinding::NoAnswer, server),
        None => opinion,
    }
}
