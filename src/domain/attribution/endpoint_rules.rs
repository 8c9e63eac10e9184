//! Incidents of endpoints that are asked over the network, by themselves.

use super::opinion::Opinion;
use super::situation::IncidentFact;
use super::view::SituationView;
use crate::domain::incident::{Confidence, FaultCause, FaultFinding, FaultPart, IncidentKind, NextStep};
use crate::domain::probe::FaultKind;

/// Percent of the round trips: so many are lost by no accident.
const LOSSY: f64 = 5.0;

pub(super) fn judge(view: &SituationView<'_>, incident: &IncidentFact, name: &str) -> Opinion {
    let Some(endpoint) = view.endpoint(name) else { return Opinion::unknown() };
    let fails = |confidence, finding| {
        Opinion::new(FaultCause::EndpointFails, confidence)
            .found_about(FaultPart::Target, finding, name, incident.opened_at)
            .step(NextStep::LookAtTarget)
    };
    match incident.kind {
        // Packets that are lost on the way explain that the others take longer.
        IncidentKind::EndpointUnusual => {
            let unusual = Opinion::new(FaultCause::LeftUsual, Confidence::Low)
                .found_about(FaultPart::Target, FaultFinding::Unusual, name, incident.opened_at)
                .step(NextStep::LookAtUplink)
                .step(NextStep::Watch);
            match endpoint.loss.filter(|loss| *loss >= LOSSY) {
                Some(loss) => {
                    let percent = (loss / 5.0) as u32 * 5;
                    let found = FaultFinding::PacketsLost;
                    let mut lossy = unusual.counted(FaultPart::Network, found, Some(name), percent, None);
                    (lossy.cause, lossy.confidence) = (FaultCause::LossyLink, Confidence::Medium);
                    lossy
                }
                None => unusual,
            }
        }
        IncidentKind::EndpointDegraded => match endpoint.loss.filter(|loss| *loss >= LOSSY) {
            // In whole fives: what is lost is not said anew with each packet.
            Some(loss) => Opinion::new(FaultCause::LossyLink, Confidence::Medium)
                .counted(FaultPart::Network, FaultFinding::PacketsLost, Some(name), (loss / 5.0) as u32 * 5, None)
                .step(NextStep::LookAtUplink),
            None => Opinion::unknown(),
        },
        IncidentKind::EndpointDown => match endpoint.fault {
            Some(FaultKind::NameNotResolved) => {
                Opinion::unknown_name(view, FaultPart::Target, FaultCause::EndpointFails, incident, Some(name))
            }
            // Its host answers.
            Some(FaultKind::Refused) => fails(Confidence::High, FaultFinding::PortClosed),
            Some(FaultKind::Tls) => fails(Confidence::High, FaultFinding::TlsFails),
            Some(FaultKind::TimedOut | FaultKind::NoRoute) | None => silent(view, incident, name, fails),
            Some(_) => fails(Confidence::High, FaultFinding::Failed),
        },
        _ => Opinion::unknown(),
    }
}

/// It does not answer: whether anything else beyond this host does says where that lies.
fn silent(
    view: &SituationView<'_>,
    incident: &IncidentFact,
    name: &str,
    fails: impl Fn(Confidence, FaultFinding) -> Opinion,
) -> Opinion {
    match view.endpoints_beyond_answer(name) {
        Some(true) => fails(Confidence::Medium, FaultFinding::NoAnswer).found(FaultPart::Network, FaultFinding::Fine),
        Some(false) if view.anything_beyond_delivers() != Some(true) => {
            Opinion::new(FaultCause::OwnNetwork, Confidence::Medium)
                .found_at(FaultPart::Network, FaultFinding::NothingAnswers, incident.opened_at)
                .host(view.here())
                .step(NextStep::LookAtUplink)
        }
        _ => fails(Confidence::Low, FaultFinding::NoAnswer),
    }
}
