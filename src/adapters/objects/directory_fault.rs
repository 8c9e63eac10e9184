//! What the file system of the object folder refuses.

use std::io::{Error as IoError, ErrorKind};
use std::path::Path;

use crate::base::Error;

/// What the file system refuses, in a sentence with a remedy.
pub(super) fn fault(path: &Path, error: IoError) -> Error {
    let what = path.display();
    let sentence = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            format!("the disk of objects.directory is full ({what}); free space, or name a larger disk")
        }
        ErrorKind::ReadOnlyFilesystem => {
            format!("objects.directory is on a read-only file system ({what}); mount it writable")
        }
        ErrorKind::PermissionDenied => {
            format!("objects.directory may not be used by this user ({what}); change its owner or mode")
        }
        ErrorKind::CrossesDevices => {
            format!("objects.directory is spread over several file systems ({what}); mount one over all of it")
        }
        ErrorKind::NotADirectory | ErrorKind::IsADirectory | ErrorKind::AlreadyExists => {
            format!("something else stands where an object should be ({what}: {error}); move it away")
        }
        _ => format!("objects.directory does not work ({what}: {error})"),
    };
    Error::unavailable(sentence).with_source(error)
}
