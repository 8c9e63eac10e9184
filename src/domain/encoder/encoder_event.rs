//! What a reading means for whoever tells of incidents.

use crate::domain::incident::IncidentKind;
use crate::domain::moment::Moment;

/// News of one encoder.
#[derive(Clone, Debug, PartialEq)]
pub enum EncoderEvent {
    /// It goes wrong, since then.
    Raise {
        /// What.
        kind: IncidentKind,
        /// Why, in a sentence.
        cause: String,
        /// Since when.
        since: Moment,
    },
    /// It is well in this respect; told each time, for what an earlier run has left open.
    Clear(IncidentKind),
    /// It has happened and is over.
    Happened {
        /// What.
        kind: IncidentKind,
        /// Why, in a sentence.
        cause: String,
    },
}
