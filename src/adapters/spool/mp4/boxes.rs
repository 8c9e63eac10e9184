//! The few fields of `moov` and `moof` that the check needs, read from bytes that may be anything.
//!
//! Every reader returns `None` for bytes that do not fit; nothing here panics, allocates by a length of the file, or
//! loops by one.

use super::box_reader::{Boxes, be32, find, offset};
use super::fragment_fields::{FragmentHeader, RunHeader, start_of};
use crate::domain::segment_track::TrackKind;

/// No segment begins or ends later than this after the time zero of its ffmpeg run, in microseconds: ten years. Beyond it the
/// numbers are noise.
const LATEST: u64 = 3_653 * 86_400 * 1_000_000;
/// No fragment is longer, in microseconds: a week.
const LONGEST: u64 = 7 * 86_400 * 1_000_000;

/// Four bytes to write over others. Sound that begins late has a first sample that is dated before the picture. The frame before a
/// jump of the timestamps would be shown as long as the jump. ffmpeg does not know how long the last frame of a file is and writes 0; it is as long as the
/// one before. And a track that was announced but had nothing to say until the end keeps players waiting for it: it becomes
/// free space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mend {
    /// Where.
    pub at: u64,
    /// What.
    pub bytes: [u8; 4],
}

/// What the `moov` says.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    pub tracks: Vec<Mp4Track>,
    /// Free space among them: tracks that say nothing, once the file has been mended.
    pub free: usize,
}

/// One track of the `moov`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mp4Track {
    pub id: u32,
    /// Units per second, never 0.
    pub timescale: u32,
    pub kind: TrackKind,
    /// The four letters of its first sample entry; spaces where it has none.
    pub codec: [u8; 4],
    /// From `trex`: duration and flags of samples that name none.
    pub sample_duration: u32,
    sample_flags: u32,
    /// Where the kinds of its `trak` and of its `trex` stand, from the beginning of the body.
    pub kinds: [Option<usize>; 2],
}

/// What one `moof` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fragment {
    /// Samples of video tracks.
    pub video_frames: u64,
    /// Its tracks that have samples.
    pub parts: Vec<TrackPart>,
}

/// The samples of one track in a `moof`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TrackPart {
    /// Place in [`Head::tracks`].
    pub track: usize,
    pub is_video: bool,
    /// Its start in microseconds; below zero for sound that ffmpeg has dated before its own beginning.
    pub start: i64,
    /// Its length in microseconds.
    pub length: u64,
    /// Where its start stands, when it has 64 bits; from the beginning of the body.
    start_at: Option<usize>,
    pub timescale: u32,
    /// Samples, and how many of them can be decoded alone.
    pub frames: u64,
    pub key_frames: u64,
    /// Duration of the last sample, in units of the track.
    pub last: u32,
    /// The last duration before it that is not 0; 0 for none.
    pub before: u32,
    /// Where the last duration stands, from the beginning of the body, when it is of that sample alone.
    pub at: Option<usize>,
}

/// Reads the body of a `moov`; it must have a track.
pub(super) fn head(body: &[u8]) -> Option<Head> {
    let whole = body;
    let mut head = Head::default();
    let mut defaults = Vec::new();
    for part in Boxes(body) {
        let (kind, body) = part?;
        match kind {
            b"trak" => {
                let mut track = track(body)?;
                track.kinds[0] = Some(offset(whole, kind));
                head.tracks.push(track);
            }
            b"mvex" => {
                for part in Boxes(body) {
                    let (kind, body) = part?;
                    if kind == b"trex" {
                        // version+flags, track id, description index, duration, size, flags
                        defaults.push((be32(body, 4)?, be32(body, 12)?, be32(body, 20)?, offset(whole, kind)));
                    }
                }
            }
            b"free" => head.free += 1,
            _ => {}
        }
    }
    for track in &mut head.tracks {
        if let Some((_, duration, flags, at)) = defaults.iter().find(|(id, ..)| *id == track.id) {
            (track.sample_duration, track.sample_flags, track.kinds[1]) = (*duration, *flags, Some(*at));
        }
    }
    (!head.tracks.is_empty()).then_some(head)
}

fn track(body: &[u8]) -> Option<Mp4Track> {
    let header = find(body, b"tkhd")?;
    let media = find(body, b"mdia")?;
    let media_header = find(media, b"mdhd")?;
    let handler = find(media, b"hdlr")?;
    // Version 1 has 64-bit times before these fields.
    let id = be32(header, if header.first() == Some(&1) { 20 } else { 12 })?;
    let timescale = be32(media_header, if media_header.first() == Some(&1) { 20 } else { 12 })?;
    let kind = match handler.get(8..12)? {
        b"vide" => TrackKind::Video,
        b"soun" => TrackKind::Audio,
        _ => TrackKind::Other,
    };
    let codec = codec(media).unwrap_or(*b"    ");
    (timescale > 0).then_some(Mp4Track {
        id,
        timescale,
        kind,
        codec,
        sample_duration: 0,
        sample_flags: 0,
        kinds: [None; 2],
    })
}

/// The first entry of `stsd`: version and flags, count, then its length and its letters.
fn codec(media: &[u8]) -> Option<[u8; 4]> {
    let table = find(find(media, b"minf")?, b"stbl")?;
    find(table, b"stsd")?.get(12..16)?.try_into().ok()
}

/// Reads the body of a `moof`; it must have a track that the head knows.
pub(super) fn fragment(head: &Head, body: &[u8]) -> Option<Fragment> {
    let whole = body;
    let mut fragment = Fragment::default();
    let mut tracks = 0;
    for part in Boxes(body) {
        let (kind, body) = part?;
        if kind == b"traf" {
            track_fragment(head, whole, body, &mut fragment)?;
            tracks += 1;
        }
    }
    (tracks > 0 && is_possible(&fragment)).then_some(fragment)
}

impl TrackPart {
    /// When its last sample begins, in microseconds.
    pub fn last_start(&self) -> i64 {
        let before = self.length.saturating_sub(micros(u64::from(self.last), self.timescale));
        self.start.saturating_add_unsigned(before)
    }

    /// What to write so that it begins at another moment, in microseconds; nothing where its start cannot be changed.
    pub fn starting(&self, start: i64) -> Vec<(usize, [u8; 4])> {
        let ticks = u128::from(start.max(0).unsigned_abs()) * u128::from(self.timescale) / 1_000_000;
        let [a, b, c, d, e, f, g, h] = u64::try_from(ticks).unwrap_or(0).to_be_bytes();
        self.start_at.map(|at| vec![(at, [a, b, c, d]), (at + 4, [e, f, g, h])]).unwrap_or_default()
    }
}

/// Whether all its parts lie where media can.
fn is_possible(fragment: &Fragment) -> bool {
    fragment.parts.iter().all(|part| {
        let end = u64::try_from(part.start).unwrap_or(0).saturating_add(part.length);
        end <= LATEST && part.length <= LONGEST
    })
}

fn track_fragment(head: &Head, whole: &[u8], body: &[u8], fragment: &mut Fragment) -> Option<()> {
    let header = FragmentHeader::read(whole, body)?;
    let place = head.tracks.iter().position(|track| track.id == header.track)?;
    let track = &head.tracks[place];
    let default_duration = header.duration.map_or(track.sample_duration, |(duration, _)| duration);
    let default_at = header.duration.map(|(_, at)| at);
    let default_flags = header.flags.unwrap_or(track.sample_flags);

    let (start, start_at) = match find(body, b"tfdt") {
        Some(_) => start_of(whole, body)?,
        None => (0, None),
    };
    let (mut samples, mut length) = (0_u64, 0_u64);
    let mut part = TrackPart {
        track: place,
        is_video: track.kind == TrackKind::Video,
        start: micros_signed(start, track.timescale),
        length: 0,
        start_at,
        timescale: track.timescale,
        frames: 0,
        key_frames: 0,
        last: 0,
        before: 0,
        at: None,
    };
    let mut key_frames = 0_u64;
    for inner in Boxes(body) {
        let (kind, body) = inner?;
        if kind == b"trun" {
            let run = run(body, default_duration)?;
            key_frames = key_frames.saturating_add(keys(body, default_flags));
            if run.count > 0 {
                let before = [run.before, part.last, part.before].into_iter().find(|one| *one > 0).unwrap_or(0);
                let alone = (samples == 0 && run.count == 1).then_some(default_at).flatten();
                let at = if run.lists { run.at.map(|at| offset(whole, body) + at) } else { alone };
                part = TrackPart { last: run.last, before, at, ..part };
            }
            samples = samples.saturating_add(run.count);
            length = length.saturating_add(run.length);
        }
    }
    if track.kind == TrackKind::Video {
        fragment.video_frames = fragment.video_frames.saturating_add(samples);
    }
    if samples > 0 {
        let length = micros(length, track.timescale);
        fragment.parts.push(TrackPart { length, frames: samples, key_frames, ..part });
    }
    Some(())
}

/// What a `trun` says.
struct TrackRun {
    count: u64,
    /// Sum of the durations.
    length: u64,
    /// Duration of the last sample.
    last: u32,
    /// The last duration before it that is not 0; 0 for none.
    before: u32,
    /// It names a duration for each sample; where that of the last stands in its body.
    lists: bool,
    at: Option<usize>,
}

fn run(body: &[u8], default_duration: u32) -> Option<TrackRun> {
    let header = RunHeader::read(body)?;
    let count = u64::from(header.count);
    if !header.lists_durations() {
        let listed = count.checked_mul(header.width as u64)?;
        let fits = u64::try_from(body.len().checked_sub(header.list_at)?).ok()? >= listed;
        let before = if count > 1 { default_duration } else { 0 };
        let length = count * u64::from(default_duration);
        return fits.then_some(TrackRun { count, length, last: default_duration, before, lists: false, at: None });
    }
    let durations = || header.samples(body).filter_map(|sample| be32(sample, 0));
    let found = header.samples(body).len();
    let last = durations().next_back().unwrap_or(0);
    let before = durations().rev().skip(1).find(|one| *one > 0).unwrap_or(0);
    let at = found.checked_sub(1).map(|place| header.list_at + place * header.width);
    let length = durations().map(u64::from).sum();
    (found == header.count as usize).then_some(TrackRun { count, length, last, before, lists: true, at })
}

/// How many samples of a `trun` can be decoded alone.
fn keys(body: &[u8], default_flags: u32) -> u64 {
    /// Of the flags of a sample: it is no sync sample.
    const NOT_SYNC: u32 = 0x1_0000;
    let is_key = |flags: u32| flags & NOT_SYNC == 0;
    let Some(header) = RunHeader::read(body) else { return 0 };
    if let Some(at) = header.flags_at() {
        return header.samples(body).filter(|sample| be32(sample, at).is_some_and(is_key)).count() as u64;
    }
    let by_default = if is_key(default_flags) { u64::from(header.count) } else { 0 };
    match header.first_flags(body) {
        None => by_default,
        Some(first) => by_default - u64::from(is_key(default_flags)) + u64::from(is_key(first)),
    }
}

pub(super) fn micros(units: u64, timescale: u32) -> u64 {
    u64::try_from(u128::from(units) * 1_000_000 / u128::from(timescale.max(1))).unwrap_or(u64::MAX)
}

fn micros_signed(units: i64, timescale: u32) -> i64 {
    i64::try_from(i128::from(units) * 1_000_000 / i128::from(timescale.max(1))).unwrap_or(i64::MAX)
}
