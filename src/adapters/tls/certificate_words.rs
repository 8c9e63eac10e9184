//! Why a certificate is not accepted, for people: what the library says of some faults are the names of its types.

use rustls::CertificateError;

/// What the verifier calls a certificate of an authority that a server shows as its own. The library gives no other way to know it.
const OF_AUTHORITY: &str = "CaUsedAsEndEntity";

/// Whether a server shows the certificate of an authority, as one that it has signed itself often is (`openssl req -x509` makes those).
pub fn is_of_authority(fault: &CertificateError) -> bool {
    matches!(fault, CertificateError::Other(inner) if inner.0.to_string() == OF_AUTHORITY)
}

/// The fault in words, without a remedy.
pub fn words(fault: &CertificateError) -> String {
    match fault {
        CertificateError::BadEncoding => "it cannot be read".to_owned(),
        CertificateError::BadSignature => "its signature is wrong".to_owned(),
        CertificateError::UnknownIssuer => "no authority that is trusted here has signed it".to_owned(),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "it is not made for a server".to_owned()
        }
        other if is_of_authority(other) => "it is that of an authority, as self-signed ones often are".to_owned(),
        CertificateError::Other(inner) => inner.0.to_string(),
        other => other.to_string(),
    }
}

/// What the library says of a certificate that has signed itself and says it is an authority, as `openssl req -x509` makes it.
#[cfg(test)]
pub fn of_authority() -> CertificateError {
    use std::sync::Arc;

    use rustls::RootCertStore;
    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier;
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

    let folder = tempfile::tempdir().expect("a folder");
    let made = std::process::Command::new("openssl")
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
