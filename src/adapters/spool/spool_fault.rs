//! What the file system refuses: a sentence with a remedy, and whether it is about one file or about the disk.

use std::io::{Error as IoError, ErrorKind};
use std::path::Path;

use crate::base::{Error, Scope};

/// The error of a failed operation on `path`. A full disk is everybody's; what one file or folder refuses is its own.
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
    let scope = Scope::of_io(&error, Scope::Item);
    Error::unavailable(sentence).about(scope).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_told_from_the_disk() {
        use nix::libc::{EACCES, EIO, EISDIR, EMFILE, ENOENT, ENOSPC, ENOTDIR, EPERM, EROFS, ESTALE};
        for (code, scope) in [
            (EACCES, Scope::Item),
            (EPERM, Scope::Item),
            (EIO, Scope::Item),
            (EISDIR, Scope::Item),
            (ENOTDIR, Scope::Item),
            (ENOENT, Scope::Item),
            (ENOSPC, Scope::Service),
            (EROFS, Scope::Service),
            (EMFILE, Scope::Service),
            (ESTALE, Scope::Service),
        ] {
            let error = fault(Path::new("/spool/x"), IoError::from_raw_os_error(code));
            assert_eq!((error.scope(), error.is_passing()), (scope, scope == Scope::Service), "{error}");
        }
    }
}
