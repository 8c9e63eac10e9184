//! What the file system refuses, in a sentence with a remedy.

use std::io::{Error as IoError, ErrorKind};
use std::path::Path;

use crate::base::Error;

/// The sentence for a failed operation on `path`.
pub(super) fn fault(path: &Path, error: IoError) -> Error {
    let what = path.display();
    let sentence = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            format!("the disk of the spool is full ({what}); free space, or lower record.keep_local")
        }
        ErrorKind::ReadOnlyFilesystem => {
            format!("the spool is on a read-only file system ({what}); mount it writable, or change data_dir")
        }
        ErrorKind::PermissionDenied => {
            format!("the spool may not be written by this user ({what}); change its owner or mode")
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            format!("something that is no folder stands in the spool's way ({what}: {error}); move it away")
        }
        _ => format!("the spool does not work ({what}: {error})"),
    };
    Error::unavailable(sentence).with_source(error)
}
