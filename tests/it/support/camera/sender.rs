//! Sends the tracks that were set up, each unit at its time, as the behaviour of that moment says.

use std::io::Write;
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use super::film::{Track, Unit};
use super::packet::{self, Header};
use super::{Behaviour, Shared, locked};

/// Longest sleep: an end is noticed within this time.
const STEP: Duration = Duration::from_millis(50);
/// Between two sender reports of a track.
const REPORT_EVERY: Duration = Duration::from_secs(1);

/// A track on its way.
pub(super) struct Sent {
    pub track: Arc<Track>,
    /// Channel of its RTP; RTCP has the next one.
    pub channel: u8,
    /// Units so far, over all rounds of the film.
    next: usize,
    sequence: u16,
    reported: Option<Instant>,
}

impl Sent {
    pub(super) fn new(track: Arc<Track>, channel: u8) -> Self {
        Self { track, channel, next: 0, sequence: 7, reported: None }
    }

    /// The next unit, and what lies before its round of the film.
    fn unit(&self) -> (&Unit, Duration) {
        let units = &self.track.units;
        let round = u32::try_from(self.next / units.len()).expect("a test ends before that");
        (&units[self.next % units.len()], self.track.length * round)
    }

    /// When it is due, from the beginning of the film.
    fn due(&self) -> Duration {
        let (unit, before) = self.unit();
        before + unit.due
    }

    fn skip_to(&mut self, at: Duration) {
        while self.due() < at {
            self.next += 1;
        }
    }

    /// Bytes of the next unit, if it is to be sent; `played`: since PLAY.
    fn take(&mut self, behaviour: &Behaviour, played: Duration) -> Vec<u8> {
        let sends = if self.track.is_picture {
            behaviour.sends_picture
        } else {
            behaviour.sends_sound && played >= behaviour.sound_after
        };
        let (unit, before) = self.unit();
        let shift = if self.track.is_picture { behaviour.picture_shift } else { behaviour.sound_shift };
        let seconds = (before + unit.time).as_secs_f64() * behaviour.clock_rate + shift;
        let ticks = (seconds * f64::from(self.track.clock)).round() as i64;
        let time = behaviour.clock_start.wrapping_add(ticks as u32);
        let payloads = if sends { unit.payloads() } else { Vec::new() };
        self.next += 1;
        let source = 0x5ca0_0000 + u32::from(self.channel);
        let mut header = Header { payload_type: self.track.payload_type, sequence: self.sequence, time, source };
        let mut bytes = Vec::new();
        let due = self.reported.is_none_or(|last| last.elapsed() >= REPORT_EVERY);
        if sends && behaviour.reports && due {
            self.reported = Some(Instant::now());
            bytes.extend(packet::sender_report(self.channel, header, SystemTime::now(), behaviour.ntp_shift));
        }
        for (index, payload) in payloads.iter().enumerate() {
            header.sequence = self.sequence;
            let marker = index + 1 == payloads.len();
            bytes.extend(packet::rtp(self.channel, header, marker, payload));
            self.sequence = self.sequence.wrapping_add(1);
        }
        bytes
    }
}

/// Plays until `ended` or the client has gone.
pub(super) fn play(stream: &Mutex<TcpStream>, shared: &Shared, mut tracks: Vec<Sent>, ended: impl Fn() -> bool) {
    let from = locked(&shared.behaviour).joins_at;
    let begun = Instant::now();
    tracks.iter_mut().for_each(|sent| sent.skip_to(from));
    while !ended() {
        let Some(sent) = tracks.iter_mut().min_by_key(|sent| sent.due()) else { return };
        let wait = (sent.due() - from).saturating_sub(begun.elapsed());
        if !wait.is_zero() {
            std::thread::sleep(wait.min(STEP));
            continue;
        }
        let bytes = sent.take(&locked(&shared.behaviour), begun.elapsed());
        if locked(stream).write_all(&bytes).is_err() {
            return;
        }
    }
}
