//! Why there is a gap, the strongest cause first.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why there is a gap. What is higher up wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum GapCause {
    /// Somebody excused it (maintenance).
    Excused,
    /// It was recorded and is proven to be damaged.
    Lost,
    /// It was recorded, and removed before it was stored: a choice of whoever runs this.
    EvictedBeforeUpload,
    /// It was recorded, and removed by the rules of retention.
    Retention,
    /// The media server did not answer.
    ServerDown,
    /// The media server was restarted.
    RelayRestarting,
    /// The camera was not reachable on the network.
    Network,
    /// The camera's relay failed.
    CameraDown,
    /// The source sent nothing, or was not there.
    SourceSilent,
    /// The disk of the spool was full or away.
    Disk,
    /// More streams than `record.max_concurrent` were live.
    OverMaxConcurrent,
    /// It was switched off: `record = false`, or excluded.
    NotEnabled,
    /// The recorder started, was stopped, or began anew.
    RecorderRestarting,
    /// Nothing tells.
    Unknown,
}

impl GapCause {
    /// Every cause, the strongest first.
    pub const ALL: [Self; 14] = [
        Self::Excused,
        Self::Lost,
        Self::EvictedBeforeUpload,
        Self::Retention,
        Self::ServerDown,
        Self::RelayRestarting,
        Self::Network,
        Self::CameraDown,
        Self::SourceSilent,
        Self::Disk,
        Self::OverMaxConcurrent,
        Self::NotEnabled,
        Self::RecorderRestarting,
        Self::Unknown,
    ];

    /// The word in answers and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Excused => "excused",
            Self::Lost => "lost",
            Self::EvictedBeforeUpload => "evictedBeforeUpload",
            Self::Retention => "retention",
            Self::ServerDown => "serverDown",
            Self::RelayRestarting => "relayRestarting",
            Self::Network => "network",
            Self::CameraDown => "cameraDown",
            Self::SourceSilent => "sourceSilent",
            Self::Disk => "disk",
            Self::OverMaxConcurrent => "overMaxConcurrent",
            Self::NotEnabled => "notEnabled",
            Self::RecorderRestarting => "recorderRestarting",
            Self::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_in_the_order_of_strength() {
        for (n, cause) in GapCause::ALL.iter().enumerate() {
            assert!(GapCause::ALL[..n].iter().all(|before| before < cause), "{cause:?} is in the order of strength");
        }
    }
}
