//! Who is believed by which `sslmode`: as libpq does, with certificates as the manual of PostgreSQL has people make them.
//!
//! rustls takes what the web takes. The manual's first certificate is its own authority, its second one is of version 1;
//! both name their host in the common name only. What rustls refuses for one of these reasons is looked at here again: it
//! is taken when it is the very certificate of `sslrootcert`, or when an authority of that file has signed it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{ASN1Time, FromDer, X509Certificate, X509Version};

use crate::base::{Error, Result};

/// Authorities between the server's certificate and one that is trusted.
const LONGEST_CHAIN: usize = 5;

/// Whose certificate is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// Any: encrypts against listeners, not against somebody in the middle. What libpq does unless told otherwise.
    Anybody,
    /// One signed by the system's authorities, or by those in this file.
    Authority(Option<PathBuf>),
    /// The same, and made out to the host's name.
    AuthorityAndName(Option<PathBuf>),
}

/// Decides about a certificate as `sslmode` says.
#[derive(Debug)]
pub(super) struct PostgresVerifier {
    /// `None`: any certificate will do.
    authorities: Option<Arc<WebPkiServerVerifier>>,
    /// Those of `sslrootcert`.
    given: Vec<CertificateDer<'static>>,
    checks_name: bool,
    provider: Arc<CryptoProvider>,
}

impl PostgresVerifier {
    /// Reads the authorities; an error names the file at fault.
    pub(super) fn new(trust: Trust, provider: &Arc<CryptoProvider>) -> Result<Self> {
        let (checks_name, file) = match trust {
            Trust::Anybody => {
                let provider = Arc::clone(provider);
                return Ok(Self { authorities: None, given: Vec::new(), checks_name: false, provider });
            }
            Trust::Authority(file) => (false, file),
            Trust::AuthorityAndName(file) => (true, file),
        };
        let given = file.as_deref().map(read).transpose()?.unwrap_or_default();
        let store = Arc::new(store(file, &given)?);
        let authorities = WebPkiServerVerifier::builder_with_provider(store, Arc::clone(provider)).build();
        let authorities = authorities.map_err(|error| wrong(&format!("finds no authority to trust ({error})")))?;
        Ok(Self { authorities: Some(authorities), given, checks_name, provider: Arc::clone(provider) })
    }

    /// Whether the certificate leads to one of those given, in the ways that rustls does not know. `found` is what rustls
    /// said.
    fn own_chain(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        now: UnixTime,
        found: rustls::Error,
    ) -> Result<(), rustls::Error> {
        let mut current = parsed(certificate)?;
        if self.given.iter().any(|given| given.as_ref() == certificate.as_ref()) {
            return valid(&current, now);
        }
        // An authority that serves as well; libpq takes those too.
        if current.version() != X509Version::V1 && !current.is_ca() {
            return Err(found);
        }
        let between: Vec<_> = between.iter().filter_map(|one| parsed(one).ok()).collect();
        let given: Vec<_> = self.given.iter().filter_map(|one| parsed(one).ok()).collect();
        for _ in 0..LONGEST_CHAIN {
            valid(&current, now)?;
            if let Some(root) = given.iter().find(|root| has_signed(root, &current)) {
                return valid(root, now);
            }
            let next = between.iter().find(|one| one.version() == X509Version::V3 && has_signed(one, &current));
            current = next.cloned().ok_or(refused(CertificateError::UnknownIssuer))?;
        }
        Err(refused(CertificateError::UnknownIssuer))
    }

    /// The signature of a handshake by the key of a certificate of version 1, whose form rustls does not read.
    fn signature_of_version_1(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let certificate = parsed(certificate)?;
        let key = &certificate.public_key().subject_public_key.data;
        let all = &self.provider.signature_verification_algorithms;
        let fitting = all.mapping.iter().find(|(scheme, _)| *scheme == signature.scheme);
        let is_good = fitting.is_some_and(|(_, algorithms)| {
            algorithms.iter().any(|one| one.verify_signature(key, message, signature.signature()).is_ok())
        });
        match is_good {
            true => Ok(HandshakeSignatureValid::assertion()),
            false => Err(refused(CertificateError::BadSignature)),
        }
    }
}

impl ServerCertVerifier for PostgresVerifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(authorities) = &self.authorities else { return Ok(ServerCertVerified::assertion()) };
        match authorities.verify_server_cert(certificate, between, name, ocsp, now) {
            Ok(verified) => return Ok(verified),
            // The chain is checked before the name.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => {}
            Err(found) => self.own_chain(certificate, between, now, found)?,
        }
        if !self.checks_name || is_made_out_to(&parsed(certificate)?, name) {
            return Ok(ServerCertVerified::assertion());
        }
        Err(refused(CertificateError::NotValidForName))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if is_version_1(certificate) {
            return self.signature_of_version_1(message, certificate, signature);
        }
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        // Schemes that TLS 1.3 has given up.
        let is_old = matches!(
            signature.scheme,
            SignatureScheme::RSA_PKCS1_SHA256 | SignatureScheme::RSA_PKCS1_SHA384 | SignatureScheme::RSA_PKCS1_SHA512
        );
        if is_version_1(certificate) && !is_old {
            return self.signature_of_version_1(message, certificate, signature);
        }
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn refused(why: CertificateError) -> rustls::Error {
    rustls::Error::InvalidCertificate(why)
}

fn parsed<'a>(certificate: &'a CertificateDer<'_>) -> Result<X509Certificate<'a>, rustls::Error> {
    match X509Certificate::from_der(certificate.as_ref()) {
        Ok(([], parsed)) => Ok(parsed),
        _ => Err(refused(CertificateError::BadEncoding)),
    }
}

fn is_version_1(certificate: &CertificateDer<'_>) -> bool {
    parsed(certificate).is_ok_and(|parsed| parsed.version() == X509Version::V1)
}

fn valid(certificate: &X509Certificate<'_>, now: UnixTime) -> Result<(), rustls::Error> {
    let now = i64::try_from(now.as_secs()).ok().and_then(|now| ASN1Time::from_timestamp(now).ok());
    let now = now.ok_or(rustls::Error::FailedToGetCurrentTime)?;
    if now < certificate.validity().not_before {
        return Err(refused(CertificateError::NotValidYet));
    }
    if now > certificate.validity().not_after {
        return Err(refused(CertificateError::Expired));
    }
    Ok(())
}

/// Whether this is an authority that has signed that certificate. Version 1 knows no authorities: there, one that is its
/// own counts as one, as OpenSSL has it.
fn has_signed(issuer: &X509Certificate<'_>, certificate: &X509Certificate<'_>) -> bool {
    let is_authority = match issuer.version() {
        X509Version::V1 => issuer.subject().as_raw() == issuer.issuer().as_raw(),
        _ => issuer.is_ca() && issuer.key_usage().ok().flatten().is_none_or(|usage| usage.value.key_cert_sign()),
    };
    is_authority
        && issuer.subject().as_raw() == certificate.issuer().as_raw()
        && certificate.verify_signature(Some(issuer.public_key())).is_ok()
}

/// As libpq: by the alternative names of the host's sort, and by the common name where there is none of them.
fn is_made_out_to(certificate: &X509Certificate<'_>, name: &ServerName<'_>) -> bool {
    let host = name.to_str();
    let address = host.parse::<std::net::IpAddr>().ok();
    let octets = address.map(|address| match address {
        std::net::IpAddr::V4(address) => address.octets().to_vec(),
        std::net::IpAddr::V6(address) => address.octets().to_vec(),
    });
    let alternative = certificate.subject_alternative_name().ok().flatten();
    let fitting: Vec<bool> = alternative
        .iter()
        .flat_map(|extension| &extension.value.general_names)
        .filter_map(|one| match (one, &octets) {
            (GeneralName::DNSName(pattern), None) => Some(fits(pattern, &host)),
            (GeneralName::IPAddress(bytes), Some(octets)) => Some(*bytes == octets.as_slice()),
            _ => None,
        })
        .collect();
    match fitting.is_empty() {
        false => fitting.contains(&true),
        true => certificate
            .subject()
            .iter_common_name()
            .last()
            .and_then(|name| name.as_str().ok())
            .is_some_and(|name| if address.is_some() { name == host } else { fits(name, &host) }),
    }
}

/// `*.` stands for one part of a name.
fn fits(pattern: &str, host: &str) -> bool {
    let host = host.trim_end_matches('.');
    match pattern.strip_prefix("*.") {
        Some(rest) if rest.contains('.') => {
            host.split_once('.').is_some_and(|(first, others)| !first.is_empty() && others.eq_ignore_ascii_case(rest))
        }
        _ => pattern.eq_ignore_ascii_case(host),
    }
}

fn read(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let all = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    all.map_err(|error| unusable(file, &error))
}

fn store(file: Option<PathBuf>, given: &[CertificateDer<'static>]) -> Result<RootCertStore> {
    let mut store = RootCertStore::empty();
    match file {
        // Unreadable ones of the system are left out; that none is left is an error of the verifier.
        None => _ = store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs),
        Some(file) => {
            for certificate in given {
                store.add(certificate.clone()).map_err(|error| unusable(&file, &error))?;
            }
        }
    }
    Ok(store)
}

fn unusable(file: &Path, error: &dyn std::fmt::Display) -> Error {
    wrong(&format!("names the sslrootcert {}, which cannot be used ({error})", file.display()))
}

fn wrong(sentence: &str) -> Error {
    Error::invalid("database.url", sentence)
}

/// What is wrong with the server's certificate, and what to do.
pub(super) fn words(error: &rustls::Error) -> String {
    use CertificateError as Why;
    let why = match error {
        rustls::Error::InvalidCertificate(Why::Expired | Why::ExpiredContext { .. }) => {
            "it has expired; renew it there, and look at the clock here"
        }
        rustls::Error::InvalidCertificate(Why::NotValidYet | Why::NotValidYetContext { .. }) => {
            "it is not valid yet; look at the clocks of both machines"
        }
        rustls::Error::InvalidCertificate(Why::UnknownIssuer) => {
            "no authority of sslrootcert has signed it (without sslrootcert, those of this machine count); name the \
             certificate of its authority, or itself, in sslrootcert"
        }
        rustls::Error::InvalidCertificate(Why::NotValidForName | Why::NotValidForNameContext { .. }) => {
            "it is made out to another name than the host in database.url; write that name there, or sslmode=verify-ca"
        }
        other => return format!("shows a certificate that is not trusted: {other}; see sslmode and sslrootcert"),
    };
    format!("shows a certificate that is not trusted: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_one_part() {
        for (pattern, host, wanted) in [
            ("db.example.org", "DB.example.org", true),
            ("*.example.org", "db.example.org", true),
            ("*.example.org", "a.db.example.org", false),
            ("*.example.org", "example.org", false),
            ("*.org", "example.org", false),
            ("db", "db2", false),
        ] {
            assert_eq!(fits(pattern, host), wanted, "{pattern} {host}");
        }
    }
}
