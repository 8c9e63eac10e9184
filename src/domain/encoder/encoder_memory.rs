//! What an encoder has said, and what of it is believed.
//!
//! `Streaming` is what a device says of itself; in the field it was seen to stay so with a duration that stands still, and with a bit rate
//! of 0, while nothing was sent. So it counts only while the duration goes on and bits flow, as far as the device tells either. What
//! has not been shown is [`EncoderState::Unproved`] for [`PROOF_WITHIN`], and [`EncoderState::Frozen`] after that.

use std::time::Duration;

use super::occurrences::Occurrences;
use super::{
    EncoderClaim, EncoderDetails, EncoderEvent, EncoderFault, EncoderFeeds, EncoderOrder, EncoderReading, EncoderState,
    EncoderStatus,
};
use crate::domain::health::{OutageEvent, OutageLog};
use crate::domain::incident::IncidentKind;
use crate::domain::moment::Moment;

/// A duration or bit rate that shows nothing for so long shows that nothing is sent.
const PROOF_WITHIN: Duration = Duration::from_secs(10);
/// A platform that is called for longer does not answer.
const CONNECTS_WITHIN: Duration = Duration::from_secs(30);
/// The platform may refuse for a moment.
const INTERRUPTED_FOR: Duration = Duration::from_secs(5);
/// Percent of the cache in use that are too many, and so few that it is well again.
const CACHE_HIGH: f64 = 80.0;
const CACHE_LOW: f64 = 50.0;
/// A stop so soon after our own order is the order's.
const ORDER_COUNTS: Duration = Duration::from_secs(120);

/// What is known of one device.
#[derive(Clone, Debug)]
pub struct EncoderMemory {
    name: String,
    host: String,
    always_on: bool,
    feeds: EncoderFeeds,
    interval: Duration,
    state: EncoderState,
    since: Option<Moment>,
    /// The last answer, kept while the device is silent to compare the next with.
    last: Option<EncoderReading>,
    answered: Option<Moment>,
    fault: Option<EncoderFault>,
    /// Since when it says what it says.
    claimed: Option<Moment>,
    /// When its duration was last seen to go on, and its bit rate not to be 0.
    moved: Option<Moment>,
    flowed: Option<Moment>,
    order: Option<(EncoderOrder, Moment)>,
    silent: OutageLog,
    stalled: OutageLog,
    stopped: OutageLog,
    cache: OutageLog,
    /// The ends of its stream that are over already, and its changes.
    ends: Occurrences,
    changes: Occurrences,
    polls: u64,
    failed_polls: u64,
}

impl EncoderMemory {
    /// Kinds of incidents that it tells.
    pub const INCIDENTS: [IncidentKind; 5] = [
        IncidentKind::EncoderDown,
        IncidentKind::EncoderStalled,
        IncidentKind::EncoderStopped,
        IncidentKind::EncoderCacheFull,
        IncidentKind::EncoderChanged,
    ];

    /// Of a device that nobody has asked yet.
    pub fn new(name: String, host: String, always_on: bool, interval: Duration) -> Self {
        let (state, none) = (EncoderState::Waiting, OutageLog::default);
        Self {
            name,
            host,
            always_on,
            feeds: EncoderFeeds::default(),
            interval,
            state,
            since: None,
            last: None,
            answered: None,
            fault: None,
            claimed: None,
            moved: None,
            flowed: None,
            order: None,
            silent: none(),
            stalled: none(),
            stopped: none(),
            cache: none(),
            ends: Occurrences::default(),
            changes: Occurrences::default(),
            polls: 0,
            failed_polls: 0,
        }
    }

    /// The same, of one that feeds this.
    #[must_use]
    pub fn feeding(self, feeds: EncoderFeeds) -> Self {
        Self { feeds, ..self }
    }

    /// An operator has told the device to do this, and it has taken it.
    pub fn ordered(&mut self, order: EncoderOrder, at: Moment) {
        self.order = Some((order, at));
    }

    /// The device has answered.
    pub fn answered(&mut self, reading: EncoderReading, at: Moment) -> Vec<EncoderEvent> {
        self.polls += 1;
        let before = self.last.take();
        let interrupted = self.follow(before.as_ref(), &reading, at);
        let state = self.judge(&reading, at);
        let mut events = Vec::new();
        let mut tell = |kind, cause: Option<String>, log: &mut Occurrences| {
            let told = match cause {
                Some(cause) => log.happened(cause, at),
                None => log.due(at),
            };
            events.extend(told.map(|cause| EncoderEvent::Happened { kind, cause }));
        };
        let changed = changes(before.as_ref().map(|before| &before.details), &reading.details);
        tell(IncidentKind::EncoderChanged, changed, &mut self.changes);
        let ended = interrupted.or_else(|| self.ended(state, at));
        tell(IncidentKind::EncoderStopped, ended, &mut self.ends);
        self.enter(state, at);
        (self.fault, self.answered, self.last) = (None, Some(at), Some(reading));
        events.extend(told(&mut self.silent, IncidentKind::EncoderDown, None, at));
        events.extend(self.stall(at));
        events.extend(self.idle(at));
        events.extend(self.congestion(at));
        events
    }

    /// The device has not answered.
    pub fn failed(&mut self, fault: EncoderFault, at: Moment) -> Vec<EncoderEvent> {
        self.polls += 1;
        self.failed_polls += 1;
        // One lost answer is no silence.
        if self.silent.failures() > 0 || self.answered.is_none() {
            self.enter(EncoderState::Silent, at);
        }
        let cause = fault.message.clone();
        self.fault = Some(fault);
        told(&mut self.silent, IncidentKind::EncoderDown, Some(cause), at).into_iter().collect()
    }

    /// As everybody sees it.
    pub fn status(&self) -> EncoderStatus {
        let silent = self.state == EncoderState::Silent;
        EncoderStatus {
            name: self.name.clone(),
            host: self.host.clone(),
            state: self.state,
            since: self.since.map(|since| since.wall),
            always_on: self.always_on,
            feeds: self.feeds.clone(),
            interval_seconds: self.interval.as_secs_f64(),
            at: self.answered.map(|at| at.wall),
            reading: self.last.clone().filter(|_| !silent),
            fault: self.fault.clone(),
            polls: self.polls,
            failed_polls: self.failed_polls,
        }
    }

    fn enter(&mut self, state: EncoderState, at: Moment) {
        if self.state != state || self.since.is_none() {
            (self.state, self.since) = (state, Some(at));
        }
    }

    /// Compares with the answer before: since when it says what it says, and what has moved. The sentence about a stream that was
    /// interrupted, if it was.
    fn follow(&mut self, before: Option<&EncoderReading>, now: &EncoderReading, at: Moment) -> Option<String> {
        let same = before.is_some_and(|before| before.claim == now.claim);
        let went_back = same
            && now.claim == EncoderClaim::Streaming
            && before.and_then(|before| before.duration_seconds).zip(now.duration_seconds).is_some_and(|(b, n)| n < b);
        if !same || went_back || self.claimed.is_none() {
            (self.claimed, self.moved, self.flowed) = (Some(at), None, None);
        }
        let was = before.filter(|_| same && !went_back).and_then(|before| before.duration_seconds);
        if was.zip(now.duration_seconds).is_some_and(|(was, is)| is > was) {
            self.moved = Some(at);
        }
        if now.bits_per_second.is_some_and(|bits| bits > 0.0) {
            self.flowed = Some(at);
        }
        went_back.then(|| {
            "its stream was interrupted and began anew: its duration counts from the beginning again".to_owned()
        })
    }

    fn judge(&self, now: &EncoderReading, at: Moment) -> EncoderState {
        match now.claim {
            EncoderClaim::Idle => EncoderState::Idle,
            EncoderClaim::Connecting => EncoderState::Connecting,
            EncoderClaim::Flushing => EncoderState::Flushing,
            EncoderClaim::Interrupted => EncoderState::Interrupted,
            EncoderClaim::Other => EncoderState::Unknown,
            EncoderClaim::Streaming => {
                let within = |proof: Option<Moment>| proof.is_some_and(|proof| at.since(proof) < PROOF_WITHIN);
                let moves = now.duration_seconds.is_none() || within(self.moved);
                let flows = now.bits_per_second.is_none() || within(self.flowed);
                let tells = now.duration_seconds.is_some() || now.bits_per_second.is_some();
                let long = self.claimed.is_some_and(|claimed| at.since(claimed) >= PROOF_WITHIN);
                match (tells && moves && flows, tells && long) {
                    (true, _) => EncoderState::Streaming,
                    (false, true) => EncoderState::Frozen,
                    (false, false) => EncoderState::Unproved,
                }
            }
        }
    }

    /// A stream that ended without an order of ours.
    fn ended(&self, state: EncoderState, at: Moment) -> Option<String> {
        let streamed = matches!(self.state, EncoderState::Streaming | EncoderState::Flushing);
        let by_us = matches!(self.order, Some((EncoderOrder::Stop, when)) if at.since(when) < ORDER_COUNTS);
        // A lasting incident tells it where it should always stream.
        if !streamed || state != EncoderState::Idle || by_us || self.always_on {
            return None;
        }
        Some("its stream was ended at the device, or by itself; nobody has ended it here".to_owned())
    }

    fn stall(&mut self, at: Moment) -> Option<EncoderEvent> {
        let long = |least: Duration| self.since.is_some_and(|since| at.since(since) >= least);
        let cause = match self.state {
            EncoderState::Frozen => self.frozen_words(at),
            EncoderState::Connecting if long(CONNECTS_WITHIN) => {
                "it calls its platform in vain; check its stream key and platform, and the network on the way there"
                    .to_owned()
            }
            EncoderState::Interrupted if long(INTERRUPTED_FOR) => {
                "its platform does not take the stream; look at the platform, and at the network on the way there"
                    .to_owned()
            }
            // Not yet, or nobody knows.
            EncoderState::Connecting
            | EncoderState::Interrupted
            | EncoderState::Unproved
            | EncoderState::Unknown
            | EncoderState::Waiting
            | EncoderState::Silent => return None,
            EncoderState::Streaming => {
                return told(&mut self.stalled, IncidentKind::EncoderStalled, None, at);
            }
            EncoderState::Idle | EncoderState::Flushing => {
                self.stalled.stopped(at);
                return Some(EncoderEvent::Clear(IncidentKind::EncoderStalled));
            }
        };
        told(&mut self.stalled, IncidentKind::EncoderStalled, Some(cause), at)
    }

    fn frozen_words(&self, at: Moment) -> String {
        let within = |proof: Option<Moment>| proof.is_some_and(|proof| at.since(proof) < PROOF_WITHIN);
        let has_duration = self.last.as_ref().is_some_and(|last| last.duration_seconds.is_some());
        let what = if has_duration && !within(self.moved) { "its duration stands still" } else { "its bit rate is 0" };
        format!(
            "it says that it streams, but {what}: nothing is sent; stop and start its stream, or restart the device"
        )
    }

    /// A device that should always stream and does not.
    fn idle(&mut self, at: Moment) -> Option<EncoderEvent> {
        let kind = IncidentKind::EncoderStopped;
        if !self.always_on {
            self.stopped.stopped(at);
            return Some(EncoderEvent::Clear(kind));
        }
        let told_to_stop = matches!(self.order, Some((EncoderOrder::Stop, _)));
        match self.state {
            EncoderState::Idle if !told_to_stop => {
                let cause = "it does not stream, and always_on says that it should; start its stream".to_owned();
                told(&mut self.stopped, kind, Some(cause), at)
            }
            EncoderState::Idle | EncoderState::Streaming => told(&mut self.stopped, kind, None, at),
            _ => None,
        }
    }

    fn congestion(&mut self, at: Moment) -> Option<EncoderEvent> {
        let kind = IncidentKind::EncoderCacheFull;
        let percent = self.last.as_ref()?.cache_percent?;
        if self.state == EncoderState::Idle || percent < CACHE_LOW {
            return told(&mut self.cache, kind, None, at);
        }
        if percent < CACHE_HIGH {
            return None;
        }
        let cause = format!(
            "{percent:.0} % of its cache is in use: it sends less than it makes; check its network, or choose a lower quality"
        );
        told(&mut self.cache, kind, Some(cause), at)
    }
}

/// What of the things that stay the same is another now; what was not known before has not changed.
fn changes(before: Option<&EncoderDetails>, now: &EncoderDetails) -> Option<String> {
    let before = before?;
    let pairs = [
        ("model", &before.model, &now.model),
        ("firmware", &before.firmware, &now.firmware),
        ("platform", &before.platform, &now.platform),
        ("server", &before.server, &now.server),
        ("quality", &before.quality, &now.quality),
        ("video format", &before.video_format, &now.video_format),
    ];
    let changed = pairs.into_iter().filter_map(|(what, was, is)| {
        let (was, is) = was.as_ref().zip(is.as_ref()).filter(|(was, is)| was != is)?;
        Some(format!("{what} {was} is {is} now"))
    });
    let changed: Vec<String> = changed.collect();
    (!changed.is_empty()).then(|| changed.join(", "))
}

/// Counts one good or bad answer in one respect.
fn told(log: &mut OutageLog, kind: IncidentKind, cause: Option<String>, at: Moment) -> Option<EncoderEvent> {
    match cause {
        None => (log.succeeded(at) == OutageEvent::Clear).then_some(EncoderEvent::Clear(kind)),
        Some(cause) => match log.failed(at) {
            OutageEvent::Raise(since) => Some(EncoderEvent::Raise { kind, cause, since }),
            _ => None,
        },
    }
}

#[cfg(test)]
#[path = "encoder_memory_tests.rs"]
mod tests;
