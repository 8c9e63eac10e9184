//! `streamwarden version`: which program this is, and which commit it was built from.

use serde_json::json;

use super::{CommandFailure, Print, say};

/// Version, and the commit where it is known: `0.1.0 (1a2b3c4d5e6f)`. Builds for development do not name it.
pub const SHORT: &str = env!("BUILT_VERSION");

/// The commit; empty where it is not known.
const COMMIT: &str = env!("BUILT_FROM");

/// Prints it.
///
/// # Errors
/// When it cannot be printed.
pub fn run(print: Print) -> Result<(), CommandFailure> {
    let (name, version) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    let commit = Some(COMMIT).filter(|commit| !commit.is_empty());
    say(&if print.json {
        json!({ "name": name, "version": version, "commit": commit }).to_string()
    } else {
        format!("{name} {SHORT}")
    })
}
