//! The past in tiers: what is asked and written, and how buckets become rows.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::base::Result;
use crate::domain::history::{Bucket, Metric, SeriesKey, SeriesKind, Tier, merge, pack, unpack};

/// New buckets of one series and tier.
pub type SeriesBuckets = (SeriesKey, Tier, Vec<Bucket>);

/// Which buckets to read.
#[derive(Clone, Debug)]
pub struct HistoryQuery {
    /// Whose.
    pub series: SeriesKey,
    /// Of which tier.
    pub tier: Tier,
    /// Seconds since 1970: the first bucket ends after it.
    pub from: i64,
    /// Seconds since 1970: the last bucket begins before it.
    pub to: i64,
    /// With these numbers alone; empty: with all.
    pub metrics: Vec<Metric>,
}

/// The past in tiers. Rows belong to the node that wrote them.
#[async_trait]
pub trait HistoryStore: Send + Sync {
    /// Adds buckets to what is kept: all of them, or none. Adding twice does no harm.
    async fn add_history(&self, batch: Vec<SeriesBuckets>) -> Result<()>;
    /// Buckets in order. Those of this node; when it has none in this time, those of others.
    async fn history(&self, query: HistoryQuery) -> Result<Vec<Bucket>>;
    /// Series of a kind, of any node, that have buckets after a time (seconds since 1970), give or take a row; in no order, each once.
    async fn series(&self, kind: SeriesKind, tier: Tier, since: i64) -> Result<Vec<SeriesKey>>;
    /// Forgets this node's rows of a tier that end before a time (seconds since 1970).
    async fn forget_history(&self, tier: Tier, before: i64) -> Result<u64>;
}

/// A row without its data: series, tier, start.
pub(super) type RowKey = (SeriesKey, Tier, i64);

/// The rows that new buckets belong to.
pub(super) fn by_row(batch: Vec<SeriesBuckets>) -> BTreeMap<RowKey, Vec<Bucket>> {
    let mut rows: BTreeMap<RowKey, Vec<Bucket>> = BTreeMap::new();
    for (series, tier, buckets) in batch {
        for bucket in buckets {
            rows.entry((series.clone(), tier, tier.row_of(bucket.at))).or_default().push(bucket);
        }
    }
    rows
}

/// A row with new buckets added.
pub(super) fn added(key: &RowKey, kept: Option<&[u8]>, new: Vec<Bucket>) -> Vec<u8> {
    let (series, tier, start) = key;
    let kept = kept.and_then(|bytes| {
        let buckets = unpack(*tier, *start, bytes, |_| true);
        if buckets.is_none() {
            let (name, tier) = (series.name.as_str(), tier.as_str());
            log::warn!(name = name, tier = tier; "a row of the history is damaged and is written anew");
        }
        buckets
    });
    pack(*tier, *start, &merge(kept.unwrap_or_default(), new))
}

/// The buckets asked for, of rows (node, start, data) in the order of their start.
pub(super) fn read(query: &HistoryQuery, owner: Option<&str>, rows: &[(String, i64, Vec<u8>)]) -> Vec<Bucket> {
    let is_own = |node: &str| owner == Some(node);
    let has_own = rows.iter().any(|(node, ..)| is_own(node));
    let wanted = |metric| query.metrics.is_empty() || query.metrics.contains(&metric);
    let step = query.tier.step();
    let mut all = Vec::new();
    for (node, start, data) in rows {
        if !has_own || is_own(node) {
            all.extend(unpack(query.tier, *start, data, wanted).unwrap_or_default());
        }
    }
    all.retain(|bucket| bucket.at + step > query.from && bucket.at < query.to);
    // In order already where they are one node's.
    if has_own { all } else { merge(all, Vec::new()) }
}
