//! Entries of the history, from polls: which moments are written, and what of them (`entry_fields`).

use std::collections::HashMap;

use super::entry_fields::{IDLE_MS, READERS_MS, srt, state_code};
use crate::domain::name::StreamName;
use crate::domain::stream::{Sample, StreamState, StreamStatus};

/// The expiry of a key is set anew so often.
const RENEW_MS: i64 = 10 * 60_000;
/// Bytes of a kB.
const KB: u64 = 1_000;

/// One entry, ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SampleEntry {
    /// Its id: `ms-number`.
    pub(super) id: (i64, u64),
    pub(super) fields: Vec<(&'static str, i64)>,
    /// The key's expiry has to be set.
    pub(super) renew: bool,
}

/// What was last written of each path of one server.
#[derive(Debug, Default)]
pub(super) struct WrittenPaths {
    paths: HashMap<StreamName, PathWritten>,
}

#[derive(Clone, Debug, Default)]
struct PathWritten {
    /// Id of the last entry, or of one that the server has found too small.
    last: (i64, u64),
    state: Option<StreamState>,
    /// Bytes received, as of the last entry.
    received: Counter,
    /// Bytes sent, as of the last entry that told them.
    sent: Counter,
    /// As last written.
    readers: u32,
    readers_ms: i64,
    /// The last moment that was left out because nothing moved.
    still_ms: Option<i64>,
    /// What follows is the first entry after a time that is not written.
    gap: bool,
    renewed_ms: i64,
    /// Somebody else's value is in the way; tried again then.
    blocked_until_ms: i64,
}

/// A counter of bytes that is written in kB.
#[derive(Clone, Copy, Debug, Default)]
struct Counter {
    bytes: u64,
    /// Bytes that are counted and not written: less than a kB.
    rest: u64,
}

impl Counter {
    /// Bytes since it was last taken; one that went back has begun anew.
    fn since(&self, bytes: u64) -> u64 {
        bytes.checked_sub(self.bytes).unwrap_or(bytes)
    }

    /// Takes what came since, as whole kB.
    fn take(&mut self, bytes: u64) -> i64 {
        let since = self.since(bytes).saturating_add(self.rest);
        *self = Self { bytes, rest: since % KB };
        i64::try_from(since / KB).unwrap_or(i64::MAX)
    }
}

impl WrittenPaths {
    /// The entries for this moment: none when nothing moves, and with one that moves again the last moment before.
    pub(super) fn entries(&mut self, status: &StreamStatus, sample: &Sample) -> impl Iterator<Item = SampleEntry> {
        let path = match self.paths.get_mut(&status.name) {
            Some(path) => path,
            None => self.paths.entry(status.name.clone()).or_insert(PathWritten { gap: true, ..Default::default() }),
        };
        path.entries(status, sample).into_iter().flatten()
    }

    /// This path's entry was not taken.
    pub(super) fn failed(&mut self, name: &StreamName) {
        if let Some(path) = self.paths.get_mut(name) {
            path.gap = true;
        }
    }

    /// Nothing was taken since; the server may have lost everything.
    pub(super) fn all_failed(&mut self) {
        self.paths.values_mut().for_each(|path| path.gap = true);
    }

    /// The stream holds a later entry than ours: go on behind it.
    pub(super) fn behind(&mut self, name: &StreamName, last: (i64, u64)) {
        if let Some(path) = self.paths.get_mut(name) {
            path.last = path.last.max(last);
            path.gap = true;
        }
    }

    /// Somebody else's value is in the way of this path.
    pub(super) fn block(&mut self, name: &StreamName, until_ms: i64) {
        if let Some(path) = self.paths.get_mut(name) {
            path.blocked_until_ms = until_ms;
            path.gap = true;
        }
    }

    /// Nothing is in the way any more.
    pub(super) fn unblock(&mut self) {
        self.paths.values_mut().for_each(|path| path.blocked_until_ms = 0);
    }

    /// The path is gone; its key expires.
    pub(super) fn forget(&mut self, name: &StreamName) {
        self.paths.remove(name);
    }
}

impl PathWritten {
    fn entries(&mut self, status: &StreamStatus, sample: &Sample) -> [Option<SampleEntry>; 2] {
        let at = sample.at.timestamp_millis();
        if at < self.blocked_until_ms {
            return [None, None];
        }
        let is_first = self.state.is_none();
        let has_moved = !is_first && self.received.since(status.bytes_received) > 0;
        let stands = !has_moved
            && self.state == Some(sample.state)
            && self.readers == sample.readers
            && !self.gap
            && !sample.reset;
        if stands && at < self.last.0 + IDLE_MS {
            self.still_ms = Some(at);
            return [None, None];
        }
        let still = self.still_ms.take().filter(|_| !self.gap && !stands).map(|at| self.still(at));
        if is_first {
            // What came before is nobody's.
            (self.received.bytes, self.sent.bytes) = (status.bytes_received, status.bytes_sent);
        }
        let tells_readers = self.gap || !has_moved || at >= self.readers_ms + READERS_MS;
        let mut fields = Vec::with_capacity(6);
        fields.extend(state_field(sample.state));
        fields.push(("k", self.received.take(status.bytes_received)));
        if tells_readers || self.readers != sample.readers {
            fields.push(("r", i64::from(sample.readers)));
        }
        if tells_readers {
            fields.push(("o", self.sent.take(status.bytes_sent)));
            self.readers_ms = at;
        }
        let srt = srt(&sample.srt).into_iter();
        fields.extend(srt.filter_map(|(name, value, by)| Some((name, scaled(value?, by)))));
        (self.state, self.readers) = (Some(sample.state), sample.readers);
        let renew = at >= self.renewed_ms + RENEW_MS || self.gap;
        if sample.reset {
            fields.push(("z", 1));
        }
        if std::mem::take(&mut self.gap) {
            fields.push(("g", 1));
        }
        if renew {
            self.renewed_ms = at;
        }
        [still, Some(SampleEntry { id: self.next(at), fields, renew })]
    }

    /// The entry of the last moment at which nothing had moved.
    fn still(&mut self, at: i64) -> SampleEntry {
        let state = self.state.and_then(state_field);
        let fields = state.into_iter().chain([("k", 0), ("r", i64::from(self.readers))]).collect();
        SampleEntry { id: self.next(at), fields, renew: false }
    }

    /// The id of an entry at this time; behind the last one also when the clock was set back.
    fn next(&mut self, at: i64) -> (i64, u64) {
        self.last = if at > self.last.0 { (at, 0) } else { (self.last.0, self.last.1 + 1) };
        self.last
    }
}

fn state_field(state: StreamState) -> Option<(&'static str, i64)> {
    (state != StreamState::Live).then(|| ("s", state_code(state)))
}

fn scaled(value: f64, by: f64) -> i64 {
    // `as` keeps within the bounds, and makes 0 of what is no number.
    (value * by).round() as i64
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;
    use crate::domain::sample;
    use crate::domain::stream::SrtFigures;

    const START: i64 = 1_800_000_000_000;

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(START + ms).expect("a time")
    }

    fn seen(ms: i64, bytes: u64, state: StreamState, readers: u32) -> (StreamStatus, Sample) {
        let status = StreamStatus { bytes_received: bytes, bytes_sent: bytes * 2, ..sample::stream("main", "a") };
        (status, Sample { readers, ..Sample::new(at(ms), state) })
    }

    /// Plays polls `(ms, bytes, state, readers)` and gives the entries as `(ms, fields)`.
    fn play(written: &mut WrittenPaths, polls: &[(i64, u64, StreamState, u32)]) -> Vec<(i64, String)> {
        let entries = polls.iter().flat_map(|(ms, bytes, state, readers)| {
            let (status, sample) = seen(*ms, *bytes, *state, *readers);
            written.entries(&status, &sample).collect::<Vec<_>>()
        });
        let text = |(name, value): &(&str, i64)| format!("{name}{value}");
        let line =
            |entry: SampleEntry| (entry.id.0 - START, entry.fields.iter().map(text).collect::<Vec<_>>().join(" "));
        entries.map(line).collect()
    }

    fn told(entries: &[(i64, String)]) -> Vec<(i64, &str)> {
        entries.iter().map(|(ms, fields)| (*ms, fields.as_str())).collect()
    }

    #[test]
    fn bytes_are_differences_and_what_stands_still_is_told_once_a_minute_and_on_change() {
        use StreamState::{Live, Offline, Stalled};
        let mut written = WrittenPaths::default();
        let mut polls =
            vec![(0, 5_000, Live, 2), (2_000, 6_000, Live, 2), (4_000, 6_000, Live, 2), (6_000, 6_000, Stalled, 2)];
        polls.extend((4..=40).map(|n| (n * 2_000, 6_000, Stalled, 2)));
        polls.extend([(82_000, 5_000, Live, 2), (84_000, 15_000, Live, 3), (86_000, 0, Offline, 0)]);
        let wanted = [
            (0, "k0 r2 o0 g1"),
            (2_000, "k1"),
            (4_000, "k0 r2"),
            (6_000, "s1 k0 r2 o2"),
            (66_000, "s1 k0 r2 o0"),
            (80_000, "s1 k0 r2"),
            (82_000, "k5"),
            (84_000, "k10 r3"),
            (86_000, "s2 k0 r0 o0"),
        ];
        assert_eq!(told(&play(&mut written, &polls)), wanted);
    }

    #[test]
    fn what_is_less_than_a_kilobyte_goes_into_the_next_entry_and_readers_are_told_once_a_minute() {
        let mut written = WrittenPaths::default();
        let polls: Vec<_> = (0..100).map(|n| (n * 2_000, 7_777 * n as u64, StreamState::Live, 1)).collect();
        let entries = play(&mut written, &polls);
        let number = |text: &str, name: char| -> Option<u64> {
            text.split(' ').find_map(|field| field.strip_prefix(name)?.parse().ok())
        };
        let sum = |name| -> u64 { entries.iter().filter_map(|(_, text)| number(text, name)).sum() };
        assert_eq!((entries.len(), sum('k')), (100, 7_777 * 99 / 1_000));
        let with: Vec<i64> = entries.iter().filter(|(_, text)| text.contains('r')).map(|(ms, _)| ms / 1_000).collect();
        assert_eq!(with, [0, 62, 124, 186]);
        assert_eq!(sum('o'), 7_777 * 2 * 93 / 1_000, "what was sent until then");
    }

    #[test]
    fn a_gap_is_marked_and_begins_anew() {
        use StreamState::Live;
        let mut written = WrittenPaths::default();
        play(&mut written, &[(0, 0, Live, 2), (2_000, 1_000, Live, 2)]);
        written.all_failed();
        let entries = play(&mut written, &[(40_000, 9_000, Live, 2), (42_000, 10_000, Live, 2)]);
        assert_eq!(told(&entries), [(40_000, "k8 r2 o18 g1"), (42_000, "k1")]);
    }

    #[test]
    fn a_clock_that_was_set_back_and_later_entries_of_others_keep_the_order() {
        use StreamState::Live;
        let mut written = WrittenPaths::default();
        let polls = [(10_000, 1, Live, 2), (3_000, 2, Live, 2), (5_000, 3, Live, 2), (12_000, 4, Live, 2)];
        let entries = play(&mut written, &polls);
        assert_eq!(entries.iter().map(|(ms, _)| *ms).collect::<Vec<_>>(), [10_000, 10_000, 10_000, 12_000]);
        let name = StreamName::parse("a").expect("a name");
        written.behind(&name, (START + 20_000, 7));
        let (status, sample) = seen(14_000, 5, Live, 2);
        assert_eq!(written.entries(&status, &sample).last().map(|entry| entry.id), Some((START + 20_000, 8)));
        written.block(&name, START + 60_000);
        assert_eq!(written.entries(&status, &sample).count(), 0, "somebody else's value is in the way");
    }

    #[test]
    fn srt_figures_are_integers() {
        let mut written = WrittenPaths::default();
        let (status, plain) = seen(0, 0, StreamState::Live, 0);
        let (rtt, capacity) = (Some(23.456), Some(f64::NAN));
        let (recv_rate_mbps, loss_rate) = (Some(4.0021), Some(0.25));
        let none =
            SrtFigures { rtt, recv_rate_mbps, link_capacity_mbps: capacity, loss_rate, retransmit_rate: Some(0.0) };
        let srt = SrtFigures { retransmit_rate: Some(1.5), ..none };
        let reset = Sample { srt, reset: true, ..plain };
        let entry = written.entries(&status, &reset).next().expect("an entry");
        let numbers = [("t", 2_346), ("v", 4_002), ("c", 0), ("l", 25), ("x", 150), ("z", 1)];
        assert_eq!(entry.fields[3..9], numbers);
        let (status, later) = seen(2_000, 5_000, StreamState::Live, 0);
        let entry = written.entries(&status, &Sample { srt: none, ..later }).next().expect("an entry");
        let names: Vec<_> = entry.fields.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["k", "t", "v", "c", "l"], "none is not told");
    }
}
