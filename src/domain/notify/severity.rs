//! How bad a kind of incident is for people who are told of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::incident::IncidentKind;

/// How bad it is. The words are those of the alert rules in `etc/prometheus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Somebody should look at it today.
    Warning,
    /// Somebody should look at it now.
    Critical,
}

impl Severity {
    /// Every one, the mildest first.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Critical];

    /// Of a kind of incident.
    pub fn of(kind: IncidentKind) -> Self {
        use IncidentKind as Kind;
        match kind {
            Kind::CameraDown
            | Kind::CameraStalled
            | Kind::ServerDown
            | Kind::ServiceDown
            | Kind::RecordingPaused
            | Kind::EncoderStalled
            | Kind::IngestDown => Self::Critical,
            Kind::SourceReplaced
            | Kind::TracksChanged
            | Kind::ReadersGone
            | Kind::CounterReset
            | Kind::EncoderChanged => Self::Info,
            Kind::CameraDegraded
            | Kind::OtherPublisher
            | Kind::ChangeBlocked
            | Kind::ServerRestarted
            | Kind::StreamFlapping
            | Kind::HostSilent
            | Kind::DiskNearlyFull
            | Kind::ObjectConflict
            | Kind::ProbeFailed
            | Kind::ReceiverFailing
            | Kind::EndpointDown
            | Kind::EndpointDegraded
            | Kind::EncoderDown
            | Kind::EncoderStopped
            | Kind::EncoderCacheFull
            | Kind::PlatformDown
            | Kind::IngestLinkExpires
            | Kind::StreamUnusual
            | Kind::EndpointUnusual => Self::Warning,
        }
    }

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// Of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_page_sorts_problems_by_the_same_severities() {
        let problems = include_str!("../../../web/src/pages/streams/problems.ts");
        for (name, severity) in [("CRITICAL", Severity::Critical), ("INFO", Severity::Info)] {
            let (_, list) = problems.split_once(&format!("const {name} = [")).expect("a list");
            let (list, _) = list.split_once(']').expect("its end");
            let listed: BTreeSet<&str> = list.split(',').map(|word| word.trim().trim_matches('"')).collect();
            let kinds = IncidentKind::ALL.into_iter().filter(|kind| Severity::of(*kind) == severity);
            assert_eq!(listed, kinds.map(IncidentKind::as_str).collect(), "{name}");
        }
    }
}
