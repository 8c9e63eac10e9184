//! Looking at the tree: every actor answers with a serialisable state; managers add their children's.

use std::time::Duration;

use actix::{Message, ResponseFuture};
use futures_util::future::join_all;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Supervised;

/// A child that takes longer to describe itself is shown as not answering.
const PATIENCE: Duration = Duration::from_secs(1);

/// Asks an actor, and through it all below, for its state.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "View")]
pub struct Observe;

/// Asks whether the mailbox is still being read.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub struct Ping;

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
    /// Runs, but did not answer this time.
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
    /// How the generation before ended.
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
    let looks = actor.children().map(|set| set.look()).unwrap_or_default();
    Box::pin(async move { View { state, children: join_all(looks).await } })
}

/// Asks one child, within [`PATIENCE`], and completes what its parent already knows.
pub(super) async fn complete(mut known: Observation, ask: Option<actix::Recipient<Observe>>) -> Observation {
    if let Some(ask) = ask {
        match tokio::time::timeout(PATIENCE, ask.send(Observe)).await {
            Ok(Ok(view)) => {
                known.state = view.state;
                known.children = view.children;
            }
            _ => known.health = Health::Silent,
        }
    }
    known
}
