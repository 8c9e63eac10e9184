//! HLS playlists over segments as they were recorded: each file is its own init section and one media part.
//!
//! Each file carries its own `moov`: its head is named as `EXT-X-MAP` and the rest as `EXT-X-BYTERANGE` (RFC 8216). The
//! timestamps of a run go on over its files, which follow one another as they are, and begin behind those of the run before it
//! ([`SessionStarts::media_begin`](super::wall_clock::SessionStarts::media_begin)); where another run begins, a file
//! is missing or has other tracks, and before every file of versions whose files all began at zero, stands an `EXT-X-DISCONTINUITY`. A gap needs
//! no other mark: `EXT-X-PROGRAM-DATE-TIME` tells the wall clock. Pure text; the caller knows the addresses.

use std::fmt::Write;

use chrono::{DateTime, SecondsFormat, Utc};

use super::recording::Segment;

/// One segment in a playlist.
#[derive(Clone, Debug, PartialEq)]
pub struct PlaylistEntry {
    /// Address of the file, percent-encoded, absolute or relative to the playlist.
    pub uri: String,
    /// Wall clock time of its first frame.
    pub started_at: DateTime<Utc>,
    /// For how long it is shown, in milliseconds.
    pub duration_ms: u64,
    /// Length of `ftyp` + `moov`.
    pub init_bytes: u64,
    /// Length of the media behind them.
    pub media_bytes: u64,
    /// Its timestamps go on from those of the entry before it.
    pub goes_on: bool,
}

/// Timestamps that are further apart do not go on, in milliseconds.
const BREAK: u64 = 500;
impl PlaylistEntry {
    /// Recorded segments in order, under the addresses that `uri` gives them.
    pub fn all<'a>(segments: impl IntoIterator<Item = &'a Segment>, uri: impl Fn(&Segment) -> String) -> Vec<Self> {
        let mut before: Option<&Segment> = None;
        let entry = |segment: &'a Segment| {
            let goes_on = before.replace(segment).is_some_and(|before| goes_on(before, segment));
            Self { goes_on, ..Self::of(segment, uri(segment)) }
        };
        segments.into_iter().map(entry).collect()
    }

    /// A recorded segment under an address, with nothing before it.
    pub fn of(segment: &Segment, uri: impl Into<String>) -> Self {
        Self {
            goes_on: false,
            uri: uri.into(),
            started_at: segment.started_at,
            duration_ms: segment.playing_ms(),
            init_bytes: segment.init_bytes,
            media_bytes: segment.media_bytes,
        }
    }
}

/// Whether the timestamps of a segment go on from those of another. Where timestamps of the source had jumped, ffmpeg hands sound out
/// later than the picture that it came with: then a segment begins with what belongs to the second half of the one before.
fn goes_on(before: &Segment, segment: &Segment) -> bool {
    let media = before.media_start_ms.zip(before.media_ms);
    let fits = media.zip(segment.media_start_ms).is_some_and(|((begin, length), start)| {
        let half = length / 2;
        (begin.saturating_add(half.max(1))..=begin.saturating_add(length).saturating_add(BREAK)).contains(&start)
    });
    // Heads of one run differ only where a track was added or has ended.
    let same_tracks = before.init_bytes == segment.init_bytes;
    fits && same_tracks && before.session == segment.session && before.number.checked_add(1) == Some(segment.number)
}

/// Whether more can follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaylistKind {
    /// Complete: ends with `EXT-X-ENDLIST`.
    Vod,
    /// Segments are still added at its end; players ask again.
    Event,
}

/// Whether a segment belongs into a playlist from `from` to `to`: it can be played, and it overlaps.
pub fn belongs(segment: &Segment, from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>) -> bool {
    segment.state.is_playable()
        && segment.media_bytes > 0
        && from.is_none_or(|from| segment.ended_at() > from)
        && to.is_none_or(|to| segment.started_at < to)
}

/// The playlist's text. Entries are in time order; with `from`, players begin there and not at the first segment's
/// start.
pub fn render(entries: &[PlaylistEntry], kind: PlaylistKind, from: Option<DateTime<Utc>>) -> String {
    let longest = entries.iter().map(|entry| entry.duration_ms).max().unwrap_or(0);
    let mut out = String::with_capacity(256 * (entries.len() + 1));
    // Version 7: EXT-X-MAP with fragmented mp4 in a playlist that is not I-frames only.
    out.push_str("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    line(&mut out, format_args!("#EXT-X-TARGETDURATION:{}", longest.div_ceil(1000).max(1)));
    out.push_str("#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-DISCONTINUITY-SEQUENCE:0\n");
    out.push_str(match kind {
        PlaylistKind::Vod => "#EXT-X-PLAYLIST-TYPE:VOD\n",
        PlaylistKind::Event => "#EXT-X-PLAYLIST-TYPE:EVENT\n",
    });
    if let Some(offset) = from.zip(entries.first()).map(|(from, first)| from - first.started_at)
        && offset.num_milliseconds() > 0
    {
        let seconds = Seconds(offset.num_milliseconds().unsigned_abs());
        line(&mut out, format_args!("#EXT-X-START:TIME-OFFSET={seconds},PRECISE=YES"));
    }
    for (place, entry) in entries.iter().enumerate() {
        if place > 0 && !entry.goes_on {
            out.push_str("#EXT-X-DISCONTINUITY\n");
        }
        segment(&mut out, entry);
    }
    if kind == PlaylistKind::Vod {
        out.push_str("#EXT-X-ENDLIST\n");
    }
    out
}

fn segment(out: &mut String, entry: &PlaylistEntry) {
    let PlaylistEntry { init_bytes, media_bytes, .. } = entry;
    // Nobody's address may end its line or its quotes.
    let uri = entry.uri.replace('"', "%22").replace(char::is_control, "");
    line(out, format_args!("#EXT-X-MAP:URI=\"{uri}\",BYTERANGE=\"{init_bytes}@0\""));
    let time = entry.started_at.to_rfc3339_opts(SecondsFormat::Millis, true);
    line(out, format_args!("#EXT-X-PROGRAM-DATE-TIME:{time}"));
    line(out, format_args!("#EXTINF:{},", Seconds(entry.duration_ms)));
    line(out, format_args!("#EXT-X-BYTERANGE:{media_bytes}@{init_bytes}"));
    line(out, format_args!("{uri}"));
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{text}");
}

/// Milliseconds written as seconds with three digits, without floating point.
struct Seconds(u64);

impl std::fmt::Display for Seconds {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::recording::SegmentState;
    use crate::domain::sample;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().expect(text)
    }

    fn entry(uri: &str, started_at: &str, duration_ms: u64) -> PlaylistEntry {
        PlaylistEntry {
            uri: uri.into(),
            started_at: time(started_at),
            duration_ms,
            init_bytes: 1227,
            media_bytes: 360_000,
            goes_on: false,
        }
    }

    #[test]
    fn segments_of_a_run_follow_without_a_break() {
        let session = sample::session("a");
        let of = |number: u32, start: Option<u64>, media: u64| Segment {
            media_start_ms: start,
            media_ms: Some(media),
            ..sample::segment(&session, number)
        };
        let other = Segment { media_start_ms: Some(20_000), ..sample::segment(&sample::session("a"), 3) };
        for (what, before, after, wanted) in [
            ("the next", of(0, Some(1_400), 10_000), of(1, Some(11_400), 10_000), true),
            ("rounded", of(0, Some(0), 10_000), of(1, Some(10_001), 10_000), true),
            ("sound a little before the picture", of(0, Some(0), 10_000), of(1, Some(9_980), 10_000), true),
            (
                "sound of squeezed pictures comes with the next",
                of(0, Some(0), 10_000),
                of(1, Some(8_500), 10_000),
                true,
            ),
            ("each begins at zero", of(0, Some(0), 10_000), of(1, Some(0), 10_000), false),
            ("each begins at zero, or about", of(0, Some(0), 10_000), of(1, Some(23), 10_000), false),
            ("one is missing", of(0, Some(0), 10_000), of(2, Some(20_000), 10_000), false),
            ("its timestamps jumped", of(0, Some(0), 10_000), of(1, Some(3_600_000), 10_000), false),
            ("of an older version", of(0, None, 10_000), of(1, None, 10_000), false),
            ("of an older version, the first by this one", of(0, None, 10_000), of(1, Some(10_000), 10_000), false),
            (
                "sound has begun",
                of(0, Some(0), 10_000),
                Segment { init_bytes: 2_000, ..of(1, Some(10_000), 10_000) },
                false,
            ),
            ("another session", of(2, Some(10_000), 10_000), other, false),
        ] {
            let entries = PlaylistEntry::all([&before, &after], |segment| segment.number.to_string());
            assert!(!entries[0].goes_on);
            assert_eq!(entries[1].goes_on, wanted, "{what}");
            let breaks = render(&entries, PlaylistKind::Vod, None).matches("#EXT-X-DISCONTINUITY\n").count();
            assert_eq!(breaks, usize::from(!wanted), "{what}");
        }
    }

    #[test]
    fn a_complete_recording() {
        let entries = [
            entry("segments/a", "2026-11-21T08:00:00.250Z", 10_040),
            entry("segments/b", "2026-11-21T08:00:10.290Z", 9_960),
        ];
        let wanted = "\
#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-TARGETDURATION:11
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MAP:URI=\"segments/a\",BYTERANGE=\"1227@0\"
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T08:00:00.250Z
#EXTINF:10.040,
#EXT-X-BYTERANGE:360000@1227
segments/a
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI=\"segments/b\",BYTERANGE=\"1227@0\"
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T08:00:10.290Z
#EXTINF:9.960,
#EXT-X-BYTERANGE:360000@1227
segments/b
#EXT-X-ENDLIST
";
        assert_eq!(render(&entries, PlaylistKind::Vod, None), wanted);
    }

    #[test]
    fn a_running_one_has_no_end_and_a_cut_begins_where_it_was_asked_to() {
        let entries = [entry("a", "2026-11-21T08:00:00Z", 9_999)];
        let text = render(&entries, PlaylistKind::Event, Some(time("2026-11-21T08:00:04.500Z")));
        assert!(text.contains("#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-START:TIME-OFFSET=4.500,PRECISE=YES\n"), "{text}");
        assert!(text.contains("#EXT-X-TARGETDURATION:10\n"), "{text}");
        assert!(!text.contains("ENDLIST"), "{text}");
        assert!(!render(&entries, PlaylistKind::Vod, Some(time("2026-11-21T07:00:00Z"))).contains("EXT-X-START"));
    }

    #[test]
    fn an_address_cannot_add_a_line() {
        let text = render(&[entry("a\"\n#EXT-X-ENDLIST", "2026-11-21T08:00:00Z", 1)], PlaylistKind::Event, None);
        assert!(text.ends_with("\na%22#EXT-X-ENDLIST\n"), "{text}");
        assert!(!text.contains("\n#EXT-X-ENDLIST"), "{text}");
    }

    #[test]
    fn a_cut_takes_what_overlaps_and_can_be_played() {
        let segment = |state| Segment {
            state,
            started_at: time("2026-11-21T08:00:00Z"),
            duration_ms: 10_000,
            ..sample::segment(&sample::session("a"), 0)
        };
        for (from, to, wanted) in [
            (None, None, true),
            (Some("2026-11-21T08:00:09.999Z"), None, true),
            (Some("2026-11-21T08:00:10Z"), None, false),
            (None, Some("2026-11-21T08:00:00Z"), false),
            (None, Some("2026-11-21T08:00:00.001Z"), true),
        ] {
            let is = belongs(&segment(SegmentState::Uploaded), from.map(time), to.map(time));
            assert_eq!(is, wanted, "{from:?} {to:?}");
        }
        assert!(belongs(&segment(SegmentState::Evicted), None, None));
        assert!(!belongs(&segment(SegmentState::Writing), None, None));
        assert!(!belongs(&segment(SegmentState::Missing), None, None));
        assert!(!belongs(&segment(SegmentState::Lost), None, None));
    }
}
