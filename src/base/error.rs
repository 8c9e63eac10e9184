//! One error type for the whole program: a kind that callers can act on, a sentence for people, and a source.
//!
//! The HTTP layer turns the kind into a status in exactly one match. The sentence never holds a secret: whoever
//! builds it redacts URLs with [`crate::base::redact`].

use std::fmt;

/// What a caller can do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The input is wrong; the message names the field, the fault and the remedy.
    Invalid,
    /// No such thing.
    NotFound,
    /// The thing changed or exists already.
    Conflict,
    /// The thing is another by now than the one the caller has seen and named.
    Stale,
    /// Credentials are missing or wrong.
    Unauthorized,
    /// An outside service is down, slow or talks nonsense: retry later.
    Unavailable,
    /// A limit of time ran out.
    Timeout,
    /// Something is not supported here.
    Unsupported,
    /// Our own fault, or the machine's.
    Internal,
}

/// How much an error is about, and so who has to wait because of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// One thing, a file or an object: its neighbours work, and time alone does not heal it.
    Item,
    /// Everything in one folder or under one prefix.
    Prefix,
    /// The whole service: nothing of it works.
    #[default]
    Service,
}

impl Scope {
    /// What an error of the file system is about: no more than `most`, unless the disk or the machine is at fault.
    pub fn of_io(error: &std::io::Error, most: Self) -> Self {
        use std::io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};

        use nix::libc::{EMFILE, ENFILE, ENODEV, ENOMEM, ENXIO, ESTALE};
        let is_the_disk = matches!(error.kind(), StorageFull | QuotaExceeded | ReadOnlyFilesystem);
        let is_the_machine =
            error.raw_os_error().is_some_and(|code| [EMFILE, ENFILE, ENODEV, ENOMEM, ENXIO, ESTALE].contains(&code));
        if is_the_disk || is_the_machine { Self::Service } else { most }
    }
}

/// An error with a [`ErrorKind`] and a sentence in the words of the layer that made it.
#[derive(Debug, thiserror::Error)]
pub struct Error {
    kind: ErrorKind,
    scope: Scope,
    message: String,
    /// The request or configuration field at fault, when one is.
    field: Option<String>,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Result of everything fallible in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of this kind with a sentence for people.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, scope: Scope::default(), message: message.into(), field: None, source: None }
    }

    /// A wrong value of `field`; `message` says what is wrong and what would be right.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new(ErrorKind::Invalid, message) }
    }

    /// No such thing.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// An outside service failed us.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, message)
    }

    /// Our own fault, or the machine's.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    /// Names the field at fault, for errors that are not a wrong value as such.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Says how much it is about; without this, the whole service.
    #[must_use]
    pub fn about(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Keeps the cause for the log. It is not part of the sentence.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What the caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// How much it is about.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// Whether it goes away without anybody touching the thing at hand: a service that is down comes back, a file that
    /// cannot be read does not.
    pub fn is_passing(&self) -> bool {
        self.scope == Scope::Service && matches!(self.kind, ErrorKind::Unavailable | ErrorKind::Timeout)
    }

    /// The field at fault, when one is.
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// The sentence alone, without its field.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(out, "{field}: {}", self.message),
            None => out.write_str(&self.message),
        }
    }
}
