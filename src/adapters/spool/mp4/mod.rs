//! Checks fragmented mp4 files box by box: `ftyp moov (moof mdat)* [mfra]`.
//!
//! Answers what is in a file (length of the head, duration, frames of each track) and up to which byte it is whole. The
//! writer may have been killed at any byte, so no length in the file is trusted: boxes that do not fit, or that make
//! no sense, end the whole part; whole boxes of unknown kinds do not. Nothing is decoded and nothing larger than a `moof` is read into memory.
//! (ISO/IEC 14496-12; what ffmpeg writes with `frag_keyframe+empty_moov+default_base_moof`.)

mod box_reader;
mod boxes;
mod fragment_fields;
mod samples;
mod squeezed;
mod sums;
#[cfg(test)]
mod tests;
mod top_box;

use std::io::{self, Read, Seek, SeekFrom};
use std::time::Duration;

pub use boxes::Mend;
use boxes::{Fragment, Head, fragment, head};
use samples::{changes, last_samples, samples};
use squeezed::{Bounds, Piece, respace};
use sums::{Sums, TrackSum};
pub use top_box::Why;
use top_box::{TopBox, read_body, read_header};

use crate::domain::segment_track::SegmentTrack;

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Length of everything before the first `moof`, in bytes; 0 without a usable head.
    pub init_bytes: u64,
    /// From the first `moof` to the end of the last whole fragment, in bytes.
    pub media_bytes: u64,
    /// The first moment of the media by its own timestamps, in milliseconds.
    pub start_ms: u64,
    /// Length of the media in milliseconds, from its own timestamps.
    pub duration_ms: u64,
    /// Bytes to change for players, in place.
    pub mends: Vec<Mend>,
    /// Video samples in whole fragments.
    pub video_frames: u64,
    /// What is known of each track that has samples.
    pub tracks: Vec<SegmentTrack>,
    /// Tracks that the head announces, with samples or without.
    pub announced_tracks: usize,
    /// Whole fragments.
    pub fragments: u32,
    /// Whole boxes of kinds that nobody told us of. They are passed over.
    pub unknown_boxes: u32,
    /// Where and why the whole part ends before the file does; `None` for a whole file.
    pub cut: Option<Cut>,
}

/// The end of the whole part of a damaged file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Byte at which the damage begins.
    pub at: u64,
    /// What is wrong there.
    pub why: Why,
}

impl Checked {
    /// Length of the file without what is damaged or dispensable: the head and all whole fragments.
    pub fn whole_bytes(&self) -> u64 {
        self.init_bytes + self.media_bytes
    }
}

/// Walks through a file. Fails only when it cannot be read.
pub fn check(file: &mut (impl Read + Seek)) -> io::Result<Checked> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut walk = Walk::default();
    let mut at = 0;
    while at < length {
        let step = match read_header(file, at, length)? {
            Ok(found) => walk.step(file, &found)?.map(|()| found.end),
            Err(why) => Err(why),
        };
        match step {
            Ok(end) => at = end,
            Err(why) => return Ok(walk.finish(Some(why))),
        }
    }
    Ok(walk.finish(None))
}

/// What gives the samples of a file the distances that they should have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Respaced {
    /// Bytes to change, in place.
    pub mends: Vec<Mend>,
    /// Pictures that had been squeezed.
    pub pictures: u64,
}

/// Looks for samples that are squeezed in the first `whole` bytes of a file, and for what begins before the end of the file
/// `before` it, which had such samples. `came_for`: in what time the file came.
pub fn respaced<F: Read + Seek>(
    file: &mut F,
    whole: u64,
    before: Option<&mut F>,
    came_for: Option<Duration>,
) -> io::Result<Respaced> {
    let before = before.map_or_else(|| Ok(Vec::new()), last_samples)?;
    let mut found = Respaced::default();
    for track in samples(file, whole)? {
        let same = before.iter().find(|other| (other.id, other.timescale) == (track.id, track.timescale));
        let ticks = |time: Duration| u64::try_from(time.as_micros() * u128::from(track.timescale) / 1_000_000).ok();
        let bounds = Bounds {
            timescale: track.timescale,
            before: same.and_then(|other| other.pieces.last()).map(Piece::last),
            came_for: came_for.and_then(ticks),
        };
        let mut pieces = track.pieces.clone();
        let squeezed = respace(&mut pieces, &bounds);
        found.pictures += if track.is_video { squeezed } else { 0 };
        found.mends.extend(changes(&track.pieces, &pieces));
    }
    Ok(found)
}

/// What has been seen so far.
#[derive(Default)]
struct Walk {
    ftyp: bool,
    /// The `moov`, and where its body begins.
    head: Option<(Head, u64)>,
    /// End of the head.
    init_bytes: u64,
    /// A `moof` whose `mdat` has not come yet, and where its body begins.
    open: Option<(Fragment, u64)>,
    /// End of the last whole fragment.
    good: u64,
    sums: Sums,
    /// The index at the end has been seen.
    index: bool,
    unknown_boxes: u32,
}

impl Walk {
    /// Takes one box; the inner error says why the whole part ends before it.
    fn step(&mut self, file: &mut (impl Read + Seek), found: &TopBox) -> io::Result<Result<(), Why>> {
        if self.index {
            return Ok(Err(Why::Behind));
        }
        Ok(match &found.kind {
            b"ftyp" if found.start == 0 => {
                self.ftyp = true;
                Ok(())
            }
            _ if !self.ftyp => Err(Why::NoFtyp),
            b"moov" if self.head.is_none() => match read_body(file, found)?.as_deref().and_then(head) {
                Some(head) => {
                    self.sums.tracks.resize_with(head.tracks.len(), TrackSum::default);
                    self.head = Some((head, found.body));
                    self.init_bytes = found.end;
                    self.good = found.end;
                    Ok(())
                }
                None => Err(Why::Moov),
            },
            b"moof" => match (&self.head, &self.open) {
                (None, _) => Err(Why::EarlyMedia),
                (_, Some(_)) => Err(Why::NoMdat),
                (Some((head, _)), None) => match read_body(file, found)?.and_then(|body| fragment(head, &body)) {
                    Some(fragment) => {
                        self.open = Some((fragment, found.body));
                        Ok(())
                    }
                    None => Err(Why::Moof),
                },
            },
            b"mdat" => match self.open.take() {
                Some((fragment, body)) => {
                    self.sums.add(fragment, body);
                    self.good = found.end;
                    Ok(())
                }
                None => Err(Why::NoMoof),
            },
            b"mfra" if self.open.is_none() => {
                self.index = true;
                Ok(())
            }
            b"free" | b"skip" | b"styp" | b"sidx" | b"emsg" | b"prft" | b"uuid" => Ok(()),
            // Passed over, as ISO/IEC 14496-12 has it: the next ffmpeg may write one.
            _ => {
                self.unknown_boxes = self.unknown_boxes.saturating_add(1);
                Ok(())
            }
        })
    }

    fn finish(mut self, why: Option<Why>) -> Checked {
        self.sums.finish();
        let why = why.or(match (&self.head, &self.open) {
            (None, _) => Some(Why::BeforeMoov),
            (_, Some(_)) => Some(Why::LastMdat),
            _ => None,
        });
        let mends = self.head.as_ref().map(|(head, body)| self.sums.mends(head, *body)).unwrap_or_default();
        Checked {
            init_bytes: self.init_bytes,
            media_bytes: self.good - self.init_bytes,
            start_ms: self.sums.start.unwrap_or(0) / 1000,
            duration_ms: self.sums.duration_ms(self.head.as_ref().map(|(head, _)| head)),
            mends,
            video_frames: self.sums.video_frames,
            tracks: self.head.as_ref().map(|(head, _)| self.sums.tracks(head)).unwrap_or_default(),
            announced_tracks: self.head.as_ref().map_or(0, |(head, _)| head.tracks.len() + head.free),
            fragments: self.sums.fragments,
            unknown_boxes: self.unknown_boxes,
            cut: why.map(|why| Cut { at: self.good, why }),
        }
    }
}
