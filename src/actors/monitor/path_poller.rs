//! One path: remembers what is needed to judge it, and nothing else.

use std::sync::Arc;

use actix::{Actor, Context, Handler, Message};
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;

use crate::actors::supervision::{Supervised, supervised};
use crate::domain::moment::Moment;
use crate::domain::name::StreamName;
use crate::domain::stream::{PathSeen, StreamMemory, StreamObservation, StreamState, StreamStatus};

/// What one poll found out about a path.
#[derive(Debug)]
pub struct Part {
    /// What the server says.
    pub seen: PathSeen,
    /// When it said so.
    pub at: Moment,
    /// What was last told about the stream: an actor that was rebuilt goes on from it.
    pub known: Option<Arc<StreamStatus>>,
}

/// The path's part of a poll. What follows from it goes into the channel, which all paths of a poll share.
#[derive(Message, Debug)]
#[rtype(result = "()")]
pub struct Feed {
    /// What was found out.
    pub part: Part,
    /// Where the answer goes.
    pub answer: UnboundedSender<StreamObservation>,
}

/// Judges one path.
pub struct PathPoller {
    server: String,
    name: StreamName,
    memory: Option<StreamMemory>,
}

impl PathPoller {
    /// For this path of this server.
    pub fn new(server: impl Into<String>, name: StreamName) -> Self {
        Self { server: server.into(), name, memory: None }
    }

    /// One line per change that people care about: an idle path at first sight is none, nor is a silent server (its
    /// poller says so once for all).
    fn log_change(&self, before: Option<StreamState>, now: &StreamStatus) {
        let changed = match (before, now.state) {
            (_, StreamState::Unknown) | (None | Some(StreamState::Unknown), StreamState::Offline) => false,
            (before, state) => before != Some(state),
        };
        if changed {
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
    type Result = ();

    fn handle(&mut self, Feed { part, answer }: Feed, _: &mut Self::Context) {
        let Part { seen, at, known } = part;
        let before = known.as_ref().map(|known| known.state);
        let memory = self.memory.get_or_insert_with(|| match known {
            Some(known) => StreamMemory::resume(known),
            None => StreamMemory::new(self.server.as_str(), self.name.clone()),
        });
        let observation = memory.observe(seen, at);
        self.log_change(before, &observation.status);
        // Nobody waits any more when the answer is late.
        let _ = answer.send(observation);
    }
}

impl Supervised for PathPoller {
    const KIND: &'static str = "path poller";

    fn observe(&self) -> Value {
        let Some(status) = self.memory.as_ref().and_then(StreamMemory::status) else { return Value::Null };
        json!({ "state": status.state, "since": status.since, "reason": status.reason, "bitrate": status.bitrate })
    }
}

supervised!(PathPoller);
