//! Names of streams: the one place that decides whether a MediaMTX path name may touch disk, argv or an object key.
//!
//! Servers up to 1.17.0 let a client publish `../../x` (MediaMTX #5602), so names read from an API are checked too.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use crate::base::{Error, Result};

/// Longest name we handle, in bytes. MediaMTX has no limit; file systems do (255 per part) and so do object keys (1,024).
const LONGEST: usize = 200;

/// A checked path name: `[0-9A-Za-z_\-/.]+`, no empty, `.` or `..` part. Clones share its text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct StreamName(Arc<str>);

impl StreamName {
    /// Checks a name; the error says what is wrong with it and never quotes more than its first 40 characters.
    pub fn parse(name: &str) -> Result<Self> {
        let fault = if name.is_empty() {
            Some("is empty".to_owned())
        } else if name.len() > LONGEST {
            Some(format!("has {} bytes, at most {LONGEST} are allowed", name.len()))
        } else if let Some(bad) = name.chars().find(|c| !(c.is_ascii_alphanumeric() || "_-/.".contains(*c))) {
            Some(format!("holds {bad:?}; use letters, digits, '_', '-', '.' and '/'"))
        } else {
            name.split('/').find_map(|part| match part {
                "" => Some("has an empty part; do not begin or end with '/' nor write '//'".to_owned()),
                "." | ".." => Some(format!("has the part {part:?}, which would climb folders")),
                _ => None,
            })
        };
        match fault {
            None => Ok(Self(name.into())),
            Some(fault) => {
                let start: String = name.chars().take(40).collect();
                Err(Error::invalid("name", format!("the name {start:?} {fault}")))
            }
        }
    }

    /// The name as the server knows it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// One folder name per stream: every byte outside `[A-Za-z0-9_-]` becomes `=XX`. Injective, so `a/b`, `a_b` and
    /// `a.b` stay apart. `=` and not `%`, because ffmpeg's patterns give `%` a meaning.
    pub fn folder(&self) -> String {
        let mut out = String::with_capacity(self.0.len());
        for byte in self.0.bytes() {
            if byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' {
                out.push(char::from(byte));
            } else {
                out.push_str(&format!("={byte:02X}"));
            }
        }
        out
    }
}

impl Serialize for StreamName {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&self.0)
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl TryFrom<String> for StreamName {
    type Error = Error;
    fn try_from(name: String) -> Result<Self> {
        Self::parse(&name)
    }
}

impl From<StreamName> for String {
    fn from(name: StreamName) -> Self {
        name.0.as_ref().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_admitted_or_refused_with_a_reason() {
        for good in ["cam1", "site/cam-1", "a.b_c-d", ".x", "-x", "A"] {
            assert_eq!(StreamName::parse(good).expect(good).as_str(), good);
        }
        let long = "x".repeat(1_000_000);
        for (bad, reason) in [
            ("", "empty"),
            ("/a", "empty part"),
            ("a/", "empty part"),
            ("a//b", "empty part"),
            ("../x", "climb"),
            ("a/./b", "climb"),
            ("a b", "' '"),
            ("a\0b", "'\\0'"),
            ("a;rm", "';'"),
            ("~all", "'~'"),
            (long.as_str(), "1000000 bytes"),
        ] {
            let error = StreamName::parse(bad).expect_err(reason).to_string();
            assert!(error.contains(reason), "{error} lacks {reason}");
            assert!(error.len() < 200, "an error must not repeat a huge name");
        }
    }

    #[test]
    fn folders_stay_apart() {
        let folder = |name: &str| StreamName::parse(name).expect(name).folder();
        assert_eq!(folder("site/cam.1"), "site=2Fcam=2E1");
        assert_ne!(folder("a/b"), folder("a_b"));
        assert_eq!(folder(".x"), "=2Ex");
    }
}
