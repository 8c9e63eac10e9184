//! A stream's incident by itself.

use super::opinion::Opinion;
use super::situation::IncidentFact;
use super::view::SituationView;
use crate::domain::incident::{Confidence, FaultCause, FaultFinding, FaultPart, IncidentKind, NextStep};
use crate::domain::probe::FaultKind;

/// Percent of lost packets that make a stream unsteady.
const LOSSY: f64 = 2.0;

pub(super) fn judge(view: &SituationView<'_>, incident: &IncidentFact, server: &str, name: &str) -> Opinion {
    use Confidence::{High, Low, Medium};
    let at = incident.opened_at;
    match incident.kind {
        IncidentKind::StreamFlapping => flapping(view, incident, server, name),
        IncidentKind::SourceReplaced => Opinion::new(FaultCause::PublisherChanged, High)
            .found_at(FaultPart::Publisher, FaultFinding::Replaced, at)
            .step(NextStep::FindPublisher),
        IncidentKind::TracksChanged => Opinion::new(FaultCause::EncoderChanged, High)
            .found_at(FaultPart::Publisher, FaultFinding::Changed, at)
            .step(NextStep::ChangeEncoder),
        IncidentKind::ReadersGone => {
            let gone = Opinion::new(FaultCause::ReadersWay, Medium)
                .found_at(FaultPart::Readers, FaultFinding::AllLeft, at)
                .step(NextStep::LookAtReaders);
            server_and_stream(view, gone, server)
        }
        IncidentKind::CounterReset => {
            let anew = Opinion::new(FaultCause::Reconnected, Low)
                .found_at(FaultPart::Stream, FaultFinding::CountsAnew, at)
                .step(NextStep::ReadServerLog)
                .step(NextStep::Watch);
            server_and_stream(view, anew, server)
        }
        IncidentKind::RecordingPaused => {
            let paused = Opinion::new(FaultCause::RecordingFormat, Medium)
                .found_at(FaultPart::Recording, FaultFinding::CannotWrite, at)
                .step(NextStep::ReadOwnLog)
                .step(NextStep::ChangeEncoder);
            parts(view, server_and_stream(view, paused, server))
        }
        IncidentKind::ProbeFailed => {
            let failed = Opinion::new(FaultCause::ReaderGetsNothing, Medium)
                .found_at(FaultPart::Readers, FaultFinding::Failed, at)
                .step(NextStep::LookAtCamera)
                .step(NextStep::ReadServerLog);
            server_and_stream(view, failed, server)
        }
        IncidentKind::StreamUnusual => unusual(view, incident, server, name),
        IncidentKind::ObjectConflict => Opinion::new(FaultCause::ObjectConflict, High)
            .found_at(FaultPart::Objects, FaultFinding::WrittenByOthers, at)
            .step(NextStep::LookAtObjectStore),
        _ => Opinion::unknown(),
    }
}

fn flapping(view: &SituationView<'_>, incident: &IncidentFact, server: &str, name: &str) -> Opinion {
    let at = incident.opened_at;
    let lost =
        Opinion::new(FaultCause::Unsteady, Confidence::Low).found_at(FaultPart::Stream, FaultFinding::LostOften, at);
    let loss = view.stream(server, name).and_then(|stream| stream.loss).filter(|loss| *loss >= LOSSY);
    if let Some(loss) = loss {
        let mut lossy = lost.counted(FaultPart::Network, FaultFinding::PacketsLost, None, loss.round() as u32, None);
        (lossy.cause, lossy.confidence) = (FaultCause::LossyLink, Confidence::High);
        return server_and_stream(view, lossy.step(NextStep::LookAtSwitch), server);
    }
    // What its camera said when it was lost the last time.
    let fault = view.camera_at(server, name).and_then(|camera| camera.fault);
    let found = match fault {
        Some(FaultKind::Ended | FaultKind::Busy | FaultKind::Refused) => Some(FaultFinding::EndedConnection),
        Some(FaultKind::Silent) => Some(FaultFinding::StoppedSending),
        Some(FaultKind::TimedOut | FaultKind::NoRoute) => Some(FaultFinding::NoAnswer),
        Some(FaultKind::ClockJumped) => Some(FaultFinding::TimeJumped),
        _ => None,
    };
    let mut flapping = lost.step(NextStep::LookAtCamera).step(NextStep::LookAtSwitch);
    if let Some(finding) = found {
        flapping = flapping.found(FaultPart::Camera, finding);
        flapping.confidence = Confidence::Medium;
    }
    server_and_stream(view, flapping, server)
}

/// What is unusual is in its cause, in numbers; packets that are lost on the way explain most of them.
fn unusual(view: &SituationView<'_>, incident: &IncidentFact, server: &str, name: &str) -> Opinion {
    let unusual = Opinion::new(FaultCause::LeftUsual, Confidence::Low).found_at(
        FaultPart::Stream,
        FaultFinding::Unusual,
        incident.opened_at,
    );
    let loss = view.stream(server, name).and_then(|stream| stream.loss).filter(|loss| *loss >= LOSSY);
    let Some(loss) = loss else {
        return server_and_stream(view, unusual.step(NextStep::LookAtCamera).step(NextStep::Watch), server);
    };
    let mut lossy = unusual.counted(FaultPart::Network, FaultFinding::PacketsLost, None, loss.round() as u32, None);
    (lossy.cause, lossy.confidence) = (FaultCause::LossyLink, Confidence::Medium);
    server_and_stream(view, lossy.step(NextStep::LookAtSwitch), server)
}

fn server_and_stream(view: &SituationView<'_>, opinion: Opinion, server: &str) -> Opinion {
    match view.server(server).map(|server| server.reachable) {
        Some(true) => opinion.found(FaultPart::Server, FaultFinding::Fine),
        Some(false) => opinion.found_of(FaultPart::Server, FaultFinding::NoAnswer, server),
        None => opinion,
    }
}

/// Parts of ours, as far as they were asked.
fn parts(view: &SituationView<'_>, mut opinion: Opinion) -> Opinion {
    for part in [FaultPart::Spool, FaultPart::Objects] {
        opinion = match view.part(part) {
            Some(true) => opinion.found(part, FaultFinding::Fine),
            Some(false) => opinion.found(part, FaultFinding::NoAnswer),
            None => opinion,
        };
    }
    opinion
}
