//! A database that was away when we started: tried again until it answers, then migrated. Until then
//! every question is answered with what is wrong.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::postgres_address::Address;
use super::postgres_schema;
use crate::base::backoff::Backoff;
use crate::base::error::ErrorKind;
use crate::base::{Error, Result};

/// Shorter than elsewhere: it is one connection, and until it is back changes are seen only with the next refresh.
pub(super) const RECONNECT: Backoff = Backoff { min: Duration::from_millis(500), max: Duration::from_secs(5) };

/// Lets questions through, or says why not.
pub(super) struct Gate(Mutex<Option<(ErrorKind, String)>>);

impl Gate {
    /// Questions are asked.
    pub(super) fn open() -> Self {
        Self(Mutex::new(None))
    }

    /// Questions are answered with this error.
    pub(super) fn closed(why: &Error) -> Self {
        Self(Mutex::new(Some((why.kind(), why.to_string()))))
    }

    pub(super) fn check(&self) -> Result<()> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            None => Ok(()),
            Some((kind, why)) => Err(Error::new(*kind, why.clone())),
        }
    }

    /// True when this is something new.
    fn set(&self, why: Option<&Error>) -> bool {
        let why = why.map(|why| (why.kind(), why.to_string()));
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *held, why.clone()) != why
    }
}

/// Whether waiting helps: the database may answer later, or otherwise. A schema that is not ours and a wrong URL or query
/// stay so.
pub(super) fn is_away(error: &Error) -> bool {
    !matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::Invalid)
}

/// Tries until the database answers and its schema is ours, and opens the gate.
pub(super) async fn wait(address: &Address, gate: &Gate) {
    let mut failures = 0;
    loop {
        failures += 1;
        tokio::time::sleep(RECONNECT.delay(failures, rand::random())).await;
        match postgres_schema::migrate(address).await {
            Ok(()) => break,
            Err(error) if gate.set(Some(&error)) => log::warn!("{error}; trying again until it can be used"),
            Err(_) => {}
        }
    }
    gate.set(None);
    log::info!(database = address.place.as_str(); "the database answers");
}
