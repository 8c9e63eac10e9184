//! The fields of the boxes of one track in a fragment: ISO/IEC 14496-12, 8.8.7 (`tfhd`), 8.8.8 (`trun`), 8.8.12 (`tfdt`).
//!
//! Bytes may be anything: every reader returns `None` for those that do not fit.

use super::box_reader::{be32, find, offset};

/// What a `tfhd` says.
#[derive(Clone, Copy, Debug)]
pub(super) struct FragmentHeader {
    /// Id of the track.
    pub track: u32,
    /// Duration of samples that name none, and where it stands, from the beginning of the body of the `moof`.
    pub duration: Option<(u32, usize)>,
    /// Flags of samples that name none.
    pub flags: Option<u32>,
}

impl FragmentHeader {
    /// Reads that of the `traf` with this body; `whole`: the body of its `moof`.
    pub fn read(whole: &[u8], traf: &[u8]) -> Option<Self> {
        let body = find(traf, b"tfhd")?;
        let (flags, track) = (be32(body, 0)?, be32(body, 4)?);
        // Optional fields stand in this order: base offset (8), description index, duration, size, flags (4 each).
        let duration_at = 8 + if flags & 1 == 0 { 0 } else { 8 } + if flags & 2 == 0 { 0 } else { 4 };
        let flags_at = duration_at + if flags & 8 == 0 { 0 } else { 4 } + if flags & 0x10 == 0 { 0 } else { 4 };
        let duration = match flags & 8 {
            0 => None,
            _ => Some((be32(body, duration_at)?, offset(whole, body.get(duration_at..)?))),
        };
        let flags = if flags & 0x20 == 0 { None } else { Some(be32(body, flags_at)?) };
        Some(Self { track, duration, flags })
    }
}

/// Start of a track's part, in its units, and where it stands when it has 64 bits, from the beginning of the body of the `moof`;
/// `None` where the `traf` does not say. ffmpeg writes one before zero as what it is in two's complement.
pub(super) fn start_of(whole: &[u8], traf: &[u8]) -> Option<(i64, Option<usize>)> {
    let body = find(traf, b"tfdt")?;
    if body.first() != Some(&1) {
        return Some((i64::from(be32(body, 4)?), None));
    }
    let ticks = u64::from(be32(body, 4)?) << 32 | u64::from(be32(body, 8)?);
    Some((ticks.cast_signed(), body.get(4..).map(|field| offset(whole, field))))
}

/// How a `trun` lists its samples.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunHeader {
    flags: u32,
    /// Samples.
    pub count: u32,
    /// Where the list of them begins in its body.
    pub list_at: usize,
    /// Bytes of each in the list.
    pub width: usize,
}

impl RunHeader {
    /// Reads that of a `trun` with this body.
    pub fn read(body: &[u8]) -> Option<Self> {
        let (flags, count) = (be32(body, 0)?, be32(body, 4)?);
        let list_at = 8 + if flags & 1 == 0 { 0 } else { 4 } + if flags & 4 == 0 { 0 } else { 4 };
        Some(Self { flags, count, list_at, width: 4 * (flags >> 8 & 0xf).count_ones() as usize })
    }

    /// A duration stands first in each sample.
    pub fn lists_durations(&self) -> bool {
        self.flags & 0x100 != 0
    }

    /// Where the flags stand in each sample, behind its duration and its size.
    pub fn flags_at(&self) -> Option<usize> {
        (self.flags & 0x400 != 0).then_some(4 * (self.flags >> 8 & 3).count_ones() as usize)
    }

    /// An offset between decoding and showing stands last in each sample.
    pub fn lists_offsets(&self) -> bool {
        self.flags & 0x800 != 0
    }

    /// Flags of the first sample, where those of the others are the usual ones.
    pub fn first_flags(&self, body: &[u8]) -> Option<u32> {
        let at = 8 + if self.flags & 1 == 0 { 0 } else { 4 };
        (self.flags & 4 != 0 && self.count > 0).then(|| be32(body, at)).flatten()
    }

    /// The listed samples; none where nothing is listed of them, fewer than [`Self::count`] where the body is too short.
    pub fn samples<'a>(&self, body: &'a [u8]) -> impl DoubleEndedIterator<Item = &'a [u8]> + ExactSizeIterator {
        let count = if self.width == 0 { 0 } else { self.count as usize };
        body.get(self.list_at..).unwrap_or_default().chunks_exact(self.width.max(1)).take(count)
    }
}
