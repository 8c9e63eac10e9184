//! What happens to the streams of one server, told as incidents. Plain data beside the poller, which hands it every turn.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::camera_paths::Publisher;
use crate::actors::incidents::{IncidentsHandle, now};
use crate::domain::incident::{IncidentKind, Subject};
use crate::domain::name::StreamName;
use crate::domain::stream::{StreamEvent, StreamEvents, StreamStatus};

/// What was told of a stream before, and what is told now.
pub(super) type StreamTransition = (Arc<StreamStatus>, Arc<StreamStatus>);

/// A relay of ours that failed has begun to publish again by then, or somebody else has the path. Longer than a start takes.
const RELAY_BEGINS: Duration = Duration::from_secs(30);

/// The incidents of one server's streams.
pub(super) struct StreamIncidents {
    server: String,
    incidents: IncidentsHandle,
    /// Readers that leave all at once are told, too.
    readers_gone: bool,
    /// Of streams that were lost lately.
    streams: BTreeMap<StreamName, StreamEvents>,
    /// Changes of the source of which it is not yet known whether they are a relay of ours: why, and since when.
    unclear: BTreeMap<StreamName, (String, Duration)>,
}

impl StreamIncidents {
    /// Of this server; nothing has happened yet.
    pub(super) fn new(server: &str, incidents: IncidentsHandle, readers_gone: bool) -> Self {
        Self { server: server.to_owned(), incidents, readers_gone, streams: BTreeMap::new(), unclear: BTreeMap::new() }
    }

    /// Goes on with what an earlier run has left open.
    pub(super) fn adopt(&mut self, open: Vec<(IncidentKind, Subject)>, at: Duration) {
        for (kind, subject) in open {
            if let (IncidentKind::StreamFlapping, Subject::Stream { server, name }) = (kind, subject)
                && server == self.server
                && let Ok(name) = StreamName::parse(&name)
            {
                self.streams.entry(name).or_default().resume(at);
            }
        }
    }

    /// Another process tells of them from now on.
    pub(super) fn let_go(&mut self) {
        self.streams.clear();
        self.unclear.clear();
    }

    /// Takes in one poll; `publisher` tells who may have begun to publish to a path.
    pub(super) fn take(
        &mut self,
        transitions: Vec<StreamTransition>,
        at: Duration,
        publisher: impl Fn(&StreamName) -> Publisher,
    ) {
        for (before, now) in transitions {
            let mut events = self.streams.remove(&now.name).unwrap_or_default();
            for event in events.observe(&before, &now, at, self.readers_gone) {
                match event {
                    StreamEvent::Happened(IncidentKind::SourceReplaced, cause) => {
                        self.unclear.insert(now.name.clone(), (cause, at));
                    }
                    event => self.tell(&now.name, event),
                }
            }
            self.streams.insert(now.name.clone(), events);
        }
        self.tell_sources(at, publisher);
        let mut calm = Vec::new();
        for (name, events) in &mut self.streams {
            calm.extend(events.flapping(at).map(|event| (name.clone(), event)));
        }
        calm.into_iter().for_each(|(name, event)| self.tell(&name, event));
        self.streams.retain(|_, events| events.is_pending());
    }

    /// A relay of ours that was started anew is no other source, and that has an incident of its own.
    fn tell_sources(&mut self, at: Duration, publisher: impl Fn(&StreamName) -> Publisher) {
        for (name, (cause, since)) in std::mem::take(&mut self.unclear) {
            match publisher(&name) {
                Publisher::OurRelay => {}
                Publisher::Either if at.saturating_sub(since) < RELAY_BEGINS => {
                    self.unclear.insert(name, (cause, since));
                }
                Publisher::Either | Publisher::SomebodyElse => {
                    self.tell(&name, StreamEvent::Happened(IncidentKind::SourceReplaced, cause));
                }
            }
        }
    }

    fn tell(&self, name: &StreamName, event: StreamEvent) {
        let subject = Subject::Stream { server: self.server.clone(), name: name.to_string() };
        match event {
            StreamEvent::Began(kind, cause) => self.incidents.raise(kind, &subject, &cause, now()),
            StreamEvent::Over(kind) => self.incidents.clear(kind, &subject),
            StreamEvent::Happened(kind, cause) => self.incidents.happened(kind, &subject, &cause),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;
    use crate::domain::stream::StreamState;

    #[test]
    fn what_happened_is_over_at_once_and_what_flaps_lasts() {
        let incidents = IncidentsHandle::default();
        let mut streams = StreamIncidents::new("main", incidents.clone(), false);
        let of = |state, source: &str| {
            Arc::new(StreamStatus { state, source_id: Some(source.into()), ..sample::stream("main", "gate") })
        };
        let (live, other, gone) =
            (of(StreamState::Live, "a"), of(StreamState::Live, "b"), of(StreamState::Offline, "a"));
        let at = Duration::from_secs;
        let (ours, either, another) =
            (|_: &_| Publisher::OurRelay, |_: &_| Publisher::Either, |_: &_| Publisher::SomebodyElse);
        streams.take(vec![(live.clone(), other.clone())], at(0), ours);
        streams.take(vec![(live.clone(), other.clone())], at(0), either);
        streams.take(Vec::new(), at(29), either);
        streams.take(Vec::new(), at(29), ours);
        streams.take(Vec::new(), at(90), another);
        assert_eq!(incidents.unwritten(), 0, "a relay of ours that began anew");
        streams.take(vec![(live.clone(), other)], at(0), either);
        streams.take(Vec::new(), at(30), either);
        assert_eq!(incidents.unwritten(), 1, "its begin and its end are one entry");
        for loss in 1..=4 {
            streams.take(vec![(live.clone(), gone.clone())], at(loss), another);
        }
        assert_eq!(incidents.unwritten(), 2);
        // Another run goes on with it.
        let mut next = StreamIncidents::new("main", incidents.clone(), false);
        let subject = Subject::Stream { server: "main".to_owned(), name: "gate".to_owned() };
        next.adopt(vec![(IncidentKind::StreamFlapping, subject)], at(10));
        next.take(Vec::new(), at(600), another);
        next.take(vec![(gone, live)], at(611), another);
        assert!(next.streams.is_empty(), "calm again");
    }
}
