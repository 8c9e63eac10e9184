//! Commands that another node gives to this one, because this one relays the cameras or polls the server.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use log::Level;
use serde::{Deserialize, Serialize};

use crate::actors::health::HealthHandle;
use crate::actors::monitor::SessionWatch;
use crate::actors::restream::RestreamHandle;
use crate::actors::supervision::{Child, Exit, Restart};
use crate::adapters::live::redis::RedisLiveStore;
use crate::base::{Error, Result};
use crate::domain::encoder::EncoderOrder;
use crate::domain::health_part::HealthPart;
use crate::domain::session::SessionProtocol;

/// So many are carried out at once; the others wait.
const AT_ONCE: usize = 16;

/// What one node asks of another. Nothing with a password is among it: rows are written in the database, which all of them
/// read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "command")]
pub(super) enum NodeRequest {
    /// Ends a camera's ffmpeg and starts it again.
    Restart {
        /// The camera.
        id: i64,
    },
    /// The row of a camera, which a person has named, was written or deleted.
    Written {
        /// The camera.
        id: i64,
    },
    /// What a camera's ffmpeg has said.
    Log {
        /// The camera.
        id: i64,
    },
    /// Looks at a camera now.
    Probe {
        /// The camera.
        id: i64,
    },
    /// What of the table is blocked.
    Plan {
        /// The table is read first.
        read: bool,
    },
    /// Carries out the blocked change.
    Apply {
        /// Of this id.
        id: String,
    },
    /// Who publishes to a path and who reads it.
    Sessions {
        /// The media server.
        server: String,
        /// The path.
        path: String,
    },
    /// What a part of the role health has found.
    Health {
        /// The part.
        part: HealthPart,
    },
    /// Tells an encoder to start or to stop.
    OrderEncoder {
        /// Its name.
        name: String,
        /// What.
        order: EncoderOrder,
    },
    /// Ends a session of a media server.
    Kick {
        /// The media server.
        server: String,
        /// In which of its lists.
        protocol: SessionProtocol,
        /// Its id there.
        id: String,
    },
}

/// Who carries it out.
#[derive(Clone)]
pub(super) struct Executors {
    /// For cameras, where the role runs.
    pub(super) restream: Option<RestreamHandle>,
    /// For the sessions of media servers.
    pub(super) sessions: Arc<SessionWatch>,
    /// What the role health has found, and the way to encoders.
    pub(super) health: HealthHandle,
}

impl NodeRequest {
    /// An answer takes at most so long.
    pub(super) fn limit(&self) -> Duration {
        match self {
            // A probe has limits of its own, of 5 minutes at most.
            Self::Probe { .. } => Duration::from_secs(335),
            _ => Duration::from_secs(12),
        }
    }

    /// What a page asks for again and again is no news.
    fn level(&self) -> Level {
        if matches!(self, Self::Sessions { .. } | Self::Health { .. }) { Level::Debug } else { Level::Info }
    }

    async fn carry_out(self, to: &Executors) -> Result<String> {
        match self {
            Self::Restart { id } => json(&to.restream()?.restart_camera(id).await?),
            Self::Written { id } => json(&to.restream()?.take_written(id).await?),
            Self::Log { id } => json(&to.restream()?.camera_log(id)?),
            Self::Probe { id } => json(&to.restream()?.probe_camera(id).await?),
            Self::Plan { read } => json(&to.restream()?.plan(read).await?),
            Self::Apply { id } => json(&to.restream()?.apply_plan(id).await?),
            Self::Sessions { server, path } => json(&to.sessions.look(&server, &path).ok_or_else(no_server)?),
            Self::Health { part } => json(&to.health.found(part)?),
            Self::OrderEncoder { name, order } => {
                let Some(node) = to.health.holder(HealthPart::Encoders) else {
                    return json(&to.health.encoders.order(&name, order).await?);
                };
                Err(Error::unavailable(format!("the node {node} asks the encoders now; try again")))
            }
            Self::Kick { server, protocol, id } => json(&to.sessions.kick(&server, protocol, &id).await?),
        }
    }
}

impl Executors {
    fn restream(&self) -> Result<&RestreamHandle> {
        self.restream.as_ref().ok_or_else(|| Error::unavailable("this node relays no cameras any more; try again"))
    }
}

fn no_server() -> Error {
    Error::unavailable("this node does not watch that server any more; try again")
}

fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::internal(format!("the answer is no JSON: {error}")))
}

/// Carries out what other nodes ask for.
pub(super) fn child(live: &Arc<RedisLiveStore>, executors: Executors) -> Child {
    let live = Arc::clone(live);
    Child::task("node-commands", Restart::Always, move || {
        let (live, executors) = (Arc::clone(&live), executors.clone());
        async move {
            let asked =
                futures_util::stream::unfold(&*live, |live| async move { Some((live.next_command().await, live)) });
            let carry_out = |asked: crate::adapters::live::NodeCommand| {
                let (live, executors) = (&live, &executors);
                async move {
                    let result = match serde_json::from_str::<NodeRequest>(&asked.command) {
                        Ok(command) => {
                            let (level, from) = (command.level(), asked.from.as_str());
                            log::log!(level, node = from; "command of the node {from}: {command:?}");
                            command.carry_out(executors).await
                        }
                        Err(_) => {
                            Err(Error::invalid("command", "this node does not know it; give both the same version"))
                        }
                    };
                    live.answer(&asked, result).await;
                }
            };
            asked.for_each_concurrent(AT_ONCE, carry_out).await;
            Exit::Failure("it has ended by itself".to_owned())
        }
    })
}
