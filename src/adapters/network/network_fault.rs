//! Why an endpoint is not as it should be, in sentences with a remedy.

use std::io;

use rustls::CertificateError;

use crate::adapters::tls::certificate_words::{is_of_authority, words};
use crate::base::endpoint_url::{EndpointScheme, EndpointUrl};
use crate::domain::health::NetworkRound;
use crate::domain::probe::{FaultKind, ProbeFault};

/// It has not ended in time, having come as far as `round` says.
pub(super) fn late(url: &EndpointUrl, round: &NetworkRound) -> ProbeFault {
    let place = url.origin();
    let text = if round.phases.connect_seconds.is_none() {
        format!("timeout: {place} does not answer; check that it is on, and the network and firewalls on the way to it")
    } else if url.scheme.is_secure() && round.phases.tls_seconds.is_none() {
        format!("timeout: {place} takes the connection and says nothing of TLS; check that this port speaks it")
    } else {
        format!("timeout: {place} takes the connection and does not answer; look at the service there")
    };
    ProbeFault::new(FaultKind::TimedOut, text)
}

/// No connection came about, or it was cut.
pub(super) fn of_io(url: &EndpointUrl, error: &io::Error) -> ProbeFault {
    let place = url.origin();
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            let text = format!("connection refused by {place}; check that the service runs, and its port");
            ProbeFault::new(FaultKind::Refused, text)
        }
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable | io::ErrorKind::AddrNotAvailable => {
            let text = format!("no way to {place} ({error}); check the network and the routes of this machine");
            ProbeFault::new(FaultKind::NoRoute, text)
        }
        io::ErrorKind::PermissionDenied => {
            let text = format!("{place} may not be asked ({error}); check the firewall of this machine");
            ProbeFault::new(FaultKind::NoRoute, text)
        }
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => {
            let text = format!("{place} cut the connection before it answered; look at its log");
            ProbeFault::new(FaultKind::Ended, text)
        }
        io::ErrorKind::TimedOut => {
            let text =
                format!("timeout: {place} does not answer; check that it is on, and the network on the way to it");
            ProbeFault::new(FaultKind::TimedOut, text)
        }
        _ => ProbeFault::new(FaultKind::Other, format!("{place} cannot be asked: {error}; look at its log")),
    }
}

/// What answers speaks something else.
pub(super) fn other_protocol(url: &EndpointUrl) -> ProbeFault {
    let what = match url.scheme {
        EndpointScheme::Http | EndpointScheme::Https => "HTTP",
        EndpointScheme::Rtsp | EndpointScheme::Rtsps => "RTSP",
        EndpointScheme::Rtmp | EndpointScheme::Rtmps => "RTMP",
        _ => "SRT",
    };
    let text = format!("what answers at {} does not speak {what}; check the port", url.origin());
    ProbeFault::new(FaultKind::NotMedia, text)
}

/// An HTTP answer that says no; `None` of one that says yes, or names another place, which is not looked at.
pub(super) fn of_status(url: &EndpointUrl, status: u16) -> Option<ProbeFault> {
    let (kind, remedy) = match status {
        ..=399 => return None,
        401 | 403 => (FaultKind::Unauthorized, "name a path that asks for no login"),
        404 | 410 => (FaultKind::NotFound, "check the path in its url"),
        429 | 503 => (FaultKind::Busy, "look at the service there"),
        _ => (FaultKind::Other, "look at the service there"),
    };
    Some(ProbeFault::new(kind, format!("{} answers with status {status}; {remedy}", url.origin())))
}

/// What TLS has to complain of.
pub(super) fn of_tls(url: &EndpointUrl, error: &io::Error) -> ProbeFault {
    let place = url.origin();
    let Some(fault) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
        return of_io(url, error);
    };
    let text = match fault {
        rustls::Error::InvalidCertificate(wrong) => match wrong {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                format!("the certificate of {place} has expired; renew it")
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                format!("the certificate of {place} is not valid yet; check the clocks of both machines")
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!(
                    "the certificate of {place} is for another name; use the name it was made for, or name it by fingerprint"
                )
            }
            CertificateError::UnknownIssuer => {
                format!(
                    "no authority of this machine has signed the certificate of {place}; name it by ca_file or fingerprint"
                )
            }
            CertificateError::Revoked => format!("the certificate of {place} was revoked; renew it"),
            other if is_of_authority(other) => format!(
                "the certificate of {place} is that of an authority, as one that a service has signed itself often is, and not that \
                 of a server; name it by fingerprint or ca_file, or give the service a certificate of its own"
            ),
            other => format!(
                "the certificate of {place} is not accepted ({}); look at it, or name it by fingerprint",
                words(other)
            ),
        },
        // Of a fingerprint, see `certificate_trust`.
        rustls::Error::General(why) => {
            format!("{place} shows another certificate than fingerprint names: {why}; check whose it is")
        }
        rustls::Error::InvalidMessage(_) => {
            format!("what answers at {place} does not speak TLS; check the port, or use a scheme without TLS")
        }
        other => format!("no TLS with {place}: {other}; look at its log"),
    };
    ProbeFault::new(FaultKind::Tls, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::tls::certificate_words_tests::of_authority;

    #[test]
    fn each_fault_has_its_kind_and_a_remedy() {
        let url = EndpointUrl::read("https://h/s3cret", "url").expect("a URL");
        for (kind, wanted) in [
            (io::ErrorKind::ConnectionRefused, FaultKind::Refused),
            (io::ErrorKind::HostUnreachable, FaultKind::NoRoute),
            (io::ErrorKind::UnexpectedEof, FaultKind::Ended),
            (io::ErrorKind::TimedOut, FaultKind::TimedOut),
            (io::ErrorKind::OutOfMemory, FaultKind::Other),
        ] {
            let fault = of_io(&url, &io::Error::from(kind));
            assert_eq!(fault.kind, wanted, "{kind:?}");
            assert!(fault.message.contains("; ") && fault.message.contains("https://h"), "{fault}");
            assert!(!fault.message.contains("s3cret"), "{fault}");
        }
        for (status, wanted) in [
            (200, None),
            (302, None),
            (401, Some(FaultKind::Unauthorized)),
            (404, Some(FaultKind::NotFound)),
            (500, Some(FaultKind::Other)),
            (503, Some(FaultKind::Busy)),
        ] {
            assert_eq!(of_status(&url, status).map(|fault| fault.kind), wanted, "{status}");
        }
        for (error, part) in [
            (rustls::Error::InvalidCertificate(CertificateError::Expired), "has expired"),
            (rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer), "ca_file"),
            (rustls::Error::InvalidCertificate(CertificateError::Revoked), "was revoked; renew"),
            (rustls::Error::InvalidCertificate(of_authority()), "is that of an authority"),
            (rustls::Error::InvalidCertificate(CertificateError::BadSignature), "name it by fingerprint"),
            (rustls::Error::General("its SHA-256 fingerprint is AB".into()), "fingerprint is AB"),
            (rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType), "does not speak TLS"),
        ] {
            let fault = of_tls(&url, &io::Error::new(io::ErrorKind::InvalidData, error));
            assert!(fault.kind == FaultKind::Tls && fault.message.contains(part), "{fault}");
            assert!(!fault.message.contains("OtherError") && !fault.message.contains("CaUsed"), "{fault}");
        }
    }
}
