//! What is usual of every watched stream and how it is now: shared by the actor and HTTP.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::anomaly_setup::AnomalySetup;
use crate::actors::incidents::now;
use crate::domain::anomaly::{AnomalyEvent, AnomalyMetric, AnomalyStatus, Baseline, StreamAnomalies};
use crate::domain::history::{Bucket, SeriesKey};
use crate::domain::moment::Moment;

/// Streams at most: some 20 MB with all their numbers. Full: a newcomer takes the place of whoever is silent for longest; where nobody
/// is, it is not watched, and counted.
const MOST: usize = 4_000;
/// What is usual is learned anew so often.
const LEARN_EVERY: Duration = Duration::from_secs(6 * 3_600);
/// And at once when the clock was set by more: another part of the past was read, or none.
const CLOCK_SET_BY: Duration = Duration::from_secs(3_600);
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
    /// When its past was asked for last, whatever came of it.
    asked: Option<Moment>,
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

    /// Forgets everything but what it has told: another process watches.
    pub(super) fn forget(&self) {
        let mut kept = self.lock();
        *kept = KeptAnomalies { told: kept.told, ..KeptAnomalies::default() };
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
    pub(super) fn take(&self, setup: &AnomalySetup, key: &SeriesKey, minute: &Bucket, at: Moment) -> AnomalyEvent {
        let mut kept = self.lock();
        if !kept.streams.contains_key(key) {
            if kept.streams.len() >= MOST && !kept.make_room() {
                if kept.left_out.len() < MOST {
                    kept.left_out.insert(key.clone(), at);
                }
                return AnomalyEvent::Nothing;
            }
            let anomalies = StreamAnomalies::new(&setup.rule.of(key.kind));
            let stream = WatchedStream { anomalies, heard: at, learned: None, asked: None, is_silent: false };
            kept.left_out.remove(key);
            kept.streams.insert(key.clone(), stream);
        }
        let Some(stream) = kept.streams.get_mut(key) else { return AnomalyEvent::Nothing };
        (stream.heard, stream.is_silent) = (at, false);
        let event = stream.anomalies.take(minute, at);
        kept.told += u64::from(matches!(event, AnomalyEvent::Since(..)));
        event
    }

    /// Streams of which nothing is heard any more, and of which something was told; forgets those that are gone.
    pub(super) fn silent(&self, at: Moment) -> Vec<SeriesKey> {
        let mut kept = self.lock();
        kept.left_out.retain(|_, heard| at.since(*heard) < SILENT);
        kept.streams.retain(|_, stream| at.since(stream.heard) < GONE);
        let silent =
            kept.streams.iter_mut().filter(|(_, stream)| !stream.is_silent && at.since(stream.heard) >= SILENT);
        let over = silent.filter_map(|(key, stream)| {
            stream.is_silent = true;
            (stream.anomalies.ended() == AnomalyEvent::Well).then(|| key.clone())
        });
        over.collect()
    }

    /// The stream whose past has to be read now.
    pub(super) fn next_to_learn(&self, at: Moment) -> Option<SeriesKey> {
        let mut kept = self.lock();
        let due = kept.streams.iter_mut().filter(|(_, stream)| !stream.is_silent && stream.is_due(at));
        // Those that were never asked for first, then the oldest: one whose past cannot be read holds up nobody.
        let (key, stream) = due.min_by_key(|(_, stream)| stream.asked.map(|asked| asked.steady))?;
        stream.asked = Some(at);
        Some(key.clone())
    }

    /// Whether minutes of a stream are heard here.
    pub(super) fn hears(&self, key: &SeriesKey) -> bool {
        self.lock().streams.contains_key(key)
    }

    /// What was learned of a stream; nothing new: its past could not be made use of.
    pub(super) fn learned(&self, key: &SeriesKey, baselines: Vec<(AnomalyMetric, Baseline)>, at: Moment) {
        if let Some(stream) = self.lock().streams.get_mut(key) {
            stream.learned = Some(at);
            stream.anomalies.learn(baselines);
        }
    }
}

impl KeptAnomalies {
    /// Forgets whoever is silent for longest; of whom nothing is told any more.
    fn make_room(&mut self) -> bool {
        let silent = self.streams.iter().filter(|(_, stream)| stream.is_silent);
        let longest = silent.min_by_key(|(_, stream)| stream.heard.steady).map(|(key, _)| key.clone());
        longest.is_some_and(|key| self.streams.remove(&key).is_some())
    }
}

impl WatchedStream {
    fn is_due(&self, at: Moment) -> bool {
        self.learned.is_none_or(|learned| {
            let clock_set_by = (at.wall - at.end_of(learned)).abs().to_std().unwrap_or_default();
            at.since(learned) >= LEARN_EVERY || clock_set_by >= CLOCK_SET_BY
        })
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;
    use crate::config::settings::AnomalySettings;
    use crate::domain::stream::StreamState;

    fn at(second: u64) -> Moment {
        let steady = Duration::from_secs(second);
        let wall =
            DateTime::from_timestamp(1_800_000_000, 0).expect("a time") + TimeDelta::from_std(steady).expect("short");
        Moment { wall, steady }
    }

    fn take(table: &AnomalyTable, setup: &AnomalySetup, name: &str, second: u64) {
        let minute = Bucket { at: at(second).wall.timestamp(), state: Some(StreamState::Live), ..Bucket::default() };
        table.take(setup, &SeriesKey::stream("main", name), &minute, at(second));
    }

    async fn setup(folder: &std::path::Path) -> AnomalySetup {
        let database = crate::adapters::database::sqlite::open(folder.join("test.db")).await.expect("a database");
        let settings = AnomalySettings { enabled: true, ..AnomalySettings::default() };
        AnomalySetup::of(&settings, Default::default(), Arc::new(Vec::new), database).expect("enabled")
    }

    #[tokio::test]
    async fn a_past_that_cannot_be_read_holds_up_nobody_and_a_clock_that_was_set_is_noticed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (setup, table) = (setup(folder.path()).await, AnomalyTable::default());
        for name in ["a", "b", "c"] {
            take(&table, &setup, name, 0);
        }
        let next = |at: Moment| table.next_to_learn(at).map(|key| key.name);
        let learned = |name: &str, at: Moment| table.learned(&SeriesKey::stream("main", name), Vec::new(), at);
        // That of `a` cannot be read.
        let asked: Vec<_> = (0..6)
            .map(|n| {
                let name = next(at(n * 30)).expect("one is left");
                if name != "a" {
                    learned(&name, at(n * 30));
                }
                name
            })
            .collect();
        assert_eq!(asked, ["a", "b", "c", "a", "a", "a"]);
        learned("a", at(180));
        assert_eq!(next(at(240)), None);
        let hour = |second, hours| Moment { wall: at(second).wall + TimeDelta::hours(hours), ..at(second) };
        assert_eq!(next(hour(240, -30)).as_deref(), Some("b"), "what was learned is of another time");
        learned("b", hour(240, -30));
        assert_eq!(next(hour(300, -30)).as_deref(), Some("c"));
    }

    #[tokio::test]
    async fn streams_that_come_and_go_take_no_place_from_those_that_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let (setup, table) = (setup(folder.path()).await, AnomalyTable::default());
        for n in 0..MOST {
            take(&table, &setup, &format!("{n:05}"), if n < 10 { 5 } else { 0 });
        }
        take(&table, &setup, "early", 10);
        let counts = || (table.counts().streams, table.counts().left_out);
        assert_eq!(counts(), (MOST, 1), "everybody is there");
        let of = |name: &str| SeriesKey::stream("main", name);
        for n in 1..MOST {
            take(&table, &setup, &format!("{n:05}"), 300);
        }
        assert_eq!(table.silent(at(620)), [of("00000")]);
        take(&table, &setup, "camera", 640);
        assert!(table.hears(&of("camera")) && !table.hears(&of("00000")), "it took the place of the one that is gone");
        take(&table, &setup, "another", 640);
        assert!(!table.hears(&of("another")) && table.hears(&of("00001")));
        assert_eq!(table.counts().streams, MOST);
    }
}
