//! Which cameras should deliver a picture and do not, and why: what must never look well.

use super::{CameraState, CameraStatus};
use crate::domain::stream::{StreamState, StreamStatus};

/// Why an enabled camera delivers nothing; `None` while it delivers, is on its way to its first picture without a fault, or
/// is switched off. `stream` is what its server lists under its path; `watched` says whether anybody looks at that server.
pub fn undelivered(camera: &CameraStatus, stream: Option<&StreamStatus>, watched: bool) -> Option<String> {
    if !camera.enabled {
        return None;
    }
    let fault = || camera.last_error.clone();
    match camera.state {
        CameraState::Running if !watched => None,
        CameraState::Running => match stream {
            None => Some("nothing arrives at the server".to_owned()),
            // A server that does not answer says nothing about the camera.
            Some(stream) if matches!(stream.state, StreamState::Live | StreamState::Unknown) => None,
            Some(stream) => Some(stream.reason.clone().unwrap_or_else(|| "its stream does not move".to_owned())),
        },
        CameraState::Waiting | CameraState::Probing | CameraState::Starting => fault(),
        CameraState::Held => Some(fault().unwrap_or_else(|| "somebody else publishes to its path".to_owned())),
        CameraState::Stalled | CameraState::Backoff | CameraState::Degraded | CameraState::Stopped => {
            Some(fault().unwrap_or_else(|| format!("it is {}", camera.state)))
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::fleet::CameraFacts;
    use crate::domain::moment::Moment;
    use crate::domain::name::StreamName;
    use crate::domain::stream::{PathSeen, StreamMemory};

    fn camera(state: CameraState, fault: Option<&str>) -> CameraStatus {
        let facts = CameraFacts {
            id: 1,
            name: "gate".to_owned(),
            label: None,
            kind: "generic".to_owned(),
            host: None,
            enabled: true,
            record: true,
        };
        let status = facts.status("main", state, DateTime::UNIX_EPOCH);
        CameraStatus { last_error: fault.map(str::to_owned), ..status }
    }

    fn stream(state: StreamState, reason: &str) -> StreamStatus {
        let at = Moment { wall: DateTime::UNIX_EPOCH, steady: std::time::Duration::ZERO };
        let name = StreamName::parse("gate").expect("a name");
        let status = StreamMemory::new("main", name).observe(PathSeen::Missing, at).status;
        StreamStatus { state, reason: Some(reason.to_owned()), ..StreamStatus::clone(&status) }
    }

    #[test]
    fn what_delivers_nothing_is_told_with_its_reason() {
        use CameraState::{Backoff, Degraded, Held, Probing, Running, Stalled, Starting, Stopped, Waiting};
        let refused = Some("refuses the connection");
        let live = stream(StreamState::Live, "");
        let stalled = stream(StreamState::Stalled, "its source is connected and sends nothing");
        let offline = stream(StreamState::Offline, "nobody publishes to it");
        let unknown = stream(StreamState::Unknown, "the server does not answer");
        let table = [
            (Running, None, Some(&live), true, None),
            (Running, refused, Some(&live), true, None),
            (Running, None, Some(&unknown), true, None),
            (Running, None, Some(&stalled), true, Some("its source is connected and sends nothing")),
            (Running, None, Some(&offline), true, Some("nobody publishes to it")),
            (Running, None, None, true, Some("nothing arrives at the server")),
            (Running, None, None, false, None),
            (Waiting, None, None, true, None),
            (Probing, None, None, true, None),
            (Starting, None, None, true, None),
            (Starting, refused, None, true, refused),
            (Backoff, refused, Some(&offline), true, refused),
            (Degraded, refused, None, true, refused),
            (Stalled, None, Some(&live), true, Some("it is stalled")),
            (Held, None, Some(&live), true, Some("somebody else publishes to its path")),
            (Stopped, Some("the row has no host"), None, true, Some("the row has no host")),
        ];
        for (state, fault, stream, watched, expected) in table {
            let found = undelivered(&camera(state, fault), stream, watched);
            assert_eq!(found.as_deref(), expected, "{state}, {fault:?}, {stream:?}, watched {watched}");
        }
        let off = CameraStatus { enabled: false, ..camera(Stopped, refused) };
        assert_eq!(undelivered(&off, None, true), None, "nobody wants it");
    }
}
