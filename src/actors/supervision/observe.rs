//! Looking at the tree: every actor answers with a serialisable state; managers add their children's.

use std::time::Duration;

use actix::{Message, ResponseFuture};
use futures_util::future::join_all;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Supervised;
use super::exit::{Exit, ExitReason};

/// A child that takes longer to describe itself is shown as not answering.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Asks an actor, and through it all below, for its state.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "View")]
pub struct Observe;

/// Asks whether the mailbox is still being read.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub struct Ping;

/// Asks a manager which of those below it hang; answered with their paths.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "Vec<String>")]
pub struct AskUnresponsive {
    /// How long each may take to answer.
    pub timeout: Duration,
    /// Also of those further below, and of work that hangs and ends nobody.
    pub all: bool,
}

/// What an actor says about itself.
#[derive(Debug, actix::MessageResponse)]
pub struct View {
    /// Its state.
    pub state: Value,
    /// Its children.
    pub children: Vec<Observation>,
}

/// How a child is doing, as its parent sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// Runs and answers.
    Running,
    /// Ended; the next generation is due.
    Restarting,
    /// Ended too often; still tried at the longest interval.
    Degraded,
    /// Runs, but did not answer this time, or work of it makes no progress.
    Silent,
}

/// One actor of the tree with all below it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Observation {
    /// Name within its parent.
    pub name: String,
    /// Kind of actor.
    pub kind: String,
    /// How it is doing.
    pub health: Health,
    /// Which instance of that name, from 1.
    pub generation: u64,
    /// How often it was built again.
    pub restarts: u32,
    /// Why the generation before ended.
    pub exit_reason: Option<ExitReason>,
    /// The same in words, with the error or the panic's message.
    pub last_exit: Option<String>,
    /// Seconds since this generation was started.
    pub uptime_seconds: f64,
    /// What it says about itself; null when it did not answer.
    #[schema(value_type = Option<BTreeMap<String, Value>>)]
    pub state: Value,
    /// Its children, in start order.
    #[schema(no_recursion)]
    pub children: Vec<Observation>,
}

impl Observation {
    /// One that runs, in its first generation, with nothing to tell yet.
    pub fn running(name: impl Into<String>, kind: &str) -> Self {
        Self {
            name: name.into(),
            kind: kind.to_owned(),
            health: Health::Running,
            generation: 1,
            restarts: 0,
            exit_reason: None,
            last_exit: None,
            uptime_seconds: 0.0,
            state: Value::Null,
            children: Vec::new(),
        }
    }

    /// The same, with how the generation before ended.
    pub(super) fn after(mut self, exit: Option<&Exit>) -> Self {
        (self.exit_reason, self.last_exit) = (exit.map(Exit::reason), exit.map(Exit::to_string));
        self
    }

    /// Finds a descendant by its path of names.
    pub fn find(&self, path: &[&str]) -> Option<&Self> {
        match path {
            [] => Some(self),
            [first, rest @ ..] => self.children.iter().find(|child| child.name == *first)?.find(rest),
        }
    }
}

/// The answer to [`Observe`] for any supervised actor.
pub fn view<A: Supervised>(actor: &mut A) -> ResponseFuture<View> {
    let state = actor.observe();
    let observations = actor.children().map(|set| set.observe()).unwrap_or_default();
    let remote = actor.remote_children();
    Box::pin(async move {
        let mut children = join_all(observations).await;
        children.extend(remote);
        View { state, children }
    })
}

/// Asks one child, within [`TIMEOUT`], and completes what its parent already knows.
pub(super) async fn complete(mut known: Observation, ask: Option<actix::Recipient<Observe>>) -> Observation {
    if let Some(ask) = ask {
        match tokio::time::timeout(TIMEOUT, ask.send(Observe)).await {
            Ok(Ok(view)) => {
                known.state = view.state;
                known.children = view.children;
            }
            _ => known.health = Health::Silent,
        }
    }
    known
}
