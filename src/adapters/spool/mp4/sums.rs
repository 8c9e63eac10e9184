//! What the whole fragments of a file add up to, track by track, and what has to be changed in them for players.

use super::boxes::{Fragment, Head, Mend, TrackPart, micros};

/// Timestamps that are further apart have jumped, in microseconds: long before, a stream that sends nothing is given up.
const JUMP: i64 = 60_000_000;

/// Sums over whole fragments. Times in microseconds, so that tracks of different timescales can be compared.
#[derive(Default)]
pub(super) struct Sums {
    pub fragments: u32,
    pub video_frames: u64,
    pub start: Option<u64>,
    pub tracks: Vec<TrackSum>,
    mends: Vec<Mend>,
}

/// What is known of one track.
#[derive(Clone, Copy, Default)]
pub(super) struct TrackSum {
    end: u64,
    /// What jumps of its timestamps have added to them, in microseconds.
    shift: i64,
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
        self.end = self.end.max(u64::try_from(start).unwrap_or(0).saturating_add(length));
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
    pub fn add(&mut self, fragment: &Fragment, body: u64) {
        self.fragments = self.fragments.saturating_add(1);
        self.video_frames = self.video_frames.saturating_add(fragment.video_frames);
        if let Some((start, _)) = fragment.span {
            self.start = Some(self.start.map_or(start, |known| known.min(start)));
        }
        self.mends.extend(fragment.mends.iter().map(|(at, bytes)| Mend { at: body + *at as u64, bytes: *bytes }));
        for part in &fragment.parts {
            let Some(track) = self.tracks.get_mut(part.track) else { continue };
            let mends = track.add(part, body);
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
