//! Where the fault of an incident lies: at the camera, on the way to it, in the relay, the media server, a host, a disk, the object
//! store, a database, with whoever publishes or reads.
//!
//! [`attribute`] is given what is known at one moment (a [`Situation`]) and gives every incident one [`Verdict`]: a cause, the evidence
//! that speaks for it, how sure that is, and what to try. Incidents that follow from another one name it as their root, so that a
//! media server that dies, or a switch with two hundred cameras behind it, is one thing and not two hundred.
//!
//! First each incident is judged by itself (`camera_rules`, `stream_rules`, `part_rules`, `device_rules`, `endpoint_rules`), then those that
//! went wrong together are found (`together`), last the consequences of others (`folding`). The sentences are in `fault_words`. Nothing here is sure of what it
//! has not been told: a part that nobody measures is not called fine.
//!
//! Never here: where the facts come from (`actors/attribution`), and when something is an incident (`domain/incident`).

mod camera_rules;
mod device_rules;
mod endpoint_rules;
mod fault_words;
mod folding;
mod network_range;
mod opinion;
mod part_rules;
mod situation;
mod stream_rules;
#[cfg(test)]
mod tests;
mod together;
mod view;

use std::collections::BTreeMap;

use uuid::Uuid;

pub use situation::{
    CameraFact, DiskFact, EndpointFact, FeedFact, HostFact, IncidentFact, PartFact, ServerFact, Situation, StreamFact,
    WATCHED_PARTS,
};

use opinion::Opinion;
use view::SituationView;

use crate::domain::incident::{IncidentKind, Subject, Verdict};

/// A verdict for each incident of the situation.
pub fn attribute(situation: &Situation) -> BTreeMap<Uuid, Verdict> {
    let view = SituationView::of(situation);
    let mut opinions: BTreeMap<Uuid, Opinion> =
        situation.incidents.iter().map(|incident| (incident.id, by_itself(&view, incident))).collect();
    let leads = together::leads(&view, &mut opinions);
    let roots = folding::roots(&view, &opinions, &leads);
    situation
        .incidents
        .iter()
        .filter_map(|incident| {
            let own = opinions.get(&incident.id)?;
            let root = roots.get(&incident.id).and_then(|root| Some((view.incident(*root)?, opinions.get(root)?)));
            Some((incident.id, own.clone().into_verdict(root)))
        })
        .collect()
}

/// As if there were no other incident.
fn by_itself(view: &SituationView<'_>, incident: &IncidentFact) -> Opinion {
    match &incident.subject {
        Subject::Camera { id, .. } => camera_rules::judge(view, incident, *id),
        Subject::Stream { server, name } => stream_rules::judge(view, incident, server, name),
        Subject::Server { name } => part_rules::server(view, incident, name),
        Subject::Host { name } => part_rules::host(view, incident, name),
        Subject::Disk { host, name } => part_rules::disk(view, incident, host, name),
        Subject::Service { name } => part_rules::service(view, incident, name),
        Subject::Target { name } => match incident.kind {
            IncidentKind::EndpointDown | IncidentKind::EndpointDegraded | IncidentKind::EndpointUnusual => {
                endpoint_rules::judge(view, incident, name)
            }
            _ => part_rules::target(view, incident),
        },
        Subject::Encoder { .. } => device_rules::encoder(view, incident),
        Subject::Platform { .. } | Subject::LiveEvent { .. } => device_rules::platform(view, incident),
    }
}
