//! One ffmpeg run writes files 0, 1, 2, ...; here they become numbered segments of sessions with wall clock times.
//!
//! A run is one session until midnight UTC. Files that begin after midnight belong to a new session and count from 0
//! again, while ffmpeg goes on writing: no frame is lost at the turn of the day.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::layout::{is_next_day, session_start};
use super::recording::RecordingSession;

/// Sessions that one ffmpeg run has written, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionPlanner {
    first: RecordingSession,
    /// `(session, number of its first file)`, by that number.
    later: Vec<(RecordingSession, u32)>,
}

/// The turn of the day.
#[derive(Clone, Debug, PartialEq)]
pub struct Rollover {
    /// The session that is over, with its end.
    pub ended: RecordingSession,
    /// The one that follows without a gap.
    pub begun: RecordingSession,
}

impl SessionPlanner {
    /// A run that begins with this session.
    pub fn open(first: RecordingSession) -> Self {
        Self { first, later: Vec::new() }
    }

    /// The planner of an earlier run, from what its sessions noted: each later one with the number of its first file.
    pub fn restore(first: RecordingSession, mut later: Vec<(RecordingSession, u32)>) -> Self {
        later.sort_by_key(|(_, from)| *from);
        Self { first, later }
    }

    /// The session that is being written.
    pub fn current(&self) -> &RecordingSession {
        self.later.last().map_or(&self.first, |(session, _)| session)
    }

    /// All sessions of the run, in order.
    pub fn sessions(&self) -> impl Iterator<Item = &RecordingSession> {
        std::iter::once(&self.first).chain(self.later.iter().map(|(session, _)| session))
    }

    /// ffmpeg begins file number `file` at `at`. After midnight that opens the session `id`.
    pub fn file_begins(&mut self, file: u32, at: DateTime<Utc>, id: Uuid) -> Option<Rollover> {
        let current = self.current();
        if !is_next_day(current.started_at, at) {
            return None;
        }
        let begun = RecordingSession {
            id,
            server: current.server.clone(),
            stream: current.stream.clone(),
            started_at: session_start(at, Some(current.started_at)),
            ended_at: None,
            end_reason: None,
        };
        let reason = "a new day began (UTC); the recording goes on in the next session".to_owned();
        let ended = RecordingSession { ended_at: Some(at), end_reason: Some(reason), ..current.clone() };
        self.later.push((begun.clone(), file));
        Some(Rollover { ended, begun })
    }

    /// The session a file belongs to, and its number there.
    pub fn place(&self, file: u32) -> (&RecordingSession, u32) {
        match self.later.iter().rev().find(|(_, from)| file >= *from) {
            Some((session, from)) => (session, file - from),
            None => (&self.first, file),
        }
    }

    /// The number that ffmpeg gave to segment `number` of a session; `None` for a session of another run.
    pub fn file_of(&self, session: Uuid, number: u32) -> Option<u32> {
        if session == self.first.id {
            return Some(number);
        }
        let (_, from) = self.later.iter().find(|(later, _)| later.id == session)?;
        from.checked_add(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().expect(text)
    }

    fn session(id: u128, started_at: &str) -> RecordingSession {
        RecordingSession { id: Uuid::from_u128(id), started_at: time(started_at), ..sample::session("a") }
    }

    #[test]
    fn files_after_midnight_count_from_zero_in_a_session_of_the_new_day() {
        let mut planner = SessionPlanner::open(session(1, "2026-12-31T23:58:30Z"));
        assert_eq!(planner.file_begins(1, time("2026-12-31T23:59:59.9Z"), Uuid::from_u128(2)), None);
        let rollover = planner.file_begins(2, time("2027-01-01T00:00:30.4Z"), Uuid::from_u128(2)).expect("a new day");
        assert_eq!(rollover.ended.ended_at, Some(time("2027-01-01T00:00:30.4Z")));
        assert_eq!(rollover.begun, session(2, "2027-01-01T00:00:30Z"));
        assert_eq!(planner.file_begins(3, time("2027-01-01T00:01:30.4Z"), Uuid::from_u128(3)), None);
        planner.file_begins(9, time("2027-01-02T00:00:00Z"), Uuid::from_u128(3)).expect("one more day");

        for (file, id, number) in [(0, 1, 0), (1, 1, 1), (2, 2, 0), (8, 2, 6), (9, 3, 0), (10, 3, 1)] {
            let (session, n) = planner.place(file);
            assert_eq!((session.id, n), (Uuid::from_u128(id), number), "file {file}");
            assert_eq!(planner.file_of(Uuid::from_u128(id), number), Some(file));
        }
        assert_eq!(planner.file_of(Uuid::from_u128(77), 0), None);
        assert_eq!(planner.sessions().count(), 3);

        let later = vec![(session(3, "2027-01-02T00:00:00Z"), 9), (session(2, "2027-01-01T00:00:30Z"), 2)];
        assert_eq!(SessionPlanner::restore(session(1, "2026-12-31T23:58:30Z"), later), planner);
    }
}
