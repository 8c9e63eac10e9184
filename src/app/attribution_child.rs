//! What the child that judges incidents is told: who knows what.

use std::path::absolute;
use std::sync::Arc;

use super::services::Services;
use crate::actors::attribution::{self, AttributionSources, ServerHosts, SpoolProbe};
use crate::actors::health::HealthHandle;
use crate::actors::incidents::IncidentsHandle;
use crate::actors::supervision::Child;
use crate::config::Settings;
use crate::domain::attribution::{EndpointFact, FeedFact};
use crate::domain::incident::Subject;
use crate::domain::role::Role;

/// Judges this node's incidents.
pub(super) fn attribution_child(
    settings: &Settings,
    services: &Services,
    incidents: &IncidentsHandle,
    health: &HealthHandle,
) -> Child {
    let records = services.roles.contains(&Role::Record);
    let server_hosts: ServerHosts = settings
        .servers
        .iter()
        .filter_map(|server| Some((server.name.clone(), server.api_url.host_str()?.to_owned())))
        .collect();
    let disk = Arc::clone(&services.disk);
    let spool = records.then(|| SpoolProbe {
        folder: absolute(services.spool.root()).unwrap_or_else(|_| services.spool.root().to_owned()),
        fine: Arc::new(move || {
            let disk = disk.borrow();
            (disk.free.is_some() || disk.obstacle.is_some()).then_some(disk.obstacle.is_none())
        }),
    });
    let network = health.network.clone();
    let (streams, encoders) = (health.streams.clone(), health.encoders.clone());
    let feeders = health.encoders.clone();
    let faults = move || {
        let targets = streams.statuses().into_iter().filter_map(|status| {
            let kind = status.fault.as_ref()?.kind;
            // Of a path its stream says more.
            status.key.path().is_none().then(|| (status.key.subject().key(), kind))
        });
        let encoders = encoders.statuses().into_iter().filter_map(|status| {
            let kind = status.fault.as_ref()?.kind.of_probe();
            Some((Subject::Encoder { name: status.name }.key(), kind))
        });
        targets.chain(encoders).collect()
    };
    attribution::child(AttributionSources {
        store: services.stores.incidents.clone(),
        live: services.live.clone(),
        incidents: incidents.clone(),
        objects: records.then(|| services.objects.clone()),
        spool,
        endpoints: Arc::new(move || network.statuses().iter().filter_map(EndpointFact::of).collect()),
        faults: Arc::new(faults),
        feeds: Arc::new(move || feeders.statuses().iter().flat_map(FeedFact::of).collect()),
        server_hosts,
        here: settings.node.clone(),
    })
}
