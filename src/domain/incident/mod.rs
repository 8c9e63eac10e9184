//! Incidents: what went wrong, with whom, from when to when, and why.
//!
//! At most one incident of a kind is open for a subject. [`OpenIncidents`] keeps that rule for whoever raises incidents and says
//! what has to be written; the database keeps it too, so that two writers cannot break it. Causes are sentences for
//! people: whoever raises an incident has taken the secrets out of its cause.

mod incident_queue;
mod open_incidents;
mod remark;
mod subject;
mod tracker;
mod verdict;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub use incident_queue::{IncidentQueue, MOST_FINISHED};
pub use open_incidents::OpenIncidents;
pub use remark::{Acknowledgement, IncidentNote, LONGEST_NOTE, MOST_NOTES, Remark, check_note};
pub use subject::Subject;
pub use tracker::{IncidentDecision, IncidentTracker, RelayTransition, RelayUpdate, ServerObservation};
pub use verdict::{Confidence, Evidence, FaultCause, FaultFinding, FaultPart, NextStep, Suggestion, Verdict};

/// Longest cause, in characters; what is longer is cut.
pub const LONGEST_CAUSE: usize = 500;

/// Closed incidents are forgotten after this time.
pub const KEPT: TimeDelta = TimeDelta::days(90);

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum IncidentKind {
    /// A camera's relay failed, or its source cannot be used.
    CameraDown,
    /// A camera's relay lives and makes no progress.
    CameraStalled,
    /// A camera failed so often that it is tried at the longest interval only.
    CameraDegraded,
    /// Somebody else publishes to a camera's path.
    OtherPublisher,
    /// A change of the cameras would stop too many of them and waits for a person.
    // The word of rows that exist, in answers as in filters.
    #[serde(rename = "planHeld")]
    ChangeBlocked,
    /// A media server does not answer.
    ServerDown,
    /// A media server was restarted: it did not only become unreachable.
    ServerRestarted,
    /// A service of ours (the database) does not answer.
    ServiceDown,
    /// A stream that should be recorded is not, or no stream can be: the disk of the spool is full or away. Or it is
    /// recorded, and its segments cannot be sealed: they can be neither played nor uploaded.
    RecordingPaused,
    /// A stream is lost again and again.
    StreamFlapping,
    /// Another source took over a stream that was live.
    SourceReplaced,
    /// Codec or picture size of a stream changed while it was live.
    TracksChanged,
    /// Everybody who read a stream left at once.
    ReadersGone,
    /// The counters of a stream began anew while it was live and nothing else has changed.
    CounterReset,
    /// Nothing is heard of a host that is measured.
    HostSilent,
    /// A disk of a host is nearly full, or full soon.
    DiskNearlyFull,
    /// Other bytes stand in the object store where segments of a stream should be: they stay in the spool.
    ObjectConflict,
    /// Probes of a target fail.
    ProbeFailed,
    /// Messages to a receiver of notifications are not delivered.
    ReceiverFailing,
    /// An endpoint does not answer over the network, or not as it should.
    EndpointDown,
    /// An endpoint answers, and not well: packets are lost, it is slow, or its certificate ends soon.
    EndpointDegraded,
    /// A hardware encoder does not answer.
    EncoderDown,
    /// A hardware encoder says that it streams and sends nothing, or its platform does not take the stream.
    EncoderStalled,
    /// A hardware encoder has ended its stream without an order from here, or does not stream though it always should.
    EncoderStopped,
    /// A hardware encoder sends less than it makes: its cache fills.
    EncoderCacheFull,
    /// Firmware, platform, server, quality or video format of a hardware encoder is another one.
    EncoderChanged,
    /// The interface of a platform does not answer, or refuses us.
    PlatformDown,
    /// A live event goes on and its platform gets no stream.
    IngestDown,
    /// The address that a live event is to be streamed to expires before it is.
    IngestLinkExpires,
    /// A number of a stream has left what is usual for it at this hour of the week.
    StreamUnusual,
    /// The latency of an endpoint has left what is usual for it at this hour of the week.
    EndpointUnusual,
}

impl IncidentKind {
    /// Every kind.
    pub const ALL: [Self; 31] = [
        Self::CameraDown,
        Self::CameraStalled,
        Self::CameraDegraded,
        Self::OtherPublisher,
        Self::ChangeBlocked,
        Self::ServerDown,
        Self::ServerRestarted,
        Self::ServiceDown,
        Self::RecordingPaused,
        Self::StreamFlapping,
        Self::SourceReplaced,
        Self::TracksChanged,
        Self::ReadersGone,
        Self::CounterReset,
        Self::HostSilent,
        Self::DiskNearlyFull,
        Self::ObjectConflict,
        Self::ProbeFailed,
        Self::ReceiverFailing,
        Self::EndpointDown,
        Self::EndpointDegraded,
        Self::EncoderDown,
        Self::EncoderStalled,
        Self::EncoderStopped,
        Self::EncoderCacheFull,
        Self::EncoderChanged,
        Self::PlatformDown,
        Self::IngestDown,
        Self::IngestLinkExpires,
        Self::StreamUnusual,
        Self::EndpointUnusual,
    ];

    /// The word in databases and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CameraDown => "cameraDown",
            Self::CameraStalled => "cameraStalled",
            Self::CameraDegraded => "cameraDegraded",
            Self::OtherPublisher => "otherPublisher",
            Self::ChangeBlocked => "planHeld", // The word of rows that exist.
            Self::ServerDown => "serverDown",
            Self::ServerRestarted => "serverRestarted",
            Self::ServiceDown => "serviceDown",
            Self::RecordingPaused => "recordingPaused",
            Self::StreamFlapping => "streamFlapping",
            Self::SourceReplaced => "sourceReplaced",
            Self::TracksChanged => "tracksChanged",
            Self::ReadersGone => "readersGone",
            Self::CounterReset => "counterReset",
            Self::HostSilent => "hostSilent",
            Self::DiskNearlyFull => "diskNearlyFull",
            Self::ObjectConflict => "objectConflict",
            Self::ProbeFailed => "probeFailed",
            Self::ReceiverFailing => "receiverFailing",
            Self::EndpointDown => "endpointDown",
            Self::EndpointDegraded => "endpointDegraded",
            Self::EncoderDown => "encoderDown",
            Self::EncoderStalled => "encoderStalled",
            Self::EncoderStopped => "encoderStopped",
            Self::EncoderCacheFull => "encoderCacheFull",
            Self::EncoderChanged => "encoderChanged",
            Self::PlatformDown => "platformDown",
            Self::IngestDown => "ingestDown",
            Self::IngestLinkExpires => "ingestLinkExpires",
            Self::StreamUnusual => "streamUnusual",
            Self::EndpointUnusual => "endpointUnusual",
        }
    }

    /// Of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// One incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Incident {
    /// Made by whoever raised it (UUIDv7).
    pub id: Uuid,
    /// What went wrong.
    pub kind: IncidentKind,
    /// Whom it happened to.
    pub subject: Subject,
    /// Why, in a sentence without secrets.
    pub cause: String,
    /// Since when.
    pub opened_at: DateTime<Utc>,
    /// Until when; null while it lasts.
    pub closed_at: Option<DateTime<Utc>>,
    /// Who has seen it, and when; null while nobody has said so.
    pub acknowledged: Option<Acknowledgement>,
    /// What people have said of it, the oldest first.
    #[serde(default)]
    #[schema(required)]
    pub notes: Vec<IncidentNote>,
    /// Where the fault lies; null while nobody has judged it. An incident that is over keeps its last one.
    #[serde(default)]
    pub verdict: Option<Box<Verdict>>,
}

impl Incident {
    /// One that goes on, and that nobody has said anything of.
    pub fn open(id: Uuid, kind: IncidentKind, subject: Subject, cause: String, opened_at: DateTime<Utc>) -> Self {
        let (closed_at, acknowledged, notes, verdict) = (None, None, Vec::new(), None);
        Self { id, kind, subject, cause, opened_at, closed_at, acknowledged, notes, verdict }
    }

    /// Takes up what somebody has said; in the order in which it was said.
    pub fn take(&mut self, remark: Remark) {
        let Remark { at, who, acknowledges, note, .. } = remark;
        if acknowledges && self.acknowledged.is_none() {
            self.acknowledged = Some(Acknowledgement { at, who: who.clone() });
        }
        self.notes.extend(note.map(|text| IncidentNote { at, who, text }));
    }
}

/// What has to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IncidentWrite {
    /// A new incident.
    Open(Incident),
    /// The end of one.
    Close {
        /// Which.
        id: Uuid,
        /// When it ended.
        at: DateTime<Utc>,
    },
}
