//! Entries of the history: integers only, one-letter names, bytes as differences.
//!
//! `s` state where it is not live (1 stalled, 2 offline, 3 unknown), `b` bytes received since the entry before, `r` readers; of an SRT
//! source also `t` round trip time in 10 us, `v` received and `c` capacity of the link in kbit/s. `g` stands where the time
//! since the entry before was not watched, or was not written.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta};

use crate::domain::name::StreamName;
use crate::domain::stream::{Sample, StreamState, StreamStatus};

/// A path that does not move is written so often.
const IDLE_MS: i64 = 60_000;
/// The expiry of a key is set anew so often.
const RENEW_MS: i64 = 10 * 60_000;
/// On reading, what did not move is filled in so often, so that it is no gap to whoever draws it.
const FILL_MS: i64 = 10_000;

/// One entry, ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its id: `ms-number`.
    pub(super) id: (i64, u64),
    pub(super) fields: Vec<(&'static str, i64)>,
    /// The key's expiry has to be set.
    pub(super) renew: bool,
}

/// What was last written of each path of one server.
#[derive(Debug, Default)]
pub(super) struct Written {
    paths: HashMap<StreamName, PathWritten>,
}

#[derive(Clone, Debug, Default)]
struct PathWritten {
    /// Id of the last entry, or of one that the server has found too small.
    last: (i64, u64),
    state: Option<StreamState>,
    /// As of the last entry.
    bytes: u64,
    readers: u32,
    /// The last moment that was left out because nothing moved.
    still_ms: Option<i64>,
    /// What follows is the first entry after a time that is not written.
    gap: bool,
    renewed_ms: i64,
    /// Somebody else's value is in the way; tried again then.
    blocked_until_ms: i64,
}

impl Written {
    /// The entries for this moment: none when nothing moves, and with one that moves again the last moment before.
    pub(super) fn entries(&mut self, status: &StreamStatus, sample: &Sample) -> impl Iterator<Item = Entry> {
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
    fn entries(&mut self, status: &StreamStatus, sample: &Sample) -> [Option<Entry>; 2] {
        let at = sample.at.timestamp_millis();
        if at < self.blocked_until_ms {
            return [None, None];
        }
        // A counter that went back has begun anew.
        let before = if status.bytes_received >= self.bytes { self.bytes } else { 0 };
        let bytes = if self.state.is_none() { 0 } else { status.bytes_received - before };
        let stands = bytes == 0 && self.state == Some(sample.state) && self.readers == sample.readers && !self.gap;
        if stands && at < self.last.0 + IDLE_MS {
            self.still_ms = Some(at);
            return [None, None];
        }
        let still = self.still_ms.take().filter(|_| !self.gap && !stands);
        let still = still.map(|at| Entry { id: self.next(at), fields: self.plain(0), renew: false });
        self.state = Some(sample.state);
        self.bytes = status.bytes_received;
        self.readers = sample.readers;
        let mut fields = self.plain(whole(bytes));
        let srt = [("t", status.rtt, 100.0), ("v", status.recv_rate_mbps, 1e3), ("c", status.link_capacity_mbps, 1e3)];
        fields.extend(srt.into_iter().filter_map(|(name, value, by)| Some((name, scaled(value?, by)))));
        let renew = at >= self.renewed_ms + RENEW_MS || self.gap;
        if std::mem::take(&mut self.gap) {
            fields.push(("g", 1));
        }
        if renew {
            self.renewed_ms = at;
        }
        [still, Some(Entry { id: self.next(at), fields, renew })]
    }

    fn plain(&self, bytes: i64) -> Vec<(&'static str, i64)> {
        let state = self.state.filter(|state| *state != StreamState::Live).map(|state| ("s", code(state)));
        let mut fields = Vec::with_capacity(6);
        fields.extend(state);
        fields.extend([("b", bytes), ("r", i64::from(self.readers))]);
        fields
    }

    /// The id of an entry at this time; behind the last one also when the clock was set back.
    fn next(&mut self, at: i64) -> (i64, u64) {
        self.last = if at > self.last.0 { (at, 0) } else { (self.last.0, self.last.1 + 1) };
        self.last
    }
}

fn code(state: StreamState) -> i64 {
    match state {
        StreamState::Live => 0,
        StreamState::Stalled => 1,
        StreamState::Offline => 2,
        StreamState::Unknown => 3,
    }
}

fn state(code: i64) -> Option<StreamState> {
    [StreamState::Live, StreamState::Stalled, StreamState::Offline, StreamState::Unknown]
        .get(usize::try_from(code).ok()?)
        .copied()
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn scaled(value: f64, by: f64) -> i64 {
    // `as` keeps within the bounds, and makes 0 of what is no number.
    (value * by).round() as i64
}

/// An entry as it was read.
#[derive(Clone, Copy, Debug)]
struct Point {
    at_ms: i64,
    state: StreamState,
    bytes: u64,
    readers: u32,
    gap: bool,
}

/// Reads entries, oldest first. What is not understood is left out.
pub(super) fn read<'a>(entries: impl Iterator<Item = (&'a str, Vec<(&'a str, i64)>)>) -> Vec<Sample> {
    let mut samples: Vec<Sample> = Vec::new();
    let mut before: Option<Point> = None;
    for point in entries.filter_map(|(id, fields)| point(id, &fields)) {
        if let Some(last) = before.filter(|_| !point.gap) {
            fill(&mut samples, last, point.at_ms);
        }
        samples.extend(sample(before, point));
        before = Some(point);
    }
    samples
}

fn point(id: &str, fields: &[(&str, i64)]) -> Option<Point> {
    let value = |name: &str| fields.iter().find(|(field, _)| *field == name).map(|(_, value)| *value);
    Some(Point {
        at_ms: id.split_once('-')?.0.parse().ok()?,
        state: state(value("s").unwrap_or(0))?,
        bytes: u64::try_from(value("b")?).ok()?,
        readers: u32::try_from(value("r")?).ok()?,
        gap: value("g").is_some(),
    })
}

fn sample(before: Option<Point>, point: Point) -> Option<Sample> {
    let apart = before.filter(|_| !point.gap).map(|before| point.at_ms - before.at_ms).filter(|ms| *ms > 0);
    let bitrate = match (point.state, apart) {
        (StreamState::Unknown, _) => None,
        (StreamState::Live, None) => None,
        (StreamState::Live, Some(ms)) => u64::try_from(i128::from(point.bytes) * 8_000 / i128::from(ms)).ok(),
        (StreamState::Stalled | StreamState::Offline, _) => Some(0),
    };
    Some(Sample {
        at: DateTime::from_timestamp_millis(point.at_ms)?,
        state: point.state,
        bitrate,
        readers: point.readers,
    })
}

/// What stood still between two entries.
fn fill(samples: &mut Vec<Sample>, last: Point, until_ms: i64) {
    let Some(known) = samples.last().copied().filter(|_| until_ms - last.at_ms <= IDLE_MS * 2) else { return };
    let bitrate = known.bitrate.map(|_| 0);
    let mut at = known.at + TimeDelta::milliseconds(FILL_MS);
    while at.timestamp_millis() + FILL_MS / 2 < until_ms {
        samples.push(Sample { at, bitrate, ..known });
        at += TimeDelta::milliseconds(FILL_MS);
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;
    use crate::domain::sample;

    const START: i64 = 1_800_000_000_000;

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(START + ms).expect("a time")
    }

    /// Plays polls `(ms, bytes, state)` and gives the entries as `(ms, fields)`.
    fn play(written: &mut Written, polls: &[(i64, u64, StreamState)]) -> Vec<(i64, String)> {
        let mut all = Vec::new();
        for (ms, bytes, state) in polls {
            let status = StreamStatus { bytes_received: *bytes, ..sample::stream("main", "a") };
            let sample = Sample { at: at(*ms), state: *state, bitrate: None, readers: 2 };
            all.extend(written.entries(&status, &sample).map(|entry| {
                let fields: Vec<_> = entry.fields.iter().map(|(name, value)| format!("{name}{value}")).collect();
                (entry.id.0 - START, fields.join(" "))
            }));
        }
        all
    }

    fn readable(entries: &[(i64, String)]) -> Vec<Sample> {
        let ids: Vec<String> = entries.iter().map(|(ms, _)| format!("{}-0", START + ms)).collect();
        let fields =
            |text: &'static str| text.split(' ').map(|f| (&f[..1], f[1..].parse().expect("a number"))).collect();
        let leaked: Vec<&'static str> = entries.iter().map(|(_, text)| &*text.clone().leak()).collect();
        read(ids.iter().map(String::as_str).zip(leaked.into_iter().map(fields)))
    }

    #[test]
    fn bytes_are_differences_and_what_stands_still_is_told_once_a_minute_and_on_change() {
        use StreamState::{Live, Offline, Stalled};
        let mut written = Written::default();
        let mut polls = vec![(0, 5_000, Live), (2_000, 6_000, Live), (4_000, 6_000, Live), (6_000, 6_000, Stalled)];
        polls.extend((4..=40).map(|n| (n * 2_000, 6_000, Stalled)));
        polls.extend([(82_000, 500, Live), (84_000, 1_500, Live), (86_000, 0, Offline)]);
        let entries = play(&mut written, &polls);
        let told: Vec<(i64, &str)> = entries.iter().map(|(ms, fields)| (*ms, fields.as_str())).collect();
        let wanted = [
            (0, "b0 r2 g1"),
            (2_000, "b1000 r2"),
            (4_000, "b0 r2"),
            (6_000, "s1 b0 r2"),
            (66_000, "s1 b0 r2"),
            (80_000, "s1 b0 r2"),
            (82_000, "b500 r2"),
            (84_000, "b1000 r2"),
            (86_000, "s2 b0 r2"),
        ];
        assert_eq!(told, wanted);
        let samples = readable(&entries);
        let rate = |ms: i64| samples.iter().find(|sample| sample.at == at(ms)).map(|sample| sample.bitrate);
        assert_eq!(rate(0), Some(None), "nothing to compare with");
        assert_eq!(
            (rate(2_000), rate(82_000), rate(84_000)),
            (Some(Some(4_000)), Some(Some(2_000)), Some(Some(4_000)))
        );
        assert_eq!((rate(6_000), rate(56_000), rate(86_000)), (Some(Some(0)), Some(Some(0)), Some(Some(0))));
        let apart = samples.windows(2).map(|two| (two[1].at - two[0].at).num_seconds()).max();
        assert!(apart <= Some(14), "what stands still is no gap: {apart:?}");
    }

    #[test]
    fn a_gap_is_marked_and_stays_one() {
        use StreamState::Live;
        let mut written = Written::default();
        let mut entries = play(&mut written, &[(0, 0, Live), (2_000, 1_000, Live)]);
        written.all_failed();
        entries.extend(play(&mut written, &[(40_000, 9_000, Live), (42_000, 10_000, Live)]));
        assert_eq!(entries[2], (40_000, "b8000 r2 g1".to_owned()));
        let samples = readable(&entries);
        assert_eq!(samples.len(), 4, "nothing is filled in");
        assert_eq!(samples[2].bitrate, None);
    }

    #[test]
    fn a_clock_that_was_set_back_and_later_entries_of_others_keep_the_order() {
        use StreamState::Live;
        let mut written = Written::default();
        let entries = play(&mut written, &[(10_000, 1, Live), (3_000, 2, Live), (5_000, 3, Live), (12_000, 4, Live)]);
        assert_eq!(entries.iter().map(|(ms, _)| *ms).collect::<Vec<_>>(), [10_000, 10_000, 10_000, 12_000]);
        let name = StreamName::parse("a").expect("a name");
        written.behind(&name, (START + 20_000, 7));
        let status = StreamStatus { bytes_received: 5, ..sample::stream("main", "a") };
        let sample = Sample { at: at(14_000), state: Live, bitrate: None, readers: 2 };
        assert_eq!(written.entries(&status, &sample).last().map(|entry| entry.id), Some((START + 20_000, 8)));
        written.block(&name, START + 60_000);
        assert_eq!(written.entries(&status, &sample).count(), 0, "somebody else's value is in the way");
    }

    #[test]
    fn srt_figures_are_integers_and_rubbish_is_left_out() {
        let mut written = Written::default();
        let status = StreamStatus {
            rtt: Some(23.456),
            recv_rate_mbps: Some(4.0021),
            link_capacity_mbps: Some(f64::NAN),
            ..sample::stream("main", "a")
        };
        let sample = Sample { at: at(0), state: StreamState::Live, bitrate: None, readers: 0 };
        let entry = written.entries(&status, &sample).next().expect("an entry");
        assert_eq!(entry.fields[2..5], [("t", 2_346), ("v", 4_002), ("c", 0)]);
        let rubbish = [
            ("x", vec![("s", 0), ("b", 0), ("r", 0)]),
            ("1-1", vec![("s", 9), ("b", 0), ("r", 0)]),
            ("2-1", vec![("s", 0), ("b", -1), ("r", 0)]),
            ("3-1", vec![("hello", 1)]),
            ("99999999999999999-0", vec![("s", 0), ("b", 1), ("r", 0)]),
        ];
        assert_eq!(read(rubbish.into_iter()), []);
    }
}
