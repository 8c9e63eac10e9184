//! Logins as cameras ask for them: Basic and Digest of RFC 7616, without `qop` as RTSP cameras do.

use md5::Md5;
use sha2::{Digest, Sha256};

/// What a camera asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    None,
    Basic,
    Md5,
    /// ffmpeg cannot.
    Sha256,
}

const REALM: &str = "camera";
const NONCE: &str = "b3c7d9f1";

impl Login {
    /// The header `WWW-Authenticate` of a 401.
    pub(super) fn challenge(self) -> String {
        match self {
            Self::None => String::new(),
            Self::Basic => format!("Basic realm=\"{REALM}\""),
            Self::Md5 => format!("Digest realm=\"{REALM}\", nonce=\"{NONCE}\""),
            Self::Sha256 => format!("Digest realm=\"{REALM}\", nonce=\"{NONCE}\", algorithm=SHA-256"),
        }
    }

    /// Whether this header `Authorization` opens.
    pub(super) fn admits(self, header: Option<&str>, method: &str, user: &str, password: &str) -> bool {
        use base64::Engine;
        let Some(header) = header else { return self == Self::None };
        match self {
            Self::None => true,
            Self::Basic => {
                let wanted = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
                header.strip_prefix("Basic ").is_some_and(|given| given.trim() == wanted)
            }
            Self::Md5 => digest::<Md5>(header, method, user, password),
            Self::Sha256 => digest::<Sha256>(header, method, user, password),
        }
    }
}

fn digest<D: Digest>(header: &str, method: &str, user: &str, password: &str) -> bool {
    let hash = |text: String| D::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (Some(given), Some(uri)) = (field(header, "response"), field(header, "uri")) else { return false };
    let (one, two) = (hash(format!("{user}:{REALM}:{password}")), hash(format!("{method}:{uri}")));
    field(header, "username") == Some(user) && given == hash(format!("{one}:{NONCE}:{two}"))
}

/// The value of `name="value"`.
fn field<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = header.split_once(&format!("{name}=\""))?;
    after.split_once('"').map(|(value, _)| value)
}
