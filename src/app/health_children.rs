//! The role health from checked settings.

use std::sync::Arc;

use super::services::Services;
use crate::actors::health::{self, HealthHandle, HealthParts, HealthSetup, NetworkSetup, ReadServer};
use crate::actors::incidents::IncidentsHandle;
use crate::actors::restream::reach;
use crate::actors::supervision::Child;
use crate::base::{Error, Result};
use crate::config::Settings;
use crate::domain::camera::Reach;

/// Addresses that targets may have: those that cameras may have, and what our own media servers send out too.
pub(super) fn target_reach(settings: &Settings) -> Reach {
    Reach { output: None, ..reach(settings) }
}

/// The child of the tree, and the way to what it finds.
///
/// # Errors
/// `Invalid` naming the target that cannot be probed.
pub(super) fn health_child(
    settings: &Settings,
    services: &Services,
    incidents: &IncidentsHandle,
    mark: &str,
) -> Result<Option<(Child, HealthHandle)>> {
    let parts = HealthParts { streams: streams(settings, services, mark)?, network: network(settings)? };
    if parts.streams.is_none() && parts.network.is_none() {
        return Ok(None);
    }
    Ok(Some(health::role(parts, services.live.clone(), incidents.clone())))
}

fn streams(settings: &Settings, services: &Services, mark: &str) -> Result<Option<Arc<HealthSetup>>> {
    let targets = health::targets(&settings.health)?;
    if targets.is_empty() {
        return Ok(None);
    }
    Ok(Some(Arc::new(HealthSetup {
        workers: settings.health.workers,
        window: settings.health.window,
        targets,
        servers: settings.servers.iter().map(|server| (server.name.clone(), ReadServer::of(server))).collect(),
        ffprobe: settings.ffmpeg.ffprobe.clone(),
        version: services.ffmpeg.clone().ok_or_else(|| Error::internal("health needs ffprobe's version"))?,
        mark: mark.to_owned(),
        reach: target_reach(settings),
    })))
}

fn network(settings: &Settings) -> Result<Option<Arc<NetworkSetup>>> {
    let endpoints = health::endpoints(&settings.health)?;
    let (workers, reach) = (settings.health.endpoint_workers, target_reach(settings));
    Ok((!endpoints.is_empty()).then(|| Arc::new(NetworkSetup { workers, endpoints, reach })))
}
