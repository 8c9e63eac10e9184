//! Asks the server for the configurations of its paths, when [`PathConfigs`](super::path_configs::PathConfigs) says so.

use std::time::Duration;

use tokio::time::Instant;

use super::mediamtx_client::{EXTRA_TIMEOUT, MediaMtx};
use super::mediamtx_wire::WirePage;
use super::path_configs::WirePathConfig;
use crate::domain::stream::PathReading;

impl MediaMtx {
    /// Says of each path whether it is there on demand only.
    pub(super) async fn tell_on_demand(&self, paths: &mut [PathReading]) {
        let must_ask = self.known().path_configs.must_ask(paths, Instant::now());
        if must_ask {
            let answer = self.path_configs(EXTRA_TIMEOUT).await;
            self.known().path_configs.take(answer, paths, Instant::now());
        }
        self.known().path_configs.tell(paths);
    }

    async fn path_configs(&self, limit: Duration) -> Option<Vec<WirePathConfig>> {
        let read = |_, body: &[u8]| serde_json::from_slice::<WirePage<_>>(body).map(|page| page.map(|config| config));
        let list = self.list_all("/v3/config/paths/list", WirePathConfig::key, read);
        let error = match tokio::time::timeout(limit, list).await {
            Ok(Ok((configs, _))) => return Some(configs),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("timeout, no answer in {} s", limit.as_secs()),
        };
        let server = self.place.server.as_str();
        log::debug!(server = server, error = error.as_str(); "reading which paths are on demand failed");
        None
    }
}
