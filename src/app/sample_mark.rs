//! That a part of the past is made up, and until when: a file of the data folder, written by `streamwarden demo`.
//!
//! It stays with the data: a kept folder of a demo that `run` takes over says it as well.

use std::path::Path;

use chrono::{DateTime, Utc};
use serde_json::Value;

const FILE: &str = "sample-past.json";

/// Until when the past in this data folder is made up; `None` where nothing is. Of a damaged file, the time at which it was
/// written: what is made up must not pass for true.
pub(super) fn read(data_dir: &Path) -> Option<DateTime<Utc>> {
    let file = data_dir.join(FILE);
    let written = file.metadata().ok()?.modified().ok()?;
    let text = std::fs::read(&file).unwrap_or_default();
    let mark: Value = serde_json::from_slice(&text).unwrap_or_default();
    let until = mark["until"].as_str().and_then(|until| until.parse().ok());
    Some(until.unwrap_or_else(|| written.into()))
}

/// Says that what is before `until` is made up, before anything of it is written.
///
/// # Errors
/// When the file cannot be written.
#[cfg(feature = "demo")]
pub(super) fn write(data_dir: &Path, until: DateTime<Utc>) -> crate::base::Result<()> {
    use crate::base::Error;
    let text = serde_json::json!({ "until": until, "what": "the history before this time is sample data of streamwarden demo" });
    std::fs::write(data_dir.join(FILE), text.to_string())
        .map_err(|error| Error::internal(format!("cannot write {FILE}: {error}")).with_source(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(read(folder.path()), None);
        let until = DateTime::from_timestamp(1_700_000_000, 0).expect("a time");
        write(folder.path(), until).expect("written");
        assert_eq!(read(folder.path()), Some(until));
        std::fs::write(folder.path().join(FILE), "{").expect("written");
        let damaged = read(folder.path()).expect("a mark");
        assert!(damaged > until, "it was written later: {damaged}");
    }
}
