//! How complete recordings are, put together from all that the database knows of a time.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::incident_store::IncidentQuery;
use super::recording_store::{SessionSummary, SpansOf};
use super::stores::Stores;
use crate::base::Result;
use crate::domain::completeness::{
    GapCause, GapEvidence, KnownCause, ROUNDED, RecordedSpan, Span, StreamCompleteness, judge,
};
use crate::domain::incident::Incident;
use crate::domain::recording::SegmentState;

/// Incidents in one question, and the most that are looked at.
const PAGE: u32 = 1_000;
const MOST: usize = 20_000;

/// So many sessions that are not whole are read in one question, each of which has a time limit of its own.
const SESSIONS_AT_ONCE: usize = 200;

/// What is known of one stream.
#[derive(Default)]
struct Recorded {
    /// When it was recorded for the first time.
    first: Option<DateTime<Utc>>,
    /// What was recorded in the time that is asked for.
    spans: Vec<RecordedSpan>,
}

/// How complete the recordings of every stream, or of one, are in a time; by server and name. Before a stream was first recorded nothing
/// is expected of it.
///
/// # Errors
/// When the database cannot be read.
pub async fn completeness(
    stores: &Stores,
    asked: Span,
    stream: Option<String>,
    now: DateTime<Utc>,
) -> Result<Vec<StreamCompleteness>> {
    let asked = Span { from: asked.from, to: asked.to.min(now) };
    if asked.from >= asked.to {
        return Ok(Vec::new());
    }
    let sessions = stores.recordings.sessions_in(asked, stream.clone()).await?;
    let recorded = recorded(stores, asked, stream.clone(), &sessions).await?;
    let given_up = stores.recordings.recorded_spans(asked, stream.clone(), SpansOf::GivenUp).await?;
    let known = stores.recordings.recordings().await?;
    let evidence = GapEvidence {
        sessions: GapEvidence::by_stream(sessions.into_iter().map(|one| one.session)),
        incidents: incidents(stores, asked).await?,
        excused: stores.maintenance.maintenance(now).await?,
        cameras: stores.cameras.cameras().await?,
    };
    let wanted = |name: &str| stream.as_deref().is_none_or(|stream| stream == name);
    // Each stream with when it was first recorded, and what was recorded of it: everything is looked at once.
    let mut streams: BTreeMap<(String, String), Recorded> = BTreeMap::new();
    for one in known.into_iter().filter(|one| wanted(&one.stream)) {
        streams.entry((one.server, one.stream)).or_default().first = Some(one.first);
    }
    for one in recorded {
        streams.entry((one.server.clone(), one.stream.clone())).or_default().spans.push(one);
    }
    let mut judged = Vec::new();
    for ((server, name), Recorded { first, spans: its }) in &streams {
        let first = first.iter().copied().chain(its.iter().map(|one| one.span.from)).min();
        let expected = Span { from: first.map_or(asked.from, |first| asked.from.max(first)), to: asked.to };
        let mut causes = evidence.of(server, name, asked.to, now);
        let of_it = given_up.iter().filter(|one| one.server == *server && one.stream == *name);
        causes.extend(of_it.map(|one| KnownCause { span: one.span, cause: GapCause::EvictedBeforeUpload }));
        judged.extend(judge(server, name, expected, its, &causes));
    }
    Ok(judged)
}

/// What was recorded. A session that has ended and lacks nothing is one stretch: only the others are looked at segment by segment, and
/// what is not in the object store yet.
async fn recorded(
    stores: &Stores,
    asked: Span,
    stream: Option<String>,
    sessions: &[SessionSummary],
) -> Result<Vec<RecordedSpan>> {
    let mut spans = Vec::new();
    let mut others = Vec::new();
    for one in sessions {
        match whole_session(one) {
            Some(span) => spans.push(RecordedSpan {
                server: one.session.server.clone(),
                stream: one.session.stream.as_str().to_owned(),
                state: SegmentState::Evicted,
                span,
            }),
            None if reaches(one, asked) => others.push(one.session.id),
            None => {}
        }
    }
    spans.retain(|one| one.span.from < asked.to && one.span.to > asked.from);
    for some in others.chunks(SESSIONS_AT_ONCE) {
        let of = SpansOf::Sessions(some.to_vec());
        spans.extend(stores.recordings.recorded_spans(asked, stream.clone(), of).await?);
    }
    spans.extend(stores.recordings.recorded_spans(asked, stream, SpansOf::NotStored).await?);
    Ok(spans)
}

/// Whether something of a session may lie in that time.
fn reaches(of: &SessionSummary, asked: Span) -> bool {
    of.session.ended_at.is_none_or(|end| end + ROUNDED > asked.from)
}

/// From the first frame to the end, where all of that can be played. The start of a session is rounded down to a second.
fn whole_session(of: &SessionSummary) -> Option<Span> {
    let to = of.session.ended_at?;
    // With shorter ones a lost segment could hide in what is rounded.
    if of.duration_ms < of.segments.saturating_mul(5_000) {
        return None;
    }
    let played = TimeDelta::milliseconds(i64::try_from(of.duration_ms).ok()?);
    let from = to.checked_sub_signed(played)?;
    // Durations are whole milliseconds, rounded for each segment.
    let mean = of.duration_ms.checked_div(of.segments)?;
    let rounded = TimeDelta::milliseconds(i64::try_from((of.segments + 20).min(mean / 2)).ok()?);
    let lacks = from - of.session.started_at;
    (of.segments > 0 && lacks < ROUNDED + rounded && lacks > -rounded).then_some(Span { from, to })
}

async fn incidents(stores: &Stores, asked: Span) -> Result<Vec<Incident>> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let query = IncidentQuery {
            from: Some(asked.from),
            to: Some(asked.to),
            after,
            limit: PAGE,
            ..IncidentQuery::default()
        };
        let page = stores.incidents.incidents(query).await?;
        after = page.last().map(|incident| incident.id);
        let is_last = page.len() < PAGE as usize;
        all.extend(page);
        if is_last || all.len() >= MOST {
            return Ok(all);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::recording::RecordingSession;
    use crate::domain::sample;

    #[test]
    fn a_session_is_whole_when_what_can_be_played_fills_it() {
        let at = |ms: i64| DateTime::from_timestamp_millis(1_800_000_000_000 + ms).expect("a time");
        // Started within the second 0, ended at 100 s.
        for (duration_ms, segments, end, wanted) in [
            (99_500, 10, Some(100_000), Some(500)),
            (100_000, 10, Some(100_000), Some(0)),
            (98_000, 10, Some(100_000), None),
            (101_000, 10, Some(100_000), None),
            (99_500, 10, None, None),
            (99_500, 90, Some(100_000), None),
            (0, 0, Some(100), None),
        ] {
            let session = RecordingSession { started_at: at(0), ended_at: end.map(at), ..sample::session("cam") };
            let found = whole_session(&SessionSummary { session, segments, duration_ms, bytes: 1, first_frame: None });
            assert_eq!(found.map(|span| span.from), wanted.map(at), "{duration_ms} {end:?}");
            assert!(found.is_none_or(|span| Some(span.to) == end.map(at)));
        }
    }
}
