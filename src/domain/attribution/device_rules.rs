//! Incidents of hardware encoders, and of platforms and their live events, by themselves.

use super::opinion::Opinion;
use super::situation::IncidentFact;
use super::view::SituationView;
use crate::domain::incident::{Confidence, FaultCause, FaultFinding, FaultPart, IncidentKind, NextStep, Subject};
use crate::domain::probe::FaultKind;

/// A platform notices that no stream comes so much later than its encoder does, in seconds.
pub(super) const NOTICED_WITHIN: i64 = 300;

pub(super) fn encoder(view: &SituationView<'_>, incident: &IncidentFact) -> Opinion {
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

pub(super) fn platform(view: &SituationView<'_>, incident: &IncidentFact) -> Opinion {
    let at = incident.opened_at;
    let found = |cause, finding| Opinion::new(cause, Confidence::Medium).found_at(FaultPart::Platform, finding, at);
    match incident.kind {
        IncidentKind::PlatformDown => found(FaultCause::PlatformAway, FaultFinding::Failed)
            .step(NextStep::LookAtPlatform)
            .step(NextStep::LookAtUplink),
        IncidentKind::IngestDown if view.feeders(&incident.subject).next().is_some() => {
            event_of_encoder(view, incident)
        }
        IncidentKind::IngestDown => {
            let mut without = Opinion::new(FaultCause::IngestWithoutStream, Confidence::Medium);
            // Which encoder feeds this event nobody has said: one that is in trouble is evidence, and no proof. One that is known to feed
            // something else is none.
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

/// An event of which it is known which encoder feeds it.
fn event_of_encoder(view: &SituationView<'_>, incident: &IncidentFact) -> Opinion {
    let mut without = Opinion::new(FaultCause::IngestWithoutStream, Confidence::Medium);
    let in_trouble = encoders_in_trouble(view, incident);
    let mut all_stream = true;
    for feeder in view.feeders(&incident.subject) {
        let name = feeder.encoder.as_str();
        let is_in_trouble = in_trouble.contains(&name);
        all_stream &= feeder.streams == Some(true) && !is_in_trouble;
        without = match feeder.streams {
            _ if is_in_trouble => without.found_of(FaultPart::Encoder, FaultFinding::Failed, name),
            Some(true) => without.found_of(FaultPart::Encoder, FaultFinding::Fine, name),
            Some(false) => without.found_of(FaultPart::Encoder, FaultFinding::StoppedSending, name),
            None => without,
        };
    }
    without = without.found_at(FaultPart::Platform, FaultFinding::Failed, incident.opened_at);
    // What is sent and does not arrive is lost on the way, or sent to another event.
    let (first, last) = match all_stream {
        true => (NextStep::LookAtPlatform, NextStep::LookAtEncoder),
        false => (NextStep::LookAtEncoder, NextStep::LookAtPlatform),
    };
    without.step(first).step(NextStep::LookAtUplink).step(last)
}

fn encoders_in_trouble<'a>(view: &SituationView<'a>, incident: &IncidentFact) -> Vec<&'a str> {
    let troubles = view.facts.incidents.iter().filter(|other| other.meets(incident, NOTICED_WITHIN));
    let names = troubles.filter_map(|other| match &other.subject {
        Subject::Encoder { name } if other.kind != IncidentKind::EncoderChanged => {
            let mut feeds = view.facts.feeds.iter().filter(|feed| feed.encoder == *name).peekable();
            // Where its event is known it is this one, or it says nothing of it.
            let may_feed = feeds.peek().is_none() || feeds.any(|feed| feed.of == incident.subject.key());
            may_feed.then_some(name.as_str())
        }
        _ => None,
    });
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    names
}
