//! A camera's incident by itself: what its relay was told by ffmpeg, and what its neighbours do.

use super::network_range::is_loopback;
use super::opinion::Opinion;
use super::situation::{CameraFact, IncidentFact};
use super::view::SituationView;
use crate::domain::camera::CameraState;
use crate::domain::incident::{Confidence, FaultCause, FaultFinding, FaultPart, IncidentKind, NextStep};
use crate::domain::probe::FaultKind;

/// So many neighbours that deliver speak for the network to a camera.
const ENOUGH_NEIGHBOURS: u32 = 2;

pub(super) fn judge(view: &SituationView<'_>, incident: &IncidentFact, id: i64) -> Opinion {
    if incident.kind == IncidentKind::OtherPublisher {
        return Opinion::new(FaultCause::OtherPublisher, Confidence::High)
            .found_at(FaultPart::Publisher, FaultFinding::Replaced, incident.opened_at)
            .step(NextStep::FindPublisher)
            .step(NextStep::LookAtServerPaths);
    }
    let Some(camera) = view.camera(id) else { return Opinion::unknown() };
    match camera.fault {
        Some(fault) => of_fault(view, incident, camera, fault),
        None if camera.state == CameraState::Stopped => Opinion::new(FaultCause::CameraSettings, Confidence::High)
            .found(FaultPart::Camera, FaultFinding::SettingsInvalid)
            .step(NextStep::CorrectRow),
        None if incident.kind == IncidentKind::CameraStalled => of_fault(view, incident, camera, FaultKind::Silent),
        None => server(
            view,
            camera,
            Opinion::unknown().found_at(FaultPart::Relay, FaultFinding::Failed, incident.opened_at),
        ),
    }
}

fn of_fault(view: &SituationView<'_>, incident: &IncidentFact, camera: &CameraFact, fault: FaultKind) -> Opinion {
    use Confidence::{High, Low, Medium};
    use FaultKind as Kind;
    let at = incident.opened_at;
    let said = |cause, finding, step| Opinion::new(cause, High).found_at(FaultPart::Camera, finding, at).step(step);
    match fault {
        Kind::Silent | Kind::Stalled => {
            let stopped = Opinion::new(FaultCause::CameraStopped, Medium)
                .found_at(FaultPart::Camera, FaultFinding::StoppedSending, at)
                .step(NextStep::LookAtCamera)
                .step(NextStep::RestartCamera);
            rest_of_the_way(view, camera, stopped, Way::ByNeighbours)
        }
        Kind::Ended => {
            let ended = said(FaultCause::CameraStopped, FaultFinding::EndedConnection, NextStep::LookAtCamera);
            rest_of_the_way(view, camera, ended.step(NextStep::RestartCamera), Way::Answered)
        }
        Kind::TimedOut | Kind::NoRoute => {
            let mut gone = Opinion::new(FaultCause::CameraUnreachable, Medium);
            if incident.kind == IncidentKind::CameraStalled {
                gone = gone.found_at(FaultPart::Camera, FaultFinding::StoppedSending, at);
            }
            let gone = gone
                .found_at(FaultPart::Camera, FaultFinding::NoAnswer, at)
                .step(NextStep::LookAtCamera)
                .step(NextStep::LookAtSwitch)
                .step(NextStep::CorrectAddress);
            rest_of_the_way(view, camera, gone, Way::ByNeighbours)
        }
        Kind::Refused => {
            let closed = said(FaultCause::CameraPortClosed, FaultFinding::PortClosed, NextStep::RestartCamera);
            rest_of_the_way(view, camera, closed.step(NextStep::CorrectAddress), Way::Answered)
        }
        Kind::NameNotResolved => {
            let unknown = said(FaultCause::CameraName, FaultFinding::NameUnknown, NextStep::CorrectAddress);
            server(view, camera, unknown.step(NextStep::LookAtNameServer))
        }
        Kind::Tls => {
            let tls = said(FaultCause::CameraTls, FaultFinding::TlsFails, NextStep::LookAtCertificate);
            rest_of_the_way(view, camera, tls, Way::Answered)
        }
        Kind::Unauthorized => {
            let login = said(FaultCause::CameraLogin, FaultFinding::RefusesLogin, NextStep::CorrectLogin);
            rest_of_the_way(view, camera, login, Way::Answered)
        }
        Kind::Busy => {
            let busy = said(FaultCause::CameraBusy, FaultFinding::Busy, NextStep::CloseOtherSessions);
            rest_of_the_way(view, camera, busy.step(NextStep::RestartCamera), Way::Answered)
        }
        Kind::NotFound => {
            let path = said(FaultCause::CameraPath, FaultFinding::NoSuchStream, NextStep::CorrectAddress);
            rest_of_the_way(view, camera, path, Way::Answered)
        }
        Kind::NotMedia | Kind::NoVideo | Kind::CodecUnsupported | Kind::NoKeyFrame | Kind::SoundMissing => {
            let format = said(FaultCause::CameraFormat, FaultFinding::Unusable, NextStep::ChangeEncoder);
            let format = if fault == Kind::NotMedia { format.step(NextStep::CorrectAddress) } else { format };
            rest_of_the_way(view, camera, format, Way::Answered)
        }
        Kind::ClockJumped => {
            let clock = said(FaultCause::CameraClock, FaultFinding::TimeJumped, NextStep::SetCameraClock);
            rest_of_the_way(view, camera, clock, Way::Answered)
        }
        Kind::PublishRefused => {
            let confidence = if server_is_fine(view, camera) == Some(true) { Medium } else { Low };
            Opinion::new(FaultCause::MediaServerRefuses, confidence)
                .found_of(FaultPart::Server, FaultFinding::RefusesStream, &camera.server)
                .step(NextStep::ReadServerLog)
                .step(NextStep::LookAtServerPaths)
                .host(view.here())
        }
        Kind::Program => Opinion::new(FaultCause::RelayProgram, High)
            .found_at(FaultPart::Relay, FaultFinding::CannotStart, at)
            .host(view.here())
            .step(NextStep::LookAtHost)
            .step(NextStep::ReadOwnLog),
        Kind::Other => {
            let failed = Opinion::unknown().found_at(FaultPart::Relay, FaultFinding::Failed, at);
            server(view, camera, failed.step(NextStep::LookAtCamera))
        }
    }
}

/// Whether the network to the camera is known to work.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The camera itself has answered.
    Answered,
    /// Only by what its neighbours do.
    ByNeighbours,
}

/// What else is on the way of the picture. A camera that says nothing itself is the more likely the more of it works.
fn rest_of_the_way(view: &SituationView<'_>, camera: &CameraFact, opinion: Opinion, way: Way) -> Opinion {
    let mut opinion = server(view, camera, opinion.found(FaultPart::Relay, FaultFinding::Fine));
    match way {
        Way::Answered => opinion = opinion.found(FaultPart::Network, FaultFinding::Fine),
        Way::ByNeighbours => {
            let host = camera.host.as_deref().unwrap_or_default();
            let device = view.device(host);
            let range = view.range(host);
            if is_loopback(host) {
                // No network is between us.
                opinion.confidence = Confidence::High;
                opinion = opinion.found(FaultPart::Network, FaultFinding::Fine);
            } else if device.deliver > 0 {
                // Others of the very same address deliver.
                opinion.confidence = Confidence::High;
                opinion = opinion.counted(
                    FaultPart::Device,
                    FaultFinding::OthersDeliver,
                    Some(host),
                    device.deliver,
                    Some(device.all),
                );
                opinion = opinion.found(FaultPart::Network, FaultFinding::Fine);
            } else if let Some((_, tally)) = range.filter(|(_, tally)| tally.deliver >= ENOUGH_NEIGHBOURS) {
                if tally.deliver * 2 > tally.all {
                    opinion.confidence = Confidence::High;
                }
                opinion = opinion.found(FaultPart::Network, FaultFinding::Fine);
            }
        }
    }
    opinion.host(view.here())
}

fn server_is_fine(view: &SituationView<'_>, camera: &CameraFact) -> Option<bool> {
    view.server(&camera.server).map(|server| server.reachable || server.rtsp_answers == Some(true))
}

/// What is known of the media server.
fn server(view: &SituationView<'_>, camera: &CameraFact, opinion: Opinion) -> Opinion {
    match server_is_fine(view, camera) {
        Some(true) => opinion.found(FaultPart::Server, FaultFinding::Fine),
        Some(false) => opinion.found_of(FaultPart::Server, FaultFinding::NoAnswer, &camera.server),
        None => opinion,
    }
}
