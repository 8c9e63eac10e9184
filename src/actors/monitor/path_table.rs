//! What one server poller knows: its server's status and what was last told about each of its streams.
//!
//! Decides whom a poll concerns and what of its outcome is news. Plain data, no actor: used by [`super::server_poller`] alone.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::adapters::live::{Change, Latest};
use crate::adapters::mediamtx::{Listing, ServerIdentity};
use crate::domain::moment::Moment;
use crate::domain::name::StreamName;
use crate::domain::stream::{
    Continuity, PathReading, PathSeen, Sample, ServerRun, ServerStatus, StreamObservation, StreamStatus, server_run,
};

use super::path_poller::Part;
use super::stream_incidents::StreamTransition;

/// Knowledge about one server.
pub struct PathTable {
    server: String,
    status: Option<ServerStatus>,
    streams: BTreeMap<StreamName, Arc<StreamStatus>>,
    /// The store did not take the last news: everything is news again.
    tell_all: bool,
}

/// A server answered that had not answered the last time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// Nothing was known of it.
    First,
    /// It was down.
    Recovered,
}

/// What is to be told after a poll.
#[derive(Debug, Default)]
pub struct PollChanges {
    /// For the live store, to be published together.
    pub changes: Vec<Change>,
    /// For the history.
    pub samples: Vec<(StreamName, Sample)>,
    /// Streams of which something is said that may be an incident.
    pub(super) transitions: Vec<StreamTransition>,
    /// Streams whose pollers have no more work.
    pub forgotten: Vec<StreamName>,
}

impl PathTable {
    /// Knows nothing yet.
    pub fn new(server: impl Into<String>) -> Self {
        Self { server: server.into(), status: None, streams: BTreeMap::new(), tell_all: false }
    }

    /// Goes on from what the live store holds about this server.
    pub fn resume(&mut self, latest: Latest) {
        self.status = latest.servers.into_iter().find(|status| status.name == self.server);
        let ours = latest.streams.into_iter().filter(|status| status.server == self.server);
        self.streams = ours.map(|status| (status.name.clone(), Arc::new(status))).collect();
    }

    /// How many streams are known.
    pub fn len(&self) -> usize {
        self.streams.len()
    }

    /// The server as last told.
    pub fn status(&self) -> Option<&ServerStatus> {
        self.status.as_ref()
    }

    /// Whether the server that has answered is the run of it that was known. To be asked before [`PathTable::answered`].
    pub fn run_of(&self, listing: &Listing, identity: &ServerIdentity) -> ServerRun {
        let Some(before) = &self.status else { return ServerRun::Unknown };
        let (started_at, version) = (identity.started_at, identity.version.as_deref());
        if before.reachable {
            return server_run(before, started_at, version, std::iter::empty());
        }
        let listed: HashMap<&StreamName, &PathReading> = listing.paths.iter().map(|path| (&path.name, path)).collect();
        let streams = self.streams.iter().map(|(name, known)| Continuity::of(known, listed.get(name).copied()));
        server_run(before, started_at, version, streams)
    }

    /// The server answered. `None` when it did so the last time too.
    pub fn answered(&mut self, at: DateTime<Utc>, identity: ServerIdentity) -> Option<Answered> {
        let before = self.status.take();
        let change = match &before {
            Some(status) if status.reachable => None,
            Some(_) => Some(Answered::Recovered),
            None => Some(Answered::First),
        };
        let since = before.as_ref().filter(|status| status.reachable).map_or(at, |status| status.since);
        let known = before.map(|status| (status.version, status.started_at)).unwrap_or_default();
        let (version, started_at) = (identity.version.or(known.0), identity.started_at.or(known.1));
        let name = self.server.clone();
        self.status = Some(ServerStatus {
            name,
            reachable: true,
            since,
            reason: None,
            rtsp_answers: None,
            version,
            started_at,
            last_poll: Some(at),
        });
        change
    }

    /// The server did not answer. True when that, or its reason, is a change.
    pub fn failed(&mut self, at: DateTime<Utc>, reason: &str) -> bool {
        let before = self.status.take();
        let known = before.as_ref().is_some_and(|status| status.reason.as_deref() == Some(reason));
        let since = before.as_ref().filter(|status| !status.reachable).map_or(at, |status| status.since);
        let rtsp_answers = before.as_ref().and_then(|status| status.rtsp_answers);
        let of_before = before.map(|status| (status.version, status.started_at, status.last_poll));
        let (version, started_at, last_poll) = of_before.unwrap_or_default();
        let (name, reason) = (self.server.clone(), Some(reason.to_owned()));
        let reachable = false;
        self.status =
            Some(ServerStatus { name, reachable, since, reason, rtsp_answers, version, started_at, last_poll });
        !known
    }

    /// Whether the RTSP port of the server answers, which was asked because its API does not. The server's status when that is
    /// news.
    pub fn rtsp_probed(&mut self, answers: bool) -> Option<ServerStatus> {
        let status = self.status.as_mut().filter(|status| !status.reachable)?;
        (status.rtsp_answers.replace(answers) != Some(answers)).then(|| status.clone())
    }

    /// What each path poller is to be told: all listed paths, and all known ones that are not listed.
    pub fn feeds(&self, listing: Listing, at: Moment) -> Vec<(StreamName, Part)> {
        let mut listed = listing.paths;
        if !listed.is_sorted_by(|one, next| one.name < next.name) {
            // The last of several of one name counts.
            listed.reverse();
            listed.sort_by(|one, other| one.name.cmp(&other.name));
            listed.dedup_by(|later, first| later.name == first.name);
        }
        let mut feeds = Vec::with_capacity(listed.len().max(self.streams.len()));
        let mut listed = listed.into_iter().peekable();
        let new =
            |reading: PathReading| (reading.name.clone(), Part { seen: PathSeen::Listed(reading), at, known: None });
        // Both are in order.
        for (name, known) in &self.streams {
            while let Some(reading) = listed.next_if(|reading| reading.name < *name) {
                feeds.push(new(reading));
            }
            let seen = listed.next_if(|reading| reading.name == *name).map_or(PathSeen::Missing, PathSeen::Listed);
            feeds.push((name.clone(), Part { seen, at, known: Some(Arc::clone(known)) }));
        }
        feeds.extend(listed.map(new));
        feeds
    }

    /// The same when the server did not answer: nobody new, and all known ones hear why.
    pub fn feeds_without_answer(&self, reason: &str, at: Moment) -> Vec<(StreamName, Part)> {
        let feed = |known: &Arc<StreamStatus>| Part {
            seen: PathSeen::Unanswered(reason.to_owned()),
            at,
            known: Some(Arc::clone(known)),
        };
        self.streams.iter().map(|(name, known)| (name.clone(), feed(known))).collect()
    }

    /// Takes in what the path pollers say. A stream is news when anything about it differs from what was told last;
    /// the server is news every time, because the time of the poll is. A stream whose path is `released` by its camera goes
    /// as soon as the server does not list it.
    pub fn take_observations(
        &mut self,
        observations: Vec<StreamObservation>,
        released: impl Fn(&StreamName) -> bool,
    ) -> PollChanges {
        let mut found = PollChanges::default();
        found.changes.extend(self.status.clone().map(Change::Server));
        for StreamObservation { status, sample, missing, forgotten } in observations {
            if forgotten || missing && released(&status.name) {
                let name = status.name.clone();
                self.streams.remove(&name);
                found.changes.push(Change::StreamGone { server: self.server.clone(), name: name.clone() });
                found.forgotten.push(name);
                continue;
            }
            found.samples.push((status.name.clone(), sample));
            match self.streams.get_mut(&status.name) {
                Some(known) if *known == status => continue,
                Some(known) => {
                    if is_transition(known, &status) {
                        found.transitions.push((Arc::clone(known), Arc::clone(&status)));
                    }
                    *known = Arc::clone(&status);
                }
                None => drop(self.streams.insert(status.name.clone(), Arc::clone(&status))),
            }
            found.changes.push(Change::Stream(status));
        }
        if std::mem::take(&mut self.tell_all) {
            found.changes.retain(|change| !matches!(change, Change::Stream(_)));
            found.changes.extend(self.streams.values().map(|status| Change::Stream(Arc::clone(status))));
        }
        found
    }

    /// The store did not take the news of the last [`PathTable::take_observations`].
    pub fn tell_all_again(&mut self) {
        self.tell_all = true;
    }
}

/// Whether more has changed than numbers.
fn is_transition(before: &StreamStatus, now: &StreamStatus) -> bool {
    before.state != now.state
        || before.source_id != now.source_id
        || before.tracks != now.tracks
        || (before.readers > 0 && now.readers == 0)
        || now.bytes_received < before.bytes_received
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::stream::{StreamMemory, StreamState};

    fn offline(name: &str) -> StreamObservation {
        let name = StreamName::parse(name).expect("a name");
        let at = Moment { wall: DateTime::UNIX_EPOCH, steady: std::time::Duration::ZERO };
        StreamMemory::new("main", name).observe(PathSeen::Missing, at)
    }

    #[test]
    fn a_store_that_missed_something_is_told_everything() {
        let mut path_table = PathTable::new("main");
        path_table.answered(DateTime::UNIX_EPOCH, ServerIdentity::default());
        assert_eq!(path_table.take_observations(vec![offline("a"), offline("b")], |_| false).changes.len(), 3);
        assert_eq!(
            path_table.take_observations(vec![offline("a"), offline("b")], |_| false).changes.len(),
            1,
            "nothing changed but the poll"
        );
        path_table.tell_all_again();
        // Also what no path poller spoke of this time.
        let found = path_table.take_observations(vec![offline("a")], |_| false);
        let told = |change: &Change| matches!(change, Change::Stream(status) if status.state == StreamState::Offline);
        assert_eq!(found.changes.iter().filter(|change| told(change)).count(), 2);
        assert_eq!(path_table.take_observations(vec![offline("a")], |_| false).changes.len(), 1);
    }

    #[test]
    fn a_stream_whose_camera_is_gone_goes_with_it() {
        let mut path_table = PathTable::new("main");
        path_table.take_observations(vec![offline("a"), offline("b")], |_| false);
        let found = path_table.take_observations(vec![offline("a"), offline("b")], |name| name.as_str() == "a");
        let gone = |change: &Change| matches!(change, Change::StreamGone { name, .. } if name.as_str() == "a");
        assert_eq!(found.changes.iter().filter(|change| gone(change)).count(), 1);
        assert_eq!((found.forgotten.len(), path_table.len()), (1, 1));
    }

    #[test]
    fn the_server_keeps_its_since_and_its_version_over_polls_and_outages() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).expect("a time");
        let mut path_table = PathTable::new("main");
        let since = |path_table: &PathTable| path_table.status().expect("a status").since;
        let identity = ServerIdentity { version: Some("v1.20.1".into()), started_at: Some(at(0)) };
        assert_eq!(path_table.answered(at(1), identity), Some(Answered::First));
        assert_eq!(path_table.answered(at(2), ServerIdentity::default()), None);
        assert_eq!(since(&path_table), at(1));
        assert!(path_table.failed(at(3), "nothing listens"));
        assert!(!path_table.failed(at(4), "nothing listens"));
        assert!(path_table.failed(at(5), "did not answer"), "another reason is news");
        assert_eq!(since(&path_table), at(3));
        assert_eq!(path_table.rtsp_probed(true).and_then(|status| status.rtsp_answers), Some(true));
        assert_eq!(path_table.rtsp_probed(true), None, "no news");
        path_table.failed(at(5), "did not answer");
        assert_eq!(path_table.status().expect("a status").rtsp_answers, Some(true), "until it is asked again");
        let status = path_table.status().cloned().expect("a status");
        let known = (status.last_poll, status.version.as_deref(), status.started_at);
        assert_eq!(known, (Some(at(2)), Some("v1.20.1"), Some(at(0))));
        assert_eq!(path_table.answered(at(6), ServerIdentity::default()), Some(Answered::Recovered));
        assert_eq!(since(&path_table), at(6));
        assert_eq!(path_table.status().expect("a status").rtsp_answers, None);
        assert_eq!(path_table.rtsp_probed(true), None, "a late answer: its API is back");
    }
}
