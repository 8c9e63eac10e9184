//! The role health from checked settings.

use std::sync::Arc;

use super::services::Services;
use crate::actors::health::{
    self, AnomalySetup, EncoderSetup, FrameRates, HealthHandle, HealthParts, HealthSetup, KeepReading, NetworkSetup,
    ReadServer,
};
use crate::actors::incidents::IncidentsHandle;
use crate::actors::restream::reach;
use crate::actors::supervision::Child;
use crate::adapters::webpresenter::{EncoderAddress, ProtocolChoice};
use crate::base::{Error, Result};
use crate::config::Settings;
use crate::config::settings::{EncoderSettings, EncoderSpeech};
use crate::domain::camera::Reach;
use crate::domain::encoder::{EncoderFeeds, EncoderProtocol};
use crate::domain::history::{Metric, SeriesKey};
use crate::domain::role::Role;

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
    let parts = HealthParts {
        streams: streams(settings, services, mark)?,
        network: network(settings, services)?,
        anomalies: anomalies(settings, services),
        encoders: encoders(settings),
        platforms: settings.health.platforms.clone(),
    };
    let HealthParts { streams, network, anomalies, encoders, platforms } = &parts;
    let watches = streams.is_some() || network.is_some() || anomalies.is_some();
    if !watches && encoders.is_empty() && platforms.is_empty() {
        return Ok(None);
    }
    Ok(Some(health::role(parts, services.live.clone(), services.stores.incidents.clone(), incidents.clone())))
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
        frame_rates: frame_rates(services),
    })))
}

/// The history keeps them beside what the polls tell.
fn frame_rates(services: &Services) -> FrameRates {
    let history = services.history.clone();
    FrameRates::to(move |stream, rate| {
        history.note(&SeriesKey::stream(&stream.server, stream.name.as_str()), Metric::Fps, rate);
    })
}

fn network(settings: &Settings, services: &Services) -> Result<Option<Arc<NetworkSetup>>> {
    let endpoints = health::endpoints(&settings.health)?;
    let (workers, reach) = (settings.health.endpoint_workers, target_reach(settings));
    // Whoever writes the history keeps the past of endpoints too.
    let history = services.roles.contains(&Role::Monitor).then(|| {
        let history = services.history.clone();
        KeepReading(Arc::new(move |series, reading| history.add(series, reading)))
    });
    Ok((!endpoints.is_empty()).then(|| Arc::new(NetworkSetup { workers, endpoints, reach, history })))
}

/// Judged by what the history of this process makes of its polls: without the role monitor there is none.
fn anomalies(settings: &Settings, services: &Services) -> Option<Arc<AnomalySetup>> {
    let (kept, keeps) = (services.history.clone(), services.roles.contains(&Role::Monitor));
    if settings.health.anomalies.enabled && !keeps {
        log::warn!(
            "health.anomalies watches nothing here: the history is kept by the role monitor, which does not run in this process"
        );
    }
    let minutes = Arc::new(move || kept.ended_minutes());
    let endpoints = settings.health.endpoints.iter().map(|endpoint| endpoint.name.clone()).collect();
    let history = services.stores.history.clone();
    let setup = AnomalySetup::of(&settings.health.anomalies, endpoints, minutes, history);
    setup.filter(|_| keeps).map(Arc::new)
}

/// The encoders of the configuration.
pub(super) fn encoders(settings: &Settings) -> Vec<EncoderSetup> {
    let encoder = |one: &EncoderSettings| EncoderSetup {
        name: one.name.clone(),
        address: EncoderAddress {
            host: one.host.clone(),
            tls: one.tls.clone(),
            rest_port: one.rest_port,
            text_port: one.text_port,
            protocol: match one.protocol {
                EncoderSpeech::Auto => ProtocolChoice::Automatic,
                EncoderSpeech::Rest => ProtocolChoice::Only(EncoderProtocol::Rest),
                EncoderSpeech::Text => ProtocolChoice::Only(EncoderProtocol::Text),
            },
        },
        reach: target_reach(settings),
        interval: one.interval,
        always_on: one.always_on,
        feeds: EncoderFeeds { event: one.feeds_event.clone(), stream: one.feeds_stream.clone() },
    };
    settings.health.encoders.iter().map(encoder).collect()
}
