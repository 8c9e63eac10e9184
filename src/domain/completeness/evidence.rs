//! Everything that tells why something was not recorded, and what it tells of one stream.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::gap_cause::GapCause;
use super::known_cause::{KnownCause, cause_of, cause_of_end};
use super::span::Span;
use crate::domain::camera::CameraRow;
use crate::domain::incident::{Incident, Subject};
use crate::domain::maintenance::Maintenance;
use crate::domain::recording::RecordingSession;

/// Starts of sessions are whole seconds.
pub const ROUNDED: TimeDelta = TimeDelta::seconds(1);

/// What is known of a time, of all streams.
#[derive(Debug, Default)]
pub struct GapEvidence {
    /// Sessions of each server and stream, by start.
    pub sessions: BTreeMap<(String, String), Vec<RecordingSession>>,
    /// Incidents that lasted into that time.
    pub incidents: Vec<Incident>,
    /// What is excused now.
    pub excused: Vec<Maintenance>,
    /// The cameras as they are now.
    pub cameras: Vec<CameraRow>,
}

impl GapEvidence {
    /// Sessions that come by their start, as those of each stream.
    pub fn by_stream(
        sessions: impl Iterator<Item = RecordingSession>,
    ) -> BTreeMap<(String, String), Vec<RecordingSession>> {
        let mut found: BTreeMap<_, Vec<RecordingSession>> = BTreeMap::new();
        for session in sessions {
            found.entry((session.server.clone(), session.stream.to_string())).or_default().push(session);
        }
        found
    }

    /// What it tells of a stream up to `end`.
    pub fn of(&self, server: &str, stream: &str, end: DateTime<Utc>, now: DateTime<Utc>) -> Vec<KnownCause> {
        let mut causes: Vec<KnownCause> =
            self.incidents.iter().filter_map(|incident| cause_of(incident, server, stream, now)).collect();
        let its = self.sessions.get(&(server.to_owned(), stream.to_owned()));
        let mut sessions = its.into_iter().flatten().peekable();
        while let Some(session) = sessions.next() {
            let Some(ended_at) = session.ended_at else { continue };
            let to = sessions.peek().map_or(end, |next| next.started_at + ROUNDED);
            let cause = session.end_reason.as_deref().and_then(cause_of_end);
            causes.extend(cause.map(|cause| KnownCause { span: Span { from: ended_at, to }, cause }));
        }
        causes.extend(self.excused.iter().filter(|one| is_about(&one.subject, server, stream)).map(|one| KnownCause {
            span: Span { from: one.set_at, to: one.until.min(now) },
            cause: GapCause::Excused,
        }));
        // Since when it is switched off is known as long as nothing else of it was changed.
        let off = self.cameras.iter().filter(|row| row.name == stream && !(row.enabled && row.record));
        causes.extend(off.filter_map(|row| {
            let from = row.updated_at.as_deref()?.parse::<DateTime<Utc>>().ok()?;
            let span = Span { from, to: now };
            Some(KnownCause { span, cause: GapCause::NotEnabled })
        }));
        causes
    }
}

fn is_about(subject: &Subject, server: &str, stream: &str) -> bool {
    match subject {
        Subject::Camera { name, .. } => name == stream,
        Subject::Stream { server: its, name } => its == server && name == stream,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::incident::IncidentKind;
    use crate::domain::sample;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).expect("a time")
    }

    fn session(stream: &str, from: i64, to: Option<i64>, end_reason: &str) -> RecordingSession {
        let (started_at, ended_at, end_reason) = (at(from), to.map(at), to.map(|_| end_reason.to_owned()));
        RecordingSession { started_at, ended_at, end_reason, ..sample::session(stream) }
    }

    #[test]
    fn the_end_of_a_session_tells_of_the_time_up_to_the_next_one_of_its_stream() {
        let down = Incident::open(
            Uuid::nil(),
            IncidentKind::CameraDown,
            Subject::camera_of(1, "cam"),
            "401".to_owned(),
            at(12),
        );
        let excused = Subject::Stream { server: "main".to_owned(), name: "cam".to_owned() };
        let excused = Maintenance::checked(excused, at(500), "lens", "eve".to_owned(), at(70)).expect("fine");
        let evidence = GapEvidence {
            sessions: GapEvidence::by_stream(
                [
                    session("cam", 0, Some(10), "the stream ended"),
                    session("other", 11, Some(12), "the stream ended"),
                    session("cam", 20, Some(30), "nobody knows"),
                    session("cam", 40, Some(50), "the program was stopped"),
                ]
                .into_iter(),
            ),
            incidents: vec![down],
            excused: vec![excused],
            cameras: Vec::new(),
        };
        let told = |stream: &str| {
            let seconds = |at: DateTime<Utc>| at.timestamp() - 1_800_000_000;
            let known = evidence.of("main", stream, at(100), at(90));
            known.iter().map(|one| (seconds(one.span.from), seconds(one.span.to), one.cause)).collect::<Vec<_>>()
        };
        use GapCause::{CameraDown, Excused, RecorderRestarting, SourceSilent};
        let wanted = [
            (12, 90, CameraDown),
            // To the second in which the next one begins.
            (10, 21, SourceSilent),
            (50, 100, RecorderRestarting),
            (70, 90, Excused),
        ];
        assert_eq!(told("cam"), wanted);
        assert_eq!(told("other"), [(12, 100, SourceSilent)]);
        assert_eq!(told("third"), []);
    }
}
