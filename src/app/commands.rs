//! What HTTP may ask of the tree, by message to whoever does the job at this moment.

use std::time::Duration;

use actix::Addr;
use async_trait::async_trait;
use serde_json::Value;

use crate::actors::root::Root;
use crate::actors::supervision::{Health, Observation, Observe};
use crate::base::{Error, Kind, Result};
use crate::domain::camera::{CameraEdit, CameraStatus};
use crate::http::Commands;

/// An answer takes at most so long: the database's own limit and some patience.
const PATIENCE: Duration = Duration::from_secs(10);

/// [`Commands`] by way of the root.
pub struct ToTheTree(pub Addr<Root>);

fn not_here() -> Error {
    Error::new(
        Kind::Unavailable,
        "cameras cannot be changed here now: the role restream is not running in this process",
    )
}

#[async_trait]
impl Commands for ToTheTree {
    async fn add_camera(&self, _: CameraEdit) -> Result<CameraStatus> {
        Err(not_here())
    }

    async fn edit_camera(&self, _: i64, _: CameraEdit) -> Result<CameraStatus> {
        Err(not_here())
    }

    async fn delete_camera(&self, _: i64) -> Result<()> {
        Err(not_here())
    }

    async fn restart_camera(&self, _: i64) -> Result<CameraStatus> {
        Err(not_here())
    }

    async fn tree(&self) -> Result<Observation> {
        let view = tokio::time::timeout(PATIENCE, self.0.send(Observe)).await;
        let view = view.ok().and_then(std::result::Result::ok);
        let view = view.ok_or_else(|| Error::unavailable("the root of the actor tree does not answer"))?;
        let uptime_seconds = view.state.get("uptimeSeconds").and_then(Value::as_f64).unwrap_or_default();
        Ok(Observation {
            name: "root".to_owned(),
            kind: "root".to_owned(),
            health: Health::Running,
            generation: 1,
            restarts: 0,
            last_exit: None,
            uptime_seconds,
            state: view.state,
            children: view.children,
        })
    }
}
