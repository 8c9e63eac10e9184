//! Which incident another one follows from.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::device_rules::NOTICED_WITHIN;
use super::opinion::Opinion;
use super::part_rules::is_of_spool;
use super::situation::{EndpointFact, IncidentFact, TOGETHER_S};
use super::view::SituationView;
use crate::domain::incident::{FaultCause, FaultPart, IncidentKind, Subject};
use crate::domain::probe::FaultKind;

/// A chain of causes is not longer: camera, server, host, network.
const LONGEST_CHAIN: usize = 5;

/// The root of each incident that has one.
pub(super) fn roots(
    view: &SituationView<'_>,
    opinions: &BTreeMap<Uuid, Opinion>,
    leads: &HashMap<Uuid, Uuid>,
) -> HashMap<Uuid, Uuid> {
    let index = Index::of(view);
    let direct: HashMap<Uuid, Uuid> = view
        .facts
        .incidents
        .iter()
        .filter_map(|incident| {
            let fits = |id: &Uuid| view.incident(*id).is_some_and(|cause| incident.may_follow(cause, view.facts.now));
            let cause = cause_of(view, &index, opinions, incident).filter(fits);
            let cause = cause.or_else(|| leads.get(&incident.id).copied().filter(fits));
            let cause = cause.or_else(|| earlier_of_same(view, &index, incident))?;
            (cause != incident.id).then_some((incident.id, cause))
        })
        .collect();
    let top = |id: &Uuid| {
        let mut root = *direct.get(id)?;
        for _ in 0..LONGEST_CHAIN {
            match direct.get(&root) {
                // Two that name one another: the one that was asked for stands for itself.
                Some(next) if next == id => return None,
                Some(next) => root = *next,
                None => return Some(root),
            }
        }
        Some(root)
    };
    direct.keys().filter_map(|id| Some((*id, top(id)?))).collect()
}

/// Incidents by what they are about.
struct Index<'a> {
    now: DateTime<Utc>,
    by_subject: HashMap<String, Vec<&'a IncidentFact>>,
}

impl<'a> Index<'a> {
    fn of(view: &SituationView<'a>) -> Self {
        let mut by_subject: HashMap<String, Vec<&IncidentFact>> = HashMap::new();
        for incident in &view.facts.incidents {
            by_subject.entry(incident.subject.key()).or_default().push(incident);
        }
        Self { now: view.facts.now, by_subject }
    }

    fn about(&self, subject: &Subject) -> &[&'a IncidentFact] {
        self.by_subject.get(&subject.key()).map_or(&[], Vec::as_slice)
    }

    fn find(
        &self,
        subject: &Subject,
        kind: IncidentKind,
        meets: &IncidentFact,
        within: i64,
    ) -> Option<&'a IncidentFact> {
        let mut found = self.about(subject).iter().filter(|one| one.kind == kind && one.id != meets.id);
        found.find(|one| meets.follows(one, self.now, within)).copied()
    }
}

fn cause_of(
    view: &SituationView<'_>,
    index: &Index<'_>,
    opinions: &BTreeMap<Uuid, Opinion>,
    incident: &IncidentFact,
) -> Option<Uuid> {
    match &incident.subject {
        Subject::Camera { id, .. } => {
            let camera = view.camera(*id)?;
            may_be_the_server(camera.fault).then(|| server_fault(index, &camera.server, incident)).flatten()
        }
        Subject::Stream { server, name } => stream_cause(view, index, incident, server, name)
            .or_else(|| feeder_fault(view, index, incident, TOGETHER_S)),
        Subject::LiveEvent { .. } if incident.kind == IncidentKind::IngestDown => {
            feeder_fault(view, index, incident, NOTICED_WITHIN)
        }
        Subject::Server { name } => {
            if incident.kind == IncidentKind::ServerRestarted {
                let down = index.find(&incident.subject, IncidentKind::ServerDown, incident, TOGETHER_S);
                if let Some(down) = down {
                    return Some(down.id);
                }
            }
            let host = view.server(name)?.host.clone();
            let is_here = host.as_deref() == Some(&view.facts.here);
            let silent = host.and_then(|name| {
                index.find(&Subject::Host { name }, IncidentKind::HostSilent, incident, 2 * TOGETHER_S)
            });
            let silent = silent.map(|one| one.id);
            silent.or_else(|| (!is_here).then(|| own_network(view, opinions, incident)).flatten())
        }
        Subject::Host { name } if *name != view.facts.here => own_network(view, opinions, incident),
        Subject::Disk { host, name } => {
            let waits = is_of_spool(view, host, name) && view.part(FaultPart::Objects) == Some(false);
            waits.then(|| objects_away(index, incident)).flatten()
        }
        Subject::Service { name } if name == "spool" => {
            let objects = objects_away(index, incident);
            objects.or_else(|| {
                let mount = view.facts.spool_mount.clone()?;
                let disk = Subject::Disk { host: view.facts.here.clone(), name: mount };
                index.find(&disk, IncidentKind::DiskNearlyFull, incident, TOGETHER_S).map(|one| one.id)
            })
        }
        Subject::Service { name } if matches!(name.as_str(), "database" | "redis" | "objects") => {
            if opinions.get(&incident.id).is_some_and(|one| one.cause == FaultCause::DiskFull) {
                return full_disk_here(view, index, incident);
            }
            own_network(view, opinions, incident)
        }
        Subject::Target { .. } | Subject::Encoder { .. } if has(opinions, incident, FaultCause::Dns) => {
            first_of(view, opinions, incident, FaultCause::Dns)
        }
        // A server that takes no stream is what its encoder suffers from.
        Subject::Encoder { name }
            if matches!(incident.kind, IncidentKind::EncoderStalled | IncidentKind::EncoderCacheFull) =>
        {
            view.servers_of_encoder(name).find_map(|server| server_fault(index, server, incident))
        }
        Subject::Target { name } if view.endpoint(name).is_some_and(EndpointFact::is_silent) => {
            own_network(view, opinions, incident)
        }
        _ => None,
    }
}

/// The incident of an encoder that feeds this stream or event, as the configuration says; what began well after has another cause.
fn feeder_fault(view: &SituationView<'_>, index: &Index<'_>, incident: &IncidentFact, within: i64) -> Option<Uuid> {
    use IncidentKind as Kind;
    let follows = match incident.kind {
        Kind::TracksChanged => |kind| kind == Kind::EncoderChanged,
        Kind::IngestDown
        | Kind::StreamFlapping
        | Kind::ProbeFailed
        | Kind::ReadersGone
        | Kind::CounterReset
        | Kind::StreamUnusual => |kind| kind != Kind::EncoderChanged,
        _ => return None,
    };
    let feeders = view.feeders(&incident.subject).map(|feed| Subject::Encoder { name: feed.encoder.clone() });
    let troubles = feeders.flat_map(|encoder| index.about(&encoder).to_vec());
    let causes = troubles.filter(|one| {
        follows(one.kind)
            && incident.follows(one, index.now, within)
            && (one.opened_at - incident.opened_at).num_seconds() <= TOGETHER_S
    });
    causes.min_by_key(|one| (one.opened_at, one.id)).map(|one| one.id)
}

/// What a relay is told when its server dies: whoever has an answer of its camera knows better.
fn may_be_the_server(fault: Option<FaultKind>) -> bool {
    use FaultKind::{Ended, Other, PublishRefused, Silent};
    matches!(fault, None | Some(PublishRefused | Silent | Ended | Other))
}

/// The server's own incident. What began well before it has another cause.
fn server_fault(index: &Index<'_>, server: &str, incident: &IncidentFact) -> Option<Uuid> {
    let subject = Subject::Server { name: server.to_owned() };
    let began_before = |one: &IncidentFact| (one.opened_at - incident.opened_at).num_seconds() > TOGETHER_S;
    let down = index.find(&subject, IncidentKind::ServerDown, incident, TOGETHER_S);
    let restarted = || {
        let restarted = index.find(&subject, IncidentKind::ServerRestarted, incident, TOGETHER_S);
        restarted.filter(|one| (one.opened_at - incident.opened_at).num_seconds().abs() <= TOGETHER_S)
    };
    down.filter(|one| !began_before(one)).or_else(restarted).map(|one| one.id)
}

fn stream_cause(
    view: &SituationView<'_>,
    index: &Index<'_>,
    incident: &IncidentFact,
    server: &str,
    name: &str,
) -> Option<Uuid> {
    match incident.kind {
        IncidentKind::RecordingPaused => {
            let spool = Subject::Service { name: "spool".to_owned() };
            let mut about = index.about(&spool).iter();
            let spool = about.find(|one| incident.follows(one, index.now, TOGETHER_S));
            spool.map(|one| one.id).or_else(|| objects_away(index, incident))
        }
        IncidentKind::ReadersGone | IncidentKind::CounterReset | IncidentKind::SourceReplaced => {
            let server = server_fault(index, server, incident);
            server.or_else(|| index.common_end(incident))
        }
        IncidentKind::StreamFlapping | IncidentKind::StreamUnusual => {
            let of_server = server_fault(index, server, incident);
            of_server.or_else(|| {
                let camera = view.camera_at(server, name)?;
                let of_camera = index.about(&Subject::camera_of(camera.id, ""));
                // What lasts since before it was lost so often.
                let before =
                    of_camera.iter().filter(|one| one.closed_at.is_none() && one.opened_at <= incident.opened_at);
                before.min_by_key(|one| one.opened_at).map(|one| one.id)
            })
        }
        _ => None,
    }
}

impl Index<'_> {
    /// Readers of several streams that left at the same time: the first stands for all.
    fn common_end(&self, incident: &IncidentFact) -> Option<Uuid> {
        if incident.kind != IncidentKind::ReadersGone {
            return None;
        }
        let all = self.by_subject.values().flatten();
        let together = all.filter(|one| {
            one.kind == incident.kind && (one.opened_at - incident.opened_at).num_seconds().abs() <= TOGETHER_S / 2
        });
        together.map(|one| (one.opened_at, one.id)).min().map(|(_, id)| id).filter(|id| *id != incident.id)
    }
}

fn objects_away(index: &Index<'_>, incident: &IncidentFact) -> Option<Uuid> {
    let subject = Subject::Service { name: "objects".to_owned() };
    index.find(&subject, IncidentKind::ServiceDown, incident, TOGETHER_S).map(|one| one.id)
}

fn full_disk_here(view: &SituationView<'_>, index: &Index<'_>, incident: &IncidentFact) -> Option<Uuid> {
    let host = view.here()?;
    let disks = host.disks.iter().map(|disk| Subject::Disk { host: host.name.clone(), name: disk.mount.clone() });
    let mut found = disks.filter_map(|disk| index.find(&disk, IncidentKind::DiskNearlyFull, incident, TOGETHER_S));
    found.next().map(|one| one.id)
}

/// The incident that says that nothing beyond this host answers.
fn own_network(view: &SituationView<'_>, opinions: &BTreeMap<Uuid, Opinion>, incident: &IncidentFact) -> Option<Uuid> {
    first_of(view, opinions, incident, FaultCause::OwnNetwork)
}

fn has(opinions: &BTreeMap<Uuid, Opinion>, incident: &IncidentFact, cause: FaultCause) -> bool {
    opinions.get(&incident.id).is_some_and(|opinion| opinion.cause == cause)
}

/// The first incident of this cause at that time.
fn first_of(
    view: &SituationView<'_>,
    opinions: &BTreeMap<Uuid, Opinion>,
    incident: &IncidentFact,
    cause: FaultCause,
) -> Option<Uuid> {
    let is_it = |one: &&IncidentFact| has(opinions, one, cause) && incident.follows(one, view.facts.now, TOGETHER_S);
    // Cameras that went wrong together say more than what is judged each by itself.
    let first = |one: &&IncidentFact| (!matches!(one.subject, Subject::Camera { .. }), one.opened_at, one.id);
    let found = view.facts.incidents.iter().filter(is_it).min_by_key(first);
    found.map(|one| one.id).filter(|id| *id != incident.id)
}

/// Another incident of the same camera, or of its stream, that began before and lasts.
fn earlier_of_same(view: &SituationView<'_>, index: &Index<'_>, incident: &IncidentFact) -> Option<Uuid> {
    let Subject::Camera { id, .. } = &incident.subject else { return None };
    let camera = view.camera(*id)?;
    let stream = Subject::Stream { server: camera.server.clone(), name: camera.path.clone() };
    let flapping = index.about(&stream).iter().filter(|one| one.kind == IncidentKind::StreamFlapping);
    let others = index.about(&incident.subject).iter().chain(flapping);
    let began = (incident.opened_at, incident.id);
    let lasts = |one: &IncidentFact| incident.closed_at.is_some() || one.closed_at.is_none();
    let before = others.filter(|one| (one.opened_at, one.id) < began && one.meets(incident, 0) && lasts(one));
    before.min_by_key(|one| (one.opened_at, one.id)).map(|one| one.id)
}
