//! Whose rows this process writes and takes: its node's, once the database has admitted it.

use std::sync::{Arc, PoisonError, RwLock};

use crate::base::error::ErrorKind;
use crate::base::{Error, Result};

/// The owner, or why there is none.
type OwnerKnown = Result<Arc<str>, (ErrorKind, String)>;

/// The owner of this process's rows, shared by all who ask the database.
#[derive(Clone, Debug)]
pub(super) struct Owner(Arc<RwLock<OwnerKnown>>);

impl Owner {
    /// A process that is admitted under this name.
    pub(super) fn named(name: &str) -> Self {
        Self(Arc::new(RwLock::new(Ok(name.into()))))
    }

    /// A process that has not been admitted yet.
    pub(super) fn none() -> Self {
        let why = "this node has not been admitted to the database yet".to_owned();
        Self(Arc::new(RwLock::new(Err((ErrorKind::Unavailable, why)))))
    }

    /// The owner, or why there is none: whatever belongs to a node is neither written nor taken then.
    pub(super) fn get(&self) -> Result<Arc<str>> {
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
        held.clone().map_err(|(kind, why)| Error::new(kind, why))
    }

    /// What came of asking to be admitted. A database that is away changes nothing; another process in our place does.
    pub(super) fn joined(&self, answer: Result<&str, &Error>) {
        let told = match answer {
            Ok(owner) => Ok(owner.into()),
            // Unavailable: whoever waits for the database goes on waiting.
            Err(error) if error.kind() == ErrorKind::Conflict => Err((ErrorKind::Unavailable, error.to_string())),
            Err(_) => return,
        };
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = told;
    }
}

/// A condition on rows that are this owner's, or nobody's and adopted by it. `place` stands for the owner in the statement.
pub(super) fn is_own(place: &str) -> String {
    format!(
        "(node = {place} OR (node = '' AND EXISTS (SELECT 1 FROM nodes WHERE nodes.node = {place} AND nodes.adopted)))"
    )
}
