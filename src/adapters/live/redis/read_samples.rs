//! Samples of the history, from entries as they lie in Redis, also those of older versions and with rubbish between them.

use chrono::{DateTime, TimeDelta};

use super::entry_fields::{IDLE_MS, READERS_MS, srt_of, state_of};
use crate::domain::stream::{Sample, SrtFigures, StreamState};

/// On reading, what did not move is filled in so often, so that it is no gap to whoever draws it.
const FILL_MS: i64 = 10_000;

/// Entries have to be read from so long before the first sample that is wanted: readers are not in each of them.
pub(super) const BEFORE: TimeDelta = TimeDelta::milliseconds(2 * READERS_MS);

/// Times of entries, in ms since 1970: until the year 9999.
const TIMES: std::ops::Range<i64> = 0..253_402_300_800_000;

/// An entry as Redis gives it: its id, and its fields with their values.
pub(super) type StreamEntryFields = (String, Vec<(Vec<u8>, Vec<u8>)>);

/// An entry that is understood.
#[derive(Clone, Copy, Debug)]
struct EntryRead {
    at_ms: i64,
    state: StreamState,
    bytes: u64,
    readers: Option<u32>,
    /// kB sent since the last entry that told it.
    sent: Option<u64>,
    srt: SrtFigures,
    gap: bool,
    reset: bool,
}

/// Reads entries, oldest first. What is not understood is left out, and so is what lies before the first entry that tells the
/// readers.
pub(super) fn read(entries: &[StreamEntryFields]) -> Vec<Sample> {
    let mut samples: Vec<Sample> = Vec::new();
    let mut before: Option<EntryRead> = None;
    let mut readers = None;
    // Where the entry is that told last what was sent: its time, and the samples before and with it.
    let mut told: Option<(i64, usize)> = None;
    for entry in entries.iter().filter_map(|(id, fields)| entry(id, fields)) {
        readers = entry.readers.or(readers);
        let last = before.filter(|_| !entry.gap);
        if let Some(last) = last {
            fill(&mut samples, last, entry.at_ms);
        }
        samples.extend(readers.and_then(|readers| sample(last, entry, readers)));
        if entry.gap {
            told = None;
        }
        if let Some(sent) = entry.sent {
            if let Some((since_ms, from)) = told {
                let rate = rate(sent.saturating_mul(1_000), entry.at_ms - since_ms);
                let known = |sample: &&mut Sample| matches!(sample.state, StreamState::Live | StreamState::Stalled);
                samples.iter_mut().skip(from).filter(known).for_each(|sample| sample.bitrate_out = rate);
            }
            told = Some((entry.at_ms, samples.len()));
        }
        before = Some(entry);
    }
    samples
}

fn entry(id: &str, fields: &[(Vec<u8>, Vec<u8>)]) -> Option<EntryRead> {
    let value = |name: &str| -> Option<i64> {
        let (_, value) = fields.iter().find(|(field, _)| field == name.as_bytes())?;
        std::str::from_utf8(value).ok()?.parse().ok()
    };
    let kilobytes = |name| value(name).map(|kb| u64::try_from(kb).map(|kb| kb.saturating_mul(1_000)));
    let bytes = kilobytes("k").or_else(|| value("b").map(u64::try_from))?.ok()?;
    Some(EntryRead {
        at_ms: id.split_once('-')?.0.parse().ok().filter(|ms| TIMES.contains(ms))?,
        state: state_of(value("s").unwrap_or(0))?,
        bytes,
        readers: value("r").map(u32::try_from).transpose().ok()?,
        sent: value("o").map(u64::try_from).transpose().ok()?,
        srt: srt_of(value),
        gap: value("g").is_some(),
        reset: value("z").is_some(),
    })
}

fn sample(before: Option<EntryRead>, entry: EntryRead, readers: u32) -> Option<Sample> {
    let apart = before.map(|before| entry.at_ms.saturating_sub(before.at_ms));
    let bitrate = match entry.state {
        StreamState::Unknown => None,
        StreamState::Live => rate(entry.bytes, apart.unwrap_or(0)),
        StreamState::Stalled | StreamState::Offline => Some(0),
    };
    let bitrate_out = (entry.state == StreamState::Offline).then_some(0);
    let at = DateTime::from_timestamp_millis(entry.at_ms)?;
    let EntryRead { state, srt, gap, reset, .. } = entry;
    Some(Sample { at, state, bitrate, readers, bitrate_out, srt, gap, reset })
}

/// Bits per second; `None` when no time has passed.
fn rate(bytes: u64, ms: i64) -> Option<u64> {
    (ms > 0).then(|| u64::try_from(i128::from(bytes) * 8_000 / i128::from(ms)).ok())?
}

/// What stood still between two entries.
fn fill(samples: &mut Vec<Sample>, last: EntryRead, until_ms: i64) {
    let is_near = until_ms.saturating_sub(last.at_ms) <= IDLE_MS * 2;
    let Some(known) = samples.last().copied().filter(|_| is_near) else { return };
    let bitrate = known.bitrate.map(|_| 0);
    let mut at = known.at + TimeDelta::milliseconds(FILL_MS);
    while at.timestamp_millis() + FILL_MS / 2 < until_ms {
        samples.push(Sample { at, bitrate, gap: false, reset: false, ..known });
        at += TimeDelta::milliseconds(FILL_MS);
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use proptest::prelude::*;

    use super::*;
    use StreamState::{Live, Offline, Stalled, Unknown};

    const START: i64 = 1_800_000_000_000;

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(START + ms).expect("a time")
    }

    /// Entries as they lie in Redis, written as `ms` and `k1 r2`.
    fn raw(entries: &[(i64, &str)]) -> Vec<StreamEntryFields> {
        let field = |text: &str| (text[..1].into(), text[1..].into());
        let entry = |(ms, text): &(i64, &str)| (format!("{}-0", START + ms), text.split(' ').map(field).collect());
        entries.iter().map(entry).collect()
    }

    #[test]
    fn rates_are_of_the_time_between_entries_and_what_stands_still_is_no_gap() {
        let entries = raw(&[
            (0, "k0 r2 o0 g1"),
            (2_000, "k1"),
            (4_000, "k0 r3"),
            (6_000, "s1 k0 r3 o3"),
            (66_000, "s1 k0 r3 o0"),
            (80_000, "s1 k0 r3"),
            (82_000, "k5"),
            (84_000, "s3 k1"),
            (86_000, "s2 k0 r0 o0"),
        ]);
        let samples = read(&entries);
        let of = |ms: i64| samples.iter().find(|sample| sample.at == at(ms)).expect("a sample");
        for (ms, state, bitrate, readers, out) in [
            (0, Live, None, 2, None),
            (2_000, Live, Some(4_000), 2, Some(4_000)),
            (4_000, Live, Some(0), 3, Some(4_000)),
            (6_000, Stalled, Some(0), 3, Some(4_000)),
            (16_000, Stalled, Some(0), 3, Some(0)),
            (82_000, Live, Some(20_000), 3, Some(0)),
            (84_000, Unknown, None, 3, None),
            (86_000, Offline, Some(0), 0, Some(0)),
        ] {
            let found = of(ms);
            assert_eq!(
                (found.state, found.bitrate, found.readers, found.bitrate_out),
                (state, bitrate, readers, out),
                "{ms}"
            );
        }
        let apart = samples.windows(2).map(|two| (two[1].at - two[0].at).num_seconds()).max();
        assert!(apart <= Some(14), "what stands still is no gap: {apart:?}");
        assert_eq!(samples.iter().filter(|sample| sample.gap).map(|sample| sample.at).collect::<Vec<_>>(), [at(0)]);
    }

    #[test]
    fn a_marked_gap_stays_one() {
        let samples = read(&raw(&[(0, "k0 r2 o0 g1"), (2_000, "k1"), (40_000, "k8 r2 o9 g1"), (42_000, "k1")]));
        assert_eq!(samples.len(), 4, "nothing is filled in");
        assert_eq!((samples[2].bitrate, samples[2].gap, samples[3].bitrate), (None, true, Some(4_000)));
        assert_eq!(samples[1].bitrate_out, None, "what was sent in between is not known");
    }

    #[test]
    fn srt_figures_come_back_and_so_do_entries_of_older_versions() {
        let samples = read(&raw(&[
            (0, "b0 r2 t2346 v4002 c90500 g1"),
            (2_000, "b1500 r1 t2346 v4002 c90500"),
            (4_000, "k2 t2350 v4250 c0 l25 x150 z1"),
        ]));
        let srt = |sample: &Sample| {
            let SrtFigures { rtt, recv_rate_mbps, link_capacity_mbps, loss_rate, .. } = sample.srt;
            (rtt, recv_rate_mbps, link_capacity_mbps, loss_rate)
        };
        assert_eq!(srt(&samples[1]), (Some(23.46), Some(4.002), Some(90.5), None));
        assert_eq!(srt(&samples[2]), (Some(23.5), Some(4.25), Some(0.0), Some(0.25)));
        let once_more: Vec<_> = samples.iter().map(|sample| (sample.srt.retransmit_rate, sample.reset)).collect();
        assert_eq!(once_more, [(None, false), (Some(0.0), false), (Some(1.5), true)]);
        let told: Vec<_> = samples.iter().map(|sample| (sample.bitrate, sample.readers)).collect();
        assert_eq!(told, [(None, 2), (Some(6_000), 1), (Some(8_000), 1)]);
    }

    #[test]
    fn before_the_readers_are_told_nothing_is_said() {
        let samples = read(&raw(&[(0, "k5"), (2_000, "k5"), (4_000, "k1 r7"), (6_000, "k1")]));
        let told: Vec<_> = samples.iter().map(|sample| (sample.bitrate, sample.readers)).collect();
        assert_eq!(told, [(Some(4_000), 7), (Some(4_000), 7)]);
    }

    #[test]
    fn one_bad_entry_harms_none_of_its_neighbours() {
        let mut entries =
            raw(&[(0, "k0 r1 g1"), (2_000, "s9 k1 r1"), (4_000, "k-1 r1"), (6_000, "hello"), (8_000, "k4")]);
        entries.insert(1, ("x".to_owned(), entries[0].1.clone()));
        entries.insert(2, ("1800000001000-0".to_owned(), vec![(vec![0xff], vec![0xfe]), (b"k".to_vec(), vec![0xff])]));
        entries.push(("99999999999999999-0".to_owned(), entries[0].1.clone()));
        let samples = read(&entries);
        assert_eq!(samples.iter().map(|sample| sample.bitrate).collect::<Vec<_>>(), [None, Some(4_000)]);
    }

    fn rubbish() -> impl Strategy<Value = StreamEntryFields> {
        let name = prop_oneof![
            proptest::sample::select(b"kbrotvclgsxz".to_vec()).prop_map(|letter| vec![letter]),
            proptest::collection::vec(any::<u8>(), 0..4),
        ];
        let value = prop_oneof![
            any::<i64>().prop_map(|number| number.to_string().into_bytes()),
            (0..5_i64).prop_map(|number| number.to_string().into_bytes()),
            proptest::collection::vec(any::<u8>(), 0..8),
        ];
        let id = prop_oneof![
            (START..START + 200_000).prop_map(|ms| format!("{ms}-0")),
            any::<i64>().prop_map(|ms| format!("{ms}-0")),
            ".{0,8}",
        ];
        (id, proptest::collection::vec((name, value), 0..6))
    }

    proptest! {
        #[test]
        fn rubbish_in_our_history_stops_nothing(entries in proptest::collection::vec(rubbish(), 0..40)) {
            let samples = read(&entries);
            // At most what stood still for two minutes between two entries is filled in.
            prop_assert!(samples.len() <= entries.len() * 13);
        }
    }
}
