//! The boxes of a file's top level, read one after the other, and what may be wrong with them.

use std::io::{self, Read, Seek, SeekFrom};

/// Longest `moov` or `moof` that is read; ours have a few hundred bytes per second of media.
const LONGEST_HEADER: u64 = 16 << 20;

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

/// A box whose header is whole and whose end lies within the file.
pub(super) struct TopBox {
    pub kind: [u8; 4],
    pub start: u64,
    pub body: u64,
    pub end: u64,
}

/// Reads the header of the box at `at`; the inner error says why there is none.
pub(super) fn read_header(file: &mut (impl Read + Seek), at: u64, length: u64) -> io::Result<Result<TopBox, Why>> {
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
        Some(end) => Ok(TopBox { kind, start: at, body: at + head, end }),
    })
}

/// Reads the body of a box; `None` where it is longer than one of ours.
pub(super) fn read_body(file: &mut (impl Read + Seek), found: &TopBox) -> io::Result<Option<Vec<u8>>> {
    let length = found.end - found.body;
    if length > LONGEST_HEADER {
        return Ok(None);
    }
    let mut body = vec![0; usize::try_from(length).unwrap_or(0)];
    file.seek(SeekFrom::Start(found.body))?;
    file.read_exact(&mut body)?;
    Ok(Some(body))
}
