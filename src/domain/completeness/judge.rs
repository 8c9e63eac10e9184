//! The arithmetic: what is stored, what is missing, and each missing stretch cut where its cause changes.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::gap_cause::GapCause;
use super::known_cause::KnownCause;
use super::span::Span;
use crate::domain::recording::SegmentState;

/// Rounding of clocks: pieces that are nearer follow one another.
const JOINED: TimeDelta = TimeDelta::milliseconds(20);

/// No segment is written for longer: an hour, and the time to the next key frame.
const LONGEST_WRITING: TimeDelta = TimeDelta::hours(2);

/// A stretch of a stream's segments in one state, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedSpan {
    /// Server of the stream.
    pub server: String,
    /// The stream.
    pub stream: String,
    /// State of all of its segments.
    pub state: SegmentState,
    /// From the first frame to the end of the last.
    pub span: Span,
}

/// A gap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordingGap {
    /// Its begin.
    pub from: DateTime<Utc>,
    /// Its end.
    pub to: DateTime<Utc>,
    /// Why.
    pub cause: GapCause,
}

/// How complete the recording of a stream is. `expectedMs = storedMs +` the lengths of all gaps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StreamCompleteness {
    /// Server of the stream.
    pub server: String,
    /// The stream.
    pub stream: String,
    /// Begin of the time that is judged: what was asked for, and not before the stream's first recording.
    pub from: DateTime<Utc>,
    /// Its end: what was asked for, and not after now.
    pub to: DateTime<Utc>,
    /// Length of that time in milliseconds.
    pub expected_ms: u64,
    /// What of it can be played from a copy that was verified.
    pub stored_ms: u64,
    /// What of that has a verified copy in the object store.
    pub archived_ms: u64,
    /// What is being written just now at the end, and counts as neither; the time that is judged ends before it.
    pub writing_ms: u64,
    /// What is not stored, in order.
    pub gaps: Vec<RecordingGap>,
}

/// Judges a stream. `recorded` is its own, in any order; `causes` are those that concern it. `None` where nothing is expected.
pub fn judge(
    server: &str,
    stream: &str,
    asked: Span,
    recorded: &[RecordedSpan],
    causes: &[KnownCause],
) -> Option<StreamCompleteness> {
    // What ffmpeg is writing has no end yet: it is judged when it is closed. A row that a dead process left says nothing.
    let others = recorded.iter().filter(|one| one.state != SegmentState::Writing).map(|one| one.span.to).max();
    let is_under_way = |from: &DateTime<Utc>| {
        asked.to.signed_duration_since(from) < LONGEST_WRITING && others.is_none_or(|end| *from + JOINED >= end)
    };
    let begun = recorded.iter().filter(|one| one.state == SegmentState::Writing).map(|one| one.span.from);
    let writing = begun.filter(is_under_way).min();
    let end = writing.map_or(asked.to, |from| asked.to.min(from.max(asked.from)));
    // Whole milliseconds, so that sums are exact.
    let judged = Span { from: whole(asked.from), to: whole(end) };
    if judged.from >= judged.to {
        return None;
    }
    let of = |wanted: fn(SegmentState) -> bool| {
        joined(recorded.iter().filter(|one| wanted(one.state)).filter_map(|one| one.span.within(judged)))
    };
    let stored = of(SegmentState::is_playable);
    // The same second may be told of twice: as part of a session and as a segment that is in the spool alone.
    let local = of(|state| matches!(state, SegmentState::Sealed | SegmentState::Uploading));
    let mut known: Vec<KnownCause> = causes.to_vec();
    known.extend(recorded.iter().filter_map(|one| {
        let cause = match one.state {
            SegmentState::Lost => GapCause::Lost,
            SegmentState::Deleted => GapCause::Retention,
            _ => return None,
        };
        Some(KnownCause { span: one.span, cause })
    }));
    let gaps = explained_all(missing(judged, &stored), known);
    let gaps_ms: u64 = gaps.iter().map(|gap| Span { from: gap.from, to: gap.to }.milliseconds()).sum();
    let expected_ms = judged.milliseconds();
    let stored_ms = expected_ms.saturating_sub(gaps_ms);
    let local_ms: u64 = local.iter().map(|span| span.milliseconds()).sum();
    Some(StreamCompleteness {
        server: server.to_owned(),
        stream: stream.to_owned(),
        from: judged.from,
        to: judged.to,
        expected_ms,
        stored_ms,
        archived_ms: stored_ms.saturating_sub(local_ms),
        writing_ms: Span { from: judged.to, to: asked.to }.milliseconds(),
        gaps,
    })
}

/// Spans in order, those that touch as one; whole milliseconds, so that sums are exact.
fn joined(spans: impl Iterator<Item = Span>) -> Vec<Span> {
    let mut all: Vec<Span> = spans.map(|span| Span { from: whole(span.from), to: whole(span.to) }).collect();
    all.sort();
    let mut merged: Vec<Span> = Vec::new();
    for span in all {
        match merged.last_mut() {
            Some(last) if span.from <= last.to + JOINED => last.to = last.to.max(span.to),
            _ => merged.push(span),
        }
    }
    merged
}

fn whole(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at.timestamp_millis()).unwrap_or(at)
}

/// What of `judged` no span covers.
fn missing(judged: Span, stored: &[Span]) -> Vec<Span> {
    let (mut gaps, mut at, end) = (Vec::new(), whole(judged.from), whole(judged.to));
    for span in stored {
        if span.from > at + JOINED {
            gaps.push(Span { from: at, to: span.from });
        }
        at = at.max(span.to);
    }
    if end > at + JOINED {
        gaps.push(Span { from: at, to: end });
    }
    gaps
}

/// All gaps in pieces with one cause each. Gaps are in order, so that each cause is looked at where it may hold and nowhere else: a
/// stream that drops out every few minutes has as many of both.
fn explained_all(gaps: Vec<Span>, mut known: Vec<KnownCause>) -> Vec<RecordingGap> {
    known.sort_by_key(|one| one.span.from);
    let mut later = known.into_iter().peekable();
    let mut now: Vec<KnownCause> = Vec::new();
    let mut pieces = Vec::new();
    for gap in gaps {
        now.retain(|one| one.span.to >= gap.from);
        while let Some(next) = later.next_if(|one| one.span.from <= gap.to) {
            if next.span.to >= gap.from {
                now.push(next);
            }
        }
        pieces.extend(explained(gap, &now));
    }
    pieces
}

/// A gap in pieces with one cause each.
fn explained(gap: Span, known: &[KnownCause]) -> Vec<RecordingGap> {
    let inside: Vec<KnownCause> = known
        .iter()
        .filter_map(|one| {
            let mut span = Span { from: whole(one.span.from), to: whole(one.span.to) }.within(gap)?;
            // Ends of sessions and of their last segments are told apart by rounding only.
            span.from = if span.from <= gap.from + JOINED { gap.from } else { span.from };
            span.to = if span.to + JOINED >= gap.to { gap.to } else { span.to };
            Some(KnownCause { span, cause: one.cause })
        })
        .collect();
    let mut cuts: Vec<DateTime<Utc>> = inside.iter().flat_map(|one| [one.span.from, one.span.to]).collect();
    cuts.extend([gap.from, gap.to]);
    cuts.sort();
    cuts.dedup();
    let mut pieces: Vec<RecordingGap> = Vec::new();
    for pair in cuts.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let holds = inside.iter().filter(|one| one.span.from <= from && one.span.to >= to).map(|one| one.cause);
        let cause = holds.min().unwrap_or(GapCause::Unknown);
        match pieces.last_mut() {
            Some(last) if last.cause == cause => last.to = to,
            _ => pieces.push(RecordingGap { from, to, cause }),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).expect("a time")
    }

    fn span(from: i64, to: i64) -> Span {
        Span { from: at(from), to: at(to) }
    }

    fn recorded(state: SegmentState, from: i64, to: i64) -> RecordedSpan {
        RecordedSpan { server: "main".to_owned(), stream: "cam".to_owned(), state, span: span(from, to) }
    }

    #[test]
    fn every_second_is_stored_or_in_a_gap_with_one_cause() {
        use GapCause::{CameraDown, Excused, Lost, Network, Retention, ServerDown, Unknown};
        use SegmentState::{Deleted, Evicted, Missing, Sealed, Uploaded, Writing};
        type Row = (&'static str, Vec<RecordedSpan>, Vec<(i64, i64, GapCause)>, Vec<(i64, i64, GapCause)>, u64);
        let table: [Row; 11] = [
            ("nothing", vec![], vec![], vec![(0, 100, Unknown)], 0),
            ("whole", vec![recorded(Uploaded, -10, 50), recorded(Evicted, 50, 130)], vec![], vec![], 100),
            ("overlaps", vec![recorded(Sealed, 0, 60), recorded(Uploaded, 40, 100)], vec![], vec![], 100),
            (
                "a hole",
                vec![recorded(Sealed, 0, 40), recorded(Sealed, 60, 100)],
                vec![(30, 70, CameraDown)],
                vec![(40, 60, CameraDown)],
                80,
            ),
            (
                "two causes, one after the other, and nothing known between",
                vec![recorded(Sealed, 0, 10), recorded(Sealed, 90, 100)],
                vec![(0, 30, ServerDown), (60, 95, Network)],
                vec![(10, 30, ServerDown), (30, 60, Unknown), (60, 90, Network)],
                20,
            ),
            (
                "the stronger one of two",
                vec![recorded(Sealed, 0, 10)],
                vec![(0, 100, CameraDown), (20, 50, Excused), (40, 60, ServerDown)],
                vec![(10, 20, CameraDown), (20, 50, Excused), (50, 60, ServerDown), (60, 100, CameraDown)],
                10,
            ),
            (
                "what is gone",
                vec![
                    recorded(Sealed, 0, 40),
                    recorded(SegmentState::Lost, 40, 60),
                    recorded(Deleted, 60, 80),
                    recorded(Missing, 80, 100),
                ],
                vec![(0, 80, CameraDown)],
                vec![(40, 60, Lost), (60, 80, Retention), (80, 100, Unknown)],
                40,
            ),
            (
                "what is being written is not judged",
                vec![recorded(Sealed, 0, 70), recorded(Writing, 70, 70)],
                vec![],
                vec![],
                70,
            ),
            (
                "but what was before it is",
                vec![recorded(Sealed, 0, 50), recorded(Writing, 70, 70)],
                vec![],
                vec![(50, 70, Unknown)],
                50,
            ),
            (
                "a row that a dead process left among others",
                vec![recorded(Sealed, 0, 50), recorded(Writing, 50, 50), recorded(Sealed, 70, 100)],
                vec![],
                vec![(50, 70, Unknown)],
                80,
            ),
            ("and at the end", vec![recorded(Writing, -9_000, -9_000)], vec![], vec![(0, 100, Unknown)], 0),
        ];
        for (name, recorded, causes, gaps, stored) in table {
            let causes: Vec<KnownCause> =
                causes.into_iter().map(|(from, to, cause)| KnownCause { span: span(from, to), cause }).collect();
            let found = judge("main", "cam", span(0, 100), &recorded, &causes).expect(name);
            let wanted: Vec<RecordingGap> =
                gaps.into_iter().map(|(from, to, cause)| RecordingGap { from: at(from), to: at(to), cause }).collect();
            assert_eq!(found.gaps, wanted, "{name}");
            assert_eq!(found.stored_ms, stored * 1_000, "{name}");
            let gaps: u64 = found.gaps.iter().map(|gap| (gap.to - gap.from).num_milliseconds() as u64).sum();
            assert_eq!(found.expected_ms, found.stored_ms + gaps, "{name}");
            assert_eq!(found.expected_ms + found.writing_ms, 100_000, "{name}");
        }
        assert_eq!(judge("main", "cam", span(5, 5), &[], &[]), None);
    }
}
