//! TLS of a probe: the certificate is looked at whether it is accepted or not, so that one that has expired is told as that.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::DateTime;
use rustls::ClientConfig;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use x509_parser::parse_x509_certificate;

use crate::adapters::tls::certificate_trust;
use crate::base::Result;
use crate::config::settings::ApiTrust;
use crate::domain::health::CertificateFacts;

/// What was shown in a handshake.
#[derive(Clone, Debug, Default)]
pub(super) struct ShownCertificate(Arc<Mutex<Option<CertificateFacts>>>);

impl ShownCertificate {
    /// `None` before it was shown, and of one that cannot be read.
    pub fn facts(&self) -> Option<CertificateFacts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, certificate: &CertificateDer<'_>) {
        let facts = facts(certificate);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = facts;
    }
}

fn facts(certificate: &[u8]) -> Option<CertificateFacts> {
    let (_, parsed) = parse_x509_certificate(certificate).ok()?;
    let at = |time: x509_parser::time::ASN1Time| DateTime::from_timestamp(time.timestamp(), 0);
    let validity = parsed.validity();
    Some(CertificateFacts { not_before: at(validity.not_before)?, not_after: at(validity.not_after)? })
}

/// For one handshake. `key` names the file of `trust`.
///
/// # Errors
/// `Invalid` naming the key when the file holds no certificate.
pub(super) fn configuration(key: &str, trust: &ApiTrust, shown: &ShownCertificate) -> Result<ClientConfig> {
    let verifier = Noting { inner: certificate_trust::verifier(key, trust)?, shown: shown.clone() };
    certificate_trust::judged_by(Arc::new(verifier))
}

/// Notes what is shown, and leaves the verdict to another.
#[derive(Debug)]
struct Noting {
    inner: Arc<dyn ServerCertVerifier>,
    shown: ShownCertificate,
}

impl ServerCertVerifier for Noting {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        self.shown.note(certificate);
        self.inner.verify_server_cert(certificate, between, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
