//! SQLSTATE codes and broken connections as sentences for people.
//!
//! The driver's own error is never kept as the source: PostgreSQL quotes whole rows in its details ("Failing row contains
//! ..."), passwords and all.

use std::error::Error as _;
use std::io;

use tokio_postgres::Error as Pg;
use tokio_postgres::error::{DbError, SqlState};

use super::verify;
use crate::base::Error;
use crate::base::error::ErrorKind;

/// Why a job failed: the database said so, or the job found out (no such row, name taken).
pub(super) enum PostgresFailure {
    /// To be put into a sentence by [`sentence`].
    Pg(Pg),
    /// A sentence already.
    Answer(Error),
}

impl PostgresFailure {
    /// As a sentence about this place.
    pub(super) fn sentence(self, place: &str) -> Error {
        match self {
            Self::Pg(error) => sentence(place, &error),
            Self::Answer(error) => error,
        }
    }
}

impl From<Pg> for PostgresFailure {
    fn from(error: Pg) -> Self {
        Self::Pg(error)
    }
}

impl From<Error> for PostgresFailure {
    fn from(error: Error) -> Self {
        Self::Answer(error)
    }
}

/// Whether the error is a broken UNIQUE rule.
pub(super) fn is_duplicate(error: &Pg) -> bool {
    error.code() == Some(&SqlState::UNIQUE_VIOLATION)
}

/// Whether somebody in between refuses a parameter of our greeting, as poolers do: they answer with a fault of the protocol
/// or of something that is not supported.
pub(super) fn is_startup_refused(error: &Pg) -> bool {
    error.code().is_some_and(|code| ["08", "0A"].iter().any(|class| code.code().starts_with(class)))
}

/// Whether our user may not do this: no fault of the question.
pub(super) fn is_forbidden(error: &Pg) -> bool {
    error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE)
}

/// The error with a sentence that names the place, the fault and, where there is one, the remedy.
pub(super) fn sentence(place: &str, error: &Pg) -> Error {
    let (kind, what) = match error.code() {
        Some(code) => {
            error.as_db_error().and_then(refused).map_or_else(|| answered(code), |what| (ErrorKind::Unavailable, what))
        }
        None => (ErrorKind::Unavailable, unanswered(error)),
    };
    Error::new(kind, format!("the database {place} {what}")).with_source(plain(error))
}

/// The database answers and may not be written.
pub(super) fn read_only(place: &str) -> Error {
    Error::unavailable(format!("the database {place} {READ_ONLY}"))
}

const READ_ONLY: &str = "is read-only; is it a standby? name the primary in database.url, or switch \
                         default_transaction_read_only off";

/// Why the server let nobody in. The name of its function tells what the code does not, in no language; a wrong password
/// and a role that does not exist look the same on purpose.
fn refused(said: &DbError) -> Option<String> {
    let what = match (said.code(), said.routine()) {
        (c, _) if *c == SqlState::INVALID_PASSWORD => {
            "refuses our password, or has no such role; correct user and password in database.url"
        }
        (c, Some("InitializeSessionUserId")) if *c == SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            "has no role of our name that may log in; correct the user in database.url, or CREATE ROLE ... LOGIN there"
        }
        (c, _) if *c == SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            "admits nobody like us: no line of its pg_hba.conf fits user, database, our address and TLS; where it wants \
             TLS, write sslmode=require and switch ssl on there"
        }
        (c, Some("InitializeSessionUserId")) if *c == SqlState::TOO_MANY_CONNECTIONS => {
            "has no connection left for our role, which has a limit of its own; raise it with ALTER ROLE ... CONNECTION LIMIT, \
             or end idle sessions of that role"
        }
        (c, Some("CheckMyDatabase")) if *c == SqlState::TOO_MANY_CONNECTIONS => {
            "has a limit of its own and no connection left for us; raise it with ALTER DATABASE ... CONNECTION LIMIT, or end \
             idle sessions there"
        }
        (c, Some("CheckMyDatabase")) if *c == SqlState::INSUFFICIENT_PRIVILEGE => {
            "does not let our user in; GRANT CONNECT ON DATABASE ... TO it"
        }
        // What poolers say has a code for everything, and no name of a function.
        (_, None) if said.message().contains("statement pooling mode") => {
            "is reached through a pooler in statement mode, which allows no transactions; set its pool_mode to \
             transaction or session"
        }
        (_, None) if said.message().contains("startup parameter") => {
            "is reached through a pooler that refuses a parameter of database.url, such as options; leave it out, or \
             name it in the pooler's ignore_startup_parameters"
        }
        _ => return None,
    };
    Some(what.to_owned())
}

fn answered(code: &SqlState) -> (ErrorKind, String) {
    let down = ErrorKind::Unavailable;
    let (kind, what) = match code {
        c if *c == SqlState::INVALID_CATALOG_NAME => (down, "does not exist; create it with createdb"),
        c if *c == SqlState::TOO_MANY_CONNECTIONS => {
            (down, "has no connection left for us; raise max_connections or end idle sessions")
        }
        c if *c == SqlState::CANNOT_CONNECT_NOW || *c == SqlState::ADMIN_SHUTDOWN || *c == SqlState::CRASH_SHUTDOWN => {
            (down, "is starting or stopping just now")
        }
        c if *c == SqlState::READ_ONLY_SQL_TRANSACTION => (down, READ_ONLY),
        c if *c == SqlState::DISK_FULL => (down, "has no room left: the server's disk is full; free some space"),
        c if *c == SqlState::INSUFFICIENT_PRIVILEGE => {
            (down, "does not let our user do this; GRANT it the rights on the schema and its tables")
        }
        c if *c == SqlState::UNDEFINED_TABLE || *c == SqlState::UNDEFINED_COLUMN => {
            (down, "lacks one of our tables or columns; was it renamed, or another database restored?")
        }
        c if *c == SqlState::INVALID_SCHEMA_NAME => {
            let what = "has no schema for our tables: the search_path of our user names none that exists; CREATE SCHEMA it, \
                        or name one in database.schema";
            (down, what)
        }
        c if *c == SqlState::DUPLICATE_TABLE || *c == SqlState::DUPLICATE_OBJECT => {
            let what = "has something under a name of ours that is not ours; keep our tables apart from it with \
                        database.schema";
            (ErrorKind::Unsupported, what)
        }
        // We prepare none: somebody else's are on the connection that a pooler has given us, or ours on theirs.
        c if *c == SqlState::INVALID_SQL_STATEMENT_NAME || *c == SqlState::DUPLICATE_PSTATEMENT => {
            let what = "is reached through a pooler that mixes up prepared statements; use its session mode, or name the \
                        server itself in database.url";
            (down, what)
        }
        c if *c == SqlState::LOCK_NOT_AVAILABLE || *c == SqlState::T_R_DEADLOCK_DETECTED => {
            (down, "has the rows locked by another session; end that session's transaction")
        }
        c if *c == SqlState::QUERY_CANCELED => (ErrorKind::Timeout, "took too long for this question"),
        c if *c == SqlState::CHARACTER_NOT_IN_REPERTOIRE || *c == SqlState::UNTRANSLATABLE_CHARACTER => {
            (ErrorKind::Invalid, "refuses this row: a text holds a character that it cannot keep")
        }
        c if *c == SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE => {
            (down, "accepts no connections to this database just now")
        }
        // Class 08: how a pooler in between says that it cannot reach the server.
        c if c.code().starts_with("08") => (down, "cannot be reached through its pooler; look into the pooler's log"),
        // Class 23: rules of tables.
        c if c.code().starts_with("23") => (ErrorKind::Conflict, "refuses this row: it breaks a rule of its table"),
        // Class 22: values out of range, too long, of a wrong form; 54: too long for an index.
        c if c.code().starts_with("22") || c.code().starts_with("54") => {
            (ErrorKind::Invalid, "refuses this row: a value does not fit")
        }
        // Classes 53 and 58: the server's machine.
        c if c.code().starts_with("53") || c.code().starts_with("58") => {
            (down, "has trouble with its machine; look into the server's log")
        }
        c => return (ErrorKind::Internal, format!("gave an unexpected answer (SQLSTATE {})", c.code())),
    };
    (kind, what.to_owned())
}

fn unanswered(error: &Pg) -> String {
    let mut cause = error.source();
    while let Some(inner) = cause {
        let tls = inner.downcast_ref::<rustls::Error>();
        let input = inner.downcast_ref::<io::Error>();
        if let Some(error) = tls.or_else(|| input?.get_ref()?.downcast_ref::<rustls::Error>()) {
            return verify::words(error);
        }
        if let Some(error) = input {
            let what = match error.kind() {
                io::ErrorKind::ConnectionRefused => {
                    "refuses connections (connection refused); is PostgreSQL running there?"
                }
                io::ErrorKind::NotFound => "is unreachable: no PostgreSQL listens on that socket",
                io::ErrorKind::PermissionDenied if error.raw_os_error().is_some() => {
                    "is unreachable: our user may not use that socket"
                }
                io::ErrorKind::TimedOut => "does not answer in time (timeout); check the network and the firewall",
                // What target_session_attrs asks for.
                io::ErrorKind::PermissionDenied => "is not what target_session_attrs in database.url wants",
                _ if error.to_string().contains("lookup") => "cannot be found: its host name is not known",
                _ => "is unreachable",
            };
            return what.to_owned();
        }
        if inner.to_string().contains("server does not support TLS") {
            return "does not support TLS, and sslmode requires it; enable ssl on the server, or write sslmode=disable"
                .to_owned();
        }
        if inner.to_string().contains("password missing") {
            return "asks for a password, and there is none in database.url, PGPASSWORD or the password file"
                .to_owned();
        }
        cause = inner.source();
    }
    let what = match error.is_closed() {
        true => "closed the connection; its log says more",
        false => "closed the connection unexpectedly; is it PostgreSQL that listens there? Its log says more",
    };
    what.to_owned()
}

/// For the log: the server's own sentence, without its details.
fn plain(error: &Pg) -> String {
    match error.as_db_error() {
        Some(said) => format!("SQLSTATE {}: {}", said.code().code(), said.message()),
        None => match error.source() {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        },
    }
}
