//! What is usual of every watched stream and how it is now: shared by the actor and HTTP.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::anomaly_setup::AnomalySetup;
use crate::actors::incidents::now;
use crate::domain::anomaly::{AnomalyMetric, AnomalyNews, AnomalyStatus, Baseline, StreamAnomalies};
use crate::domain::history::{Bucket, SeriesKey};
use crate::domain::moment::Moment;

/// Streams at most: some 20 MB with all their numbers. Full: newcomers are not watched, and counted.
const MOST: usize = 4_000;
/// What is usual is learned anew so often.
const LEARN_EVERY: Duration = Duration::from_secs(6 * 3_600);
/// Of a stream of which nothing was heard for so long nothing is said; after the longer time it is forgotten.
const SILENT: Duration = Duration::from_secs(600);
const GONE: Duration = Duration::from_secs(24 * 3_600);

/// Clones are the same table. It outlives the actor.
#[derive(Clone, Default)]
pub struct AnomalyTable(Arc<Mutex<KeptAnomalies>>);

#[derive(Default)]
struct KeptAnomalies {
    streams: BTreeMap<SeriesKey, WatchedStream>,
    /// Streams that found no place.
    left_out: BTreeMap<SeriesKey, Moment>,
    /// Times that something unusual was told.
    told: u64,
}

struct WatchedStream {
    anomalies: StreamAnomalies,
    heard: Moment,
    learned: Option<Moment>,
    is_silent: bool,
}

/// How many streams there are, and in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnomalyCounts {
    /// Watched.
    pub streams: usize,
    /// Not watched, as there is no room.
    pub left_out: usize,
    /// Their past was not read yet.
    pub not_learned: usize,
    /// Anomalies told since the start.
    pub told: u64,
}

impl AnomalyTable {
    fn lock(&self) -> MutexGuard<'_, KeptAnomalies> {
        // Whoever panicked in there has left whole entries behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every number of every stream, by server, stream and metric.
    pub fn statuses(&self) -> Vec<AnomalyStatus> {
        let at = now();
        self.lock().streams.iter().flat_map(|(key, stream)| stream.anomalies.statuses(key, at)).collect()
    }

    /// How many there are.
    pub fn counts(&self) -> AnomalyCounts {
        let kept = self.lock();
        AnomalyCounts {
            streams: kept.streams.len(),
            left_out: kept.left_out.len(),
            not_learned: kept.streams.values().filter(|stream| stream.learned.is_none()).count(),
            told: kept.told,
        }
    }

    /// A minute of a stream has ended.
    pub(super) fn take(&self, setup: &AnomalySetup, key: &SeriesKey, minute: &Bucket, at: Moment) -> AnomalyNews {
        let mut kept = self.lock();
        if !kept.streams.contains_key(key) {
            if kept.streams.len() >= MOST {
                if kept.left_out.len() < MOST {
                    kept.left_out.insert(key.clone(), at);
                }
                return AnomalyNews::Nothing;
            }
            let anomalies = StreamAnomalies::new(&setup.rule);
            let stream = WatchedStream { anomalies, heard: at, learned: None, is_silent: false };
            kept.left_out.remove(key);
            kept.streams.insert(key.clone(), stream);
        }
        let Some(stream) = kept.streams.get_mut(key) else { return AnomalyNews::Nothing };
        (stream.heard, stream.is_silent) = (at, false);
        let news = stream.anomalies.take(minute, at);
        kept.told += u64::from(matches!(news, AnomalyNews::Since(..)));
        news
    }

    /// Streams of which nothing is heard any more, and of which something was told; forgets those that are gone.
    pub(super) fn silent(&self, at: Moment) -> Vec<SeriesKey> {
        let mut kept = self.lock();
        kept.left_out.retain(|_, heard| at.since(*heard) < SILENT);
        kept.streams.retain(|_, stream| at.since(stream.heard) < GONE);
        let silent =
            kept.streams.iter_mut().filter(|(_, stream)| !stream.is_silent && at.since(stream.heard) >= SILENT);
        let news = silent.filter_map(|(key, stream)| {
            stream.is_silent = true;
            (stream.anomalies.ended() == AnomalyNews::Well).then(|| key.clone())
        });
        news.collect()
    }

    /// The stream whose past has to be read now.
    pub(super) fn next_to_learn(&self, at: Moment) -> Option<SeriesKey> {
        let kept = self.lock();
        let due = |stream: &WatchedStream| stream.learned.is_none_or(|learned| at.since(learned) >= LEARN_EVERY);
        let due = kept.streams.iter().filter(|(_, stream)| !stream.is_silent && due(stream));
        // Those that were never read first, then the oldest.
        due.min_by_key(|(_, stream)| stream.learned.map(|learned| learned.steady)).map(|(key, _)| key.clone())
    }

    /// What was learned of a stream; nothing new: its past could not be made use of.
    pub(super) fn learned(&self, key: &SeriesKey, baselines: Vec<(AnomalyMetric, Baseline)>, at: Moment) {
        if let Some(stream) = self.lock().streams.get_mut(key) {
            stream.learned = Some(at);
            stream.anomalies.learn(baselines);
        }
    }
}
