//! One path: remembers what is needed to judge it, and nothing else.

use std::sync::Arc;

use actix::{Actor, Context, Handler, Message, MessageResult};
use serde_json::{Value, json};

use crate::actors::supervision::{Supervised, supervised};
use crate::domain::moment::Moment;
use crate::domain::name::StreamName;
use crate::domain::stream::{Seen, StreamMemory, StreamObservation, StreamState, StreamStatus};

/// What one poll found out about the path; answered with what follows from it.
#[derive(Message, Debug)]
#[rtype(result = "StreamObservation")]
pub struct Feed {
    /// What the server says.
    pub seen: Seen,
    /// When it said so.
    pub at: Moment,
    /// What was last told about the stream: an actor that was rebuilt goes on from it.
    pub known: Option<Arc<StreamStatus>>,
}

/// Judges one path.
pub struct PathPoller {
    server: String,
    name: StreamName,
    memory: Option<StreamMemory>,
    last: Option<StreamObservation>,
}

impl PathPoller {
    /// For this path of this server.
    pub fn new(server: impl Into<String>, name: StreamName) -> Self {
        Self { server: server.into(), name, memory: None, last: None }
    }

    /// One line per change that people care about: an idle path at first sight is none, nor is a silent server (its
    /// poller says so once for all).
    fn log_change(&self, before: Option<StreamState>, now: &StreamStatus) {
        let news = match (before, now.state) {
            (_, StreamState::Unknown) | (None | Some(StreamState::Unknown), StreamState::Offline) => false,
            (before, state) => before != Some(state),
        };
        if news {
            let (server, stream) = (self.server.as_str(), self.name.as_str());
            let why = now.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
            log::info!(server = server, stream = stream; "stream is {}{why}", now.state.as_str());
        }
    }
}

impl Actor for PathPoller {
    type Context = Context<Self>;
}

impl Handler<Feed> for PathPoller {
    type Result = MessageResult<Feed>;

    fn handle(&mut self, feed: Feed, _: &mut Self::Context) -> Self::Result {
        let before = feed.known.as_ref().map(|known| known.state);
        let memory = self.memory.get_or_insert_with(|| match &feed.known {
            Some(known) => StreamMemory::resume(StreamStatus::clone(known)),
            None => StreamMemory::new(self.server.as_str(), self.name.clone()),
        });
        let observation = memory.observe(feed.seen, feed.at);
        self.log_change(before, &observation.status);
        self.last = Some(observation.clone());
        MessageResult(observation)
    }
}

impl Supervised for PathPoller {
    const KIND: &'static str = "path poller";

    fn observe(&self) -> Value {
        let Some(StreamObservation { status, .. }) = &self.last else { return Value::Null };
        json!({ "state": status.state, "since": status.since, "reason": status.reason, "bitrate": status.bitrate })
    }
}

supervised!(PathPoller);
