//! What the role has found, for whoever reads it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde_json::Value;

use super::anomaly_table::AnomalyTable;
use super::encoder_table::EncoderTable;
use super::health_parts::HealthParts;
use super::network_probe_table::NetworkProbeTable;
use super::platform_table::PlatformTable;
use super::stream_probe_table::StreamProbeTable;
use crate::base::{Error, Result};
use crate::domain::health_part::HealthPart;

/// What the role has found, for reading. Clones are the same; it outlives the actors. Of a process without the role it is empty, and so is
/// a part that another process does.
#[derive(Clone)]
pub struct HealthHandle {
    /// Streams.
    pub streams: StreamProbeTable,
    /// Endpoints of the network.
    pub network: NetworkProbeTable,
    /// Numbers of streams that may be unusual.
    pub anomalies: AnomalyTable,
    /// Hardware encoders.
    pub encoders: EncoderTable,
    /// Platforms.
    pub platforms: PlatformTable,
    // Held for moments only, and never across an await.
    holders: Arc<Mutex<BTreeMap<HealthPart, String>>>,
}

impl HealthHandle {
    /// Nothing is known of anything yet.
    pub fn of(parts: &HealthParts) -> Self {
        Self {
            streams: StreamProbeTable::new(parts.streams.as_ref().map_or(0, |setup| setup.workers)),
            network: NetworkProbeTable::new(parts.network.as_ref().map_or(0, |setup| setup.workers)),
            anomalies: AnomalyTable::default(),
            encoders: EncoderTable::new(parts.encoders.clone()),
            platforms: PlatformTable::new(parts.platforms.clone()),
            holders: Arc::default(),
        }
    }

    /// The node that does this part, where this one stands by.
    pub fn holder(&self, part: HealthPart) -> Option<String> {
        self.lock().get(&part).cloned()
    }

    /// Another node does this part, or none does.
    pub(super) fn set_holder(&self, part: HealthPart, holder: Option<&str>) {
        let mut holders = self.lock();
        match holder {
            Some(node) => holders.insert(part, node.to_owned()),
            None => holders.remove(&part),
        };
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<HealthPart, String>> {
        // Whoever panicked in there has left whole entries behind.
        self.holders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that was found of a part, as JSON: for another node, which stands by.
    ///
    /// # Errors
    /// `Unavailable` where this one stands by too.
    pub fn found(&self, part: HealthPart) -> Result<Vec<Value>> {
        if let Some(node) = self.holder(part) {
            let words = format!("this node stands by for health ({}), which {node} does; try again", part.as_str());
            return Err(Error::unavailable(words));
        }
        match part {
            HealthPart::Streams => json(&self.streams.statuses()),
            HealthPart::Network => json(&self.network.statuses()),
            HealthPart::Anomalies => json(&self.anomalies.statuses()),
            HealthPart::Encoders => json(&self.encoders.statuses()),
            HealthPart::Platforms => json(&self.platforms.statuses()),
        }
    }

    /// Forgets what was found of a part: it is not done here any more, or begins anew.
    pub(super) fn forget(&self, part: HealthPart) {
        match part {
            HealthPart::Streams => self.streams.forget(),
            HealthPart::Network => self.network.forget(),
            HealthPart::Anomalies => self.anomalies.forget(),
            HealthPart::Encoders => self.encoders.rest(true),
            HealthPart::Platforms => self.platforms.rest(true),
        }
    }

    /// It is done here from now on.
    pub(super) fn begin(&self, part: HealthPart) {
        match part {
            HealthPart::Encoders => self.encoders.rest(false),
            HealthPart::Platforms => self.platforms.rest(false),
            // Theirs are added by whoever does them.
            HealthPart::Streams | HealthPart::Network | HealthPart::Anomalies => {}
        }
    }
}

fn json(items: &[impl Serialize]) -> Result<Vec<Value>> {
    let items: serde_json::Result<Vec<Value>> = items.iter().map(serde_json::to_value).collect();
    items.map_err(|error| Error::internal(format!("what was found is no JSON: {error}")))
}
