//! Some minutes of one stream's samples, packed: about eight bytes each instead of a hundred.
//!
//! Each sample is a byte of flags, the time since the one before, and what has changed: numbers as differences, in as many bytes
//! as they need. SRT numbers are kept as finely as in Redis: 10 us, 1 kbit/s, 0.01 %. The form is also that of the snapshot
//! on disk; another one is another version there.

use chrono::DateTime;

use crate::domain::stream::{Sample, SrtFigures, StreamState};

/// A block takes no more samples from here, in bytes.
const FULL: usize = 2_000;

/// What a block costs beside its bytes.
const BESIDE: usize = 96;

/// SRT numbers are multiplied by this: round trip time, rate, capacity, loss, packets sent once more.
const FACTORS: [f64; 5] = [100.0, 1e3, 1e3, 100.0, 100.0];

const GAP: u8 = 1 << 2;
const READERS: u8 = 1 << 3;
const BITRATE: u8 = 1 << 4;
const BITRATE_OUT: u8 = 1 << 5;
const SRT: u8 = 1 << 6;
const RESET: u8 = 1 << 7;

/// Samples in the order of their times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    /// Time of the first sample.
    pub(super) start_ms: i64,
    /// Time of the last sample.
    pub(super) last_ms: i64,
    pub(super) bytes: Vec<u8>,
}

/// A block that still grows, and what its last sample was.
#[derive(Clone, Debug, Default)]
pub(super) struct OpenBlock {
    pub(super) block: Block,
    last: Last,
}

/// What the next sample is told as a difference from.
#[derive(Clone, Copy, Debug, Default)]
struct Last {
    at_ms: i64,
    step_ms: i64,
    readers: u32,
    bitrate: u64,
    bitrate_out: u64,
    srt: [i64; 5],
}

impl Block {
    /// What it costs, in bytes.
    pub(super) fn cost(&self) -> usize {
        self.bytes.capacity() + BESIDE
    }

    /// Its samples; what cannot be understood ends them.
    pub(super) fn samples(&self) -> impl Iterator<Item = Sample> + '_ {
        let mut rest = self.bytes.as_slice();
        let mut last = Last { at_ms: self.start_ms, ..Last::default() };
        std::iter::from_fn(move || unpack(&mut rest, &mut last))
    }
}

impl OpenBlock {
    /// One that begins with this sample.
    pub(super) fn of(sample: &Sample) -> Self {
        let start_ms = sample.at.timestamp_millis();
        let block = Block { start_ms, last_ms: start_ms, bytes: Vec::new() };
        let mut open = Self { block, last: Last { at_ms: start_ms, ..Last::default() } };
        open.add(sample);
        open
    }

    /// Adds a sample, unless it is full, or the clock was set back.
    pub(super) fn push(&mut self, sample: &Sample) -> bool {
        let fits = self.block.bytes.len() < FULL && sample.at.timestamp_millis() >= self.block.last_ms;
        if fits {
            self.add(sample);
        }
        fits
    }

    /// It takes no more.
    pub(super) fn close(mut self) -> Block {
        self.block.bytes.shrink_to_fit();
        self.block
    }

    fn add(&mut self, sample: &Sample) {
        pack(&mut self.block.bytes, &mut self.last, sample);
        self.block.last_ms = self.last.at_ms;
    }
}

fn pack(to: &mut Vec<u8>, last: &mut Last, sample: &Sample) {
    let srt = scaled(&sample.srt);
    let is = |is: bool, flag: u8| if is { flag } else { 0 };
    let flags = state_code(sample.state)
        | is(sample.gap, GAP)
        | is(sample.reset, RESET)
        | is(sample.readers != last.readers, READERS)
        | is(sample.bitrate.is_some(), BITRATE)
        | is(sample.bitrate_out.is_some(), BITRATE_OUT)
        | is(srt.iter().any(Option::is_some), SRT);
    to.push(flags);
    let step_ms = sample.at.timestamp_millis() - last.at_ms;
    signed(to, step_ms.wrapping_sub(last.step_ms));
    (last.at_ms, last.step_ms) = (last.at_ms + step_ms, step_ms);
    if flags & READERS != 0 {
        number(to, u64::from(sample.readers));
        last.readers = sample.readers;
    }
    for (value, before) in [(sample.bitrate, &mut last.bitrate), (sample.bitrate_out, &mut last.bitrate_out)] {
        if let Some(value) = value {
            signed(to, value.wrapping_sub(*before).cast_signed());
            *before = value;
        }
    }
    if flags & SRT != 0 {
        to.push(srt.iter().enumerate().fold(0, |mask, (place, value)| mask | is(value.is_some(), 1 << place)));
        for (value, before) in srt.iter().zip(&mut last.srt) {
            if let Some(value) = value {
                signed(to, value.wrapping_sub(*before));
                *before = *value;
            }
        }
    }
}

fn unpack(rest: &mut &[u8], last: &mut Last) -> Option<Sample> {
    let flags = byte(rest)?;
    last.step_ms = last.step_ms.wrapping_add(take_signed(rest)?);
    last.at_ms = last.at_ms.wrapping_add(last.step_ms);
    let mut sample = Sample::new(DateTime::from_timestamp_millis(last.at_ms)?, state_of(flags & 3));
    (sample.gap, sample.reset) = (flags & GAP != 0, flags & RESET != 0);
    if flags & READERS != 0 {
        last.readers = u32::try_from(take_number(rest)?).ok()?;
    }
    sample.readers = last.readers;
    for (flag, value, before) in [
        (BITRATE, &mut sample.bitrate, &mut last.bitrate),
        (BITRATE_OUT, &mut sample.bitrate_out, &mut last.bitrate_out),
    ] {
        if flags & flag != 0 {
            *before = before.wrapping_add(take_signed(rest)?.cast_unsigned());
            *value = Some(*before);
        }
    }
    if flags & SRT != 0 {
        let mask = byte(rest)?;
        let mut srt = [None; 5];
        for (place, value) in srt.iter_mut().enumerate() {
            if mask & (1 << place) != 0 {
                last.srt[place] = last.srt[place].wrapping_add(take_signed(rest)?);
                *value = Some(last.srt[place] as f64 / FACTORS[place]);
            }
        }
        let [rtt, recv_rate_mbps, link_capacity_mbps, loss_rate, retransmit_rate] = srt;
        sample.srt = SrtFigures { rtt, recv_rate_mbps, link_capacity_mbps, loss_rate, retransmit_rate };
    }
    Some(sample)
}

fn scaled(srt: &SrtFigures) -> [Option<i64>; 5] {
    let values = [srt.rtt, srt.recv_rate_mbps, srt.link_capacity_mbps, srt.loss_rate, srt.retransmit_rate];
    // `as` keeps within the bounds, and makes 0 of what is no number.
    std::array::from_fn(|place| values[place].map(|value| (value * FACTORS[place]).round() as i64))
}

fn state_code(state: StreamState) -> u8 {
    match state {
        StreamState::Live => 0,
        StreamState::Stalled => 1,
        StreamState::Offline => 2,
        StreamState::Unknown => 3,
    }
}

fn state_of(code: u8) -> StreamState {
    match code {
        0 => StreamState::Live,
        1 => StreamState::Stalled,
        2 => StreamState::Offline,
        _ => StreamState::Unknown,
    }
}

/// Seven bits a byte, the least first.
fn number(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push((value as u8 & 0x7f) | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

/// Small ones of either sign are short.
fn signed(to: &mut Vec<u8>, value: i64) {
    number(to, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

fn byte(rest: &mut &[u8]) -> Option<u8> {
    let (first, others) = rest.split_first()?;
    *rest = others;
    Some(*first)
}

fn take_number(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = byte(rest)?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

fn take_signed(rest: &mut &[u8]) -> Option<i64> {
    let value = take_number(rest)?;
    Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use proptest::prelude::*;

    use super::*;

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_800_000_000_000 + ms).expect("a time")
    }

    fn filled(samples: &[Sample]) -> Block {
        let mut open = OpenBlock::of(&samples[0]);
        samples[1..].iter().for_each(|sample| assert!(open.push(sample)));
        open.close()
    }

    #[test]
    fn a_sample_comes_back_as_it_was_and_takes_about_eight_bytes() {
        let srt =
            SrtFigures { rtt: Some(23.45), recv_rate_mbps: Some(4.002), loss_rate: None, ..SrtFigures::default() };
        let samples = [
            Sample { gap: true, ..Sample::new(at(0), StreamState::Offline) },
            Sample { bitrate: Some(0), readers: 9, ..Sample::new(at(250), StreamState::Stalled) },
            Sample { bitrate: Some(u64::MAX), readers: u32::MAX, ..Sample::new(at(250), StreamState::Unknown) },
            Sample {
                bitrate: Some(5),
                bitrate_out: Some(u64::MAX),
                srt,
                ..Sample::new(at(9_000_000), StreamState::Live)
            },
            Sample { srt, readers: 1, ..Sample::new(at(9_002_000), StreamState::Live) },
        ];
        let block = filled(&samples);
        assert_eq!(block.samples().collect::<Vec<_>>(), samples);
        assert_eq!(
            (block.start_ms, block.last_ms),
            (samples[0].at.timestamp_millis(), samples[4].at.timestamp_millis())
        );
        // Four Mbit/s with five percent of noise, two readers, polls that come with some jitter.
        let noisy: Vec<Sample> = (0..200_u64)
            .map(|n| Sample {
                bitrate: Some(3_900_000 + n * 7_919 % 200_000),
                bitrate_out: Some(7_800_000 + n * 6_971 % 400_000),
                readers: 2,
                ..Sample::new(at(2_000 * n as i64 + n as i64 * 7 % 20), StreamState::Live)
            })
            .collect();
        let bytes = filled(&noisy).bytes.len();
        assert!(bytes <= 200 * 9, "{bytes}");
        assert!(!OpenBlock::of(&noisy[5]).push(&noisy[4]), "a clock that was set back begins another block");
    }

    fn any_sample() -> impl Strategy<Value = Sample> {
        let srt = proptest::option::of((0..100_000_i64, 0..1_000_000_i64, any::<i32>(), 0..10_000_i64));
        let numbers = (proptest::option::of(any::<u64>()), proptest::option::of(any::<u64>()), any::<u32>());
        (0..4_u8, any::<bool>(), numbers, srt).prop_map(|(state, gap, (bitrate, bitrate_out, readers), srt)| {
            let srt = srt.map_or(SrtFigures::default(), |(rtt, rate, capacity, loss)| SrtFigures {
                rtt: Some(rtt as f64 / 100.0),
                recv_rate_mbps: Some(rate as f64 / 1e3),
                link_capacity_mbps: Some(f64::from(capacity) / 1e3),
                loss_rate: Some(loss as f64 / 100.0),
                retransmit_rate: (loss % 2 == 0).then_some(loss as f64 / 100.0),
            });
            let reset = readers % 3 == 0;
            Sample { bitrate, bitrate_out, readers, srt, gap, reset, ..Sample::new(at(0), state_of(state)) }
        })
    }

    proptest! {
        #[test]
        fn whatever_was_measured_comes_back(
            samples in proptest::collection::vec((any_sample(), 0..100_000_i64), 1..40),
        ) {
            let mut ms = 0;
            let samples: Vec<Sample> = samples.into_iter().map(|(sample, step)| {
                ms += step;
                Sample { at: at(ms), ..sample }
            }).collect();
            prop_assert_eq!(filled(&samples).samples().collect::<Vec<_>>(), samples);
        }

        #[test]
        fn rubbish_is_read_to_its_end(bytes in proptest::collection::vec(any::<u8>(), 0..300), start_ms in any::<i64>()) {
            let block = Block { start_ms, last_ms: start_ms, bytes };
            prop_assert!(block.samples().count() <= block.bytes.len());
        }
    }
}
