//! Why an encoder gave no answer, in a sentence with a remedy and without secrets.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::probe::FaultKind;

/// What kind of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum EncoderFaultKind {
    /// Its host name has no address.
    NameNotResolved,
    /// Its address may not be called.
    NoRoute,
    /// Nobody listens.
    Refused,
    /// It does not answer in time.
    TimedOut,
    /// It ended the connection in the middle of an answer.
    Cut,
    /// It shows a certificate that is not accepted, or speaks no TLS.
    Tls,
    /// What answers is no encoder: a web page, another device, another protocol.
    NotEncoder,
    /// It sends far more than an encoder has to say.
    TooLong,
    /// It does not do what it was told: it is in another state, or has no such function.
    Declined,
    /// It answers with an error of its own.
    Failed,
}

impl EncoderFaultKind {
    /// The same in the words of probes.
    pub fn of_probe(self) -> FaultKind {
        match self {
            Self::NameNotResolved => FaultKind::NameNotResolved,
            Self::NoRoute => FaultKind::NoRoute,
            Self::Refused => FaultKind::Refused,
            Self::TimedOut => FaultKind::TimedOut,
            Self::Cut => FaultKind::Ended,
            Self::Tls => FaultKind::Tls,
            Self::NotEncoder | Self::TooLong => FaultKind::NotMedia,
            Self::Declined | Self::Failed => FaultKind::Other,
        }
    }
}

/// A fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EncoderFault {
    /// Its kind.
    pub kind: EncoderFaultKind,
    /// What is wrong; what to do.
    pub message: String,
}

impl EncoderFault {
    /// A fault in words.
    pub fn new(kind: EncoderFaultKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// Of two ways to a device that both failed, the fault that says more: what answered wrongly before what is silent, and that
    /// before what nobody listens at.
    pub fn more_telling(self, other: Self) -> Self {
        let weight = |fault: &Self| match fault.kind {
            EncoderFaultKind::Refused => 0,
            EncoderFaultKind::NotEncoder => 1,
            EncoderFaultKind::TimedOut => 2,
            _ => 3,
        };
        if weight(&other) > weight(&self) { other } else { self }
    }
}

impl fmt::Display for EncoderFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_faults_the_one_that_says_more_is_told() {
        use EncoderFaultKind::{Cut, NotEncoder, Refused, TimedOut};
        for (one, other, told) in [
            (Refused, Refused, Refused),
            (Refused, TimedOut, TimedOut),
            (NotEncoder, Refused, NotEncoder),
            (TimedOut, NotEncoder, TimedOut),
            (NotEncoder, Cut, Cut),
        ] {
            let found = EncoderFault::new(one, "one").more_telling(EncoderFault::new(other, "other"));
            assert_eq!(found.kind, told, "{one:?} {other:?}");
        }
    }
}
