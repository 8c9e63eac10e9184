//! One path at this moment, and who feeds it: asked before a relay publishes, so that nobody is pushed aside unseen.

use reqwest::StatusCode;

use super::MediaMtx;
use super::mediamtx_wire::{ErrorBody, WirePath, WirePeer};
use crate::base::Result;
use crate::domain::name::StreamName;
use crate::domain::stream::{PathReading, PathSource};

impl MediaMtx {
    /// The path as the server lists it now; `None` when it does not.
    ///
    /// # Errors
    /// As for a listing.
    pub async fn path(&self, name: &StreamName) -> Result<Option<PathReading>> {
        let route = format!("/v3/paths/get/{name}");
        let (status, body) = self.get(&route, None).await?;
        match status {
            StatusCode::OK => {
                let path: WirePath =
                    serde_json::from_slice(&body).map_err(|error| self.place.not_json(&route, error))?;
                Ok(path.reading().ok())
            }
            StatusCode::NOT_FOUND => Ok(None),
            // 1.2.1 to 1.4.2 say so of a path that is missing.
            StatusCode::INTERNAL_SERVER_ERROR if says_not_found(&body) => Ok(None),
            status => Err(self.place.refusal(&route, status, &body)),
        }
    }

    /// The address that a source comes from, where the server tells. An extra: no answer is `None`.
    pub async fn remote_of(&self, source: &PathSource) -> Option<String> {
        let list = match source.kind.as_str() {
            "rtspSession" => "rtspsessions",
            "rtspsSession" => "rtspssessions",
            "rtmpConn" => "rtmpconns",
            "rtmpsConn" => "rtmpsconns",
            "srtConn" => "srtconns",
            "webRTCSession" => "webrtcsessions",
            _ => return None,
        };
        match self.get(&format!("/v3/{list}/get/{}", source.id), None).await {
            Ok((StatusCode::OK, body)) => serde_json::from_slice::<WirePeer>(&body).ok()?.remote_addr.0,
            _ => None,
        }
    }
}

fn says_not_found(body: &[u8]) -> bool {
    let failure = serde_json::from_slice::<ErrorBody>(body).ok();
    failure.and_then(|failure| failure.error.0).is_some_and(|error| error.contains("not found"))
}
