//! Words for certificates, by a real one.

use std::process::Command;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, RootCertStore};

use super::certificate_words::{is_of_authority, words};

/// What the library says of a certificate that has signed itself and says it is an authority, as `openssl req -x509` makes it.
pub fn of_authority() -> CertificateError {
    let folder = tempfile::tempdir().expect("a folder");
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=h", "-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(folder.path())
        .output();
    assert!(made.is_ok_and(|made| made.status.success()), "openssl");
    let shown = CertificateDer::from_pem_file(folder.path().join("cert.pem")).expect("a certificate");
    let mut roots = RootCertStore::empty();
    roots.add(shown.clone()).expect("a root");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().expect("a verifier");
    let name = ServerName::try_from("h").expect("a name");
    match verifier.verify_server_cert(&shown, &[], &name, &[], UnixTime::now()) {
        Err(rustls::Error::InvalidCertificate(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_fault_is_told_without_names_of_types() {
    let authority = of_authority();
    assert!(is_of_authority(&authority), "{authority:?}");
    for (fault, part) in [
        (authority, "that of an authority"),
        (CertificateError::BadSignature, "its signature is wrong"),
        (CertificateError::UnknownIssuer, "no authority that is trusted here"),
    ] {
        let said = words(&fault);
        assert!(said.contains(part) && !said.contains("Other"), "{said}");
    }
}
