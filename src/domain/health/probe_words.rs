//! What a failed probe means, in a sentence with a remedy. ffmpeg's own words are of cameras; a target may be anything.

use super::probe_target::{ProbeKey, at_server};
use crate::domain::probe::{FaultKind, ProbeFault};

/// The fault in words about this target. `shown`: its address without secrets; empty for a path.
pub fn in_words(fault: &ProbeFault, key: &ProbeKey, shown: &str) -> ProbeFault {
    let place = key.path().map_or_else(|| shown.to_owned(), |path| at_server(&path));
    let is_path = key.stream.is_some();
    let text = match fault.kind {
        FaultKind::NameNotResolved => {
            format!(
                "the host name of {place} is not known here; check the name, and that the name servers of this machine know it, or use the address"
            )
        }
        FaultKind::Refused => format!("connection refused by {place}; check that it is on, and its port"),
        FaultKind::NoRoute => fault.message.clone(),
        FaultKind::TimedOut => {
            format!("timeout: {place} does not answer; check that it is on, and the network on the way to it")
        }
        FaultKind::Tls => {
            format!("no secure connection to {place}; check that its port speaks TLS, and its certificate")
        }
        FaultKind::Unauthorized if is_path => {
            format!(
                "the server refuses to let {place} be read; check publish_username and publish_password of the server"
            )
        }
        FaultKind::Unauthorized => {
            format!("{place} refuses the login, or wants one; check user name and password in the URL of the target")
        }
        FaultKind::NotFound if is_path => format!("{place} is gone; its publisher may have left a moment ago"),
        FaultKind::NotFound => format!("{place} has no such stream; check the path in the URL of the target"),
        FaultKind::NotMedia => {
            format!("what answers at {place} is no stream, or a malformed one; check port, protocol and path")
        }
        FaultKind::NoVideo => format!("{place} has no video; check its source"),
        FaultKind::CodecUnsupported => fault.message.clone(),
        FaultKind::Silent | FaultKind::NoKeyFrame => {
            format!("{place} answers and sends no pictures; look at its source")
        }
        FaultKind::Stalled => format!("{place} stalls: {}; look at its source and at the network", fault.message),
        FaultKind::Busy => format!("{place} answers that it serves nobody now; check how many readers it allows"),
        FaultKind::Ended => {
            format!("{place} cut the connection; look at its log, and check how many readers it allows")
        }
        FaultKind::Program
        | FaultKind::SoundMissing
        | FaultKind::ClockJumped
        | FaultKind::PublishRefused
        | FaultKind::Other => {
            format!("{place}: {}", fault.message)
        }
    };
    ProbeFault::new(fault.kind, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::name::StreamName;

    #[test]
    fn every_fault_says_whose_it_is_and_never_speaks_of_a_camera() {
        let url = ProbeKey::of_address("cdn");
        let name = StreamName::parse("cam/front").expect("a name");
        let path = ProbeKey { server: Some("main".to_owned()), stream: Some(name), ..ProbeKey::of_address("all") };
        for (kind, part) in [
            (FaultKind::Refused, "its port"),
            (FaultKind::Unauthorized, "check"),
            (FaultKind::NotFound, "gone"),
            (FaultKind::Stalled, "stalls: 1.0 s"),
            (FaultKind::Silent, "no pictures"),
            (FaultKind::NoVideo, "no video"),
            (FaultKind::NotMedia, "malformed"),
            (FaultKind::TimedOut, "does not answer"),
            (FaultKind::Program, "1.0 s"),
        ] {
            let fault = ProbeFault::new(kind, "1.0 s");
            let told = in_words(&fault, &path, "");
            assert!(told.message.contains(part) && told.message.contains("cam/front"), "{told}");
            let told = in_words(&fault, &url, "rtmp://***@h/live");
            assert!(told.message.contains("rtmp://***@h/live") && !told.message.contains("camera"), "{told}");
        }
    }
}
