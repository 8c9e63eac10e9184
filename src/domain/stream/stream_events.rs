//! What happens to a stream that its state alone does not say: it comes and goes again and again, another source takes it
//! over, its codec or picture changes while it plays, everybody who read it leaves at once.

use std::collections::VecDeque;
use std::time::Duration;

use super::{StreamState, StreamStatus, StreamTrack};
use crate::domain::incident::IncidentKind;

/// A stream flaps when it was lost so often ...
const FLAPS: usize = 4;
/// ... within this time, and until it was not lost for so long.
const FLAPPING: Duration = Duration::from_secs(600);
/// So many readers at least make their common end worth a word.
const CROWD: u32 = 3;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamEvent {
    /// It goes on from now.
    Began(IncidentKind, String),
    /// That is over.
    Over(IncidentKind),
    /// It is over with the moment.
    Happened(IncidentKind, String),
}

/// What must be remembered of one stream.
#[derive(Clone, Debug, Default)]
pub struct StreamEvents {
    losses: VecDeque<Duration>,
    flaps: bool,
    /// When it was last told that its counters began anew.
    reset_at: Option<Duration>,
}

impl StreamEvents {
    /// Takes in what was told of the stream before and what is told now. `at` is a time that nobody sets; `readers` asks for
    /// readers that leave at once, too.
    pub fn observe(
        &mut self,
        before: &StreamStatus,
        now: &StreamStatus,
        at: Duration,
        readers: bool,
    ) -> Vec<StreamEvent> {
        let mut events = Vec::new();
        let (was_live, is_live) = (before.state == StreamState::Live, now.state == StreamState::Live);
        if was_live && is_live {
            events.extend(source_replaced(before, now));
            events.extend(tracks_changed(before, now));
            events.extend(self.counter_reset(before, now, at));
            if readers && before.readers >= CROWD && now.readers == 0 {
                let cause =
                    format!("all {} readers left at once, and it goes on: look at the way to them", before.readers);
                events.push(StreamEvent::Happened(IncidentKind::ReadersGone, cause));
            }
        }
        if was_live && matches!(now.state, StreamState::Stalled | StreamState::Offline) {
            self.losses.push_back(at);
        }
        events.extend(self.flapping(at));
        events
    }

    /// Told once in [`FLAPPING`]: a server that counts wrongly does so with each poll.
    fn counter_reset(&mut self, before: &StreamStatus, now: &StreamStatus, at: Duration) -> Option<StreamEvent> {
        let same = before.source_id == now.source_id && before.source_type == now.source_type;
        if !same || now.bytes_received >= before.bytes_received || self.reset_at.is_some() {
            return None;
        }
        self.reset_at = Some(at);
        let cause = match now.source_id {
            Some(_) => {
                "its counters began anew while it was live, with the same source: look at the log of the media server"
            }
            None => "its counters began anew while it was live: the media server has connected to its source anew",
        };
        Some(StreamEvent::Happened(IncidentKind::CounterReset, cause.to_owned()))
    }

    /// An earlier run has left it flapping: calm counts from now.
    pub fn resume(&mut self, at: Duration) {
        self.flaps = true;
        self.losses.push_back(at);
    }

    /// Whether it must be asked at the next poll, whatever that finds.
    pub fn is_pending(&self) -> bool {
        !self.losses.is_empty() || self.reset_at.is_some()
    }

    /// Takes in that time has passed.
    pub fn flapping(&mut self, at: Duration) -> Option<StreamEvent> {
        self.reset_at = self.reset_at.filter(|told| at.saturating_sub(*told) <= FLAPPING);
        while self.losses.front().is_some_and(|first| at.saturating_sub(*first) > FLAPPING) {
            self.losses.pop_front();
        }
        match (self.flaps, self.losses.len()) {
            (false, count) if count >= FLAPS => {
                self.flaps = true;
                let minutes = FLAPPING.as_secs() / 60;
                let cause =
                    format!("it was lost {count} times within {minutes} minutes: look at its source and the network");
                Some(StreamEvent::Began(IncidentKind::StreamFlapping, cause))
            }
            (true, 0) => {
                self.flaps = false;
                Some(StreamEvent::Over(IncidentKind::StreamFlapping))
            }
            _ => None,
        }
    }
}

fn source_replaced(before: &StreamStatus, now: &StreamStatus) -> Option<StreamEvent> {
    let (Some(old), Some(new)) = (&before.source_id, &now.source_id) else { return None };
    if old == new && before.source_type == now.source_type {
        return None;
    }
    let of = |status: &StreamStatus| status.source_type.as_ref().map_or_else(|| "?".to_owned(), ToString::to_string);
    let cause = format!("another source took it over while it was live ({}, before {})", of(now), of(before));
    Some(StreamEvent::Happened(IncidentKind::SourceReplaced, cause))
}

fn tracks_changed(before: &StreamStatus, now: &StreamStatus) -> Option<StreamEvent> {
    let look =
        |track: &StreamTrack| (track.codec.clone(), track.width, track.height, track.sample_rate, track.channels);
    if before.tracks == now.tracks || before.tracks.is_empty() || now.tracks.is_empty() {
        return None;
    }
    // What becomes known a moment later is no change.
    let same = before.tracks.len() == now.tracks.len()
        && before.tracks.iter().zip(now.tracks.iter()).all(|(old, new)| {
            let ((codec, width, height, rate, channels), new) = (look(old), look(new));
            let is = |old: Option<u32>, new: Option<u32>| old.is_none() || new.is_none() || old == new;
            codec == new.0 && is(width, new.1) && is(height, new.2) && is(rate, new.3) && is(channels, new.4)
        });
    if same {
        return None;
    }
    let cause = format!("it changed while it was live: {} instead of {}", words(now), words(before));
    Some(StreamEvent::Happened(IncidentKind::TracksChanged, cause))
}

fn words(status: &StreamStatus) -> String {
    let track = |track: &StreamTrack| match (track.width, track.height) {
        (Some(width), Some(height)) => format!("{} {width}x{height}", track.codec),
        _ => track.codec.clone(),
    };
    status.tracks.iter().map(track).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;

    fn status(state: StreamState, readers: u32, source: Option<&str>, size: Option<(u32, u32)>) -> StreamStatus {
        let track = StreamTrack {
            codec: "H264".to_owned(),
            width: size.map(|size| size.0),
            height: size.map(|size| size.1),
            ..StreamTrack::default()
        };
        StreamStatus {
            state,
            readers,
            source_type: source.map(|_| "rtspSession".into()),
            source_id: source.map(Into::into),
            tracks: vec![track].into(),
            ..sample::stream("main", "gate")
        }
    }

    #[test]
    fn what_happens_while_it_is_live() {
        use IncidentKind::{CounterReset, ReadersGone, SourceReplaced, TracksChanged};
        use StreamState::{Live, Offline};
        let live = |readers, source, size| status(Live, readers, Some(source), size);
        let (small, big) = (Some((640, 360)), Some((1920, 1080)));
        let first = live(3, "a", small);
        let counted = |bytes| StreamStatus { bytes_received: bytes, ..first.clone() };
        let pulled = |bytes| StreamStatus { source_id: None, ..counted(bytes) };
        for (before, now, readers, wanted) in [
            (first.clone(), first.clone(), true, vec![]),
            (first.clone(), live(3, "b", small), true, vec![SourceReplaced]),
            (first.clone(), live(3, "a", big), true, vec![TracksChanged]),
            (first.clone(), live(3, "b", big), true, vec![SourceReplaced, TracksChanged]),
            (live(3, "a", None), first.clone(), true, vec![]),
            (first.clone(), live(3, "a", None), true, vec![]),
            (first.clone(), live(0, "a", small), true, vec![ReadersGone]),
            (first.clone(), live(0, "a", small), false, vec![]),
            (first.clone(), live(1, "a", small), true, vec![]),
            (live(2, "a", small), live(0, "a", small), true, vec![]),
            (first.clone(), status(Offline, 0, None, None), true, vec![]),
            (status(Offline, 0, None, None), live(0, "b", big), true, vec![]),
            (counted(9), counted(10), true, vec![]),
            (counted(9), counted(8), true, vec![CounterReset]),
            (pulled(9), pulled(8), true, vec![CounterReset]),
            (counted(9), StreamStatus { bytes_received: 8, ..live(3, "b", small) }, true, vec![SourceReplaced]),
            (counted(9), status(Offline, 0, None, None), true, vec![]),
        ] {
            let found = StreamEvents::default().observe(&before, &now, Duration::ZERO, readers);
            let kinds: Vec<IncidentKind> = found
                .iter()
                .map(|event| match event {
                    StreamEvent::Happened(kind, cause) if !cause.is_empty() => *kind,
                    other => panic!("{other:?}"),
                })
                .collect();
            assert_eq!(kinds, wanted, "{before:?} -> {now:?}");
        }
    }

    #[test]
    fn a_counter_that_falls_with_each_poll_is_told_once_in_a_while() {
        let counted = |bytes| StreamStatus { bytes_received: bytes, ..status(StreamState::Live, 0, Some("a"), None) };
        let mut events = StreamEvents::default();
        let mut told = Vec::new();
        for second in 0..=700 {
            let at = Duration::from_secs(second);
            let found = events.observe(&counted(9), &counted(8), at, false);
            told.extend(found.iter().map(|_| second));
        }
        assert_eq!(told, [0, 602], "after ten minutes again");
        events.flapping(Duration::from_secs(9_000));
        assert!(!events.is_pending());
    }

    #[test]
    fn what_comes_and_goes_flaps_until_it_was_calm_for_ten_minutes() {
        let (live, gone) = (status(StreamState::Live, 0, Some("a"), None), status(StreamState::Offline, 0, None, None));
        let mut events = StreamEvents::default();
        let at = Duration::from_secs;
        for loss in 0..3 {
            assert_eq!(events.observe(&live, &gone, at(loss * 60), false), []);
            assert_eq!(events.observe(&gone, &live, at(loss * 60 + 30), false), []);
        }
        let began = events.observe(&live, &gone, at(200), false);
        assert!(matches!(began.as_slice(), [StreamEvent::Began(IncidentKind::StreamFlapping, _)]), "{began:?}");
        assert_eq!(events.observe(&live, &gone, at(260), false), [], "once");
        assert!(events.is_pending());
        assert_eq!(events.flapping(at(860)), None);
        assert_eq!(events.flapping(at(861)), Some(StreamEvent::Over(IncidentKind::StreamFlapping)));
        assert!(!events.is_pending());
        let mut slow = StreamEvents::default();
        for loss in 0..9 {
            assert_eq!(slow.observe(&live, &gone, at(loss * 300), false), [], "seldom enough");
        }
    }
}
