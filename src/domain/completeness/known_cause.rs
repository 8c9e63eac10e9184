//! What incidents and the ends of sessions tell of gaps.
//!
//! They are read by the words of their sentences, because that is all that is kept of them: a sentence that is new is `unknown` until it is
//! added here.

use chrono::{DateTime, Utc};

use super::gap_cause::GapCause;
use super::span::Span;
use crate::domain::incident::{Incident, IncidentKind, Subject};

/// A time for which a cause is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownCause {
    /// When it held.
    pub span: Span,
    /// Which one.
    pub cause: GapCause,
}

/// What an incident says of a stream that is fed by that camera, if it says anything of gaps.
pub(super) fn cause_of(incident: &Incident, server: &str, stream: &str, now: DateTime<Utc>) -> Option<KnownCause> {
    let concerns = match &incident.subject {
        Subject::Camera { name, .. } => name == stream,
        Subject::Server { name } => name == server,
        Subject::Stream { server: its, name } => its == server && name == stream,
        Subject::Service { name } => name == "spool",
        Subject::Host { .. }
        | Subject::Disk { .. }
        | Subject::Target { .. }
        | Subject::Encoder { .. }
        | Subject::Platform { .. }
        | Subject::LiveEvent { .. } => false,
    };
    if !concerns {
        return None;
    }
    let says = |words: &[&str]| words.iter().any(|word| incident.cause.contains(word));
    let cause = match incident.kind {
        IncidentKind::ServerDown => GapCause::ServerDown,
        IncidentKind::ServerRestarted => GapCause::RelayRestarting,
        IncidentKind::CameraDown | IncidentKind::CameraDegraded if says(&NETWORK) => GapCause::Network,
        IncidentKind::CameraDown | IncidentKind::CameraDegraded => GapCause::CameraDown,
        IncidentKind::CameraStalled | IncidentKind::StreamFlapping => GapCause::SourceSilent,
        IncidentKind::RecordingPaused if says(&["record.max_concurrent"]) => GapCause::OverMaxConcurrent,
        IncidentKind::RecordingPaused if says(&["disk", "folder", "min_free", "spool"]) => GapCause::Disk,
        IncidentKind::ServiceDown => GapCause::Disk,
        _ => return None,
    };
    Some(KnownCause { span: Span { from: incident.opened_at, to: incident.closed_at.unwrap_or(now) }, cause })
}

/// Words of a camera that the network does not reach.
const NETWORK: [&str; 5] = ["unreachable", "no route", "refused", "timed out", "timeout"];

/// What the end of a session says of the time until the next one begins.
pub(super) fn cause_of_end(reason: &str) -> Option<GapCause> {
    let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    if says(&["the stream ended", "has no such stream", "no media for"]) {
        return Some(GapCause::SourceSilent);
    }
    if says(&["RTSP port does not answer"]) {
        return Some(GapCause::ServerDown);
    }
    if says(&["record = false", "record.exclude", "record.include"]) {
        return Some(GapCause::NotEnabled);
    }
    if says(&["record.max_concurrent"]) {
        return Some(GapCause::OverMaxConcurrent);
    }
    if says(&["No space left", "min_free", "spool"]) {
        return Some(GapCause::Disk);
    }
    let began_anew = ["goes on in the next session", "the program", "the picture is not", "ffmpeg"];
    says(&began_anew).then_some(GapCause::RecorderRestarting)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).expect("a time")
    }

    fn span(from: i64, to: i64) -> Span {
        Span { from: at(from), to: at(to) }
    }

    #[test]
    fn incidents_and_ends_of_sessions_tell_causes() {
        use GapCause::{CameraDown, Disk, Network, OverMaxConcurrent, RelayRestarting, ServerDown, SourceSilent};
        let camera = || Subject::camera_of(1, "cam");
        let stream = || Subject::Stream { server: "main".to_owned(), name: "cam".to_owned() };
        let named = |name: &str| Subject::Server { name: name.to_owned() };
        let service = |name: &str| Subject::Service { name: name.to_owned() };
        for (kind, subject, words, wanted) in [
            (IncidentKind::CameraDown, camera(), "connection refused", Some(Network)),
            (IncidentKind::CameraDown, camera(), "401 Unauthorized", Some(CameraDown)),
            (IncidentKind::CameraDown, Subject::camera_of(2, "other"), "401", None),
            (IncidentKind::CameraStalled, camera(), "no data", Some(SourceSilent)),
            (IncidentKind::ServerDown, named("main"), "", Some(ServerDown)),
            (IncidentKind::ServerDown, named("other"), "", None),
            (IncidentKind::ServerRestarted, named("main"), "", Some(RelayRestarting)),
            (IncidentKind::RecordingPaused, stream(), "... record.max_concurrent; raise it", Some(OverMaxConcurrent)),
            (IncidentKind::RecordingPaused, service("spool"), "less than record.min_free is free", Some(Disk)),
            (IncidentKind::ServiceDown, service("spool"), "mount the disk", Some(Disk)),
            (IncidentKind::ServiceDown, service("database"), "gone", None),
            (IncidentKind::TracksChanged, stream(), "", None),
        ] {
            let incident = Incident::open(Uuid::nil(), kind, subject, words.to_owned(), at(5));
            let found = cause_of(&incident, "main", "cam", at(9));
            assert_eq!(found.map(|one| one.cause), wanted, "{kind:?} {words}");
            assert!(found.is_none_or(|one| one.span == span(5, 9)), "{kind:?}");
        }
        for (reason, wanted) in [
            ("the stream ended", Some(SourceSilent)),
            ("the program ended without closing it; what was whole has been kept", Some(GapCause::RecorderRestarting)),
            ("the program was stopped", Some(GapCause::RecorderRestarting)),
            ("no pattern of record.include names it", Some(GapCause::NotEnabled)),
            ("the camera's row says record = false", Some(GapCause::NotEnabled)),
            ("3 streams are being recorded, which is record.max_concurrent; raise it", Some(OverMaxConcurrent)),
            ("the media server has no such stream any more", Some(SourceSilent)),
            ("no media for 10 s; ffmpeg is started again", Some(SourceSilent)),
            ("the media server's RTSP port does not answer; check that it runs, and rtsp_url", Some(ServerDown)),
            ("the disk of the spool is full; free space, or lower record.keep_local", Some(Disk)),
            ("the spool cannot be written; make it writable, or change data_dir", Some(Disk)),
            (
                "record.segment_duration was changed; the recording goes on in the next session",
                Some(GapCause::RecorderRestarting),
            ),
            (
                "the tracks changed from H264 to H265; the recording goes on in the next session",
                Some(GapCause::RecorderRestarting),
            ),
            ("the picture is not H.265, as the media server told", Some(GapCause::RecorderRestarting)),
            ("ffmpeg crashed (ended by SIGSEGV); it is started again", Some(GapCause::RecorderRestarting)),
            ("ffmpeg was ended from outside (ended by SIGKILL)", Some(GapCause::RecorderRestarting)),
            ("", None),
        ] {
            assert_eq!(cause_of_end(reason), wanted, "{reason}");
        }
    }
}
