//! The parts of the role health, each of which is done by one process of a site.

use serde::{Deserialize, Serialize};

use crate::domain::encoder::EncoderMemory;
use crate::domain::incident::IncidentKind;
use crate::domain::platform::PlatformMemory;

/// A part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HealthPart {
    /// Streams, probed as a player would.
    Streams,
    /// Endpoints of the network.
    Network,
    /// Numbers that leave what is usual.
    Anomalies,
    /// Hardware encoders.
    Encoders,
    /// Platforms that streams are sent to.
    Platforms,
}

impl HealthPart {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Streams, Self::Network, Self::Anomalies, Self::Encoders, Self::Platforms];

    /// Its name in the tree, and in the claim.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Streams => "streams",
            Self::Network => "network",
            Self::Anomalies => "anomalies",
            Self::Encoders => "encoders",
            Self::Platforms => "platforms",
        }
    }

    /// Incidents that nobody else tells of.
    pub fn incidents(self) -> &'static [IncidentKind] {
        match self {
            Self::Streams => &[IncidentKind::ProbeFailed],
            Self::Network => &[IncidentKind::EndpointDown, IncidentKind::EndpointDegraded],
            Self::Anomalies => &[IncidentKind::StreamUnusual, IncidentKind::EndpointUnusual],
            Self::Encoders => &EncoderMemory::INCIDENTS,
            Self::Platforms => &PlatformMemory::INCIDENTS,
        }
    }
}
