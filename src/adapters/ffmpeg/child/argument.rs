//! Arguments, some of which nobody may read in `ps`.

use std::ffi::{OsStr, OsString};

use secrecy::{ExposeSecret, SecretString};

use crate::base::redact;

/// One argument of a child.
#[derive(Clone, Debug)]
pub enum Argument {
    /// Anybody may read it.
    Plain(OsString),
    /// `ps` shows `shown`, the program gets `real` (see [`super::masked`]).
    Secret {
        /// What the program reads.
        real: SecretString,
        /// What everybody else reads.
        shown: String,
    },
}

impl Argument {
    /// A URL: secret when it holds credentials, plain otherwise.
    pub fn url(url: &SecretString) -> Self {
        Self::shown_as(url, redact::text(url.expose_secret()))
    }

    /// A text that `ps` shows as `shown`; plain when both are the same.
    pub fn shown_as(real: &SecretString, shown: String) -> Self {
        if shown == real.expose_secret() {
            Self::Plain(shown.into())
        } else {
            Self::Secret { real: real.clone(), shown }
        }
    }

    /// What `ps` shows.
    pub fn shown(&self) -> &OsStr {
        match self {
            Self::Plain(text) => text,
            Self::Secret { shown, .. } => OsStr::new(shown),
        }
    }

    /// What has to stay out of logs.
    pub(super) fn into_secret(self) -> Option<SecretString> {
        match self {
            Self::Plain(_) => None,
            Self::Secret { real, .. } => Some(real),
        }
    }

    /// What the program reads.
    pub(super) fn real(&self) -> &OsStr {
        match self {
            Self::Plain(text) => text,
            Self::Secret { real, .. } => OsStr::new(real.expose_secret()),
        }
    }
}

impl<T: Into<OsString>> From<T> for Argument {
    fn from(text: T) -> Self {
        Self::Plain(text.into())
    }
}
