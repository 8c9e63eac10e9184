//! Commands that another node gives to this one, because this one relays the cameras.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use serde::{Deserialize, Serialize};

use crate::actors::restream::RestreamHandle;
use crate::actors::supervision::{Child, Exit, Restart};
use crate::adapters::live::redis::RedisLiveStore;
use crate::base::{Error, Result};

/// So many are carried out at once; the others wait.
const AT_ONCE: usize = 16;

/// What one node asks of another. Nothing with a password is among it: rows are written in the database, which all of them
/// read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "command")]
pub(super) enum CameraCommand {
    /// Ends a camera's ffmpeg and starts it again.
    Restart {
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
}

impl CameraCommand {
    /// An answer takes at most so long.
    pub(super) fn limit(&self) -> Duration {
        match self {
            // A probe has limits of its own, of 5 minutes at most.
            Self::Probe { .. } => Duration::from_secs(335),
            _ => Duration::from_secs(12),
        }
    }

    async fn carry_out(self, restream: &RestreamHandle) -> Result<String> {
        match self {
            Self::Restart { id } => json(&restream.restart_camera(id).await?),
            Self::Log { id } => json(&restream.camera_log(id)?),
            Self::Probe { id } => json(&restream.probe_camera(id).await?),
            Self::Plan { read } => json(&restream.plan(read).await?),
            Self::Apply { id } => json(&restream.apply_plan(id).await?),
        }
    }
}

fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::internal(format!("the answer is no JSON: {error}")))
}

/// Carries out what other nodes ask for.
pub(super) fn child(live: &Arc<RedisLiveStore>, restream: RestreamHandle) -> Child {
    let live = Arc::clone(live);
    Child::task("node-commands", Restart::Always, move || {
        let (live, restream) = (Arc::clone(&live), restream.clone());
        async move {
            let asked =
                futures_util::stream::unfold(&*live, |live| async move { Some((live.next_command().await, live)) });
            let carry_out = |asked: crate::adapters::live::NodeCommand| {
                let (live, restream) = (&live, &restream);
                async move {
                    let result = match serde_json::from_str::<CameraCommand>(&asked.command) {
                        Ok(command) => {
                            log::info!(node = asked.from.as_str(); "command of the node {}: {command:?}", asked.from);
                            command.carry_out(restream).await
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
