//! What is known at one moment, as plain facts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::domain::camera::CameraState;
use crate::domain::encoder::{EncoderState, EncoderStatus};
use crate::domain::health::NetworkProbeStatus;
use crate::domain::incident::{FaultPart, IncidentKind, Subject};
use crate::domain::probe::FaultKind;
use crate::domain::stream::StreamState;

/// Parts of ours that are asked how they are.
pub const WATCHED_PARTS: [FaultPart; 4] = [FaultPart::Spool, FaultPart::Objects, FaultPart::Database, FaultPart::Redis];

/// Things that went wrong within this time of one another may have one cause: a relay notices after 10 s, its next try takes as long.
pub const TOGETHER_S: i64 = 60;

/// What is known.
#[derive(Clone, Debug, Default)]
pub struct Situation {
    /// When that is.
    pub now: DateTime<Utc>,
    /// Name of the host of this process, as its agent calls it.
    pub here: String,
    /// What lasts and what has ended lately.
    pub incidents: Vec<IncidentFact>,
    /// All cameras that are switched on.
    pub cameras: Vec<CameraFact>,
    /// Media servers.
    pub servers: Vec<ServerFact>,
    /// Streams that incidents are about.
    pub streams: Vec<StreamFact>,
    /// Hosts that are measured.
    pub hosts: Vec<HostFact>,
    /// Parts of ours that were asked.
    pub parts: Vec<PartFact>,
    /// Folder where the disk of the spool is mounted, where it is known.
    pub spool_mount: Option<String>,
    /// Endpoints that are asked over the network.
    pub endpoints: Vec<EndpointFact>,
    /// Why targets and encoders did not answer as they should when they were asked last, by the keys of their subjects.
    pub faults: BTreeMap<String, FaultKind>,
    /// Which encoder feeds what.
    pub feeds: Vec<FeedFact>,
    /// Keys of subjects that are excused.
    pub excused: BTreeSet<String>,
}

/// An endpoint that is asked over the network. One that was not asked yet is not there.
#[derive(Clone, Debug)]
pub struct EndpointFact {
    /// Its configured name.
    pub name: String,
    /// Its host: a name, or an address.
    pub host: String,
    /// Why its last probe failed; `None`: it was good.
    pub fault: Option<FaultKind>,
    /// Percent of the round trips of the last minutes that are lost.
    pub loss: Option<f64>,
    /// When its last probe ended: what it says of names was true then.
    pub at: DateTime<Utc>,
}

impl EndpointFact {
    /// Of what its probes have found.
    pub fn of(status: &NetworkProbeStatus) -> Option<Self> {
        let at = status.at?;
        let authority = status.url.split_once("://").map_or("", |(_, authority)| authority);
        let host = match authority.strip_prefix('[') {
            Some(bracketed) => bracketed.split(']').next(),
            None => authority.split(':').next(),
        };
        let (name, host) = (status.endpoint.clone(), host.unwrap_or_default().to_owned());
        let fault = status.fault.as_ref().map(|fault| fault.kind);
        Some(Self { name, host, fault, loss: status.window.loss_ratio.map(|ratio| ratio * 100.0), at })
    }

    /// It says nothing at all, as it is when something between us is gone.
    pub fn is_silent(&self) -> bool {
        matches!(self.fault, Some(FaultKind::TimedOut | FaultKind::NoRoute))
    }
}

/// An encoder, and one thing that it feeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedFact {
    /// Its configured name.
    pub encoder: String,
    /// Key of the subject that is fed: a live event or a stream.
    pub of: String,
    /// It is seen to stream, or not to; `None` while that is not known.
    pub streams: Option<bool>,
}

impl FeedFact {
    /// What an encoder feeds.
    pub fn of(status: &EncoderStatus) -> impl Iterator<Item = Self> {
        let streams = match status.state {
            EncoderState::Streaming => Some(true),
            EncoderState::Idle | EncoderState::Frozen | EncoderState::Interrupted | EncoderState::Connecting => {
                Some(false)
            }
            EncoderState::Waiting
            | EncoderState::Silent
            | EncoderState::Unproved
            | EncoderState::Flushing
            | EncoderState::Unknown => None,
        };
        status.feeds.subjects().map(move |of| Self { encoder: status.name.clone(), of, streams })
    }
}

/// An incident.
#[derive(Clone, Debug)]
pub struct IncidentFact {
    /// Its id.
    pub id: Uuid,
    /// What went wrong.
    pub kind: IncidentKind,
    /// With whom.
    pub subject: Subject,
    /// Since when.
    pub opened_at: DateTime<Utc>,
    /// Until when; `None` while it lasts.
    pub closed_at: Option<DateTime<Utc>>,
}

impl IncidentFact {
    /// Whether both lasted at some time, or followed one another within so many seconds.
    pub fn meets(&self, other: &Self, seconds: i64) -> bool {
        let ends_before =
            |one: &Self, other: &Self| one.closed_at.is_some_and(|end| (other.opened_at - end).num_seconds() > seconds);
        !ends_before(self, other) && !ends_before(other, self)
    }

    /// Whether `cause` can be what this one suffers from now: what lasts does not follow from what is over. For [`TOGETHER_S`] it does
    /// where it has begun before the end, as relays come back one by one; not of the same thing, which is judged anew (as when its
    /// maintenance ends). A moment, such as a restart, has no length.
    pub fn may_follow(&self, cause: &Self, now: DateTime<Utc>) -> bool {
        let (None, Some(end)) = (self.closed_at, cause.closed_at) else { return true };
        let is_moment = cause.opened_at == end;
        let has_begun = is_moment || self.opened_at <= end;
        has_begun && (now - end).num_seconds() <= TOGETHER_S && (is_moment || self.subject.key() != cause.subject.key())
    }

    /// The same of one that it has to meet within so many seconds.
    pub fn follows(&self, cause: &Self, now: DateTime<Utc>, within: i64) -> bool {
        cause.meets(self, within) && self.may_follow(cause, now)
    }
}

/// A camera that is switched on.
#[derive(Clone, Debug)]
pub struct CameraFact {
    /// Its row.
    pub id: i64,
    /// Host of its source, without port.
    pub host: Option<String>,
    /// The server that it is published to.
    pub server: String,
    /// The path there.
    pub path: String,
    /// State of its relay.
    pub state: CameraState,
    /// Its last failure.
    pub fault: Option<FaultKind>,
}

/// A media server.
#[derive(Clone, Debug)]
pub struct ServerFact {
    /// Its configured name.
    pub name: String,
    /// Its API answers.
    pub reachable: bool,
    /// Since when that is so.
    pub since: DateTime<Utc>,
    /// Its RTSP port answers, as far as it was asked.
    pub rtsp_answers: Option<bool>,
    /// Its address refuses connections: the host answers, nobody listens.
    pub refuses: bool,
    /// Name of its host among those that are measured; `None` where nobody knows.
    pub host: Option<String>,
}

/// A stream.
#[derive(Clone, Debug)]
pub struct StreamFact {
    /// Its server.
    pub server: String,
    /// Its name.
    pub name: String,
    /// live, stalled, offline, unknown.
    pub state: StreamState,
    /// Readers.
    pub readers: u32,
    /// Percent of packets that are lost (SRT).
    pub loss: Option<f64>,
}

/// A host that an agent measures.
#[derive(Clone, Debug)]
pub struct HostFact {
    /// Its name.
    pub name: String,
    /// Nothing is heard of it.
    pub silent: bool,
    /// When it was measured last.
    pub at: DateTime<Utc>,
    /// Percent of all cores that are busy.
    pub cpu: Option<f64>,
    /// Percent of memory that is used.
    pub memory: Option<f64>,
    /// Percent of the time in which all tasks wait for a disk (PSI).
    pub io_wait: Option<f64>,
    /// A MediaMTX runs there; `None` where nobody has looked.
    pub media_server_runs: Option<bool>,
    /// Disks.
    pub disks: Vec<DiskFact>,
}

/// A disk.
#[derive(Clone, Debug)]
pub struct DiskFact {
    /// The folder where it is mounted.
    pub mount: String,
    /// Percent used.
    pub used: Option<f64>,
}

/// How a part of ours is.
#[derive(Clone, Debug)]
pub struct PartFact {
    /// One of [`WATCHED_PARTS`].
    pub part: FaultPart,
    /// It does what it is asked.
    pub fine: bool,
}
