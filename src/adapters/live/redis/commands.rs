//! Commands for what another node owns: a message to that node, and a message with its answer. Nothing is kept: who is not
//! there does not hear it, and whoever has asked is told so.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::ConnectionManager;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, interval, sleep_until};
use uuid::Uuid;

use super::Common;
use super::connect::Target;
use crate::adapters::live::NodeCommand;
use crate::base::{Error, ErrorKind, Result};

/// Commands of others that wait here. Full: they are refused.
const WAITING: usize = 64;

/// Whoever waits for an answer looks so often whether the other node is still there.
const LOOK: Duration = Duration::from_secs(1);

/// Commands in both directions.
#[derive(Default)]
pub(super) struct Exchange {
    asked: Mutex<VecDeque<NodeCommand>>,
    told: Notify,
    answers: Mutex<HashMap<Uuid, oneshot::Sender<Result<String>>>>,
}

/// A command on its way.
#[derive(Serialize, Deserialize)]
struct CommandMessage {
    id: Uuid,
    from: String,
    command: String,
}

/// An answer on its way.
#[derive(Serialize, Deserialize)]
struct AnswerMessage {
    id: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<ErrorMessage>,
}

/// An error on its way.
#[derive(Serialize, Deserialize)]
struct ErrorMessage {
    kind: String,
    message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    field: Option<String>,
}

const KINDS: [(ErrorKind, &str); 9] = [
    (ErrorKind::Invalid, "invalid"),
    (ErrorKind::NotFound, "notFound"),
    (ErrorKind::Conflict, "conflict"),
    (ErrorKind::Stale, "stale"),
    (ErrorKind::Unauthorized, "unauthorized"),
    (ErrorKind::Unavailable, "unavailable"),
    (ErrorKind::Timeout, "timeout"),
    (ErrorKind::Unsupported, "unsupported"),
    (ErrorKind::Internal, "internal"),
];

impl Exchange {
    /// The next command of another node.
    pub(super) async fn next(&self) -> NodeCommand {
        loop {
            let told = self.told.notified();
            if let Some(command) = lock(&self.asked).pop_front() {
                return command;
            }
            told.await;
        }
    }

    /// A command was heard. What is not understood is somebody else's, and one too many gets no answer.
    pub(super) fn note_command(&self, payload: &[u8]) {
        let Ok(CommandMessage { id, from, command }) = serde_json::from_slice(payload) else { return };
        let mut asked = lock(&self.asked);
        if asked.len() < WAITING {
            asked.push_back(NodeCommand { id, from, command });
            self.told.notify_one();
        }
    }

    /// An answer was heard.
    pub(super) fn note_answer(&self, payload: &[u8]) {
        let Ok(AnswerMessage { id, answer, error }) = serde_json::from_slice(payload) else { return };
        let Some(waiting) = lock(&self.answers).remove(&id) else { return };
        let result = match (answer, error) {
            (Some(answer), _) => Ok(answer),
            (None, Some(error)) => Err(error.error()),
            (None, None) => Err(Error::internal("the other node has answered nothing")),
        };
        // Whoever has asked may have gone.
        let _ = waiting.send(result);
    }
}

/// Gives a command to another node and waits for its answer.
pub(super) async fn send_command(
    common: &Common,
    connection: &mut ConnectionManager,
    target: &Target,
    node: &str,
    command: String,
    limit: Duration,
) -> Result<String> {
    let (sender, mut answer) = oneshot::channel();
    let id = Uuid::new_v4();
    lock(&common.exchange.answers).insert(id, sender);
    let _gone = Forgotten(common, id);
    let message = CommandMessage { id, from: common.node.clone(), command };
    let message = serde_json::to_string(&message).map_err(|error| Error::internal(error.to_string()))?;
    let mut publish = redis::cmd("PUBLISH");
    publish.arg(common.keys.commands(node)).arg(message);
    let heard: redis::RedisResult<i64> = publish.query_async(connection).await;
    if heard.map_err(|error| target.error(&error))? == 0 {
        return Err(Error::unavailable(format!("the node {node} does not listen at the moment; try again")));
    }
    let (until, mut look) = (Instant::now() + limit, interval(LOOK));
    loop {
        tokio::select! {
            answer = &mut answer => {
                return answer.unwrap_or_else(|_| Err(Error::internal("nobody waits for the answer")));
            }
            () = sleep_until(until) => {
                let text = format!("the node {node} did not answer in {} s; look whether it has done it", limit.as_secs());
                return Err(Error::new(ErrorKind::Timeout, text));
            }
            _ = look.tick() => {
                let is_gone = common.nodes().iter().any(|one| one.name == node && one.silent_since.is_some());
                if is_gone {
                    return Err(Error::unavailable(format!("the node {node} has fallen silent; look whether it has done it")));
                }
            }
        }
    }
}

/// Sends an answer to whoever has asked.
pub(super) async fn answer_command(
    common: &Common,
    connection: &mut ConnectionManager,
    to: &NodeCommand,
    result: Result<String>,
) -> redis::RedisResult<()> {
    let (answer, error) = match result {
        Ok(answer) => (Some(answer), None),
        Err(error) => (None, Some(ErrorMessage::of(&error))),
    };
    let message = serde_json::to_string(&AnswerMessage { id: to.id, answer, error }).unwrap_or_default();
    redis::cmd("PUBLISH").arg(common.keys.answers(&to.from)).arg(message).query_async(connection).await
}

/// Nobody waits for the answer any more.
struct Forgotten<'a>(&'a Common, Uuid);

impl Drop for Forgotten<'_> {
    fn drop(&mut self) {
        lock(&self.0.exchange.answers).remove(&self.1);
    }
}

impl ErrorMessage {
    fn of(error: &Error) -> Self {
        let kind = KINDS.iter().find(|(kind, _)| *kind == error.kind()).map_or("internal", |(_, word)| word);
        Self { kind: kind.to_owned(), message: error.message().to_owned(), field: error.field().map(str::to_owned) }
    }

    fn error(self) -> Error {
        let kind = KINDS.iter().find(|(_, word)| *word == self.kind).map_or(ErrorKind::Internal, |(kind, _)| *kind);
        self.field.into_iter().fold(Error::new(kind, self.message), Error::at)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn errors_come_back_as_they_were() {
        for (kind, _) in KINDS {
            let back = ErrorMessage::of(&Error::new(kind, "too late").at("id")).error();
            assert_eq!((back.kind(), back.message(), back.field()), (kind, "too late", Some("id")));
        }
        let later = ErrorMessage { kind: "ofALaterVersion".to_owned(), message: "no".to_owned(), field: None };
        assert_eq!(later.error().kind(), ErrorKind::Internal);
    }

    #[test]
    fn commands_beyond_what_may_wait_are_dropped() {
        let exchange = Exchange::default();
        for _ in 0..1_000 {
            let message = CommandMessage { id: Uuid::new_v4(), from: "n2".to_owned(), command: "{}".to_owned() };
            exchange.note_command(serde_json::to_string(&message).expect("JSON").as_bytes());
        }
        assert_eq!(lock(&exchange.asked).len(), WAITING);
    }

    proptest! {
        #[test]
        fn rubbish_in_our_channels_is_nobodys_command(payload in proptest::collection::vec(any::<u8>(), 0..200)) {
            let exchange = Exchange::default();
            exchange.note_command(&payload);
            exchange.note_answer(&payload);
            prop_assert!(lock(&exchange.asked).is_empty() && lock(&exchange.answers).is_empty());
        }
    }
}
