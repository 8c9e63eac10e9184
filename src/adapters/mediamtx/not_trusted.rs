//! What is said of a certificate that is not taken, of the API and of RTSP alike.

use crate::adapters::tls::certificate_words::words;
use crate::config::settings::ApiTrust;

/// A side of a server that may be encrypted, and the keys that concern it.
#[derive(Debug)]
pub(super) struct EncryptedSide {
    /// Begins `_url`, `_fingerprint` and `_ca_file`.
    key: &'static str,
    /// Port where none is written.
    port: u16,
    /// What is written for one that is not encrypted.
    plain: &'static str,
    /// What encrypts it in `mediamtx.yml`.
    encryption: &'static str,
}

/// The control API.
pub(super) const API: EncryptedSide =
    EncryptedSide { key: "api", port: 443, plain: "http", encryption: "apiEncryption" };
/// RTSP.
pub(super) const RTSP: EncryptedSide =
    EncryptedSide { key: "rtsp", port: 322, plain: "rtsp", encryption: "rtspEncryption" };

/// The certificate that `origin` (scheme, host, port) of a server shows is not taken, or there is no TLS at all.
pub(super) fn not_trusted(
    side: &EncryptedSide,
    server: &str,
    origin: &str,
    trust: &ApiTrust,
    fault: &rustls::Error,
) -> String {
    let EncryptedSide { key, port, plain, encryption } = side;
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    let host = if host.contains(':') { host.to_owned() } else { format!("{host}:{port}") };
    let asked =
        format!("openssl s_client -connect {host} </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256");
    match (trust, fault) {
        (ApiTrust::Fingerprint(_), rustls::Error::General(found)) => format!(
            "{origin} shows another certificate than the one of {key}_fingerprint ({found}): if the certificate was \
            renewed, correct {key}_fingerprint of server {server}"
        ),
        (ApiTrust::File(_), rustls::Error::InvalidCertificate(why)) => format!(
            "{origin} shows a certificate that no authority of {key}_ca_file has signed for this name ({}): put that \
            certificate itself into {key}_ca_file of server {server}, or set {key}_fingerprint instead (`{asked}`)",
            words(why)
        ),
        (_, rustls::Error::InvalidCertificate(why)) => format!(
            "{origin} shows a certificate that this machine does not trust ({}): set {key}_fingerprint of server \
            {server} to its SHA-256 fingerprint (`{asked}`), or {key}_ca_file to the file of its authority",
            words(why)
        ),
        (_, other) => format!(
            "no secure connection to {origin} ({other}): write {plain}:// in {key}_url of server {server} if that is not \
            encrypted ({encryption} in mediamtx.yml)"
        ),
    }
}
