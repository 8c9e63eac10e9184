//! What there is for the role to do.

use std::sync::Arc;

use super::anomaly_setup::AnomalySetup;
use super::encoder_table::EncoderSetup;
use super::health_setup::HealthSetup;
use super::network_setup::NetworkSetup;
use crate::config::settings::PlatformSettings;
use crate::domain::health_part::HealthPart;
use crate::domain::incident::IncidentKind;

/// What there is to be probed; a part without anything is not there.
#[derive(Clone, Debug, Default)]
pub struct HealthParts {
    /// Streams.
    pub streams: Option<Arc<HealthSetup>>,
    /// Endpoints of the network.
    pub network: Option<Arc<NetworkSetup>>,
    /// Numbers of streams that are watched.
    pub anomalies: Option<Arc<AnomalySetup>>,
    /// Encoders that are asked.
    pub encoders: Vec<EncoderSetup>,
    /// Platforms that are looked at.
    pub platforms: Vec<PlatformSettings>,
}

impl HealthParts {
    /// Whether there is anything of this part.
    pub fn has(&self, part: HealthPart) -> bool {
        match part {
            HealthPart::Streams => self.streams.is_some(),
            HealthPart::Network => self.network.is_some(),
            HealthPart::Anomalies => self.anomalies.is_some(),
            HealthPart::Encoders => !self.encoders.is_empty(),
            HealthPart::Platforms => !self.platforms.is_empty(),
        }
    }

    /// What nobody tells of where these are all the parts.
    pub(super) fn untold(&self) -> Vec<IncidentKind> {
        let untold = HealthPart::ALL.into_iter().filter(|part| !self.has(*part));
        untold.flat_map(|part| part.incidents()).copied().collect()
    }
}
