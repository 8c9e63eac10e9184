//! A row: the buckets of one series, tier and stretch of time in few bytes.
//!
//! ```text
//! version, runs of flags over all buckets, number of metrics,
//! per metric: id, length of what follows, runs of presence, four columns of bits (mean, mean-min, max-mean, last-mean)
//! ```
//!
//! A column is one number for all, or Rice codes of the numbers or of their differences, whichever is shorter. About 4 bytes a
//! bucket for a stream, 10 for a noisy SRT stream.

use super::bits::{BitReader, BitWriter, rice_cost};
use super::bucket::{Bucket, CodeBand, NotLive};
use super::metric::Metric;
use super::tier::Tier;
use crate::domain::stream::StreamState;

const VERSION: u8 = 1;
/// No bucket.
const ABSENT: u8 = 0xFF;
const RESET: u8 = 8;
const LOST: u8 = 16;
/// In the place of a metric: when a bucket began to be watched (least) and when no more (most), where it was not from its start
/// to its end. Programs that do not know it leave it out.
const WATCHED: u8 = 255;
/// As [`WATCHED`]: how long a bucket was away (least) and how long it was not live (most).
const NOT_LIVE: u8 = 254;
/// The largest `k` of a Rice code.
const LARGEST_K: u32 = 15;

/// Packs the buckets of a row that begins at `start`, in order; what lies outside the row is left out.
pub fn pack(tier: Tier, start: i64, buckets: &[Bucket]) -> Vec<u8> {
    let mut flags = vec![ABSENT; tier.buckets()];
    let mut kept: Vec<&Bucket> = Vec::with_capacity(buckets.len());
    for bucket in buckets {
        let index = usize::try_from((bucket.at - start).div_euclid(tier.step())).ok();
        if let Some(place) = index.and_then(|index| flags.get_mut(index)) {
            *place = flags_of(bucket);
            kept.push(bucket);
        }
    }
    let mut out = vec![VERSION];
    let runs: Vec<&[u8]> = flags.chunk_by(|a, b| a == b).collect();
    varint(&mut out, runs.len());
    for run in runs {
        varint(&mut out, run.len());
        out.push(run[0]);
    }
    let mut metrics: Vec<Metric> = kept.iter().flat_map(|bucket| bucket.bands.iter().map(|(one, _)| *one)).collect();
    metrics.sort_unstable();
    metrics.dedup();
    let mut columns: Vec<(u8, Vec<Option<CodeBand>>)> = metrics
        .into_iter()
        .map(|metric| (metric.id(), kept.iter().map(|bucket| band_of(bucket, metric)).collect()))
        .collect();
    if kept.iter().any(|bucket| bucket.watched.is_some()) {
        columns.push((WATCHED, kept.iter().map(|bucket| bucket.watched.map(watched_band)).collect()));
    }
    if kept.iter().any(|bucket| bucket.not_live.is_some()) {
        columns.push((NOT_LIVE, kept.iter().map(|bucket| bucket.not_live.map(not_live_band)).collect()));
    }
    out.push(columns.len() as u8);
    for (id, bands) in columns {
        let packed = pack_metric(&bands);
        out.push(id);
        varint(&mut out, packed.len());
        out.extend(packed);
    }
    out
}

/// The buckets of a row with those metrics that are `wanted`; `None` when it is damaged or of a newer program.
pub fn unpack(tier: Tier, start: i64, bytes: &[u8], wanted: impl Fn(Metric) -> bool) -> Option<Vec<Bucket>> {
    let mut bytes = bytes;
    if take(&mut bytes)? != VERSION {
        return None;
    }
    let mut buckets = Vec::new();
    let mut index = 0;
    for _ in 0..take_varint(&mut bytes)? {
        let (length, flags) = (take_varint(&mut bytes)?, take(&mut bytes)?);
        let end = index + length;
        if end > tier.buckets() {
            return None;
        }
        if flags != ABSENT {
            buckets.extend((index..end).map(|index| blank(start + index as i64 * tier.step(), flags)));
        }
        index = end;
    }
    for _ in 0..take(&mut bytes)? {
        let (id, length) = (take(&mut bytes)?, take_varint(&mut bytes)?);
        let (part, rest) = bytes.split_at_checked(length)?;
        bytes = rest;
        if id == WATCHED {
            unpack_metric(part, &mut buckets, |bucket, band| bucket.watched = Some((band.min, band.max)))?;
        } else if id == NOT_LIVE {
            let not_live = |band: CodeBand| NotLive { seconds: band.max, away: band.min };
            unpack_metric(part, &mut buckets, |bucket, band| bucket.not_live = Some(not_live(band)))?;
        } else if let Some(metric) = Metric::of_id(id).filter(|metric| wanted(*metric)) {
            unpack_metric(part, &mut buckets, |bucket, band| bucket.bands.push((metric, band)))?;
        }
    }
    Some(buckets)
}

fn flags_of(bucket: &Bucket) -> u8 {
    let state = match bucket.state {
        None => 0,
        Some(StreamState::Live) => 1,
        Some(StreamState::Unknown) => 2,
        Some(StreamState::Stalled) => 3,
        Some(StreamState::Offline) => 4,
    };
    state | if bucket.reset { RESET } else { 0 } | if bucket.lost { LOST } else { 0 }
}

fn blank(at: i64, flags: u8) -> Bucket {
    let state = match flags & 7 {
        1 => Some(StreamState::Live),
        2 => Some(StreamState::Unknown),
        3 => Some(StreamState::Stalled),
        4 => Some(StreamState::Offline),
        _ => None,
    };
    Bucket { at, state, reset: flags & RESET != 0, lost: flags & LOST != 0, ..Bucket::default() }
}

fn watched_band((from, until): (u16, u16)) -> CodeBand {
    CodeBand { min: from, mean: from, max: until, last: until }
}

fn not_live_band(NotLive { seconds, away }: NotLive) -> CodeBand {
    let away = away.min(seconds);
    CodeBand { min: away, mean: away, max: seconds, last: seconds }
}

fn band_of(bucket: &Bucket, metric: Metric) -> Option<CodeBand> {
    bucket.bands.iter().find(|(one, _)| *one == metric).map(|(_, band)| *band)
}

fn pack_metric(bands: &[Option<CodeBand>]) -> Vec<u8> {
    let mut out = Vec::new();
    let runs: Vec<_> = bands.chunk_by(|a, b| a.is_some() == b.is_some()).collect();
    // Absent and present by turns, an absent run first; the last one is not written.
    let begins_present = bands.first().is_some_and(Option::is_some);
    varint(&mut out, runs.len() + usize::from(begins_present));
    if begins_present {
        varint(&mut out, 0);
    }
    runs.iter().for_each(|run| varint(&mut out, run.len()));
    let mut bits = BitWriter::default();
    let present = || bands.iter().flatten();
    pack_column(&mut bits, present().map(|band| u32::from(band.mean)));
    pack_column(&mut bits, present().map(|band| u32::from(band.mean.saturating_sub(band.min))));
    pack_column(&mut bits, present().map(|band| u32::from(band.max.saturating_sub(band.mean))));
    pack_column(&mut bits, present().map(|band| zigzag(i32::from(band.last) - i32::from(band.mean))));
    out.extend(bits.finish());
    out
}

fn unpack_metric(bytes: &[u8], buckets: &mut [Bucket], put: impl Fn(&mut Bucket, CodeBand)) -> Option<()> {
    let mut bytes = bytes;
    let mut present = Vec::with_capacity(buckets.len());
    let mut index = 0;
    for run in 0..take_varint(&mut bytes)? {
        let end = index + take_varint(&mut bytes)?;
        if end > buckets.len() {
            return None;
        }
        if run % 2 == 1 {
            present.extend(index..end);
        }
        index = end;
    }
    let mut bits = BitReader::new(bytes);
    let mut column = || unpack_column(&mut bits, present.len());
    let (means, below, above, lasts) = (column()?, column()?, column()?, column()?);
    for (place, index) in present.into_iter().enumerate() {
        let mean = u16::try_from(means[place]).ok()?;
        let min = u16::try_from(u32::from(mean).checked_sub(below[place])?).ok()?;
        let max = u16::try_from(u32::from(mean) + above[place]).ok()?;
        let last = u16::try_from(i32::from(mean) + unzigzag(lasts[place])).ok()?;
        put(&mut buckets[index], CodeBand { min, mean, max, last });
    }
    Some(())
}

/// How a column is written.
const CONSTANT: u32 = 0;
const PLAIN: u32 = 1;
const DELTA: u32 = 2;

fn pack_column(bits: &mut BitWriter, values: impl Iterator<Item = u32>) {
    let values: Vec<u32> = values.collect();
    let first = values.first().copied().unwrap_or(0);
    if values.iter().all(|value| *value == first) {
        bits.bits(CONSTANT, 2);
        bits.bits(first, 18);
        return;
    }
    let steps = || values.iter().zip(&values[1..]).map(|(a, b)| zigzag(*b as i32 - *a as i32));
    let deltas: Vec<u32> = std::iter::once(zigzag(first as i32)).chain(steps()).collect();
    let ((plain_k, plain), (delta_k, delta)) = (best_k(&values), best_k(&deltas));
    let (mode, k, column) = if plain <= delta { (PLAIN, plain_k, &values) } else { (DELTA, delta_k, &deltas) };
    bits.bits(mode, 2);
    bits.bits(k, 4);
    column.iter().for_each(|value| bits.rice(*value, k));
}

fn unpack_column(bits: &mut BitReader<'_>, count: usize) -> Option<Vec<u32>> {
    let mode = bits.bits(2)?;
    if mode == CONSTANT {
        return Some(vec![bits.bits(18)?; count]);
    }
    let k = bits.bits(4)?;
    let mut values = Vec::with_capacity(count);
    let mut before = 0_i32;
    for _ in 0..count {
        let value = bits.rice(k)?;
        if mode == DELTA {
            before = before.checked_add(unzigzag(value)).filter(|sum| *sum >= 0)?;
            values.push(before as u32);
        } else {
            values.push(value);
        }
    }
    Some(values)
}

fn best_k(values: &[u32]) -> (u32, u64) {
    let cost = |k| values.iter().map(|value| rice_cost(*value, k)).sum::<u64>();
    (0..=LARGEST_K).map(|k| (k, cost(k))).min_by_key(|(_, cost)| *cost).unwrap_or((0, 0))
}

fn zigzag(value: i32) -> u32 {
    ((value << 1) ^ (value >> 31)) as u32
}

fn unzigzag(value: u32) -> i32 {
    ((value >> 1) as i32) ^ -((value & 1) as i32)
}

fn varint(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u8> {
    let (first, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(*first)
}

/// At most three bytes: nothing in a row is longer.
fn take_varint(bytes: &mut &[u8]) -> Option<usize> {
    let mut value = 0;
    for place in 0..3 {
        let byte = take(bytes)?;
        value |= usize::from(byte & 0x7F) << (7 * place);
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
#[path = "packed_tests.rs"]
mod tests;
