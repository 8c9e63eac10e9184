//! The recent samples of every stream, packed in blocks that are dropped whole.
//!
//! Bounded two ways: by age, and by the bytes of all together; who has more than a share of them makes room. A stream that is
//! gone keeps its history until it is too old or its place is needed.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::block::{Block, OpenBlock};
use crate::domain::name::StreamName;
use crate::domain::stream::Sample;

/// Streams with a history. Full: the ones longest without a sample make room; when all are fed, newcomers get none.
const STREAMS: usize = 10_000;

/// A stream without a sample for so long may lose its history to another one.
const IDLE_MS: i64 = 10 * 60 * 1_000;

pub(super) struct Histories {
    longest_ms: i64,
    /// Bytes of all streams together.
    most: usize,
    streams: HashMap<String, HashMap<StreamName, StreamBlocks>>,
    count: usize,
    /// Bytes that all of them take.
    bytes: usize,
    /// Younger samples than the age allows were dropped, and that was said.
    is_short: bool,
}

/// One stream's samples, oldest block first.
#[derive(Clone, Default)]
pub(super) struct StreamBlocks {
    pub(super) blocks: VecDeque<Arc<Block>>,
    open: OpenBlock,
    last_ms: i64,
    bytes: usize,
    /// What was before the next sample was not watched.
    is_after_gap: bool,
}

/// A stream's blocks as they are on disk.
pub(super) struct StoredHistory {
    pub(super) server: String,
    pub(super) name: StreamName,
    pub(super) blocks: Vec<Arc<Block>>,
}

impl Histories {
    /// Keeps samples for `longest`, and no more than `most` bytes of them.
    pub(super) fn new(longest: Duration, most: usize) -> Self {
        let longest_ms = i64::try_from(longest.as_millis()).unwrap_or(i64::MAX);
        Self { longest_ms, most, streams: HashMap::new(), count: 0, bytes: 0, is_short: false }
    }

    /// Adds one sample per stream.
    pub(super) fn record(&mut self, server: &str, samples: Vec<(StreamName, Sample)>) {
        let Some(now_ms) = samples.iter().map(|(_, sample)| sample.at.timestamp_millis()).max() else { return };
        let known = self.streams.get(server);
        let new = samples.iter().filter(|(name, _)| !known.is_some_and(|known| known.contains_key(name))).count();
        if new > 0 {
            self.make_room(new, now_ms);
        }
        let oldest_ms = now_ms.saturating_sub(self.longest_ms);
        let streams = self.streams.entry(server.to_owned()).or_default();
        for (name, sample) in samples {
            let history = match streams.get_mut(&name) {
                Some(history) => history,
                None if self.count < STREAMS => {
                    self.count += 1;
                    streams.entry(name).or_insert(StreamBlocks { is_after_gap: true, ..StreamBlocks::default() })
                }
                None => continue,
            };
            let before = history.bytes;
            history.push(sample);
            history.forget(oldest_ms);
            self.bytes = self.bytes + history.bytes - before;
        }
        self.keep_within();
    }

    /// The samples of one stream between two times (both included), oldest first.
    pub(super) fn between(
        &self,
        server: &str,
        name: &StreamName,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Vec<Sample> {
        let Some(history) = self.streams.get(server).and_then(|streams| streams.get(name)) else { return Vec::new() };
        let oldest_ms = history.last_ms.saturating_sub(self.longest_ms);
        let (from_ms, to_ms) = (from.timestamp_millis().max(oldest_ms), to.timestamp_millis());
        let blocks = history.all().filter(|block| block.start_ms <= to_ms && block.last_ms >= from_ms);
        let mut samples: Vec<Sample> =
            blocks.flat_map(Block::samples).filter(|sample| sample.at >= from && sample.at <= to).collect();
        samples.retain(|sample| sample.at.timestamp_millis() >= oldest_ms);
        // In order already, unless the machine's clock was set back meanwhile.
        samples.sort_by_key(|sample| sample.at);
        samples
    }

    /// Time of a stream's oldest sample.
    pub(super) fn begins(&self, server: &str, name: &StreamName) -> Option<DateTime<Utc>> {
        let history = self.streams.get(server)?.get(name)?;
        let oldest_ms = history.last_ms.saturating_sub(self.longest_ms);
        let begins_ms = history.all().map(|block| block.start_ms).min()?;
        DateTime::from_timestamp_millis(begins_ms.max(oldest_ms))
    }

    /// Drops the histories of a server.
    pub(super) fn forget(&mut self, server: &str) {
        self.streams.remove(server);
        self.count = self.histories().count();
        self.bytes = self.histories().map(|history| history.bytes).sum();
    }

    /// Everything, to be written to disk; costs little.
    pub(super) fn stored(&self) -> Vec<StoredHistory> {
        let of = |server: &String, name: &StreamName, history: &StreamBlocks| {
            let open = (!history.open.block.bytes.is_empty()).then(|| Arc::new(history.open.block.clone()));
            let blocks = history.blocks.iter().cloned().chain(open).collect();
            StoredHistory { server: server.clone(), name: name.clone(), blocks }
        };
        let of_server = |(server, streams): (&_, &HashMap<_, _>)| {
            streams.iter().map(|(name, history)| of(server, name, history)).collect::<Vec<_>>()
        };
        self.streams.iter().flat_map(of_server).collect()
    }

    /// Takes what an earlier run has left; the next sample of each stream is marked as following a gap.
    pub(super) fn restore(&mut self, stored: Vec<StoredHistory>, now: DateTime<Utc>) {
        let oldest_ms = now.timestamp_millis().saturating_sub(self.longest_ms);
        for StoredHistory { server, name, blocks } in stored {
            let blocks: VecDeque<_> = blocks.into_iter().filter(|block| block.last_ms >= oldest_ms).collect();
            let Some(last_ms) = blocks.back().map(|block| block.last_ms) else { continue };
            let bytes = blocks.iter().map(|block| block.cost()).sum();
            let history = StreamBlocks { blocks, last_ms, bytes, is_after_gap: true, ..StreamBlocks::default() };
            if self.count < STREAMS && self.streams.entry(server).or_default().insert(name, history).is_none() {
                self.count += 1;
                self.bytes += bytes;
            }
        }
        self.keep_within();
    }

    /// Whoever has more than a share of the bytes loses the oldest ones, when all together have too many.
    fn keep_within(&mut self) {
        if self.bytes <= self.most {
            return;
        }
        let share = self.most / self.count.max(1);
        let mut bytes = 0;
        for history in self.streams.values_mut().flat_map(HashMap::values_mut) {
            if history.bytes > share {
                // A little less, so that it is not done again at the next poll.
                history.shrink(share - share / 16);
            }
            bytes += history.bytes;
        }
        self.bytes = bytes;
        if !std::mem::replace(&mut self.is_short, true) {
            log::warn!(
                "monitor.history_memory is full: samples of {} streams are kept for less than monitor.history",
                self.count
            );
        }
    }

    /// Drops histories that are too old and, when places are short, those longest without a sample.
    fn make_room(&mut self, new: usize, now_ms: i64) {
        let wanted = (self.count + new).saturating_sub(STREAMS);
        let mut idle: Vec<i64> = self.histories().map(|history| history.last_ms).collect();
        idle.retain(|last_ms| *last_ms < now_ms.saturating_sub(IDLE_MS));
        idle.sort_unstable();
        let mut newest_dropped = now_ms.saturating_sub(self.longest_ms);
        if let Some(last_ms) = wanted.checked_sub(1).and_then(|at| idle.get(at).or(idle.last())) {
            newest_dropped = newest_dropped.max(*last_ms);
        }
        for streams in self.streams.values_mut() {
            streams.retain(|_, history| history.last_ms > newest_dropped);
        }
        self.streams.retain(|_, streams| !streams.is_empty());
        self.count = self.histories().count();
        self.bytes = self.histories().map(|history| history.bytes).sum();
    }

    fn histories(&self) -> impl Iterator<Item = &StreamBlocks> {
        self.streams.values().flat_map(HashMap::values)
    }
}

impl StreamBlocks {
    fn all(&self) -> impl Iterator<Item = &Block> {
        let open = Some(&self.open.block).filter(|block| !block.bytes.is_empty());
        self.blocks.iter().map(AsRef::as_ref).chain(open)
    }

    fn push(&mut self, mut sample: Sample) {
        sample.gap |= std::mem::take(&mut self.is_after_gap);
        self.last_ms = sample.at.timestamp_millis();
        let before = self.open.block.cost();
        if self.open.block.bytes.is_empty() {
            self.open = OpenBlock::of(&sample);
            self.bytes += self.open.block.cost();
        } else if self.open.push(&sample) {
            self.bytes = self.bytes + self.open.block.cost() - before;
        } else {
            let full = std::mem::replace(&mut self.open, OpenBlock::of(&sample)).close();
            self.bytes = self.bytes + full.cost() + self.open.block.cost() - before;
            self.blocks.push_back(Arc::new(full));
        }
    }

    /// Drops whole blocks that are too old, never the last one.
    fn forget(&mut self, oldest_ms: i64) {
        while self.blocks.front().is_some_and(|block| block.last_ms < oldest_ms) {
            self.drop_oldest();
        }
    }

    /// Drops whole blocks until it takes no more than these bytes, never the last one.
    fn shrink(&mut self, most: usize) {
        while self.bytes > most && !self.blocks.is_empty() {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some(block) = self.blocks.pop_front() {
            self.bytes -= block.cost();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::stream::StreamState;

    const SECOND: Duration = Duration::from_secs(1);
    /// Bytes; more than these tests need.
    const MOST: usize = 64 << 20;

    fn name(name: &str) -> StreamName {
        StreamName::parse(name).expect("a name")
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).expect("a valid time")
    }

    fn sample(second: i64) -> Sample {
        Sample { bitrate: Some(second as u64), readers: 1, ..Sample::new(at(second), StreamState::Live) }
    }

    fn seconds(histories: &Histories, stream: &str, from: i64, to: i64) -> Vec<i64> {
        let samples = histories.between("s", &name(stream), at(from), at(to));
        samples.iter().map(|sample| (sample.at - at(0)).num_seconds()).collect()
    }

    #[test]
    fn history_is_bounded_by_age_and_bytes() {
        let mut histories = Histories::new(1_000 * SECOND, 100_000);
        for second in 0..5_000 {
            histories.record("s", vec![(name("a"), sample(second))]);
        }
        assert_eq!(seconds(&histories, "a", 0, 9_999), (3_999..5_000).collect::<Vec<_>>());
        assert_eq!(seconds(&histories, "a", 4_510, 4_512), [4_510, 4_511, 4_512]);
        // More often than anybody may poll: the bytes bound it.
        for hundredth in 0..50_000_u64 {
            let sample = Sample { at: at(5_000) + Duration::from_millis(hundredth * 10), ..sample(0) };
            histories.record("s", vec![(name("a"), sample)]);
        }
        assert!((80_000..=100_000).contains(&histories.bytes), "{} bytes", histories.bytes);
        let really: usize = histories.histories().flat_map(StreamBlocks::all).map(Block::cost).sum();
        assert_eq!(histories.bytes, really, "what is counted is there");
        let begins = histories.begins("s", &name("a")).expect("a begin");
        assert!(begins > at(5_000), "the oldest ones went: {begins}");
    }

    #[test]
    fn a_clock_set_back_keeps_the_order() {
        let mut histories = Histories::new(10_000 * SECOND, MOST);
        for second in (100..110).chain(105..115) {
            histories.record("s", vec![(name("a"), sample(second))]);
        }
        let seen = seconds(&histories, "a", 0, 999);
        assert!(seen.is_sorted() && seen.len() == 20, "{seen:?}");
    }

    #[test]
    fn idle_streams_make_room_and_fed_ones_do_not() {
        let mut histories = Histories::new(86_400 * SECOND, MOST);
        let many = |from: usize, to: usize, second| {
            (from..to).map(|n| (name(&format!("cam{n}")), sample(second))).collect::<Vec<_>>()
        };
        histories.record("s", many(0, 10, 0));
        histories.record("s", many(10, STREAMS, 300));
        histories.record("s", many(STREAMS, STREAMS + 5, 400));
        assert_eq!(histories.count, STREAMS, "nobody is idle yet: newcomers wait");
        assert!(seconds(&histories, "cam10000", 0, 999).is_empty());
        histories.record("s", many(STREAMS, STREAMS + 5, 700));
        assert_eq!(seconds(&histories, "cam10004", 0, 999), [700]);
        assert!(seconds(&histories, "cam0", 0, 999).is_empty(), "idle for 700 s");
        assert_eq!(seconds(&histories, "cam10", 0, 999), [300], "idle for 400 s");
        histories.record("s", many(1_000_000, 1_000_001, 90_000));
        assert_eq!(histories.count, 1, "all the others are older than a day");
    }

    #[test]
    fn a_big_fleet_shares_the_space() {
        let mut histories = Histories::new(86_400 * SECOND, 500_000);
        for second in 0..5_000 {
            let busy = (0..40).map(|n| (name(&format!("cam{n}")), sample(second)));
            let new = Some((name("late"), sample(second))).filter(|_| second > 4_900);
            histories.record("s", busy.chain(new).collect());
        }
        assert!((350_000..=500_000).contains(&histories.bytes), "{}", histories.bytes);
        let kept: Vec<usize> = (0..40).map(|n| seconds(&histories, &format!("cam{n}"), 0, 9_999).len()).collect();
        let (least, most) = (kept.iter().min().copied(), kept.iter().max().copied());
        assert!(least > Some(2_500) && most < Some(5_000), "{least:?} {most:?}");
        assert_eq!(seconds(&histories, "late", 0, 9_999).len(), 99, "who has little loses nothing");
    }

    #[test]
    fn what_an_earlier_run_has_left_is_followed_by_a_gap() {
        let mut earlier = Histories::new(1_000 * SECOND, MOST);
        for second in 0..600 {
            earlier.record("s", vec![(name("a"), sample(second)), (name("b"), sample(second))]);
        }
        let mut histories = Histories::new(500 * SECOND, MOST);
        histories.restore(earlier.stored(), at(900));
        assert_eq!(seconds(&histories, "a", 0, 999).last(), Some(&599));
        histories.record("s", vec![(name("a"), sample(910))]);
        histories.record("s", vec![(name("a"), sample(911))]);
        let samples = histories.between("s", &name("a"), at(0), at(999));
        let gaps: Vec<_> = samples.iter().filter(|sample| sample.gap).map(|sample| sample.at).collect();
        assert_eq!((samples.len(), gaps), (189 + 2, vec![at(910)]));
        assert_eq!(histories.begins("s", &name("a")), Some(at(411)), "older ones than we keep are not taken");
        let really: usize = histories.histories().flat_map(StreamBlocks::all).map(Block::cost).sum();
        assert_eq!((histories.bytes, histories.count), (really, 2));
        let mut none = Histories::new(100 * SECOND, MOST);
        none.restore(earlier.stored(), at(900));
        assert_eq!((none.count, none.bytes), (0, 0), "all of it is too old");
    }
}
