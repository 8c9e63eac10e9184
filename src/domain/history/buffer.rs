//! Buckets that are still open or not yet written, of every series; bounded, and honest about what it had to drop.

use std::collections::{HashMap, VecDeque};

use super::aggregate::{Aggregate, Reading};
use super::bucket::{Bucket, merge};
use super::metric::Metric;
use super::tier::{SeriesKey, Tier};

/// Series at most. Full: newcomers have no history.
const SERIES: usize = 12_000;
/// Buckets that wait to be written, of all series: some 30 MB. Full: every series' share shrinks, and its oldest go.
const WAITING: usize = 200_000;
/// Minutes that whoever listens has not taken: two of every series. Full: the oldest go.
const ENDED: usize = 2 * SERIES;

/// What is not in the database yet.
#[derive(Debug, Default)]
pub struct Buffer {
    series: HashMap<SeriesKey, Series>,
    /// Series that the present round of writing has still to take.
    queue: VecDeque<SeriesKey>,
    /// What was taken and is not known to be written.
    taken: Vec<(SeriesKey, Tier, Vec<Bucket>)>,
    dropped: u64,
    /// Minutes of streams and endpoints that have ended and whoever listens has not taken; `None` while nobody listens.
    ended: Option<VecDeque<(SeriesKey, Bucket)>>,
}

#[derive(Debug, Default)]
struct Series {
    tiers: [TierBuffer; 2],
    /// Nothing follows.
    is_gone: bool,
}

#[derive(Debug, Default)]
struct TierBuffer {
    open: Aggregate,
    waiting: VecDeque<Bucket>,
    /// First and last bucket of those that were dropped.
    lost: Option<(i64, i64)>,
}

impl Buffer {
    /// Adds a reading of a series.
    pub fn add(&mut self, key: &SeriesKey, reading: &Reading) {
        let share = (WAITING / self.series.len().max(1)).max(2);
        if !self.series.contains_key(key) {
            if self.series.len() >= SERIES {
                return;
            }
            self.series.insert(key.clone(), Series::default());
        }
        let Some(series) = self.series.get_mut(key) else { return };
        series.is_gone = false;
        for (tier, buffer) in Tier::ALL.into_iter().zip(&mut series.tiers) {
            if let Some(ended) = buffer.open.add(tier, reading) {
                if let Some(heard) = self.ended.as_mut().filter(|_| tier == Tier::Minute && key.kind.is_heard()) {
                    if heard.len() >= ENDED {
                        heard.pop_front();
                    }
                    heard.push_back((key.clone(), ended.clone()));
                }
                buffer.waiting.push_back(ended);
                self.dropped += buffer.bound(share / 2);
            }
        }
    }

    /// Adds a number of a series that somebody else has measured meanwhile; nothing where no bucket of it is open.
    pub fn note(&mut self, key: &SeriesKey, metric: Metric, value: f64) {
        if let Some(series) = self.series.get_mut(key) {
            series.tiers.iter_mut().for_each(|buffer| buffer.open.note(metric, value));
        }
    }

    /// Nothing follows of this series, as far as is known.
    pub fn end(&mut self, key: &SeriesKey) {
        if let Some(series) = self.series.get_mut(key) {
            series.is_gone = true;
            series.close();
        }
    }

    /// Closes everything, before a stop.
    pub fn close(&mut self) {
        self.series.values_mut().for_each(Series::close);
    }

    /// Begins a round of writing: whatever waits now is taken by [`Buffer::take`].
    pub fn begin_round(&mut self) {
        self.queue = (self.series.iter()).filter(|(_, one)| one.waits()).map(|(key, _)| key.clone()).collect();
        // A gone one that is written has nothing more to say.
        self.series.retain(|_, one| !one.is_gone || one.waits());
    }

    /// Takes what waits of so many series; empty at the end of the round. It has to be answered with [`Buffer::written`] or
    /// [`Buffer::not_written`].
    pub fn take(&mut self, most: usize) -> Vec<(SeriesKey, Tier, Vec<Bucket>)> {
        // What was taken and not answered for: whoever took it is gone.
        self.not_written();
        for _ in 0..most {
            let Some(key) = self.queue.pop_front() else { break };
            let Some(series) = self.series.get_mut(&key) else { continue };
            for (tier, buffer) in Tier::ALL.into_iter().zip(&mut series.tiers) {
                let buckets = buffer.drain(tier);
                if !buckets.is_empty() {
                    self.taken.push((key.clone(), tier, buckets));
                }
            }
        }
        self.taken.clone()
    }

    /// What was taken is in the database.
    pub fn written(&mut self) {
        self.taken.clear();
    }

    /// What was taken is not in the database: it waits again.
    pub fn not_written(&mut self) {
        for (key, tier, buckets) in std::mem::take(&mut self.taken) {
            let series = self.series.entry(key.clone()).or_default();
            let buffer = &mut series.tiers[usize::from(tier == Tier::TenMinutes)];
            let later = std::mem::take(&mut buffer.waiting).into();
            buffer.waiting = merge(buckets, later).into();
            self.queue.push_back(key);
        }
    }

    /// Buckets of a series that are not in the database or not known to be, the open one included, in order.
    pub fn peek(&self, key: &SeriesKey, tier: Tier) -> Vec<Bucket> {
        let taken = self.taken.iter().filter(|(one, of, _)| one == key && *of == tier);
        let taken = taken.flat_map(|(.., buckets)| buckets.iter().cloned()).collect();
        let Some(series) = self.series.get(key) else { return taken };
        let buffer = &series.tiers[usize::from(tier == Tier::TenMinutes)];
        merge(taken, buffer.waiting.iter().cloned().chain(buffer.open.clone().close(tier)).collect())
    }

    /// Minutes of streams and endpoints that have ended since somebody asked, the oldest first; of those before the first time none. Whoever asks once
    /// has to ask again and again.
    pub fn take_ended(&mut self) -> Vec<(SeriesKey, Bucket)> {
        self.ended.replace(VecDeque::new()).unwrap_or_default().into()
    }

    /// Series, buckets that wait, and buckets that were dropped.
    pub fn counts(&self) -> (usize, usize, u64) {
        let waiting = self.series.values().flat_map(|one| &one.tiers).map(|one| one.waiting.len()).sum();
        (self.series.len(), waiting, self.dropped)
    }
}

impl Series {
    fn close(&mut self) {
        for (tier, buffer) in Tier::ALL.into_iter().zip(&mut self.tiers) {
            buffer.waiting.extend(buffer.open.close(tier));
        }
    }

    fn waits(&self) -> bool {
        self.tiers.iter().any(|buffer| !buffer.waiting.is_empty())
    }
}

impl TierBuffer {
    /// Drops the oldest; how many.
    fn bound(&mut self, most: usize) -> u64 {
        let mut dropped = 0;
        while self.waiting.len() > most {
            if let Some(Bucket { at, .. }) = self.waiting.pop_front() {
                self.lost = Some(self.lost.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
                dropped += 1;
            }
        }
        dropped
    }

    /// What waits, and the marks of what was dropped: at most those of two rows.
    fn drain(&mut self, tier: Tier) -> Vec<Bucket> {
        let lost = self.lost.take().map(|(first, last)| (first.max(last - 2 * tier.span()), last));
        let marks = lost.map(|(first, last)| (0..=(last - first) / tier.step()).map(move |n| first + n * tier.step()));
        let mark = |at| Bucket { at, lost: true, ..Bucket::default() };
        merge(marks.into_iter().flatten().map(mark).collect(), std::mem::take(&mut self.waiting).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::stream::StreamState;

    fn reading(second: i64) -> Reading {
        let values = vec![(Metric::Bitrate, 100.0)];
        Reading { second, state: Some(StreamState::Live), values, ..Reading::default() }
    }

    fn ats(buckets: &[Bucket]) -> Vec<i64> {
        buckets.iter().map(|bucket| bucket.at).collect()
    }

    #[test]
    fn what_is_taken_is_written_or_waits_again() {
        let (a, b) = (SeriesKey::stream("main", "a"), SeriesKey::host("b"));
        let mut buffer = Buffer::default();
        for second in (0..=180).step_by(2) {
            buffer.add(&a, &reading(second));
        }
        buffer.add(&b, &reading(0));
        assert_eq!(ats(&buffer.peek(&a, Tier::Minute)), [0, 60, 120, 180], "the open one too");
        assert_eq!(ats(&buffer.peek(&a, Tier::TenMinutes)), [0]);
        buffer.begin_round();
        let taken = buffer.take(10);
        assert_eq!(
            taken.iter().map(|(key, tier, all)| (key, *tier, ats(all))).collect::<Vec<_>>(),
            [(&a, Tier::Minute, vec![0, 60, 120])]
        );
        buffer.add(&a, &reading(240));
        assert_eq!(ats(&buffer.peek(&a, Tier::Minute)), [0, 60, 120, 180, 240], "what is being written is not hidden");
        buffer.not_written();
        let taken = buffer.take(10);
        assert_eq!(ats(&taken[0].2), [0, 60, 120, 180]);
        buffer.written();
        assert!(buffer.take(10).is_empty(), "the round is over");
        buffer.end(&a);
        buffer.begin_round();
        assert_eq!(buffer.take(10).len(), 2);
        buffer.written();
        buffer.begin_round();
        assert_eq!(buffer.counts(), (1, 0, 0), "a series that is gone is forgotten once it is written");
        buffer.close();
        buffer.begin_round();
        assert_eq!(buffer.take(10).len(), 2);
    }

    #[test]
    fn minutes_of_streams_are_heard_once_they_have_ended() {
        let (a, b) = (SeriesKey::stream("main", "a"), SeriesKey::host("b"));
        let mut buffer = Buffer::default();
        let add = |buffer: &mut Buffer, minute: i64| {
            buffer.add(&a, &reading(minute * 60));
            buffer.add(&b, &reading(minute * 60));
        };
        (0..3).for_each(|minute| add(&mut buffer, minute));
        assert!(buffer.take_ended().is_empty(), "nobody listened");
        (3..5).for_each(|minute| add(&mut buffer, minute));
        let heard: Vec<_> = buffer.take_ended().into_iter().map(|(key, bucket)| (key, bucket.at)).collect();
        assert_eq!(heard, [(a.clone(), 120), (a.clone(), 180)]);
        assert!(buffer.take_ended().is_empty());
        (5..ENDED as i64 + 10).for_each(|minute| add(&mut buffer, minute));
        assert_eq!(buffer.take_ended().len(), ENDED, "whoever takes nothing loses the oldest");
    }

    #[test]
    fn what_has_no_room_is_marked_as_lost() {
        let mut buffer = Buffer::default();
        let keys: Vec<SeriesKey> = (0..SERIES + 1).map(|n| SeriesKey::stream("main", &n.to_string())).collect();
        let share = WAITING / SERIES / 2;
        for key in &keys {
            for minute in 0..share as i64 + 5 {
                buffer.add(key, &reading(minute * 60));
            }
        }
        let (series, waiting, dropped) = buffer.counts();
        assert!(series == SERIES && waiting <= WAITING && dropped > 0, "{series} {waiting} {dropped}");
        buffer.begin_round();
        let taken = buffer.take(SERIES);
        let all: Vec<_> = taken.iter().filter(|(_, tier, all)| *tier == Tier::Minute && all[0].lost).collect();
        assert!(!all.is_empty());
        for (.., buckets) in all {
            let lost = buckets.iter().filter(|bucket| bucket.lost).count();
            assert_eq!(buckets.len(), share + 4, "one after the other, the marks first");
            assert!(buckets[..lost].iter().all(|bucket| bucket.lost && bucket.bands.is_empty()));
        }
    }
}
