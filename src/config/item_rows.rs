//! Lists of sections of two readings of the configuration: which keys of which items differ.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use super::settings::ApiTrust;

/// A key of one item of a list, and whether it differs.
pub(super) type ItemRow<T> = (&'static str, fn(&T, &T) -> bool);

/// Keys that differ between two lists of sections.
pub(super) fn of_items<T>(list: &str, old: &[T], new: &[T], rows: &[ItemRow<T>]) -> impl Iterator<Item = String> {
    (0..old.len().max(new.len())).flat_map(move |index| match (old.get(index), new.get(index)) {
        (Some(old), Some(new)) => {
            let rows = rows.iter().filter(|(_, differs)| differs(old, new));
            rows.map(|(key, _)| format!("{list}[{index}].{key}")).collect()
        }
        _ => vec![format!("{list}[{index}]")],
    })
}

pub(super) fn same_secret(old: Option<&SecretString>, new: Option<&SecretString>) -> bool {
    old.map(ExposeSecret::expose_secret) == new.map(ExposeSecret::expose_secret)
}

pub(super) fn fingerprint(trust: &ApiTrust) -> Option<&[u8; 32]> {
    if let ApiTrust::Fingerprint(fingerprint) = trust { Some(fingerprint) } else { None }
}

pub(super) fn ca_file(trust: &ApiTrust) -> Option<&Path> {
    if let ApiTrust::File(file) = trust { Some(file) } else { None }
}
