//! Checks fragmented mp4 files box by box: `ftyp moov (moof mdat)* [mfra]`.
//!
//! Answers what is in a file (length of the head, duration, frames of each track) and up to which byte it is whole. The
//! writer may have been killed at any byte, so no length in the file is trusted: boxes that do not fit, or that make
//! no sense, end the whole part; whole boxes of unknown kinds do not. Nothing is decoded and nothing larger than a `moof` is read into memory.
//! (ISO/IEC 14496-12; what ffmpeg writes with `frag_keyframe+empty_moov+default_base_moof`.)

mod boxes;
mod samples;
mod squeezed;
mod sums;
#[cfg(test)]
mod tests;

use std::io::{self, Read, Seek, SeekFrom};
use std::time::Duration;

pub use boxes::Mend;
use boxes::{Fragment, Head, fragment, head};
use samples::{changes, last_samples, samples};
use squeezed::{Bounds, Piece, respace};
use sums::{Sums, TrackSum};

use crate::domain::segment_track::SegmentTrack;

/// Longest `moov` or `moof` that is read; ours have a few hundred bytes per second of media.
const LONGEST_HEADER: u64 = 16 << 20;

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

/// What ends the whole part of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The file ends within the header of a box.
    HeaderCut,
    /// The file ends within a box.
    BoxCut,
    /// The file ends before a `moov`.
    BeforeMoov,
    /// The file ends between a `moof` and its `mdat`.
    LastMdat,
    /// The length of a box cannot be.
    Length,
    /// The file does not begin with `ftyp`.
    NoFtyp,
    /// The `moov` cannot be read.
    Moov,
    /// A `moof` cannot be read.
    Moof,
    /// A `moof` comes before the `moov`.
    EarlyMedia,
    /// A `moof` follows another without an `mdat` between them.
    NoMdat,
    /// An `mdat` has no `moof`.
    NoMoof,
    /// Something follows the index that ends a file.
    Behind,
}

impl Why {
    /// True when the file merely ends too early, as it does when its writer is killed: nothing can follow that place.
    pub fn is_short(self) -> bool {
        matches!(self, Self::HeaderCut | Self::BoxCut | Self::BeforeMoov | Self::LastMdat)
    }
}

impl std::fmt::Display for Why {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::HeaderCut => "the header of a box is cut off",
            Self::BoxCut => "a box is cut off",
            Self::BeforeMoov => "the file ends before its moov",
            Self::LastMdat => "the last fragment has no mdat",
            Self::Length => "the length of a box makes no sense",
            Self::NoFtyp => "the file does not begin with ftyp",
            Self::Moov => "the moov makes no sense",
            Self::Moof => "a moof makes no sense",
            Self::EarlyMedia => "there is media before the moov",
            Self::NoMdat => "a moof has no mdat",
            Self::NoMoof => "an mdat has no moof",
            Self::Behind => "there is something behind the index",
        })
    }
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

/// A box whose header is whole and whose end lies within the file.
struct Found {
    kind: [u8; 4],
    start: u64,
    body: u64,
    end: u64,
}

/// Reads the header of the box at `at`; the inner error says why there is none.
fn read_header(file: &mut (impl Read + Seek), at: u64, length: u64) -> io::Result<Result<Found, Why>> {
    let mut header = [0; 16];
    let have = usize::try_from(length - at).unwrap_or(16).min(16);
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut header[..have])?;
    if have < 8 {
        return Ok(Err(Why::HeaderCut));
    }
    let [a, b, c, d, kind @ .., _, _, _, _, _, _, _, _] = header;
    let (size, head) = match u32::from_be_bytes([a, b, c, d]) {
        1 if have < 16 => return Ok(Err(Why::HeaderCut)),
        1 => {
            let [_, _, _, _, _, _, _, _, long @ ..] = header;
            (u64::from_be_bytes(long), 16)
        }
        size => (u64::from(size), 8),
    };
    // Size 0 means "to the end of the file", which a fragmented file never needs; zeros after a power loss look so too.
    let end = at.checked_add(size).filter(|_| size >= head);
    Ok(match end {
        None => Err(Why::Length),
        Some(end) if end > length => Err(Why::BoxCut),
        Some(end) => Ok(Found { kind, start: at, body: at + head, end }),
    })
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
    fn step(&mut self, file: &mut (impl Read + Seek), found: &Found) -> io::Result<Result<(), Why>> {
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
            fragments: self.sums.fragments,
            unknown_boxes: self.unknown_boxes,
            cut: why.map(|why| Cut { at: self.good, why }),
        }
    }
}

fn read_body(file: &mut (impl Read + Seek), found: &Found) -> io::Result<Option<Vec<u8>>> {
    let length = found.end - found.body;
    if length > LONGEST_HEADER {
        return Ok(None);
    }
    let mut body = vec![0; usize::try_from(length).unwrap_or(0)];
    file.seek(SeekFrom::Start(found.body))?;
    file.read_exact(&mut body)?;
    Ok(Some(body))
}
