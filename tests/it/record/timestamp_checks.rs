//! What has to be true of the recording of a source whose every frame is known.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use streamwarden::domain::playlist::{PlaylistEntry, PlaylistKind, render};
use streamwarden::domain::recording::Segment;

use super::source::codecs;
use super::timestamps::{Row, StreamHistory};
use crate::support::rtp_publisher::Sent;

/// Longest fragment, in milliseconds: as near a segment is to its time.
const FRAGMENT: i64 = 1_000;
/// In milliseconds: for so long nothing may be recorded besides the wait for a key frame: ffmpeg starts and looks what is in the
/// stream, beside many others here.
const START: i64 = 5_000;
/// So many frames later ffmpeg seems to get a picture: it gives one out when the next begins, and dates the first two of a run alike.
const LATE_FRAMES: i64 = 2;
/// In milliseconds: so much later than it was sent the end may be seen.
const SEEN: i64 = 500;

/// A recording, and what was sent.
pub struct Recorded {
    pub row: &'static Row,
    pub sent: Sent,
    pub told: StreamHistory,
    /// In order.
    pub segments: Vec<Segment>,
    /// Of its first session.
    pub end_reason: String,
    pub objects: Arc<PathBuf>,
    /// Sent by MediaMTX itself.
    pub is_real: bool,
}

impl Recorded {
    pub fn check(&self) {
        self.follow();
        self.plays_in_its_time();
        let tracks = self.tracks();
        let pictures = self.pictures(&tracks);
        let sound = self.sound(&tracks);
        self.is_at_its_time(&pictures, &sound);
        self.is_whole(&pictures);
        self.tells();
    }

    /// Pictures come in so many milliseconds.
    fn frame(&self) -> i64 {
        (1_000 / self.row.script.film.rate()) as i64
    }

    /// Milliseconds from one key frame to the next.
    fn key_frames(&self) -> i64 {
        self.row.script.film.between_key_frames() as i64 * self.frame()
    }

    fn sessions(&self) -> Vec<&[Segment]> {
        self.segments.chunk_by(|one, other| one.session == other.session).collect()
    }

    /// For messages.
    fn listed(&self) -> String {
        let begin = self.sent.pictures[0];
        let line = |one: &Segment| {
            let start = (one.started_at - begin).num_milliseconds();
            format!("{}: {start}+{} media {:?} frames {}", one.number, one.duration_ms, one.media_ms, one.frames)
        };
        self.segments.iter().map(line).collect::<Vec<_>>().join(", ")
    }

    /// Segments follow one another without gap or overlap.
    fn follow(&self) {
        let (name, told) = (self.row.name, self.listed());
        // Never hundreds of one key frame each; each jump leaves one that is short, and one behind it.
        assert!(self.segments.len() <= self.row.script.seconds / 2 + 6, "{name}: {told}");
        for pair in self.segments.windows(2) {
            let apart = (pair[1].started_at - pair[0].ended_at()).num_milliseconds();
            let same = pair[0].session == pair[1].session;
            assert!(apart >= 0 && (!same || apart <= self.row.gap), "{name}: {apart} ms between two: {told}");
            assert_eq!(same, pair[1].number == pair[0].number + 1, "{name}: {told}");
        }
    }

    /// A player shows each segment for as long as it lasted, by the rate of the source's clock.
    fn plays_in_its_time(&self) {
        let name = self.row.name;
        // Each alone, and together: the clock of a source is told from another one only over several.
        let sessions = self.sessions();
        for some in sessions.iter().copied().chain(self.segments.chunks(1)) {
            let media: u64 = some.iter().map(|one| one.media_ms.expect("its boxes tell")).sum();
            let lasted: u64 = some.iter().map(|one| one.duration_ms).sum();
            let (media, near) = (media as i64, FRAGMENT + LATE_FRAMES * self.frame());
            let least = (lasted as f64 * self.row.rate.start()) as i64 - self.row.shorter - near;
            let most = (lasted as f64 * self.row.rate.end()) as i64 + self.row.longer + near;
            let listed = self.listed();
            assert!((least..=most).contains(&media), "{name}: {media} ms of {lasted} are shown: {listed}");
        }
    }

    /// Numbers of all recorded pictures, as they were sent: of one playlist over all sessions.
    fn pictures(&self, tracks: &[Vec<String>]) -> Vec<usize> {
        let Row { name, script, .. } = self.row;
        let playlists: Vec<PathBuf> = self.playlists(tracks).iter().map(|segments| self.playlist(segments)).collect();
        let mut places = script.film.places(&playlists);
        // When a publisher leaves, MediaMTX may have sent its readers only the first packets of the last picture (1.20.1).
        if let (true, [.., Some(before), last @ None]) = (self.is_real, places.as_mut_slice()) {
            *last = Some(*before + 1);
        }
        let count: u64 = self.segments.iter().map(|segment| segment.frames).sum();
        assert_eq!(places.len() as u64, count, "{name}: every picture of all sessions is decoded: {}", self.listed());
        let known = |place: &Option<usize>| place.unwrap_or_else(|| panic!("{name}: none of the film: {places:?}"));
        places.iter().map(known).collect()
    }

    /// What ffmpeg can play in one: it never learns of a track that the first file has not.
    fn playlists(&self, tracks: &[Vec<String>]) -> Vec<&[Segment]> {
        let mut found = Vec::new();
        let mut begin = 0;
        for place in 1..=self.segments.len() {
            if tracks.get(place).is_none_or(|tracks_here| tracks_here.len() > tracks[begin].len()) {
                found.push(&self.segments[begin..place]);
                begin = place;
            }
        }
        found
    }

    fn playlist(&self, segments: &[Segment]) -> PathBuf {
        let entries = PlaylistEntry::all(segments, |segment| segment.object_key.clone());
        let file = self.objects.join(format!("{}.m3u8", segments[0].id));
        std::fs::write(&file, render(&entries, PlaylistKind::Vod, None)).expect("written");
        file
    }

    /// Tracks of each segment.
    fn tracks(&self) -> Vec<Vec<String>> {
        let at = |time: DateTime<Utc>| (time - self.sent.pictures[0]).num_milliseconds() as f64 / 1_000.0;
        let of = |segment: &Segment| {
            let tracks = codecs(&self.objects.join(&segment.object_key));
            let wanted = (self.row.tracks)(at(segment.started_at), at(segment.ended_at()));
            assert!(wanted.is_none_or(|wanted| wanted == tracks), "{}: {}: {tracks:?}", self.row.name, segment.number);
            tracks
        };
        self.segments.iter().map(of).collect()
    }

    /// Numbers of the packets of sound of each session, as they were sent: not one is missing from the first to the last.
    fn sound(&self, tracks: &[Vec<String>]) -> Vec<Vec<usize>> {
        let Row { name, script, .. } = self.row;
        let sent: Vec<usize> = self.sent.sound.iter().map(|(place, _)| *place).collect();
        let number = |place: Option<usize>| {
            let place = place.unwrap_or_else(|| panic!("{name}: no sound of the film"));
            sent.binary_search(&place).unwrap_or_else(|_| panic!("{name}: {place} was not sent"))
        };
        let mut tracks = tracks.iter();
        let mut of = |segments: &&[Segment]| -> Vec<usize> {
            let with_sound = segments.iter().zip(&mut tracks).filter(|(_, tracks)| tracks.len() > 1);
            let objects = with_sound.map(|(segment, _)| self.objects.join(&segment.object_key));
            objects.flat_map(|object| script.film.sound_places(&object)).map(number).collect()
        };
        let all: Vec<Vec<usize>> = self.sessions().iter().map(&mut of).collect();
        for found in &all {
            let follows = found.windows(2).all(|pair| pair[1] == pair[0] + 1);
            assert!(follows, "{name}: not one packet of sound is missing: {found:?}");
        }
        let heard = all.iter().flatten().last().map_or(0, |last| last + 1);
        assert!(heard + 3 >= sent.len(), "{name}: sound ends with {heard} of {}", sent.len());
        all
    }

    /// Each segment begins within a fragment of the arrival of its first frame, and each session ends with its last.
    fn is_at_its_time(&self, pictures: &[usize], sound: &[Vec<usize>]) {
        let (name, told) = (self.row.name, self.listed());
        let mut next = 0;
        for (segments, sound) in self.sessions().into_iter().zip(sound) {
            let heard = sound.first().map(|number| self.sent.sound[*number].1);
            for segment in segments {
                let picture = self.sent.pictures[pictures[next]];
                // A session with sound begins with it, before the first key frame.
                let first = heard.filter(|_| segment.number == 0).map_or(picture, |heard| heard.min(picture));
                let late = (segment.started_at - first).num_milliseconds();
                let bound = FRAGMENT + LATE_FRAMES * self.frame();
                assert!(late.abs() <= bound, "{name}: segment {} begins {late} ms late: {told}", segment.number);
                next += segment.frames as usize;
            }
            let last = self.sent.pictures[pictures[next - 1]] + TimeDelta::milliseconds(self.frame());
            let late = (segments[segments.len() - 1].ended_at() - last).num_milliseconds();
            assert!(late.abs() <= SEEN + self.frame(), "{name}: ends {late} ms late: {told}");
        }
    }

    /// Nothing is missing but what passed while ffmpeg started and waited for a key frame.
    fn is_whole(&self, pictures: &[usize]) {
        let (name, told, sent) = (self.row.name, self.listed(), &self.sent.pictures);
        let mut next = 0;
        // When it could be read; and behind a jump, what the run before has got last.
        let mut before = self.told.since.expect("its state was told");
        let mut last = None;
        for segments in self.sessions() {
            let count: u64 = segments.iter().map(|segment| segment.frames).sum();
            let frames = &pictures[next..next + count as usize];
            next += frames.len();
            let first = frames[0];
            let is_key_frame = first.is_multiple_of(self.row.script.film.between_key_frames());
            assert!(is_key_frame && last.is_none_or(|last| first > last), "{name}: begins with {first}: {told}");
            assert!(frames.windows(2).all(|pair| pair[1] == pair[0] + 1), "{name}: not one is missing: {frames:?}");
            let waited = (sent[first] - before).num_milliseconds();
            assert!(waited <= START + self.key_frames(), "{name}: {waited} ms were lost: {told}");
            last = frames.last().copied();
            before = sent[last.expect("frames")];
        }
        let all = self.row.script.seconds * self.row.script.film.rate();
        assert!(last.is_some_and(|last| last + 4 > all) && sent.len() == all, "{name}: ends with {last:?} of {all}");
    }

    /// How often a run ended, and what is said of it.
    fn tells(&self) {
        let (name, told, jumps) = (self.row.name, self.listed(), self.sessions().len() - 1);
        assert!(self.row.jumps.contains(&jumps), "{name}: {jumps} jumps: {told}");
        let why = if jumps > 0 { " jumped" } else { "the stream ended" };
        assert!(self.end_reason.contains(why), "{name}: {}", self.end_reason);
        let told = self.told.jumps;
        assert!(self.row.told.is_none_or(|wanted| wanted == told), "{name}: told that timestamps jump: {told}");
    }
}
