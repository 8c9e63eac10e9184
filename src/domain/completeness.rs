//! Completeness: each second that should be recorded is stored, or belongs to a gap with exactly one cause.
//!
//! `expected = stored + gaps`, to the millisecond and by construction: the gaps are what is left of the time between a stream's first
//! recording and now, and a gap is cut where its cause changes. Where several causes hold at once, the first of [`GapCause::ALL`]
//! counts. A cause that nothing tells of is `unknown`, and is counted, not guessed.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::incident::{Incident, IncidentKind, Subject};
use super::recording::SegmentState;

/// Rounding of clocks: pieces that are nearer follow one another.
const JOINED: TimeDelta = TimeDelta::milliseconds(20);

/// No segment is written for longer: an hour, and the time to the next key frame.
const LONGEST_WRITING: TimeDelta = TimeDelta::hours(2);

/// Why there is a gap. What is higher up wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum GapCause {
    /// Somebody excused it (maintenance).
    Excused,
    /// It was recorded and is proven to be damaged.
    Lost,
    /// It was recorded, and removed before it was stored: a choice of whoever runs this.
    EvictedBeforeUpload,
    /// It was recorded, and removed by the rules of retention.
    Retention,
    /// The media server did not answer.
    ServerDown,
    /// The media server was restarted.
    RelayRestarting,
    /// The camera was not reachable on the network.
    Network,
    /// The camera's relay failed.
    CameraDown,
    /// The source sent nothing, or was not there.
    SourceSilent,
    /// The disk of the spool was full or away.
    Disk,
    /// More streams than `record.max_concurrent` were live.
    OverMaxConcurrent,
    /// It was switched off: `record = false`, or excluded.
    NotEnabled,
    /// The recorder started, was stopped, or began anew.
    RecorderRestarting,
    /// Nothing tells.
    Unknown,
}

impl GapCause {
    /// Every cause, the strongest first.
    pub const ALL: [Self; 14] = [
        Self::Excused,
        Self::Lost,
        Self::EvictedBeforeUpload,
        Self::Retention,
        Self::ServerDown,
        Self::RelayRestarting,
        Self::Network,
        Self::CameraDown,
        Self::SourceSilent,
        Self::Disk,
        Self::OverMaxConcurrent,
        Self::NotEnabled,
        Self::RecorderRestarting,
        Self::Unknown,
    ];

    /// The word in answers and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Excused => "excused",
            Self::Lost => "lost",
            Self::EvictedBeforeUpload => "evictedBeforeUpload",
            Self::Retention => "retention",
            Self::ServerDown => "serverDown",
            Self::RelayRestarting => "relayRestarting",
            Self::Network => "network",
            Self::CameraDown => "cameraDown",
            Self::SourceSilent => "sourceSilent",
            Self::Disk => "disk",
            Self::OverMaxConcurrent => "overMaxConcurrent",
            Self::NotEnabled => "notEnabled",
            Self::RecorderRestarting => "recorderRestarting",
            Self::Unknown => "unknown",
        }
    }
}

/// From a time up to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Its begin.
    pub from: DateTime<Utc>,
    /// Its end.
    pub to: DateTime<Utc>,
}

impl Span {
    /// What of it lies within another one.
    fn within(self, other: Self) -> Option<Self> {
        let span = Self { from: self.from.max(other.from), to: self.to.min(other.to) };
        (span.from < span.to).then_some(span)
    }

    fn milliseconds(self) -> u64 {
        u64::try_from((self.to - self.from).num_milliseconds()).unwrap_or(0)
    }
}

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

/// A time for which a cause is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownCause {
    /// When it held.
    pub span: Span,
    /// Which one.
    pub cause: GapCause,
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
    let gaps: Vec<RecordingGap> = missing(judged, &stored).into_iter().flat_map(|gap| explained(gap, &known)).collect();
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

/// What an incident says of a stream that is fed by that camera, if it says anything of gaps.
pub fn cause_of(incident: &Incident, server: &str, stream: &str, now: DateTime<Utc>) -> Option<KnownCause> {
    let concerns = match &incident.subject {
        Subject::Camera { name, .. } => name == stream,
        Subject::Server { name } => name == server,
        Subject::Stream { server: its, name } => its == server && name == stream,
        Subject::Service { name } => name == "spool",
        Subject::Host { .. } | Subject::Disk { .. } => false,
    };
    if !concerns {
        return None;
    }
    let says = |words: &[&str]| words.iter().any(|word| incident.cause.contains(word));
    let cause = match incident.kind {
        IncidentKind::ServerDown => GapCause::ServerDown,
        IncidentKind::ServerRestarted => GapCause::RelayRestarting,
        IncidentKind::CameraDown | IncidentKind::CameraDegraded if says(&NETWORK) => GapCause::Network,
        IncidentKind::CameraDown | IncidentKind::CameraDegraded => GapCause::CameraDown,
        IncidentKind::CameraStalled | IncidentKind::StreamFlapping => GapCause::SourceSilent,
        IncidentKind::RecordingPaused if says(&["record.max_concurrent"]) => GapCause::OverMaxConcurrent,
        IncidentKind::RecordingPaused if says(&["disk", "folder", "min_free", "spool"]) => GapCause::Disk,
        IncidentKind::ServiceDown => GapCause::Disk,
        _ => return None,
    };
    Some(KnownCause { span: Span { from: incident.opened_at, to: incident.closed_at.unwrap_or(now) }, cause })
}

/// Words of a camera that the network does not reach.
const NETWORK: [&str; 5] = ["unreachable", "no route", "refused", "timed out", "timeout"];

/// What the end of a session says of the time until the next one begins.
pub fn cause_of_end(reason: &str) -> Option<GapCause> {
    let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    if says(&["the stream ended", "no data", "stalled"]) {
        return Some(GapCause::SourceSilent);
    }
    if says(&["record = false", "record.exclude", "record.include"]) {
        return Some(GapCause::NotEnabled);
    }
    if says(&["record.max_concurrent"]) {
        return Some(GapCause::OverMaxConcurrent);
    }
    if says(&["No space left", "min_free", "spool"]) {
        return Some(GapCause::Disk);
    }
    let began_anew = ["the program", "was changed", "tracks", "publisher", "jump", "clock", "timestamps", "ffmpeg"];
    says(&began_anew).then_some(GapCause::RecorderRestarting)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

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

    #[test]
    fn incidents_and_ends_of_sessions_tell_causes() {
        use GapCause::{CameraDown, Disk, Network, OverMaxConcurrent, RelayRestarting, ServerDown, SourceSilent};
        let camera = || Subject::camera_of(1, "cam");
        let stream = || Subject::Stream { server: "main".to_owned(), name: "cam".to_owned() };
        let named = |name: &str| Subject::Server { name: name.to_owned() };
        let service = |name: &str| Subject::Service { name: name.to_owned() };
        for (kind, subject, words, wanted) in [
            (IncidentKind::CameraDown, camera(), "connection refused", Some(Network)),
            (IncidentKind::CameraDown, camera(), "401 Unauthorized", Some(CameraDown)),
            (IncidentKind::CameraDown, Subject::camera_of(2, "other"), "401", None),
            (IncidentKind::CameraStalled, camera(), "no data", Some(SourceSilent)),
            (IncidentKind::ServerDown, named("main"), "", Some(ServerDown)),
            (IncidentKind::ServerDown, named("other"), "", None),
            (IncidentKind::ServerRestarted, named("main"), "", Some(RelayRestarting)),
            (IncidentKind::RecordingPaused, stream(), "... record.max_concurrent; raise it", Some(OverMaxConcurrent)),
            (IncidentKind::RecordingPaused, service("spool"), "less than record.min_free is free", Some(Disk)),
            (IncidentKind::ServiceDown, service("spool"), "mount the disk", Some(Disk)),
            (IncidentKind::ServiceDown, service("database"), "gone", None),
            (IncidentKind::TracksChanged, stream(), "", None),
        ] {
            let incident = Incident::open(Uuid::nil(), kind, subject, words.to_owned(), at(5));
            let found = cause_of(&incident, "main", "cam", at(9));
            assert_eq!(found.map(|one| one.cause), wanted, "{kind:?} {words}");
            assert!(found.is_none_or(|one| one.span == span(5, 9)), "{kind:?}");
        }
        for (reason, wanted) in [
            ("the stream ended", Some(SourceSilent)),
            ("the program ended without closing it; what was whole has been kept", Some(GapCause::RecorderRestarting)),
            ("the program was stopped", Some(GapCause::RecorderRestarting)),
            ("no pattern of record.include names it", Some(GapCause::NotEnabled)),
            ("the camera's row says record = false", Some(GapCause::NotEnabled)),
            ("3 streams are being recorded, which is record.max_concurrent; raise it", Some(OverMaxConcurrent)),
            ("record.segment_duration was changed", Some(GapCause::RecorderRestarting)),
            ("", None),
        ] {
            assert_eq!(cause_of_end(reason), wanted, "{reason}");
        }
        for (n, cause) in GapCause::ALL.iter().enumerate() {
            assert!(GapCause::ALL[..n].iter().all(|before| before < cause), "{cause:?} is in the order of strength");
        }
    }
}
