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
