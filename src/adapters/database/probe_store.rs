//! What probes of the cameras found, in the database.

use async_trait::async_trait;

use crate::base::Result;
use crate::domain::probe::KeptProbe;

/// The latest probe of each camera, per node. Every write is durable when it returns.
#[async_trait]
pub trait ProbeStore: Send + Sync {
    /// This node's last look at a camera that was kept.
    async fn camera_probe(&self, camera: i64) -> Result<Option<KeptProbe>>;
    /// Every look of this node that was kept, for the start.
    async fn camera_probes(&self) -> Result<Vec<KeptProbe>>;
    /// Keeps a look, in place of the camera's earlier one.
    async fn put_camera_probe(&self, probe: KeptProbe) -> Result<()>;
}
