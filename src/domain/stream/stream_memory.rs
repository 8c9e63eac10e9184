//! The liveness rule and the bitrate rule of one stream, poll after poll.
//!
//! A stream is live while it is available, really fed, and its bytes move. `available` alone proves nothing (an
//! alwaysAvailable path is available without a publisher and its placeholder even moves bytes), `online` alone proves
//! nothing (an unreachable pull path is online), and a hung publisher stays both for 10 s: only its bytes stop.
//! Owned by the path poller; pure: two times come in with every poll, one for people and one for arithmetic.

use crate::domain::moment::Moment;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{PathReading, PathSource, Sample, SrtFigures, StreamState, StreamStatus};
use crate::base::SharedText;
use crate::domain::name::StreamName;

/// The bitrate is a mean over this time (at least over the last two polls).
const WINDOW: Duration = Duration::from_secs(6);
/// Two readings closer than this give no rate: a late answer right before a punctual one would make a spike.
const SHORTEST: Duration = Duration::from_millis(200);
/// A stall is at least this many polls without a byte ...
const QUIET_POLLS: u32 = 2;
/// ... and at least this long (a bit under two polls of 2 s, which come with jitter).
const QUIET_TIME: Duration = Duration::from_millis(3_500);
/// A path that its server no longer lists is forgotten after this time.
pub const FORGET_AFTER: Duration = Duration::from_secs(600);

/// Stands still while the state does: `since` tells how long.
const STALLED: &str = "its source is connected and sends nothing";

/// What a poll found out about a path.
#[derive(Clone, Debug, PartialEq)]
pub enum PathSeen {
    /// The server lists it.
    Listed(PathReading),
    /// The server answered and does not list it.
    Missing,
    /// The server did not answer, for this reason.
    Unanswered(String),
}

/// What follows from a poll.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamObservation {
    /// The stream as everybody sees it.
    pub status: Arc<StreamStatus>,
    /// For the history.
    pub sample: Sample,
    /// The server answered and does not list it.
    pub missing: bool,
    /// Not listed for [`FORGET_AFTER`]: no longer worth showing.
    pub forgotten: bool,
}

/// One uninterrupted life of the server's byte counter.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Identity {
    available_since: Option<DateTime<Utc>>,
    source: Option<PathSource>,
}

/// What must be remembered of one stream between polls.
#[derive(Clone, Debug)]
pub struct StreamMemory {
    /// As last told. Its `since` survives a restart of whoever owns this memory.
    status: Option<Arc<StreamStatus>>,
    /// State and since before the server went silent; what it is when nothing happened meanwhile.
    settled: Option<(StreamState, DateTime<Utc>)>,
    server: SharedText,
    name: StreamName,
    identity: Option<Identity>,
    /// `(steady, bytes)` of the readings within [`WINDOW`], of the current identity.
    marks: VecDeque<(Duration, u64)>,
    /// Bytes at the last reading; outlives a restart, unlike the marks.
    bytes: Option<u64>,
    quiet_polls: u32,
    /// When the bytes last moved, as far as we have seen.
    moved_at: Option<Duration>,
    missing_since: Option<Duration>,
    /// Bytes sent to readers at the last reading.
    sent: Option<(Duration, u64)>,
    /// Bytes received and sent at the last reading; stays while there is no stream.
    counted: Option<(u64, u64)>,
    /// Packets sent once more, of the current identity, and how many there were per second.
    retransmitted: Option<(Duration, u64)>,
    retransmit_rate: Option<f64>,
    /// Wall time of the last answered poll.
    answered_at: Option<DateTime<Utc>>,
}

/// Whether the bytes moved since the last reading.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Motion {
    /// Nothing to compare with: first sight, or a new life of the counter.
    Anew,
    Moved,
    Quiet,
}

impl StreamMemory {
    /// A stream that was never seen.
    pub fn new(server: impl Into<SharedText>, name: StreamName) -> Self {
        Self {
            status: None,
            settled: None,
            server: server.into(),
            name,
            identity: None,
            marks: VecDeque::new(),
            bytes: None,
            quiet_polls: 0,
            moved_at: None,
            missing_since: None,
            sent: None,
            counted: None,
            retransmitted: None,
            retransmit_rate: None,
            answered_at: None,
        }
    }

    /// Goes on from what was last told about a stream, after a restart of whoever remembered it.
    pub fn resume(status: Arc<StreamStatus>) -> Self {
        let has_publisher = matches!(status.state, StreamState::Live | StreamState::Stalled);
        let settled = (status.state != StreamState::Unknown).then_some((status.state, status.since));
        let bytes = has_publisher.then_some(status.bytes_received);
        let (server, name) = (status.server.clone(), status.name.clone());
        let counted = has_publisher.then_some((status.bytes_received, status.bytes_sent));
        Self { settled, bytes, counted, status: Some(status), ..Self::new(server, name) }
    }

    /// What was last told.
    pub fn status(&self) -> Option<&StreamStatus> {
        self.status.as_deref()
    }

    /// Takes in one poll.
    pub fn observe(&mut self, seen: PathSeen, at: Moment) -> StreamObservation {
        let missing = seen == PathSeen::Missing;
        let status = match seen {
            PathSeen::Unanswered(reason) => self.unanswered(reason, at),
            PathSeen::Missing => self.missing(at),
            PathSeen::Listed(reading) => self.listed(reading, at),
        };
        let forgotten = self.missing_since.is_some_and(|since| at.steady.saturating_sub(since) >= FORGET_AFTER)
            && status.state == StreamState::Offline;
        let sample = self.sample(&status, at);
        let status = Arc::new(status);
        self.status = Some(Arc::clone(&status));
        StreamObservation { status, sample, missing, forgotten }
    }

    fn sample(&mut self, status: &StreamStatus, at: Moment) -> Sample {
        let StreamStatus { state, bitrate, readers, .. } = *status;
        let mut sample = Sample { bitrate, readers, ..Sample::new(at.wall, state) };
        match state {
            // What is known of it is old.
            StreamState::Unknown => return sample,
            StreamState::Offline => (self.sent, sample.bitrate_out) = (None, Some(0)),
            StreamState::Live | StreamState::Stalled => {
                let before = self.sent.replace((at.steady, status.bytes_sent));
                sample.bitrate_out = before.and_then(|before| rate(before, (at.steady, status.bytes_sent)));
                let counters = (status.bytes_received, status.bytes_sent);
                let counted = self.counted.replace(counters);
                sample.reset = counted.is_some_and(|before| counters.0 < before.0 || counters.1 < before.1);
            }
        }
        sample.srt = SrtFigures {
            rtt: status.rtt,
            recv_rate_mbps: status.recv_rate_mbps,
            link_capacity_mbps: status.link_capacity_mbps,
            loss_rate: status.loss_rate,
            retransmit_rate: status.retransmit_rate,
        };
        sample
    }

    fn unanswered(&self, reason: String, at: Moment) -> StreamStatus {
        let known = self.status.as_deref().cloned().unwrap_or_else(|| self.blank(at));
        let since = if known.state == StreamState::Unknown { known.since } else { at.wall };
        StreamStatus { state: StreamState::Unknown, since, reason: Some(reason), bitrate: None, ..known }
    }

    fn missing(&mut self, at: Moment) -> StreamStatus {
        self.missing_since.get_or_insert(at.steady);
        self.end_of_life();
        let since = self.settle(StreamState::Offline, None, at);
        let reason = "the server does not list it: nobody publishes to it";
        StreamStatus {
            state: StreamState::Offline,
            since,
            reason: Some(reason.into()),
            bitrate: Some(0),
            ..self.blank(at)
        }
    }

    fn listed(&mut self, reading: PathReading, at: Moment) -> StreamStatus {
        self.missing_since = None;
        let (state, reason, since) = match offline_reason(&reading) {
            Some(reason) => {
                self.end_of_life();
                (StreamState::Offline, Some(reason), self.settle(StreamState::Offline, None, at))
            }
            None => {
                let motion = self.motion(&reading, at);
                let state = self.publishing_state(motion, at);
                self.count_retransmits(motion, reading.srt.and_then(|srt| srt.retransmitted), at);
                let began = (motion == Motion::Anew).then_some(reading.available_since).flatten();
                let reason = (state == StreamState::Stalled).then(|| STALLED.to_owned());
                (state, reason, self.settle(state, began, at))
            }
        };
        let bitrate = match state {
            StreamState::Live => self.rate(),
            _ => Some(0),
        };
        StreamStatus {
            server: self.server.clone(),
            name: reading.name,
            state,
            since,
            reason,
            source_id: reading.source.as_ref().map(|source| source.id.clone()).filter(|id| !id.is_empty()),
            source_type: reading.source.map(|source| source.kind),
            bytes_received: reading.bytes_received,
            bytes_sent: reading.bytes_sent,
            readers: reading.readers,
            bitrate,
            tracks: reading.tracks,
            rtt: reading.srt.map(|srt| srt.rtt),
            recv_rate_mbps: reading.srt.map(|srt| srt.recv_rate_mbps),
            link_capacity_mbps: reading.srt.map(|srt| srt.link_capacity_mbps),
            loss_rate: reading.srt.map(|srt| srt.loss_rate),
            retransmit_rate: reading.srt.and(self.retransmit_rate),
            on_demand: reading.on_demand,
        }
    }

    /// Compares the counter with the last reading, and starts a new life of it where it was reset.
    fn motion(&mut self, reading: &PathReading, at: Moment) -> Motion {
        let identity = Identity { available_since: reading.available_since, source: reading.source.clone() };
        let same = match (&self.identity, self.bytes) {
            (Some(known), Some(_)) => *known == identity,
            // Resumed: the counter alone must tell.
            (None, Some(_)) => true,
            (_, None) => false,
        };
        let bytes = reading.bytes_received;
        let motion = match self.bytes {
            Some(before) if same && bytes > before => Motion::Moved,
            Some(before) if same && bytes == before => Motion::Quiet,
            _ => Motion::Anew,
        };
        if motion == Motion::Anew {
            self.marks.clear();
        }
        self.identity = Some(identity);
        self.bytes = Some(bytes);
        self.mark(at.steady, bytes);
        motion
    }

    /// Keeps the readings of the window, and always the one before the newest.
    fn mark(&mut self, steady: Duration, bytes: u64) {
        self.marks.push_back((steady, bytes));
        while self.marks.len() > 2 && self.marks[0].0 + WINDOW < steady {
            self.marks.pop_front();
        }
    }

    /// Packets per second since the last reading, in steps of 0.01; nothing where the counter began anew.
    fn count_retransmits(&mut self, motion: Motion, count: Option<u64>, at: Moment) {
        let now = count.map(|count| (at.steady, count));
        let before = std::mem::replace(&mut self.retransmitted, now).filter(|_| motion != Motion::Anew);
        self.retransmit_rate = before.zip(now).and_then(|((began, from), (ended, to))| {
            let time = ended.checked_sub(began).filter(|time| *time >= SHORTEST)?;
            Some((to.checked_sub(from)? as f64 * 100.0 / time.as_secs_f64()).round() / 100.0)
        });
    }

    fn publishing_state(&mut self, motion: Motion, at: Moment) -> StreamState {
        let stalled = self.settled.is_some_and(|(state, _)| state == StreamState::Stalled);
        if motion == Motion::Quiet {
            // Resumed without a time of the last byte: the quiet begins now at the latest.
            let moved_at = *self.moved_at.get_or_insert(at.steady);
            self.quiet_polls += 1;
            let long = at.steady.saturating_sub(moved_at) >= QUIET_TIME;
            if stalled || (self.quiet_polls >= QUIET_POLLS && long) {
                return StreamState::Stalled;
            }
        } else {
            self.quiet_polls = 0;
            self.moved_at = Some(at.steady);
        }
        StreamState::Live
    }

    /// Since when the state is what it is. `began` is the server's word for the start of a new life: it is taken as
    /// far as it lies between the last answer and now, because the server's clock may be wrong.
    fn settle(&mut self, state: StreamState, began: Option<DateTime<Utc>>, at: Moment) -> DateTime<Utc> {
        let since = match (self.settled, began) {
            (Some((before, since)), None) if before == state => since,
            (_, None) => at.wall,
            (None, Some(began)) => began.min(at.wall),
            (Some(_), Some(began)) => began.max(self.answered_at.unwrap_or(at.wall)).min(at.wall),
        };
        self.settled = Some((state, since));
        self.answered_at = Some(at.wall);
        since
    }

    fn end_of_life(&mut self) {
        self.identity = None;
        self.bytes = None;
        self.marks.clear();
        self.quiet_polls = 0;
        self.moved_at = None;
        (self.retransmitted, self.retransmit_rate) = (None, None);
    }

    /// Bits per second over the marks.
    fn rate(&self) -> Option<u64> {
        rate(*self.marks.front()?, *self.marks.back()?)
    }

    /// A stream of which nothing is known but its name.
    fn blank(&self, at: Moment) -> StreamStatus {
        StreamStatus::blank(self.server.clone(), self.name.clone(), StreamState::Unknown, at.wall)
    }
}

/// Bits per second between two readings of a counter; `None` when it began anew, or when they are too close.
fn rate((began, from): (Duration, u64), (ended, to): (Duration, u64)) -> Option<u64> {
    let time = ended.checked_sub(began).filter(|time| *time >= SHORTEST)?;
    Some((to.checked_sub(from)? as f64 * 8.0 / time.as_secs_f64()).round() as u64)
}

/// Why a listed path has no stream; `None` when it has one.
fn offline_reason(reading: &PathReading) -> Option<String> {
    match (reading.available, reading.online, &reading.source) {
        (true, true, _) => None,
        (true, false, _) => Some("nobody publishes to it: only the server's alwaysAvailable placeholder plays".into()),
        (false, _, None) => Some("nobody publishes to it".into()),
        (false, _, Some(source)) if source.id.is_empty() => Some(format!(
            "the server pulls it ({}) and gets no stream: the source is unreachable, or waits for a reader",
            source.kind
        )),
        (false, _, Some(source)) => {
            Some(format!("its publisher ({}) is connected and sends no stream yet", source.kind))
        }
    }
}
