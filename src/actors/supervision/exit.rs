//! How an actor ended, in the field's terms, and whether its parent starts it again.

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

/// How an actor ended. An actor ends itself with [`finish`](super::finish); the other reasons are found by its parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Its work is done, or it was asked to stop.
    Success,
    /// It cannot go on, because of this error.
    Failure(String),
    /// Whoever took what it produced is gone: there is nobody left to work for.
    DownstreamClosed,
    /// Its parent ended its task.
    Killed(KillReason),
    /// It panicked with this message.
    Panicked(String),
}

/// Why a parent ended the task of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KillReason {
    /// It did not read its mailbox.
    Unresponsive,
    /// It read its mailbox, but this piece of its work did not advance.
    NoProgress(&'static str),
    /// It was no longer wanted, or late to stop.
    Aborted,
}

/// [`Exit`] without its text, as the tree shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ExitReason {
    /// Its work was done, or it was asked to stop.
    Success,
    /// It could not go on; the error is in the text beside it.
    Failure,
    /// Whoever took what it produced was gone.
    DownstreamClosed,
    /// It did not answer, or its work did not advance, and was ended.
    Killed,
    /// It panicked.
    Panicked,
}

impl Exit {
    /// True when something went wrong.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Failure(_) | Self::Killed(_) | Self::Panicked(_))
    }

    /// The reason without its text.
    pub fn reason(&self) -> ExitReason {
        match self {
            Self::Success => ExitReason::Success,
            Self::Failure(_) => ExitReason::Failure,
            Self::DownstreamClosed => ExitReason::DownstreamClosed,
            Self::Killed(_) => ExitReason::Killed,
            Self::Panicked(_) => ExitReason::Panicked,
        }
    }
}

/// One line for the log and the tree.
impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Success => f.write_str("stopped"),
            Self::Failure(error) => write!(f, "failed: {error}"),
            Self::DownstreamClosed => f.write_str("stopped: downstream closed"),
            Self::Killed(KillReason::Unresponsive) => f.write_str("did not answer"),
            Self::Killed(KillReason::NoProgress(what)) => write!(f, "no progress: {what}"),
            Self::Killed(KillReason::Aborted) => f.write_str("aborted"),
            Self::Panicked(message) => write!(f, "panicked: {message}"),
        }
    }
}

/// Whether a child that ended is started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// However it ended: for what has to be there as long as its parent.
    Always,
    /// After a failure, a panic, or when it had to be killed. One that succeeded has done its work, and one whose
    /// downstream closed has nobody to work for: both are forgotten.
    OnFailure,
}

impl Restart {
    /// Whether a child that ended so is started again.
    pub fn after(self, exit: &Exit) -> bool {
        match self {
            Self::Always => true,
            Self::OnFailure => exit.is_failure(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exit_has_a_reason_a_text_and_a_consequence() {
        // (exit, reason in the tree, text, restarted by OnFailure)
        let table = [
            (Exit::Success, r#""success""#, "stopped", false),
            (Exit::Failure("no disk".to_owned()), r#""failure""#, "failed: no disk", true),
            (Exit::DownstreamClosed, r#""downstreamClosed""#, "stopped: downstream closed", false),
            (Exit::Killed(KillReason::Unresponsive), r#""killed""#, "did not answer", true),
            (Exit::Killed(KillReason::NoProgress("writing")), r#""killed""#, "no progress: writing", true),
            (Exit::Killed(KillReason::Aborted), r#""killed""#, "aborted", true),
            (Exit::Panicked("x".to_owned()), r#""panicked""#, "panicked: x", true),
        ];
        for (exit, reason, text, again) in table {
            assert_eq!(serde_json::to_string(&exit.reason()).expect("JSON"), reason);
            assert_eq!(exit.to_string(), text);
            assert_eq!(Restart::OnFailure.after(&exit), again, "{text}");
            assert!(Restart::Always.after(&exit), "{text}");
        }
    }
}
