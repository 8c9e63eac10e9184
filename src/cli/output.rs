//! How commands print, and which exit code they end with.

use std::io::{self, Write};
use std::sync::mpsc;
use std::time::Duration;

use crate::base::{Error, ErrorKind};
use crate::config::ConfigComplaints;

/// Something failed: a service, the machine, or what was asked for.
pub const EXIT_FAILURE: u8 = 1;

/// The configuration or the command line is wrong; nothing was started.
pub const EXIT_CONFIGURATION: u8 = 2;

/// It was written to the table, and the running program holds it until somebody confirms it.
pub const EXIT_BLOCKED: u8 = 3;

/// Nobody is waited for longer than this to take what is written to standard error.
const NOTE_WITHIN: Duration = Duration::from_secs(2);

/// Why a command ends with another code than 0.
#[derive(Debug)]
pub enum CommandFailure {
    /// The configuration is wrong; nothing was started.
    Configuration(ConfigComplaints),
    /// The configuration or the command line does not fit what is there; nothing was done.
    Usage(Error),
    /// Something failed, or could not be started.
    Other(Error),
    /// What was printed says it all.
    Printed(u8),
}

impl From<Error> for CommandFailure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl CommandFailure {
    /// A start that came to nothing: by the configuration's fault when a key of it is named.
    pub fn of_start(error: Error) -> Self {
        let key = error.field().filter(|_| error.kind() == ErrorKind::Invalid);
        let is_key = |field: &str| field.contains('.') || crate::config::key_names().any(|key| key == field);
        if key.is_some_and(is_key) { Self::Usage(error) } else { Self::Other(error) }
    }

    /// The running program is on another database than this command would use: a fault of the configuration, and nothing
    /// was done.
    pub fn of_place(error: Error) -> Self {
        if error.kind() == ErrorKind::Conflict { Self::Usage(error) } else { Self::Other(error) }
    }

    /// What was typed is not what it should be, and nothing was done; anything else that fails is no fault of the line.
    pub fn of_arguments(error: Error) -> Self {
        if error.kind() == ErrorKind::Invalid { Self::Usage(error) } else { Self::Other(error) }
    }

    /// Says what there is to say on standard error and returns the exit code.
    pub fn tell(&self) -> u8 {
        let (text, code) = match self {
            Self::Configuration(complaints) => (complaints.to_string(), EXIT_CONFIGURATION),
            Self::Usage(error) => (format!("streamwarden: {error}"), EXIT_CONFIGURATION),
            Self::Other(error) => (format!("streamwarden: {error}"), EXIT_FAILURE),
            Self::Printed(code) => return *code,
        };
        note(&text);
        code
    }
}

/// Says something beside what was asked for, on standard error. With that gone, or with a reader that takes nothing, the exit
/// code still tells.
pub fn note(text: &str) {
    let (done, written) = mpsc::channel();
    let text = text.trim_end().to_owned();
    let write = move || {
        let _ = writeln!(io::stderr(), "{text}");
        let _ = done.send(());
    };
    // A machine that gives us no thread drops the text, and with it the sender.
    let _thread = std::thread::Builder::new().spawn(write);
    let _ = written.recv_timeout(NOTE_WITHIN);
}

/// Prints what was asked for. A reader that has gone away, as `head` does, is no failure.
///
/// # Errors
/// When it could not be written, as to a full disk.
pub fn say(text: &str) -> Result<(), CommandFailure> {
    let mut out = io::stdout().lock();
    printed(out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()))
}

/// Judges how printing ended.
///
/// # Errors
/// When it could not be written, as to a full disk.
pub fn printed(written: io::Result<()>) -> Result<(), CommandFailure> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::internal(format!("standard output cannot be written: {error}")).with_source(error).into())
        }
        _ => Ok(()),
    }
}

/// Rows come from anybody: no escape sequence of theirs reaches the terminal.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// Columns as wide as their widest cell.
pub(super) fn table<const N: usize>(lines: &[[String; N]]) -> Vec<String> {
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |cells: &[String; N]| {
        let cells = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    lines.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_that_fails_by_a_key_is_the_configurations_fault() {
        for (error, code) in [
            (Error::invalid("database.url", "names no user"), EXIT_CONFIGURATION),
            (Error::invalid("node", "x"), EXIT_CONFIGURATION),
            (Error::invalid("name", "x"), EXIT_FAILURE),
            (Error::unavailable("database.url"), EXIT_FAILURE),
        ] {
            assert_eq!(CommandFailure::of_start(error).tell(), code);
        }
    }
}
