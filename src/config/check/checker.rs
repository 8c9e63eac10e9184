//! Reads raw values by key and collects what is wrong with them.

use crate::config::complaint::{Complaint, ConfigFault};
use crate::config::raw::{Raw, RawEntry};

/// Reads values by key and collects what is wrong with them.
pub(super) struct Checker<'a> {
    pub(super) raw: &'a Raw,
    pub(super) complaints: &'a mut Vec<Complaint>,
}

impl Checker<'_> {
    /// The value of a key; `None` when it is not given, or wrong and complained of.
    pub(super) fn read<T>(&mut self, key: &str, parse: impl FnOnce(&RawEntry) -> Result<T, ConfigFault>) -> Option<T> {
        let entry = self.raw.get(key)?;
        if entry.in_file {
            return None; // Its file could not be read, which has been complained of.
        }
        match parse(entry) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.complaints.push(fault.at(key, Some(entry.origin.to_string())));
                None
            }
        }
    }

    /// Complains of a key that is given (with its place) or missing (without).
    pub(super) fn complain(&mut self, key: &str, fault: ConfigFault) {
        let place = self.raw.get(key).map(|entry| entry.origin.to_string());
        self.complaints.push(fault.at(key, place));
    }

    pub(super) fn is_given(&self, key: &str) -> bool {
        self.raw.get(key).is_some()
    }
}
