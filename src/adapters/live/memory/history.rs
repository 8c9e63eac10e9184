//! The recent samples of every stream, packed: 12 bytes each instead of 40, in blocks that are dropped whole.
//!
//! Bounded three ways: by age, by samples of one stream, and by samples of all. A stream that is gone keeps its history
//! until it is too old or its place is needed.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::domain::name::StreamName;
use crate::domain::stream::{Sample, StreamState};

/// Streams with a history. Full: the ones longest without a sample make room; when all are fed, newcomers get none.
const STREAMS: usize = 10_000;

/// Samples of all streams together, 720 MB. Full: every stream's share shrinks.
const SAMPLES: usize = 60_000_000;

/// The shortest `monitor.interval` there is.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);

/// Samples in a block: 3 KB, eight and a half minutes of polls.
const BLOCK: usize = 256;

/// A stream without a sample for so long may lose its history to another one.
const IDLE_MS: i64 = 10 * 60 * 1_000;

pub(super) struct Histories {
    longest_ms: i64,
    /// Samples of one stream in that time at the shortest interval.
    most: usize,
    streams: HashMap<String, HashMap<StreamName, History>>,
    count: usize,
}

/// One stream's samples, oldest block first.
#[derive(Default)]
struct History {
    blocks: VecDeque<Block>,
    last_ms: i64,
}

struct Block {
    /// Time of its first sample; the others count from here.
    start_ms: i64,
    last_ms: i64,
    samples: Vec<Packed>,
}

#[derive(Clone, Copy)]
struct Packed {
    /// Milliseconds since the start of the block.
    after_ms: u32,
    /// Bits per second; [`NO_RATE`] when unknown. A stream beyond 4.29 Gbit/s is kept as 4.29.
    bitrate: u32,
    /// A stream with more readers than 65,535 is kept as having so many.
    readers: u16,
    state: StreamState,
}

const NO_RATE: u32 = u32::MAX;

impl Histories {
    pub(super) fn new(longest: Duration) -> Self {
        let longest_ms = i64::try_from(longest.as_millis()).unwrap_or(i64::MAX);
        let most = usize::try_from(longest.as_millis() / SHORTEST_INTERVAL.as_millis())
            .unwrap_or(usize::MAX)
            .clamp(1, SAMPLES);
        Self { longest_ms, most, streams: HashMap::new(), count: 0 }
    }

    /// Adds one sample per stream.
    pub(super) fn record(&mut self, server: &str, samples: Vec<(StreamName, Sample)>) {
        let Some(now_ms) = samples.iter().map(|(_, sample)| sample.at.timestamp_millis()).max() else { return };
        let known = self.streams.get(server);
        let new = samples.iter().filter(|(name, _)| !known.is_some_and(|known| known.contains_key(name))).count();
        if new > 0 {
            self.make_room(new, now_ms);
        }
        let share = self.most.min(SAMPLES / (self.count + new).max(1));
        let streams = self.streams.entry(server.to_owned()).or_default();
        for (name, sample) in samples {
            if let Some(history) = streams.get_mut(&name) {
                history.push(&sample);
                history.trim(share, now_ms.saturating_sub(self.longest_ms));
            } else if self.count < STREAMS {
                self.count += 1;
                streams.entry(name).or_default().push(&sample);
            }
        }
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
        let blocks = history.blocks.iter().filter(|block| block.start_ms <= to_ms && block.last_ms >= from_ms);
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
        let begins_ms = history.blocks.iter().map(|block| block.start_ms).min()?;
        DateTime::from_timestamp_millis(begins_ms.max(oldest_ms))
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
    }

    fn histories(&self) -> impl Iterator<Item = &History> {
        self.streams.values().flat_map(HashMap::values)
    }
}

impl History {
    fn push(&mut self, sample: &Sample) {
        let at_ms = sample.at.timestamp_millis();
        self.last_ms = at_ms;
        if let Some(block) = self.blocks.back_mut()
            && block.samples.len() < BLOCK
            && at_ms >= block.last_ms
            && let Ok(after_ms) = u32::try_from(at_ms - block.start_ms)
        {
            block.last_ms = at_ms;
            block.samples.push(pack(sample, after_ms));
            return;
        }
        let mut samples = Vec::with_capacity(BLOCK);
        samples.push(pack(sample, 0));
        self.blocks.push_back(Block { start_ms: at_ms, last_ms: at_ms, samples });
    }

    /// Drops whole blocks that are too old or too many, never the last one.
    fn trim(&mut self, most: usize, oldest_ms: i64) {
        let most_blocks = most.div_ceil(BLOCK) + 1;
        while self.blocks.len() > 1
            && (self.blocks.len() > most_blocks || self.blocks.front().is_some_and(|block| block.last_ms < oldest_ms))
        {
            self.blocks.pop_front();
        }
    }
}

impl Block {
    fn samples(&self) -> impl Iterator<Item = Sample> {
        self.samples.iter().filter_map(|packed| {
            Some(Sample {
                at: DateTime::from_timestamp_millis(self.start_ms + i64::from(packed.after_ms))?,
                state: packed.state,
                bitrate: (packed.bitrate != NO_RATE).then_some(u64::from(packed.bitrate)),
                readers: u32::from(packed.readers),
            })
        })
    }
}

fn pack(sample: &Sample, after_ms: u32) -> Packed {
    Packed {
        after_ms,
        bitrate: sample.bitrate.map_or(NO_RATE, |rate| u32::try_from(rate).unwrap_or(NO_RATE).min(NO_RATE - 1)),
        readers: u16::try_from(sample.readers).unwrap_or(u16::MAX),
        state: sample.state,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn name(name: &str) -> StreamName {
        StreamName::parse(name).expect("a name")
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).expect("a valid time")
    }

    fn sample(second: i64) -> Sample {
        Sample { at: at(second), state: StreamState::Live, bitrate: Some(second as u64), readers: 1 }
    }

    fn seconds(histories: &Histories, stream: &str, from: i64, to: i64) -> Vec<i64> {
        let samples = histories.between("s", &name(stream), at(from), at(to));
        samples.iter().map(|sample| (sample.at - at(0)).num_seconds()).collect()
    }

    #[test]
    fn a_sample_takes_twelve_bytes_and_comes_back() {
        assert_eq!(size_of::<Packed>(), 12);
        let mut histories = Histories::new(60 * SECOND);
        let samples = [
            Sample { at: at(0), state: StreamState::Offline, bitrate: None, readers: 0 },
            Sample {
                at: at(1) + Duration::from_millis(250),
                state: StreamState::Stalled,
                bitrate: Some(0),
                readers: 9,
            },
            Sample { at: at(2), state: StreamState::Unknown, bitrate: Some(4_000_000_000), readers: 65_535 },
        ];
        for sample in samples {
            histories.record("s", vec![(name("a"), sample)]);
        }
        assert_eq!(histories.between("s", &name("a"), at(0), at(2)), samples);
        histories.record("s", vec![(name("b"), Sample { bitrate: Some(u64::MAX), readers: u32::MAX, ..sample(3) })]);
        let most = &histories.between("s", &name("b"), at(0), at(9))[0];
        assert_eq!((most.bitrate, most.readers), (Some(4_294_967_294), 65_535));
        assert!(histories.between("other", &name("a"), at(0), at(9)).is_empty());
    }

    #[test]
    fn history_is_bounded_by_age_and_count() {
        let mut histories = Histories::new(1_000 * SECOND);
        for second in 0..5_000 {
            histories.record("s", vec![(name("a"), sample(second))]);
        }
        assert_eq!(seconds(&histories, "a", 0, 9_999), (3_999..5_000).collect::<Vec<_>>());
        assert_eq!(seconds(&histories, "a", 4_510, 4_512), [4_510, 4_511, 4_512]);
        // More often than anybody may poll: the count bounds it.
        for hundredth in 0..50_000_u64 {
            let sample = Sample { at: at(5_000) + Duration::from_millis(hundredth * 10), ..sample(0) };
            histories.record("s", vec![(name("a"), sample)]);
        }
        let kept: usize = histories.histories().flat_map(|history| &history.blocks).map(|b| b.samples.len()).sum();
        assert!((10_000..=10_000 + 2 * BLOCK).contains(&kept), "{kept} samples");
    }

    #[test]
    fn a_clock_set_back_keeps_the_order() {
        let mut histories = Histories::new(10_000 * SECOND);
        for second in (100..110).chain(105..115) {
            histories.record("s", vec![(name("a"), sample(second))]);
        }
        let seen = seconds(&histories, "a", 0, 999);
        assert!(seen.is_sorted() && seen.len() == 20, "{seen:?}");
    }

    #[test]
    fn idle_streams_make_room_and_fed_ones_do_not() {
        let mut histories = Histories::new(86_400 * SECOND);
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
        let mut histories = Histories::new(86_400 * SECOND);
        histories.count = SAMPLES / BLOCK;
        for second in 0..5_000 {
            let samples = vec![(name("a"), sample(second))];
            histories.streams.entry("s".to_owned()).or_default().entry(name("a")).or_default();
            histories.record("s", samples);
        }
        assert!(seconds(&histories, "a", 0, 9_999).len() <= 2 * BLOCK);
    }
}
