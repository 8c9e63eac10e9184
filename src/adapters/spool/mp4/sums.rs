//! What the whole fragments of a file add up to, track by track, and what has to be changed in them for players.

use super::boxes::{Fragment, Head, Mend, TrackPart, micros};
use crate::domain::segment_track::SegmentTrack;

/// Timestamps that are further apart have jumped, in microseconds: long before, a stream that sends nothing is given up.
const JUMP: i64 = 60_000_000;
/// Sound so long before the picture that it came with is dated wrongly, in microseconds.
const FAR_BEFORE: i64 = 3_000_000;
/// Packets of sound in a second, where nothing tells how long one is.
const PACKETS: u32 = 50;

/// Sums over whole fragments. Times in microseconds, so that tracks of different timescales can be compared.
#[derive(Default)]
pub(super) struct Sums {
    pub fragments: u32,
    pub video_frames: u64,
    pub start: Option<u64>,
    pub tracks: Vec<TrackSum>,
    mends: Vec<Mend>,
    /// Where the last picture began.
    picture: Option<i64>,
    /// Fragments that came before any picture, and where the bodies of their `moof` begin.
    ahead: Vec<(Fragment, u64)>,
}

/// What is known of one track.
#[derive(Clone, Copy, Default)]
pub(super) struct TrackSum {
    frames: u64,
    key_frames: u64,
    /// Where its first sample begins.
    first: Option<u64>,
    end: u64,
    /// What jumps of its timestamps have added to them, in microseconds.
    shift: i64,
    /// By how much it is dated too early, in microseconds; see [`TrackSum::settle`].
    early: Option<i64>,
    /// Its last samples; `None` without any.
    last: Option<LastSample>,
}

#[derive(Clone, Copy)]
struct LastSample {
    duration: u32,
    /// What the one before it had.
    usual: u32,
    /// Where its duration stands in the file.
    at: Option<u64>,
}

impl TrackSum {
    /// Moves a part to the picture that it came with. Until a track's first sender report has come, ffmpeg dates it from zero: sound that
    /// begins later than the picture lies far before it, and its last packet before that report seems to last until the next.
    /// Returns what to change in it.
    fn settle(&mut self, part: &mut TrackPart, picture: Option<i64>) -> Vec<(usize, [u8; 4])> {
        let Some(picture) = picture.filter(|picture| !part.is_video && part.start < *picture - FAR_BEFORE) else {
            self.early = None;
            return Vec::new();
        };
        part.start = part.start.saturating_add(*self.early.get_or_insert(picture - part.start));
        let mut mends = part.starting(part.start);
        let usual = if part.before > 0 { part.before } else { part.timescale / PACKETS };
        let excess =
            micros(u64::from(part.last), part.timescale).saturating_sub(micros(u64::from(usual), part.timescale));
        if let Some(at) = part.at.filter(|_| excess > FAR_BEFORE.unsigned_abs()) {
            mends.push((at, usual.to_be_bytes()));
            (part.last, part.length) = (usual, part.length.saturating_sub(excess));
        }
        mends
    }

    /// Takes the next part, and returns what to change in it: a jump of more than a minute is no time that anything took.
    fn add(&mut self, part: &TrackPart, body: u64) -> Vec<(usize, [u8; 4])> {
        let known = self.last.map_or(0, |last| if last.duration > 0 { last.duration } else { last.usual });
        let usual = if part.before > 0 { part.before } else { known };
        let end = i64::try_from(self.end).unwrap_or(i64::MAX);
        let mut start = part.start.saturating_sub(self.shift);
        if self.last.is_some() && start > end.saturating_add(JUMP) {
            self.shift = self.shift.saturating_add(start - end);
            start = end;
        }
        let mut mends = if self.shift == 0 { Vec::new() } else { part.starting(start) };
        let (mut length, mut duration) = (part.length, part.last);
        let excess =
            micros(u64::from(part.last), part.timescale).saturating_sub(micros(u64::from(usual), part.timescale));
        if let (Some(at), Ok(excess)) = (part.at, i64::try_from(excess))
            && usual > 0
            && excess > JUMP
        {
            mends.push((at, usual.to_be_bytes()));
            length = length.saturating_sub(excess.unsigned_abs());
            self.shift = self.shift.saturating_add(excess);
            duration = usual;
        }
        let begins = u64::try_from(start).unwrap_or(0);
        self.first.get_or_insert(begins);
        self.frames = self.frames.saturating_add(part.frames);
        self.key_frames = self.key_frames.saturating_add(part.key_frames);
        self.end = self.end.max(begins.saturating_add(length));
        self.last = Some(LastSample { duration, usual, at: part.at.map(|at| body + at as u64) });
        mends
    }
}

impl LastSample {
    /// What its duration should be, where it is not known.
    fn missing(self) -> Option<u32> {
        (self.duration == 0 && self.usual > 0).then_some(self.usual)
    }
}

impl Sums {
    /// `body`: where that of the `moof` begins.
    pub fn add(&mut self, fragment: Fragment, body: u64) {
        let begins = fragment.parts.iter().filter(|part| part.is_video).map(|part| part.start).min();
        self.picture = begins.or(self.picture);
        if self.picture.is_none() {
            self.ahead.push((fragment, body));
            return;
        }
        self.finish();
        self.take(fragment, body, &vec![self.picture; self.tracks.len()]);
    }

    /// Adds what waits for a picture. Sound that goes on until the picture begins is where it belongs.
    pub fn finish(&mut self) {
        if self.ahead.is_empty() {
            return;
        }
        let ahead = std::mem::take(&mut self.ahead);
        let mut pictures = vec![self.picture; self.tracks.len()];
        for part in ahead.iter().flat_map(|(fragment, _)| &fragment.parts) {
            if let Some(picture) = pictures.get_mut(part.track) {
                picture.take_if(|picture| part.last_start() >= *picture - FAR_BEFORE);
            }
        }
        for (fragment, body) in ahead {
            self.take(fragment, body, &pictures);
        }
    }

    /// `pictures`: for each track where the picture begins that it came with.
    fn take(&mut self, fragment: Fragment, body: u64, pictures: &[Option<i64>]) {
        self.fragments = self.fragments.saturating_add(1);
        self.video_frames = self.video_frames.saturating_add(fragment.video_frames);
        for mut part in fragment.parts {
            let (Some(track), Some(picture)) = (self.tracks.get_mut(part.track), pictures.get(part.track)) else {
                continue;
            };
            let mut mends = track.settle(&mut part, *picture);
            let start = u64::try_from(part.start).unwrap_or(0);
            self.start = Some(self.start.map_or(start, |known| known.min(start)));
            mends.extend(track.add(&part, body));
            self.mends.extend(mends.into_iter().map(|(at, bytes)| Mend { at: body + at as u64, bytes }));
        }
    }

    pub fn duration_ms(&self, head: Option<&Head>) -> u64 {
        let ends = self.tracks.iter().enumerate().map(|(place, track)| {
            let missing = track.last.and_then(LastSample::missing).unwrap_or(0);
            let timescale = head.and_then(|head| head.tracks.get(place)).map_or(1, |track| track.timescale);
            track.end.saturating_add(micros(u64::from(missing), timescale))
        });
        let end = ends.max().unwrap_or(0);
        end.saturating_sub(self.start.unwrap_or(end)).saturating_add(500) / 1000
    }

    /// What each track that has samples comes to, once the file has been mended.
    pub fn tracks(&self, head: &Head) -> Vec<SegmentTrack> {
        let sums = head.tracks.iter().zip(&self.tracks);
        let facts = sums.filter_map(|(known, track)| {
            let (last, first_us) = (track.last?, track.first?);
            let missing = last.missing().unwrap_or(0);
            let last_frame_us = micros(u64::from(last.duration.max(missing)), known.timescale);
            let end = track.end.saturating_add(micros(u64::from(missing), known.timescale));
            Some(SegmentTrack {
                kind: known.kind,
                codec: known
                    .codec
                    .iter()
                    .filter(|byte| byte.is_ascii_graphic())
                    .map(|byte| char::from(*byte))
                    .collect(),
                frames: track.frames,
                key_frames: track.key_frames,
                first_us,
                last_us: end.saturating_sub(last_frame_us).max(first_us),
                last_frame_us,
            })
        });
        facts.collect()
    }

    /// `body`: where that of the `moov` begins.
    pub fn mends(&self, head: &Head, body: u64) -> Vec<Mend> {
        if self.start.is_none() {
            return Vec::new();
        }
        let mut mends = self.mends.clone();
        for (known, track) in head.tracks.iter().zip(&self.tracks) {
            match track.last {
                None => {
                    let kinds = known.kinds.iter().flatten();
                    mends.extend(kinds.map(|at| Mend { at: body + *at as u64, bytes: *b"free" }));
                }
                Some(last) => {
                    let mend = |(at, duration): (u64, u32)| Mend { at, bytes: duration.to_be_bytes() };
                    mends.extend(last.at.zip(last.missing()).map(mend));
                }
            }
        }
        mends
    }
}
