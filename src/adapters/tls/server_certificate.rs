//! The certificate that we show: read from two PEM files and checked before it is used, and exchanged while the server runs.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, ServerConfig};
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use x509_parser::parse_x509_certificate;

use crate::base::{Error, Result, fingerprint};
use crate::config::settings::TlsFiles;
use crate::config::small_file;

const CERT: &str = "http.tls_cert";
const KEY: &str = "http.tls_key";

/// Told so long before its end.
const EXPIRES_SOON: TimeDelta = TimeDelta::days(14);

/// A certificate with the key that fits it.
#[derive(Debug)]
pub struct ServerCertificate {
    key: Arc<CertifiedKey>,
    /// Not valid before.
    pub not_before: DateTime<Utc>,
    /// Not valid after.
    pub not_after: DateTime<Utc>,
    /// SHA-256.
    pub fingerprint: [u8; 32],
}

/// Where readers find the one that is in use.
pub type CurrentCertificate = watch::Receiver<Arc<ServerCertificate>>;

impl ServerCertificate {
    /// Reads and checks both files.
    ///
    /// # Errors
    /// `Invalid` naming the key of the file that cannot be read, holds nothing of the kind, or does not fit the other one.
    pub fn read(files: &TlsFiles) -> Result<Self> {
        let chain = chain(&files.cert)?;
        let key = private_key(&files.key)?;
        let [leaf, ..] = chain.as_slice() else { return Err(wrong(CERT, &files.cert, "holds no certificate", PEM)) };
        let (not_before, not_after) = validity(leaf)
            .ok_or_else(|| wrong(CERT, &files.cert, "begins with a certificate that cannot be read", PEM))?;
        let fingerprint = Sha256::digest(leaf).into();
        let key =
            CertifiedKey::from_der(chain, key, &rustls::crypto::ring::default_provider()).map_err(
                |error| match error {
                    rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                        let what = format!("does not fit the first certificate in {}", files.cert.display());
                        wrong(
                            KEY,
                            &files.key,
                            &what,
                            "the server's own certificate has to stand first, before its authorities",
                        )
                    }
                    rustls::Error::General(_) => wrong(KEY, &files.key, "is of a kind that is not known here", KINDS),
                    error => wrong(CERT, &files.cert, &format!("cannot be used: {error}"), PEM),
                },
            )?;
        Ok(Self { key: Arc::new(key), not_before, not_after, fingerprint })
    }

    /// The certificate itself, in DER.
    pub fn leaf(&self) -> &[u8] {
        self.key.cert.first().map_or(&[], |leaf| leaf.as_ref())
    }

    /// What people should know of it now; `None`: all is well.
    pub fn trouble(&self, now: DateTime<Utc>) -> Option<String> {
        trouble((self.not_before, self.not_after), now)
    }

    /// `valid until 2027-03-01 12:00 UTC, SHA-256 33:6D:...`
    pub fn describe(&self) -> String {
        format!("valid until {}, SHA-256 {}", shown(self.not_after), fingerprint::shown(&self.fingerprint))
    }
}

/// Shows the current certificate to everybody.
#[derive(Debug)]
struct Shown(CurrentCertificate);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.borrow().key))
    }
}

/// How to serve with whatever certificate is current at each connection.
///
/// # Errors
/// `Internal` when this build has no TLS.
pub fn configuration(current: CurrentCertificate) -> Result<ServerConfig> {
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::internal("TLS cannot be set up").with_source(error))?;
    Ok(config.with_no_client_auth().with_cert_resolver(Arc::new(Shown(current))))
}

const PEM: &str = "name a file with the certificate in PEM, followed by those that lead to its authority";
const KINDS: &str = "use RSA, ECDSA (P-256, P-384) or Ed25519";

fn wrong(key: &str, file: &Path, what: &str, remedy: &str) -> Error {
    Error::invalid(key, format!("{} {what}; {remedy}", file.display()))
}

fn unreadable(key: &str, file: &Path, error: std::io::Error) -> Error {
    let remedy = "name a file that the user of this program may read";
    wrong(key, file, &format!("cannot be read: {error}"), remedy).with_source(error)
}

fn chain(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let text = small_file::read(file).map_err(|error| unreadable(CERT, file, error))?;
    let parsed: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    parsed.map_err(|error| wrong(CERT, file, &format!("is no good PEM: {error}"), PEM))
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>> {
    let text = small_file::read(file).map_err(|error| unreadable(KEY, file, error))?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|_| {
        let locked = text.windows(9).any(|part| part == b"ENCRYPTED");
        let what = if locked { "is locked by a passphrase" } else { "holds no private key in PEM" };
        wrong(
            KEY,
            file,
            what,
            "name the key of the certificate in PEM, without a passphrase (openssl pkey -in KEY -out NEW)",
        )
    })
}

fn validity(certificate: &[u8]) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let (_, parsed) = parse_x509_certificate(certificate).ok()?;
    let at = |time: x509_parser::time::ASN1Time| DateTime::from_timestamp(time.timestamp(), 0);
    Some((at(parsed.validity().not_before)?, at(parsed.validity().not_after)?))
}

fn shown(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

fn trouble((from, to): (DateTime<Utc>, DateTime<Utc>), now: DateTime<Utc>) -> Option<String> {
    let remedy = "put a new one into the files of http.tls_cert and http.tls_key and reload (SIGHUP)";
    if now > to {
        return Some(format!("the certificate has expired on {}; {remedy}", shown(to)));
    }
    if now < from {
        return Some(format!("the certificate is valid from {} on; check the clock, or {remedy}", shown(from)));
    }
    let left = to - now;
    (left < EXPIRES_SOON)
        .then(|| format!("the certificate expires in {} days, on {}; {remedy}", left.num_days(), shown(to)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_certificate_is_told_two_weeks_before() {
        let day = |number: i64| DateTime::from_timestamp(1_800_000_000, 0).expect("a time") + TimeDelta::days(number);
        let table = [
            (-1, Some("valid from 2027-01-15 08:00 UTC on; check the clock")),
            (0, None),
            (75, None),
            (77, Some("expires in 13 days, on 2027-04-15 08:00 UTC; put a new one")),
            (89, Some("expires in 1 days")),
            (91, Some("has expired on 2027-04-15")),
        ];
        for (now, words) in table {
            let told = trouble((day(0), day(90)), day(now));
            match words {
                None => assert_eq!(told, None, "day {now}"),
                Some(words) => assert!(told.as_deref().is_some_and(|told| told.contains(words)), "day {now}: {told:?}"),
            }
        }
    }
}
