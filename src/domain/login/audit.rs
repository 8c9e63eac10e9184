//! What a person has changed.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Entries are kept for so long.
pub const AUDIT_KEPT: TimeDelta = TimeDelta::days(400);

/// One change by a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// Its id; later ones are greater.
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// Who: the name of a user, `token NAME`, `anonymous` where no login is asked for, `command line`.
    pub who: String,
    /// Where from: an address.
    pub address: String,
    /// What was done: `PATCH /api/v1/cameras/{id}`, `login`, `user add`.
    pub action: String,
    /// To what.
    pub target: String,
    /// What it was before, without secrets; null where nothing was.
    pub before: Option<serde_json::Value>,
    /// What it is now, without secrets; null where nothing is.
    pub after: Option<serde_json::Value>,
}
