//! A user name and a password, and how HTTP and RTSP carry them.
//!
//! Owns Basic authentication (RFC 7617). Never prints the password.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

/// What a client has to show.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// User name.
    pub username: String,
    /// Password.
    pub password: SecretString,
}

impl Credentials {
    /// From plain text.
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self { username: username.into(), password: SecretString::from(password.into()) }
    }

    /// True when the value of an `Authorization` header shows them.
    pub fn match_header(&self, value: &str) -> bool {
        let Some((scheme, encoded)) = value.split_once(' ') else { return false };
        let wanted = format!("{}:{}", self.username, self.password.expose_secret());
        scheme.eq_ignore_ascii_case("basic")
            && STANDARD.decode(encoded.trim()).is_ok_and(|given| given == wanted.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_header_matches() {
        let credentials = Credentials::new("Aladdin", "open sesame");
        // The example of RFC 7617.
        for (value, wanted) in [
            ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", true),
            ("basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", true),
            ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ", false),
            ("Basic QWxhZGRpbjo=", false),
            ("Digest username=\"Aladdin\"", false),
            ("", false),
        ] {
            assert_eq!(credentials.match_header(value), wanted, "{value}");
        }
        assert!(!format!("{credentials:?}").contains("sesame"));
    }
}
