//! What writes fail of and no reading shows, such as a full disk: kept until a write has worked, so that `/ready` does not
//! call a database fit that takes nothing.

use std::sync::{Mutex, PoisonError};

use tokio_postgres::Error as Pg;

use crate::base::{Error, Result};

/// The last fault of the server's machine that a question met.
#[derive(Default)]
pub(super) struct Trouble(Mutex<Option<String>>);

impl Trouble {
    /// Keeps the sentence when the error is of that sort: classes 53 (no room, no memory) and 58 (input, output).
    pub(super) fn note(&self, error: &Pg, sentence: &Error) {
        if error.code().is_some_and(|code| ["53", "58"].iter().any(|class| code.code().starts_with(class))) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(sentence.to_string());
        }
    }

    /// A write has worked.
    pub(super) fn is_over(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// # Errors
    /// The sentence that was kept.
    pub(super) fn none(&self) -> Result<()> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            None => Ok(()),
            Some(sentence) => Err(Error::unavailable(sentence.clone())),
        }
    }
}
