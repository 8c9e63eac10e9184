//! Boxes in bytes that may be anything: nothing here panics, allocates by a length of the file, or loops by one.

/// Where a part begins in the whole that it was cut from.
pub(super) fn offset(whole: &[u8], part: &[u8]) -> usize {
    (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize)
}

/// Four bytes as a number.
pub(super) fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(four.try_into().ok()?))
}

/// The body of the first box of this kind.
pub(super) fn find<'a>(body: &'a [u8], wanted: &[u8; 4]) -> Option<&'a [u8]> {
    Boxes(body).map_while(|part| part).find(|(kind, _)| *kind == wanted).map(|(_, body)| body)
}

/// The boxes in a body; a `None` item is one that does not fit, and the last.
pub(super) struct Boxes<'a>(pub &'a [u8]);

impl<'a> Iterator for Boxes<'a> {
    type Item = Option<(&'a [u8; 4], &'a [u8])>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let rest = std::mem::take(&mut self.0);
        let size = be32(rest, 0).map_or(0, |size| size as usize);
        let part = rest.get(..size).filter(|part| part.len() >= 8);
        let Some(part) = part else { return Some(None) };
        self.0 = &rest[size..];
        let kind: Option<&[u8; 4]> = part.get(4..8).and_then(|kind| kind.try_into().ok());
        Some(kind.map(|kind| (kind, &part[8..])))
    }
}
