//! Completeness: each second that should be recorded is stored, or belongs to a gap with exactly one cause.
//!
//! `expected = stored + gaps`, to the millisecond and by construction: the gaps are what is left of the time between a stream's first
//! recording and now, and a gap is cut where its cause changes. Where several causes hold at once, the first of [`GapCause::ALL`]
//! counts. A cause that nothing tells of is `unknown`, and is counted, not guessed.

mod evidence;
mod gap_cause;
mod judge;
mod known_cause;
mod span;

pub use evidence::{GapEvidence, ROUNDED};
pub use gap_cause::GapCause;
pub use judge::{RecordedSpan, RecordingGap, StreamCompleteness, judge};
pub use known_cause::KnownCause;
pub use span::Span;
