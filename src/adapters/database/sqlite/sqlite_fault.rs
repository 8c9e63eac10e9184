//! SQLite's result codes as sentences for people, and which of them spoil a connection.

use std::path::Path;

use rusqlite::{Error as Sql, ErrorCode, ffi};

use crate::base::Error;
use crate::base::error::ErrorKind;

/// Why a job failed: SQLite said so, or the job found out (no such row, name taken).
pub(super) enum SqliteFailure {
    /// To be put into a sentence by [`sentence`].
    Sql(Sql),
    /// A sentence already.
    Answer(Error),
}

impl From<Sql> for SqliteFailure {
    fn from(error: Sql) -> Self {
        Self::Sql(error)
    }
}

impl From<Error> for SqliteFailure {
    fn from(error: Error) -> Self {
        Self::Answer(error)
    }
}

/// Whether the error is a broken UNIQUE or PRIMARY KEY rule.
pub(super) fn is_duplicate(error: &Sql) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    matches!(code, Some(ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY))
}

/// After these the connection is closed and the next job opens a fresh one.
pub(super) fn spoils_connection(error: &Sql) -> bool {
    use ErrorCode::{CannotOpen, DatabaseCorrupt, NotADatabase, PermissionDenied, ReadOnly, SystemIoFailure};
    matches!(
        error.sqlite_error_code(),
        Some(CannotOpen | DatabaseCorrupt | NotADatabase | PermissionDenied | ReadOnly | SystemIoFailure)
    )
}

/// Whether another process is in the way, so that waiting helps.
pub(super) fn is_locked(error: &Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<Sql>());
    let code = cause.and_then(Sql::sqlite_error_code);
    error.kind() == ErrorKind::Timeout || matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// The error with a sentence that names the file, the fault and, where there is one, the remedy.
pub(super) fn sentence(path: &Path, error: Sql) -> Error {
    let path = path.display();
    let (kind, what) = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            (ErrorKind::Unavailable, "is locked by another process; end that process's transaction")
        }
        Some(ErrorCode::DiskFull) => (ErrorKind::Unavailable, "cannot grow: the disk is full; free some space"),
        Some(ErrorCode::ReadOnly) => {
            (ErrorKind::Unavailable, "is read-only; check the permissions of the file and its folder, and the mount")
        }
        Some(ErrorCode::PermissionDenied | ErrorCode::CannotOpen | ErrorCode::AuthorizationForStatementDenied) => {
            (ErrorKind::Unavailable, "cannot be opened; check that it is a file and that we may read and write it")
        }
        Some(ErrorCode::NotADatabase) => {
            (ErrorKind::Unavailable, "is not a SQLite database; name another file or move this one away")
        }
        Some(ErrorCode::DatabaseCorrupt) => (ErrorKind::Unavailable, "is damaged; restore it from a backup"),
        Some(ErrorCode::SystemIoFailure | ErrorCode::FileLockingProtocolFailed) => {
            (ErrorKind::Unavailable, "cannot be read or written: the disk reports an error; look into the kernel's log")
        }
        Some(ErrorCode::OutOfMemory) => (ErrorKind::Unavailable, "cannot be used: out of memory"),
        Some(ErrorCode::OperationInterrupted) => (ErrorKind::Timeout, "took too long for this question"),
        Some(ErrorCode::SchemaChanged) => (ErrorKind::Unavailable, "changed its tables just now; try again"),
        Some(ErrorCode::ConstraintViolation) => {
            (ErrorKind::Conflict, "refuses this row: it breaks a rule of its table")
        }
        Some(ErrorCode::TooBig) => (ErrorKind::Invalid, "refuses this row: a value is too big"),
        _ => (ErrorKind::Internal, "gave an unexpected answer; have its tables been changed by hand?"),
    };
    Error::new(kind, format!("the database file {path} {what}")).with_source(error)
}
