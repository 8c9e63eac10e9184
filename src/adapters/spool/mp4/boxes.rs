//! The few fields of `moov` and `moof` that the check needs, read from bytes that may be anything.
//!
//! Every reader returns `None` for bytes that do not fit; nothing here panics, allocates by a length of the file, or
//! loops by one.

/// No segment begins or ends later than this after its file's time zero, in microseconds: a week. Beyond it the numbers
/// are noise.
const LATEST: u64 = 7 * 86_400 * 1_000_000;

/// What the `moov` says.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    tracks: Vec<Mp4Track>,
}

#[derive(Clone, Copy, Debug)]
struct Mp4Track {
    id: u32,
    /// Units per second, never 0.
    timescale: u32,
    is_video: bool,
    /// From `trex`: duration of samples that name none.
    sample_duration: u32,
}

/// What one `moof` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fragment {
    /// Samples of video tracks.
    pub video_frames: u64,
    /// First and last moment of all its tracks, in microseconds.
    pub span: Option<(u64, u64)>,
}

/// Reads the body of a `moov`; it must have a track.
pub(super) fn head(body: &[u8]) -> Option<Head> {
    let mut head = Head::default();
    let mut defaults = Vec::new();
    for part in Boxes(body) {
        let (kind, body) = part?;
        match kind {
            b"trak" => head.tracks.push(track(body)?),
            b"mvex" => {
                for part in Boxes(body) {
                    let (kind, body) = part?;
                    if kind == b"trex" {
                        // version+flags, track id, description index, duration, size, flags
                        defaults.push((be32(body, 4)?, be32(body, 12)?));
                    }
                }
            }
            _ => {}
        }
    }
    for track in &mut head.tracks {
        if let Some((_, duration)) = defaults.iter().find(|(id, _)| *id == track.id) {
            track.sample_duration = *duration;
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
    let is_video = handler.get(8..12)? == b"vide";
    (timescale > 0).then_some(Mp4Track { id, timescale, is_video, sample_duration: 0 })
}

/// Reads the body of a `moof`; it must have a track that the head knows.
pub(super) fn fragment(head: &Head, body: &[u8]) -> Option<Fragment> {
    let mut fragment = Fragment::default();
    let mut tracks = 0;
    for part in Boxes(body) {
        let (kind, body) = part?;
        if kind == b"traf" {
            track_fragment(head, body, &mut fragment)?;
            tracks += 1;
        }
    }
    (tracks > 0).then_some(fragment)
}

fn track_fragment(head: &Head, body: &[u8], fragment: &mut Fragment) -> Option<()> {
    let header = find(body, b"tfhd")?;
    let flags = be32(header, 0)?;
    let id = be32(header, 4)?;
    let track = head.tracks.iter().find(|track| track.id == id)?;
    // Optional fields stand in this order: base offset (8), description index (4), sample duration (4), ...
    let before = if flags & 1 == 0 { 8 } else { 16 } + if flags & 2 == 0 { 0 } else { 4 };
    let default_duration = if flags & 8 == 0 { track.sample_duration } else { be32(header, before)? };

    let start = match find(body, b"tfdt") {
        Some(time) if time.first() == Some(&1) => u64::from(be32(time, 4)?) << 32 | u64::from(be32(time, 8)?),
        Some(time) => u64::from(be32(time, 4)?),
        None => 0,
    };
    let (mut samples, mut length) = (0_u64, 0_u64);
    for part in Boxes(body) {
        let (kind, body) = part?;
        if kind == b"trun" {
            let (count, duration) = run(body, default_duration)?;
            samples = samples.saturating_add(count);
            length = length.saturating_add(duration);
        }
    }
    if track.is_video {
        fragment.video_frames = fragment.video_frames.saturating_add(samples);
    }
    if samples > 0 {
        let end = micros(start.saturating_add(length), track.timescale);
        if end > LATEST {
            return None;
        }
        let span = (micros(start, track.timescale), end);
        fragment.span = Some(fragment.span.map_or(span, |known| (known.0.min(span.0), known.1.max(span.1))));
    }
    Some(())
}

/// `(samples, sum of their durations)` of a `trun`.
fn run(body: &[u8], default_duration: u32) -> Option<(u64, u64)> {
    let flags = be32(body, 0)?;
    let count = be32(body, 4)?;
    let start = 8 + if flags & 1 == 0 { 0 } else { 4 } + if flags & 4 == 0 { 0 } else { 4 };
    let fields = (flags >> 8 & 0xf).count_ones() as usize;
    if fields == 0 || flags & 0x100 == 0 {
        let listed = u64::from(count).checked_mul(4 * fields as u64)?;
        let fits = u64::try_from(body.len().checked_sub(start)?).ok()? >= listed;
        return fits.then(|| (u64::from(count), u64::from(count) * u64::from(default_duration)));
    }
    // The duration is the first of the fields of a sample.
    let list = body.get(start..)?;
    let samples = list.chunks_exact(4 * fields).take(count as usize);
    let found = samples.len();
    let sum = samples.filter_map(|sample| be32(sample, 0)).map(u64::from).sum();
    (found == count as usize).then_some((u64::from(count), sum))
}

fn micros(units: u64, timescale: u32) -> u64 {
    u64::try_from(u128::from(units) * 1_000_000 / u128::from(timescale.max(1))).unwrap_or(u64::MAX)
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(four.try_into().ok()?))
}

fn find<'a>(body: &'a [u8], wanted: &[u8; 4]) -> Option<&'a [u8]> {
    Boxes(body).map_while(|part| part).find(|(kind, _)| *kind == wanted).map(|(_, body)| body)
}

/// The boxes in a body; a `None` item is one that does not fit, and the last.
struct Boxes<'a>(&'a [u8]);

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
