//! What the polls at a platform have found, and what has to be told of it.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    EventPhase, IngestPhase, LiveEvent, PlatformFault, PlatformFaultKind, PlatformReport, PlatformState,
    PlatformStatus, RequestLimit,
};
use crate::domain::health::{OutageEvent, OutageLog};
use crate::domain::incident::{IncidentKind, Subject};
use crate::domain::moment::Moment;

/// An address that expires sooner, and nothing streams to, is told.
const LINK_WARNING: TimeDelta = TimeDelta::hours(1);
/// Where somebody has to change something, asking more often helps nothing.
const REFUSED_REST: Duration = Duration::from_secs(300);

/// What has to be told.
#[derive(Clone, Debug, PartialEq)]
pub enum PlatformChange {
    /// It goes wrong, since then.
    Raise {
        /// With whom.
        subject: Subject,
        /// What.
        kind: IncidentKind,
        /// Why, in a sentence.
        cause: String,
        /// Since when.
        since: Moment,
    },
    /// It is well in this respect; told each time, for what an earlier run has left open.
    Clear {
        /// With whom.
        subject: Subject,
        /// In which respect.
        kind: IncidentKind,
    },
    /// It is no longer there.
    Gone(Subject),
}

/// What is known of one platform.
#[derive(Debug)]
pub struct PlatformMemory {
    name: String,
    kind: String,
    interval: Duration,
    events: Vec<LiveEvent>,
    limit: Option<RequestLimit>,
    fault: Option<PlatformFault>,
    answered: Option<Moment>,
    down: OutageLog,
    /// Of each event, whether it lacks its stream.
    ingests: BTreeMap<String, OutageLog>,
    polls: u64,
    failed_polls: u64,
}

impl PlatformMemory {
    /// Kinds of incidents that it tells.
    pub const INCIDENTS: [IncidentKind; 3] =
        [IncidentKind::PlatformDown, IncidentKind::IngestDown, IncidentKind::IngestLinkExpires];

    /// Of a platform that nobody has asked yet.
    pub fn new(name: String, kind: String, interval: Duration) -> Self {
        Self {
            name,
            kind,
            interval,
            events: Vec::new(),
            limit: None,
            fault: None,
            answered: None,
            down: OutageLog::default(),
            ingests: BTreeMap::new(),
            polls: 0,
            failed_polls: 0,
        }
    }

    /// A look has found this.
    pub fn took(&mut self, report: PlatformReport, at: Moment) -> Vec<PlatformChange> {
        self.polls += 1;
        let mut changes: Vec<PlatformChange> = self.is_well(at).into_iter().collect();
        let gone = self.events.iter().filter(|old| report.events.iter().all(|new| new.id != old.id));
        changes.extend(gone.map(|old| PlatformChange::Gone(self.subject_of(old))));
        let before = std::mem::take(&mut self.events);
        self.events = report.events.into_iter().map(|event| with_what_was_known(event, &before)).collect();
        self.ingests.retain(|id, _| self.events.iter().any(|event| event.id == *id));
        (self.limit, self.fault, self.answered) = (report.limit, None, Some(at));
        for event in self.events.clone() {
            changes.extend(self.of_stream(&event, at));
            changes.extend(self.of_link(&event, at));
        }
        changes
    }

    /// A look has failed. What was known stays, with its age.
    pub fn failed(&mut self, fault: PlatformFault, at: Moment) -> Vec<PlatformChange> {
        self.polls += 1;
        self.failed_polls += 1;
        let cause = fault.message.clone();
        let (is_lasting, rests) = (fault.is_lasting(), fault.kind == PlatformFaultKind::RateLimited);
        self.fault = Some(fault);
        if rests {
            return Vec::new();
        }
        let mut told = self.down.failed(at);
        if is_lasting {
            told = self.down.failed(at);
        }
        match told {
            OutageEvent::Raise(since) => {
                let (subject, kind) = (self.subject(), IncidentKind::PlatformDown);
                vec![PlatformChange::Raise { subject, kind, cause, since }]
            }
            _ => Vec::new(),
        }
    }

    /// How long to rest before the next look.
    pub fn rest(&self, now: DateTime<Utc>) -> Duration {
        let asked = self.fault.as_ref().and_then(|fault| fault.until).and_then(|until| (until - now).to_std().ok());
        let refused = self.fault.as_ref().filter(|fault| fault.is_lasting()).map(|_| REFUSED_REST);
        // The list, and two questions for each event that goes on.
        let requests = 1 + 2 * self.events.len() as u64;
        let limited = self.limit.as_ref().filter(|_| self.fault.is_none()).map(|limit| limit.rest(requests, now));
        [asked, refused, limited].into_iter().flatten().fold(self.interval, Duration::max)
    }

    /// As everybody sees it.
    pub fn status(&self) -> PlatformStatus {
        let state = match &self.fault {
            Some(fault) if fault.is_lasting() => PlatformState::Refused,
            Some(fault) if fault.kind == PlatformFaultKind::RateLimited => PlatformState::Resting,
            Some(_) if self.down.failures() < 2 => PlatformState::Doubtful,
            Some(_) => PlatformState::Down,
            None if self.answered.is_some() => PlatformState::Well,
            None => PlatformState::Waiting,
        };
        PlatformStatus {
            name: self.name.clone(),
            kind: self.kind.clone(),
            state,
            interval_seconds: self.interval.as_secs_f64(),
            at: self.answered.map(|at| at.wall),
            events: self.events.clone(),
            limit: self.limit,
            fault: self.fault.clone(),
            polls: self.polls,
            failed_polls: self.failed_polls,
        }
    }

    /// Whether incidents about this subject may be ours.
    pub fn knows(&self, subject: &Subject) -> bool {
        match subject {
            Subject::Platform { name } => *name == self.name,
            Subject::LiveEvent { platform, id, .. } => {
                *platform == self.name && self.events.iter().any(|event| event.id == *id)
            }
            _ => false,
        }
    }

    fn subject(&self) -> Subject {
        Subject::Platform { name: self.name.clone() }
    }

    fn subject_of(&self, event: &LiveEvent) -> Subject {
        Subject::LiveEvent { platform: self.name.clone(), id: event.id.clone(), name: event.title.clone() }
    }

    fn is_well(&mut self, at: Moment) -> Option<PlatformChange> {
        let (subject, kind) = (self.subject(), IncidentKind::PlatformDown);
        (self.down.succeeded(at) == OutageEvent::Clear).then_some(PlatformChange::Clear { subject, kind })
    }

    /// An event that goes on and gets no stream.
    fn of_stream(&mut self, event: &LiveEvent, at: Moment) -> Option<PlatformChange> {
        let (subject, kind) = (self.subject_of(event), IncidentKind::IngestDown);
        let log = self.ingests.entry(event.id.clone()).or_default();
        match event.lacks_stream() {
            Some(true) => {
                let cause = format!(
                    "the event {} goes on and {} gets no stream ({}); look at the encoder and at the network on the way there",
                    event.title,
                    self.kind,
                    phase_words(event)
                );
                match log.failed(at) {
                    OutageEvent::Raise(since) => Some(PlatformChange::Raise { subject, kind, cause, since }),
                    _ => None,
                }
            }
            Some(false) => (log.succeeded(at) == OutageEvent::Clear).then_some(PlatformChange::Clear { subject, kind }),
            None if event.fault.is_none() && event.phase != EventPhase::Live => {
                log.stopped(at);
                Some(PlatformChange::Clear { subject, kind })
            }
            None => None,
        }
    }

    /// An address that expires before somebody streams to it.
    fn of_link(&self, event: &LiveEvent, at: Moment) -> Option<PlatformChange> {
        let (subject, kind) = (self.subject_of(event), IncidentKind::IngestLinkExpires);
        let is_over = event.phase == EventPhase::Ended;
        // Of one that goes on this is the next time.
        let planned = event.planned_at.filter(|_| event.phase == EventPhase::Planned);
        let ingest = event.ingest.as_ref().filter(|ingest| ingest.phase != IngestPhase::Streaming && !is_over);
        let expires = ingest.and_then(|ingest| ingest.link_expires_at);
        let is_late = |expires: &DateTime<Utc>| {
            *expires - at.wall < LINK_WARNING || planned.is_some_and(|planned| planned > *expires)
        };
        match expires.filter(is_late) {
            Some(expires) => {
                let time = expires.format("%Y-%m-%d %H:%M UTC");
                let verb = if expires <= at.wall { "has expired" } else { "expires" };
                let cause = format!(
                    "the address that the event {} is to be streamed to {verb} at {time}; let {} make a new one and give it to the encoder",
                    event.title, self.kind
                );
                Some(PlatformChange::Raise { subject, kind, cause, since: at })
            }
            None => Some(PlatformChange::Clear { subject, kind }),
        }
    }
}

/// An event that could not be looked at keeps what was known of it.
fn with_what_was_known(event: LiveEvent, before: &[LiveEvent]) -> LiveEvent {
    match before.iter().find(|old| old.id == event.id) {
        Some(old) if event.fault.as_ref().is_some_and(PlatformFault::is_of_all) => {
            LiveEvent { fault: event.fault, ..old.clone() }
        }
        _ => event,
    }
}

fn phase_words(event: &LiveEvent) -> &'static str {
    match event.ingest.as_ref().map(|ingest| ingest.phase) {
        Some(IngestPhase::NoAddress) => "it has no address to stream to",
        Some(IngestPhase::Provisioning) => "its address is being made",
        Some(IngestPhase::Ready) => "it waits for the stream",
        Some(IngestPhase::TimedOut) => "none came in time",
        Some(IngestPhase::Ended) => "the stream has ended",
        _ => "it does not say why",
    }
}

#[cfg(test)]
#[path = "platform_memory_tests.rs"]
mod tests;
