//! What the tables mean in every database.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use uuid::Uuid;

use super::recording_store::{SegmentQuery, SpansOf};
use crate::base::error::ErrorKind;
use crate::base::{Error, Result};
use crate::domain::camera::sheet::CameraWrite;
use crate::domain::camera::{CameraEdit, CameraRow};
use crate::domain::completeness::RecordedSpan;
use crate::domain::incident::{MOST_NOTES, Subject, Verdict};
use crate::domain::probe::ProbeOutcome;
use crate::domain::recording::{GIVEN_UP, Segment};

/// No segment is longer, because a session ends at midnight UTC: a range of time can be read from the index on
/// `started_at` although it asks for ends.
pub(super) const LONGEST_SEGMENT: TimeDelta = TimeDelta::days(1);

/// Nor is a session.
const LONGEST_SESSION: TimeDelta = TimeDelta::days(1);

/// When the first frame of a session arrived, of the table `newest`: one step in the index of (session, number). While its segment is
/// being written that is a guess, and not told.
pub(super) const FIRST_FRAME: &str = "(SELECT first.started_at FROM segments AS first WHERE first.session = newest.id \
                                      AND first.number = 0 AND first.state <> 'writing') AS first_frame";

/// A list of segments in order: those of one stream by their sessions' starts and within a session by number, because somebody
/// may set the wall clock while it goes on; everybody's by their own starts. `join`: the word with which the database keeps the
/// order of the two tables.
pub(super) fn segment_list(columns: &str, join: &str, query: &SegmentQuery, conditions: &[String]) -> String {
    let columns: Vec<String> = columns.split(", ").map(|column| format!("segments.{}", column.trim())).collect();
    let (tables, order) = match query.is_by_session() {
        true => (
            format!("sessions {join} segments ON segments.session = sessions.id"),
            "sessions.started_at, sessions.id, segments.number",
        ),
        false => ("segments".to_owned(), "segments.started_at, segments.id"),
    };
    let (columns, conditions) = (columns.join(", "), conditions.join(" AND "));
    format!("SELECT {columns} FROM {tables} WHERE {conditions} ORDER BY {order} LIMIT {}", query.limit)
}

/// Stretches of segments of one state that follow one another, of every stream or of one: what the database joins is not sent one by
/// one. `follows` compares the end of the segment before with the start of this one; the places of the values are those of the
/// database: from, earliest start, to, stream or null.
pub(super) fn recorded_spans(follows: &str, places: [&str; 4], only: &SpansOf) -> String {
    let [from, earliest, to, stream] = places;
    let only = match only {
        SpansOf::All => String::new(),
        SpansOf::NotStored => " AND state IN ('sealed', 'uploading')".to_owned(),
        // Read in another way: see `session_segments`.
        SpansOf::Sessions(_) => " AND 1 = 0".to_owned(),
        SpansOf::GivenUp => format!(" AND state = 'deleted' AND reason = '{GIVEN_UP}'"),
    };
    format!(
        "WITH one AS (SELECT server, stream, started_at, ended_at, id, state FROM segments WHERE ended_at > {from} \
         AND started_at > {earliest} AND started_at < {to} AND ({stream} IS NULL OR stream = {stream}){only}), \
         marked AS (SELECT one.*, CASE WHEN {follows} AND lag(state) OVER line = state THEN 0 ELSE 1 END AS begins \
         FROM one WINDOW line AS (PARTITION BY server, stream ORDER BY started_at, id)), \
         numbered AS (SELECT marked.*, sum(begins) OVER (PARTITION BY server, stream ORDER BY started_at, id) AS stretch FROM marked) \
         SELECT server, stream, state, min(started_at), max(ended_at) FROM numbered GROUP BY server, stream, stretch, state \
         ORDER BY server, stream, min(started_at)"
    )
}

/// The segments of some sessions in the order in which they were recorded, which an index gives; [`Stretches`] joins them as they come.
/// The places are those of [`recorded_spans`].
pub(super) fn session_segments(sessions: &[Uuid], places: [&str; 4]) -> String {
    let [from, earliest, to, stream] = places;
    let ids: Vec<String> = sessions.iter().map(|id| format!("'{id}'")).collect();
    format!(
        "SELECT server, stream, state, started_at, ended_at FROM segments WHERE session IN ({}) AND ended_at > {from} \
         AND started_at > {earliest} AND started_at < {to} AND ({stream} IS NULL OR stream = {stream}) ORDER BY session, number",
        ids.join(", ")
    )
}

/// Rounding of clocks: segments that are nearer follow one another.
const JOINED: TimeDelta = TimeDelta::milliseconds(20);

/// Segments that come one after the other, as stretches of one state.
#[derive(Default)]
pub(super) struct Stretches(Vec<RecordedSpan>);

impl Stretches {
    /// The next one.
    pub(super) fn add(&mut self, next: RecordedSpan) {
        match self.0.last_mut() {
            Some(last) if follows(last, &next) => last.span.to = last.span.to.max(next.span.to),
            _ => self.0.push(next),
        }
    }

    /// All of them.
    pub(super) fn into_spans(self) -> Vec<RecordedSpan> {
        self.0
    }
}

fn follows(last: &RecordedSpan, next: &RecordedSpan) -> bool {
    let is_next = next.span.from >= last.span.from && next.span.from <= last.span.to + JOINED;
    is_next && last.state == next.state && last.stream == next.stream && last.server == next.server
}

/// Longest text taken out of a column, in bytes. Longer ones come as their first 4,097 bytes: too long for every rule
/// of the domain, so that they are refused there, and small enough to be listed by the thousand.
pub(super) const LONGEST_TEXT: usize = 4_096;

/// When a segment ends; its start when the length makes no sense, because lengths come from files that anybody may have
/// written.
pub(super) fn end(segment: &Segment) -> DateTime<Utc> {
    let length = i64::try_from(segment.duration_ms).ok().and_then(TimeDelta::try_milliseconds);
    length.and_then(|length| segment.started_at.checked_add_signed(length)).unwrap_or(segment.started_at)
}

/// The earliest start of a segment that may reach beyond `from`.
pub(super) fn earliest_start(from: DateTime<Utc>) -> DateTime<Utc> {
    from.checked_sub_signed(LONGEST_SEGMENT).unwrap_or(from)
}

/// The starts of sessions between which those of the query's segments lie, where it asks for a time: a stream has thousands of sessions,
/// and an index finds them by their starts. A session ends at midnight UTC, and begins with its first segment; but its row has the
/// second that its object keys have, which is another than that of the session before, and so may be a later one.
pub(super) fn session_starts(query: &SegmentQuery) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
    let earliest = |from| earliest_start(known_time(from)).checked_sub_signed(LONGEST_SESSION).unwrap_or(from);
    let latest = |to| known_time(to).checked_add_signed(LONGEST_SESSION).unwrap_or(to);
    (query.from.map(earliest), query.to.map(latest))
}

/// A time, within those that every database knows and that are written without a sign: the years 1 to 9999. A question may name others.
pub(super) fn known_time(time: DateTime<Utc>) -> DateTime<Utc> {
    let first = NaiveDate::from_ymd_opt(1, 1, 1).map(|day| day.and_time(NaiveTime::MIN).and_utc());
    let last = NaiveDate::from_ymd_opt(10_000, 1, 1).map(|day| day.and_time(NaiveTime::MIN).and_utc());
    first.zip(last).map_or(time, |(first, last)| time.clamp(first, last - TimeDelta::microseconds(1)))
}

/// A count for a signed column; beyond 2^63 there is no more to say.
pub(super) fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Another node's recording stands under this session and number.
pub(super) fn not_ours(segment: &Segment) -> Error {
    let text =
        format!("segment {} of session {} is another node's and is left as it is", segment.number, segment.session);
    Error::new(ErrorKind::Conflict, text)
}

/// What a look found, as its column holds it.
pub(super) fn outcome_text(outcome: &ProbeOutcome) -> Result<String> {
    serde_json::to_string(outcome)
        .map_err(|error| Error::internal("what a look at a camera found cannot be written").with_source(error))
}

/// Where the fault of an incident lies, as its column holds it.
pub(super) fn verdict_text(verdict: &Verdict) -> Result<String> {
    serde_json::to_string(verdict)
        .map_err(|error| Error::internal("where the fault of an incident lies cannot be written").with_source(error))
}

/// That of a column; `None` for one of a later version that this one does not know.
pub(super) fn verdict(text: &str) -> Option<Box<Verdict>> {
    serde_json::from_str(text).ok()
}

/// The cursor of a list names an incident that is gone or never was.
pub(super) fn no_incident_to_go_on(id: Uuid) -> Error {
    Error::invalid("after", format!("there is no incident {id} to go on after; begin again without it"))
}

/// An incident is gone or never was.
pub(super) fn no_incident(id: Uuid) -> Error {
    Error::not_found(format!("there is no incident {id}"))
}

/// Whoever writes so many has lost his way.
pub(super) fn too_many_notes() -> Error {
    let text = format!("this incident has {MOST_NOTES} notes already, and more are not taken");
    Error::new(ErrorKind::Conflict, text)
}

/// Nobody has written this kind.
pub(super) fn no_kind(kind: &str) -> Error {
    let kind: String = kind.chars().take(64).collect();
    Error::not_found(format!("there is no kind of camera {kind:?}"))
}

/// A camera was checked by a kind that somebody has deleted since.
pub(super) fn kind_gone(kind: &str) -> Error {
    let kind: String = kind.chars().take(64).collect();
    Error::invalid("kind", format!("the kind {kind:?} was deleted meanwhile; choose another"))
}

/// Whether the row that an edit leads to may ask for another kind than before.
pub(super) fn takes_kind(edit: &CameraEdit) -> bool {
    edit.kind.is_some() || matches!(edit.url, Some(None))
}

/// Refuses writes that ask for a kind which is not there (any more).
pub(super) fn check_kinds_there(writes: &[CameraWrite], rows: &[CameraRow], kinds: &[(String, String)]) -> Result<()> {
    for CameraWrite { id, edit } in writes.iter().filter(|write| takes_kind(&write.edit) || write.id.is_none()) {
        let row = id.and_then(|id| rows.iter().find(|row| row.id == id));
        let has_url = edit.url.as_ref().map_or_else(|| row.is_some_and(|row| row.url.is_some()), Option::is_some);
        let kind = edit.kind.as_deref().or(row.map(|row| row.kind.as_str())).unwrap_or("generic");
        if !has_url && !kinds.iter().any(|(known, _)| known.eq_ignore_ascii_case(kind.trim())) {
            return Err(kind_gone(kind));
        }
    }
    Ok(())
}

/// The key of a media server as a subject, and how those of its streams begin.
pub(super) fn subjects_of_server(server: &str) -> (String, String) {
    let stream = Subject::Stream { server: server.to_owned(), name: String::new() };
    (Subject::Server { name: server.to_owned() }.key(), stream.key())
}
