//! Whose certificate a server may show (a control API, another streamwarden), when it is one that no public authority has signed.
//!
//! MediaMTX makes such certificates by its own instructions (`openssl req -new -x509`) and names others by the SHA-256
//! fingerprint; so do we. Without one of the two keys the machine's authorities decide, as for any `https://`.

use std::error::Error as _;
use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ConfigBuilder, DigitallySignedStruct, RootCertStore, SignatureScheme, WantsVerifier};
use sha2::{Digest, Sha256};

use crate::base::{Error, Result, fingerprint};
use crate::config::settings::ApiTrust;
use crate::config::small_file;

/// The configuration of TLS for this trust; `None`: the machine's authorities decide. `key` is what names the file.
///
/// # Errors
/// `Invalid` naming the key when the file holds no certificate.
pub fn configuration(key: &str, trust: &ApiTrust) -> Result<Option<ClientConfig>> {
    named(key, trust)?.map(judged_by).transpose()
}

/// The configuration of TLS where this one decides.
///
/// # Errors
/// `Internal` when TLS cannot be set up.
pub fn judged_by(verifier: Arc<dyn ServerCertVerifier>) -> Result<ClientConfig> {
    let judged = versions()?.dangerous().with_custom_certificate_verifier(verifier);
    Ok(judged.with_no_client_auth())
}

fn versions() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>> {
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::internal("TLS cannot be set up").with_source(error))
}

/// Who decides by this trust, the machine's authorities included: for whoever wants to see the certificate too.
///
/// # Errors
/// As of [`configuration`].
pub fn verifier(key: &str, trust: &ApiTrust) -> Result<Arc<dyn ServerCertVerifier>> {
    static MACHINE: OnceLock<Arc<WebPkiServerVerifier>> = OnceLock::new();
    if let Some(named) = named(key, trust)? {
        return Ok(named);
    }
    if let Some(known) = MACHINE.get() {
        return Ok(Arc::clone(known) as Arc<dyn ServerCertVerifier>);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let built = WebPkiServerVerifier::builder_with_provider(Arc::new(authorities()), provider).build();
    let built = built.map_err(|error| {
        Error::unavailable("this machine has no certificates of authorities; install them (ca-certificates)")
            .with_source(error)
    })?;
    Ok(Arc::clone(MACHINE.get_or_init(|| built)) as Arc<dyn ServerCertVerifier>)
}

fn named(key: &str, trust: &ApiTrust) -> Result<Option<Arc<dyn ServerCertVerifier>>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let trusted = match trust {
        ApiTrust::Machine => return Ok(None),
        ApiTrust::Fingerprint(wanted) => Trusted::Fingerprint(*wanted),
        ApiTrust::File(file) => file_of(key, file, &provider)?,
    };
    Ok(Some(Arc::new(ApiVerifier { trusted, provider })))
}

/// Reading a hundred certificates takes its time.
fn authorities() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// As [`configuration`], and the machine's authorities where they decide: for connections of our own.
///
/// # Errors
/// As there.
pub fn client(key: &str, trust: &ApiTrust) -> Result<Arc<ClientConfig>> {
    static MACHINE: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = configuration(key, trust)? {
        return Ok(Arc::new(config));
    }
    if let Some(known) = MACHINE.get() {
        return Ok(Arc::clone(known));
    }
    let config = versions()?.with_root_certificates(authorities()).with_no_client_auth();
    Ok(Arc::clone(MACHINE.get_or_init(|| Arc::new(config))))
}

/// What TLS has to complain of, where a request has failed for that.
pub fn tls_fault(error: &reqwest::Error) -> Option<&rustls::Error> {
    let mut next = error.source();
    while let Some(cause) = next {
        // An error of I/O hides the one that it wraps from `source`, perhaps another one of I/O.
        let mut inner = cause;
        while let Some(wrapped) = inner.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            inner = wrapped;
        }
        if let Some(found) = inner.downcast_ref() {
            return Some(found);
        }
        next = cause.source();
    }
    None
}

fn file_of(key: &str, file: &Path, provider: &Arc<CryptoProvider>) -> Result<Trusted> {
    let wrong = |why: String| {
        let text = format!("{} {why}; name a readable file with certificates in PEM", file.display());
        Error::invalid(key, text)
    };
    let read = small_file::read(file).map_err(|error| wrong(format!("cannot be read ({error})")))?;
    let certificates = CertificateDer::pem_slice_iter(&read).collect::<std::result::Result<Vec<_>, _>>();
    let certificates = certificates.map_err(|error| wrong(format!("cannot be read ({error})")))?;
    if certificates.is_empty() {
        return Err(wrong("holds no certificate".to_owned()));
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates.iter().cloned());
    // A file without a usable authority may still hold the server's own certificate.
    let authorities = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build().ok();
    Ok(Trusted::File { certificates, authorities })
}

#[derive(Debug)]
enum Trusted {
    Fingerprint([u8; 32]),
    /// Signed by one of them, or one of them itself.
    File {
        certificates: Vec<CertificateDer<'static>>,
        authorities: Option<Arc<WebPkiServerVerifier>>,
    },
}

#[derive(Debug)]
struct ApiVerifier {
    trusted: Trusted,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for ApiVerifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        match &self.trusted {
            Trusted::Fingerprint(wanted) if Sha256::digest(certificate)[..] == wanted[..] => {
                Ok(ServerCertVerified::assertion())
            }
            Trusted::Fingerprint(_) => Err(rustls::Error::General(format!(
                "its SHA-256 fingerprint is {}",
                fingerprint::shown(&Sha256::digest(certificate))
            ))),
            // Of a certificate that somebody has put there himself neither name nor purpose is asked.
            Trusted::File { certificates, .. } if certificates.iter().any(|known| known == certificate) => {
                Ok(ServerCertVerified::assertion())
            }
            Trusted::File { authorities: Some(authorities), .. } => {
                authorities.verify_server_cert(certificate, between, name, ocsp, now)
            }
            Trusted::File { authorities: None, .. } => {
                Err(rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer))
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
