//! Why a platform gave no answer, in a sentence with a remedy and without secrets.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What kind of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum PlatformFaultKind {
    /// The token is wrong, expired or was revoked.
    Unauthorized,
    /// The token lacks a scope, or the account's plan has no live events.
    NotEntitled,
    /// There is no such event.
    NotFound,
    /// Too many requests were made; it is to be left alone until the time that is told.
    RateLimited,
    /// It does not answer.
    Unreachable,
    /// It has an error of its own.
    Failed,
    /// What answers is not the platform's interface.
    NotPlatform,
}

/// A fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlatformFault {
    /// Its kind.
    pub kind: PlatformFaultKind,
    /// What is wrong; what to do.
    pub message: String,
    /// It is not asked before then.
    pub until: Option<DateTime<Utc>>,
}

impl PlatformFault {
    /// A fault in words.
    pub fn new(kind: PlatformFaultKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), until: None }
    }

    /// Somebody has to change something: it is told at once, and asking often helps nothing.
    pub fn is_lasting(&self) -> bool {
        matches!(self.kind, PlatformFaultKind::Unauthorized | PlatformFaultKind::NotEntitled)
    }

    /// It concerns everything that is asked, and not one event.
    pub fn is_of_all(&self) -> bool {
        self.kind != PlatformFaultKind::NotFound
    }
}

impl fmt::Display for PlatformFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}
