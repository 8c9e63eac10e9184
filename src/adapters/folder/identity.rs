//! What tells a folder or a bucket from another one: an identity in a small file, and the one that it should have.
//!
//! Which identity it should have is known to the database (`nodes`); until that answers, any is taken for the right one
//! and none for a wrong one.

use std::sync::{PoisonError, RwLock};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::base::{Error, Result};

/// The file, as people see it.
#[derive(Serialize, Deserialize)]
struct Marker {
    #[serde(rename = "streamwarden")]
    what: String,
    id: Uuid,
}

/// The text of the file.
///
/// # Errors
/// Never for what is written here.
pub fn marker_text(word: &str, id: Uuid) -> Result<Vec<u8>> {
    serde_json::to_vec_pretty(&Marker { what: word.to_owned(), id })
        .map_err(|error| Error::internal("an identity cannot be written").with_source(error))
}

/// The identity in the text of such a file; `None` for any other text.
pub fn marker_id(text: &[u8]) -> Option<Uuid> {
    serde_json::from_slice::<Marker>(text).ok().map(|marker| marker.id)
}

/// What the database says of a folder or a bucket.
#[derive(Clone, Copy, Debug, Default)]
pub enum Expected {
    /// It has not answered.
    #[default]
    Unknown,
    /// It knows of files there and of no identity.
    Files,
    /// The identity.
    Id(Uuid),
}

/// What is expected now, for everybody who looks.
#[derive(Debug, Default)]
pub struct ExpectedIdentity(RwLock<Expected>);

impl ExpectedIdentity {
    /// From now on this is expected.
    pub fn set(&self, expected: Expected) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = expected;
    }

    /// What is expected.
    pub fn now(&self) -> Expected {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A folder or a bucket with an identity. Errors are `Unavailable` and say which disk or bucket is missing or foreign.
#[async_trait]
pub trait Identified: Send + Sync {
    /// How people know it; never a secret.
    fn shown(&self) -> String;
    /// From now on this is expected of it.
    fn expect_of_it(&self, expected: Expected);
    /// Whether an identity that the database does not know is taken over: a folder is in the configuration of this machine alone,
    /// while a bucket may be another site's.
    fn is_taken_as_found(&self) -> bool;
    /// Whether it is the one that it should be.
    async fn check_identity(&self) -> Result<()>;
    /// The identity it has.
    async fn found_identity(&self) -> Result<Option<Uuid>>;
    /// Whether nothing is in it, or it is not there.
    async fn holds_nothing(&self) -> Result<bool>;
    /// Whether one of these files is in it.
    async fn holds_any(&self, paths: Vec<String>) -> Result<bool>;
    /// Makes it where need be and gives it an identity where it has none; returns the one it has.
    async fn begin_identity(&self) -> Result<Uuid>;
    /// Gives it this identity, whatever it had.
    async fn mark_identity(&self, id: Uuid) -> Result<()>;
}
