//! The samples of each track of a file, where each of them stands in it, and what has to be written there when they get other
//! times. Boxes keep their lengths: durations are changed where they stand, in a `trun` or for all of it in a `tfhd`.

use std::collections::BTreeSet;
use std::io::{self, Read, Seek, SeekFrom};

use super::box_reader::{Boxes, be32, offset};
use super::boxes::{Head, Mend, Mp4Track, head};
use super::fragment_fields::{FragmentHeader, RunHeader, start_of};
use super::squeezed::{Piece, SampleSpan};
use super::top_box::{TopBox, read_body, read_header};
use crate::domain::segment_track::TrackKind;

/// The samples of one track.
#[derive(Clone, Debug)]
pub(super) struct TrackSamples {
    pub id: u32,
    /// Ticks in a second.
    pub timescale: u32,
    pub is_video: bool,
    /// Fragment by fragment.
    pub pieces: Vec<Piece>,
}

/// Reads the samples of the first `length` bytes of a file, which have been found to be whole.
pub(super) fn samples(file: &mut (impl Read + Seek), length: u64) -> io::Result<Vec<TrackSamples>> {
    let (known, mut tracks) = head_of(file, length)?;
    let mut at = 0;
    while at < length {
        let Ok(found) = read_header(file, at, length)? else { break };
        if &found.kind == b"moof" {
            add(file, &found, &known, &mut tracks)?;
        }
        at = found.end;
    }
    Ok(tracks)
}

/// The `moov` among the first `length` bytes, and its tracks without samples.
fn head_of(file: &mut (impl Read + Seek), length: u64) -> io::Result<(Head, Vec<TrackSamples>)> {
    let mut at = 0;
    while at < length {
        let Ok(found) = read_header(file, at, length)? else { break };
        if &found.kind == b"moov" {
            let known = read_body(file, &found)?.as_deref().and_then(head).unwrap_or_default();
            let of = |track: &Mp4Track| TrackSamples {
                id: track.id,
                timescale: track.timescale,
                is_video: track.kind == TrackKind::Video,
                pieces: Vec::new(),
            };
            let tracks = known.tracks.iter().map(of).collect();
            return Ok((known, tracks));
        }
        at = found.end;
    }
    Ok((Head::default(), Vec::new()))
}

/// The last fragments of a file that its writer has closed, by the index at its end; nothing where there is none.
pub(super) fn last_samples(file: &mut (impl Read + Seek)) -> io::Result<Vec<TrackSamples>> {
    let length = file.seek(SeekFrom::End(0))?;
    let Some(offsets) = index(file, length)? else { return Ok(Vec::new()) };
    // The head is all that comes before the first fragment.
    let first = offsets.iter().map(|(first, _)| *first).min().unwrap_or(0);
    let (known, mut tracks) = head_of(file, first.min(length))?;
    let lasts: BTreeSet<u64> = offsets.iter().map(|(_, last)| *last).collect();
    for at in lasts.into_iter().filter(|at| *at < length) {
        if let Ok(found) = read_header(file, at, length)?
            && &found.kind == b"moof"
        {
            add(file, &found, &known, &mut tracks)?;
        }
    }
    Ok(tracks)
}

/// Where the first and the last fragment of each track stand, by the `mfra` that ends the file.
fn index(file: &mut (impl Read + Seek), length: u64) -> io::Result<Option<Vec<(u64, u64)>>> {
    let mut end = [0; 16];
    let Some(at) = length.checked_sub(16) else { return Ok(None) };
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut end)?;
    let size = be32(&end, 12).map_or(0, u64::from);
    let Some(at) = length.checked_sub(size).filter(|_| &end[4..8] == b"mfro" && size > 16) else { return Ok(None) };
    let Ok(found) = read_header(file, at, length)? else { return Ok(None) };
    let body = if &found.kind == b"mfra" { read_body(file, &found)? } else { None };
    let tracks = |body: &[u8]| {
        let tables = Boxes(body).map_while(|part| part).filter(|(kind, _)| *kind == b"tfra");
        tables.filter_map(|(_, table)| fragments_of(table)).collect()
    };
    Ok(body.as_deref().map(tracks))
}

/// The first and the last offset in a `tfra`.
fn fragments_of(table: &[u8]) -> Option<(u64, u64)> {
    let (sizes, count) = (be32(table, 8)?, be32(table, 12)? as usize);
    let wide = table.first() == Some(&1);
    let numbers: u32 = [4, 2, 0].iter().map(|shift| (sizes >> shift & 3) + 1).sum();
    let width = if wide { 16 } else { 8 } + numbers as usize;
    let offset = |entry: &[u8]| match wide {
        true => Some(u64::from(be32(entry, 8)?) << 32 | u64::from(be32(entry, 12)?)),
        false => be32(entry, 4).map(u64::from),
    };
    let entries = || table.get(16..).unwrap_or_default().chunks_exact(width).take(count);
    Some((offset(entries().next()?)?, offset(entries().next_back()?)?))
}

fn add(file: &mut (impl Read + Seek), found: &TopBox, known: &Head, tracks: &mut [TrackSamples]) -> io::Result<()> {
    let Some(body) = read_body(file, found)? else { return Ok(()) };
    for (kind, part) in Boxes(&body).map_while(|part| part) {
        if kind == b"traf"
            && let Some((place, piece)) = piece(known, &body, part, found.body)
            && !piece.spans.is_empty()
        {
            tracks[place].pieces.push(piece);
        }
    }
    Ok(())
}

/// The samples of a `traf`, and the place of their track; `base`: where the body of the `moof` stands in the file.
fn piece(known: &Head, whole: &[u8], body: &[u8], base: u64) -> Option<(usize, Piece)> {
    let header = FragmentHeader::read(whole, body)?;
    let place = known.tracks.iter().position(|track| track.id == header.track)?;
    let in_file = |at: usize| base + at as u64;
    let default = header.duration.map_or(known.tracks[place].sample_duration, |(duration, _)| duration);
    let (start, start_at) = start_of(whole, body)?;
    let runs: Vec<&[u8]> =
        Boxes(body).map_while(|part| part).filter(|(kind, _)| *kind == b"trun").map(|(_, run)| run).collect();
    // Other runs may share it.
    let default_at = header.duration.filter(|_| runs.len() == 1).map(|(_, at)| in_file(at));
    let mut spans = Vec::new();
    for run in runs {
        spans.extend(run_spans(run, default, default_at, in_file(offset(whole, run)))?);
    }
    Some((place, Piece { start, start_at: start_at.map(in_file), spans }))
}

/// The samples of a `trun` whose body stands at `base`.
fn run_spans(body: &[u8], default: u32, default_at: Option<u64>, base: u64) -> Option<Vec<SampleSpan>> {
    let header = RunHeader::read(body)?;
    let is_plain = |sample: &[u8]| !header.lists_offsets() || sample.ends_with(&[0; 4]);
    if !header.lists_durations() {
        let all_plain = header.samples(body).all(is_plain);
        let span = SampleSpan { count: u64::from(header.count), each: default, at: default_at, is_plain: all_plain };
        return Some(if header.count == 0 { Vec::new() } else { vec![span] });
    }
    let span = |(place, sample): (usize, &[u8])| {
        let at = Some(base + (header.list_at + place * header.width) as u64);
        Some(SampleSpan { count: 1, each: be32(sample, 0)?, at, is_plain: is_plain(sample) })
    };
    header.samples(body).enumerate().map(span).collect()
}

/// What to write so that a track is `after` where it was `before`.
pub(super) fn changes(before: &[Piece], after: &[Piece]) -> Vec<Mend> {
    let mut mends = Vec::new();
    for (old, new) in before.iter().zip(after) {
        if let Some(at) = new.start_at.filter(|_| old.start != new.start) {
            let [a, b, c, d, e, f, g, h] = new.start.to_be_bytes();
            mends.extend([Mend { at, bytes: [a, b, c, d] }, Mend { at: at + 4, bytes: [e, f, g, h] }]);
        }
        for (old, new) in old.spans.iter().zip(&new.spans) {
            let mend = |at| Mend { at, bytes: new.each.to_be_bytes() };
            mends.extend(new.at.filter(|_| old.each != new.each).map(mend));
        }
    }
    mends
}
