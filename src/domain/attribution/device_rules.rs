//! Incidents of hardware encoders, and of platforms and their live events, by themselves.

use super::opinion::Opinion;
use super::situation::IncidentFact;
use super::view::View;
use crate::domain::incident::{Confidence, FaultCause, FaultFinding, FaultPart, IncidentKind, NextStep, Subject};
use crate::domain::probe::FaultKind;

/// A platform notices that no stream comes so much later than its encoder does, in seconds.
const NOTICED_WITHIN: i64 = 300;

pub(super) fn encoder(view: &View<'_>, incident: &IncidentFact) -> Opinion {
    use Confidence::{High, Medium};
    let at = incident.opened_at;
    let found = |cause, confidence, finding| Opinion::new(cause, confidence).found_at(FaultPart::Encoder, finding, at);
    match incident.kind {
        IncidentKind::EncoderDown => match view.fault(&incident.subject) {
            Some(FaultKind::NameNotResolved) => {
                Opinion::unknown_name(view, FaultPart::Encoder, FaultCause::EncoderAway, incident, None)
            }
            // What is at its address answers: no cable and no switch is at fault.
            Some(FaultKind::Refused) => {
                found(FaultCause::EncoderAway, High, FaultFinding::PortClosed).step(NextStep::LookAtEncoder)
            }
            Some(FaultKind::NotMedia | FaultKind::Ended) => {
                found(FaultCause::EncoderAway, High, FaultFinding::Failed).step(NextStep::LookAtEncoder)
            }
            _ => found(FaultCause::EncoderAway, Medium, FaultFinding::NoAnswer)
                .step(NextStep::LookAtEncoder)
                .step(NextStep::LookAtSwitch),
        },
        IncidentKind::EncoderStalled => found(FaultCause::EncoderSendsNothing, High, FaultFinding::StoppedSending)
            .step(NextStep::LookAtEncoder)
            .step(NextStep::LookAtPlatform)
            .step(NextStep::LookAtUplink),
        IncidentKind::EncoderStopped => {
            found(FaultCause::EncoderEnded, High, FaultFinding::StoppedSending).step(NextStep::LookAtEncoder)
        }
        IncidentKind::EncoderCacheFull => found(FaultCause::EncoderUplink, High, FaultFinding::Failed)
            .step(NextStep::LookAtUplink)
            .step(NextStep::LookAtEncoder),
        _ => Opinion::unknown(),
    }
}

pub(super) fn platform(view: &View<'_>, incident: &IncidentFact) -> Opinion {
    let at = incident.opened_at;
    let found = |cause, finding| Opinion::new(cause, Confidence::Medium).found_at(FaultPart::Platform, finding, at);
    match incident.kind {
        IncidentKind::PlatformDown => found(FaultCause::PlatformAway, FaultFinding::Failed)
            .step(NextStep::LookAtPlatform)
            .step(NextStep::LookAtUplink),
        IncidentKind::IngestDown => {
            let mut without = Opinion::new(FaultCause::IngestWithoutStream, Confidence::Medium);
            // Which encoder feeds which event nobody has said: one that is in trouble is evidence, and no proof.
            for name in encoders_in_trouble(view, incident) {
                without = without.found_of(FaultPart::Encoder, FaultFinding::Failed, name);
            }
            without
                .found_at(FaultPart::Platform, FaultFinding::Failed, at)
                .step(NextStep::LookAtEncoder)
                .step(NextStep::LookAtUplink)
                .step(NextStep::LookAtPlatform)
        }
        _ => Opinion::unknown(),
    }
}

fn encoders_in_trouble<'a>(view: &View<'a>, incident: &IncidentFact) -> Vec<&'a str> {
    let troubles = view.facts.incidents.iter().filter(|other| other.meets(incident, NOTICED_WITHIN));
    let names = troubles.filter_map(|other| match &other.subject {
        Subject::Encoder { name } if other.kind != IncidentKind::EncoderChanged => Some(name.as_str()),
        _ => None,
    });
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    names
}
