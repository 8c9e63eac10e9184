//! Where a stored password is sent.

use std::fmt;

use crate::base::source_url::Scheme;

/// Where a row's password is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Destination {
    pub(super) scheme: Scheme,
    /// Lower case, without brackets.
    pub(super) host: String,
    /// The one in the URL, else the scheme's own.
    pub(super) port: Option<u16>,
    /// The kind whose template made the URL; `None` for a URL of the row's own.
    pub(super) kind: Option<String>,
    /// What looks like the host may be the beginning of a password, and is not shown.
    pub(super) hidden: bool,
}

impl fmt::Display for Destination {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.hidden {
            return write!(out, "{}://***", self.scheme.word());
        }
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        write!(out, "{}://{host}", self.scheme.word())?;
        if let Some(port) = self.port {
            write!(out, ":{port}")?;
        }
        self.kind.as_ref().map_or(Ok(()), |kind| write!(out, " (kind {kind})"))
    }
}
