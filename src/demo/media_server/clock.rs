//! What the RTP and RTCP packets of one track tell: counts, losses, jitter, and where its clock stands.
//!
//! Owns the arithmetic of RFC 3550. Never changes a packet that passes. Talked to by `stream`, which asks for the
//! sender reports a new reader starts with: a reader that joins in the middle would otherwise wait up to five seconds
//! for the publisher's next ones, and until then knows no offset between picture and sound.

use std::time::Instant;

/// Bytes of a sender report without report blocks.
pub const REPORT: usize = 28;

/// Counts and clock of one track.
#[derive(Debug)]
pub struct TrackClock {
    rate: u32,
    next_sequence: Option<u16>,
    last: Option<Last>,
    report: Option<Report>,
    packets: u32,
    octets: u32,
    /// Packets that never came, by their sequence numbers.
    pub lost: u64,
    /// Variance of arrival in clock ticks (RFC 3550 6.4.1).
    pub jitter: f64,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    timestamp: u32,
    source: u32,
    arrived: Instant,
}

/// A publisher's sender report: the same moment on its wall clock (32.32 seconds) and on the track's clock.
#[derive(Clone, Copy, Debug)]
struct Report {
    wall: u64,
    timestamp: u32,
}

impl TrackClock {
    /// A track whose clock runs at `rate` ticks per second.
    pub fn new(rate: u32) -> Self {
        Self { rate, next_sequence: None, last: None, report: None, packets: 0, octets: 0, lost: 0, jitter: 0.0 }
    }

    /// Takes note of an RTP packet. False when it is none.
    pub fn packet(&mut self, packet: &[u8], arrived: Instant) -> bool {
        let Some(header) = packet.first_chunk::<12>().filter(|header| header[0] >> 6 == 2) else { return false };
        let sequence = u16::from_be_bytes([header[2], header[3]]);
        let timestamp = u32::from_be_bytes([header[4], header[5], header[6], header[7]]);
        let source = u32::from_be_bytes([header[8], header[9], header[10], header[11]]);
        if let Some(expected) = self.next_sequence {
            let missing = sequence.wrapping_sub(expected);
            // A step back is a packet that comes late, not a loss of 65,000.
            self.lost += if missing < 0x8000 { u64::from(missing) } else { 0 };
        }
        self.next_sequence = Some(sequence.wrapping_add(1));
        if let Some(last) = self.last {
            let ticks = arrived.duration_since(last.arrived).as_secs_f64() * f64::from(self.rate);
            let difference = (ticks - f64::from(timestamp.wrapping_sub(last.timestamp) as i32)).abs();
            self.jitter += (difference - self.jitter) / 16.0;
        }
        self.last = Some(Last { timestamp, source, arrived });
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add((packet.len() - 12) as u32);
        true
    }

    /// Takes note of an RTCP packet of the publisher. False when it is none.
    pub fn control(&mut self, packet: &[u8]) -> bool {
        let Some(header) = packet.first_chunk::<8>().filter(|header| header[0] >> 6 == 2) else { return false };
        const SENDER_REPORT: u8 = 200;
        if header[1] == SENDER_REPORT
            && let Some(whole) = packet.first_chunk::<REPORT>()
        {
            let word = |at: usize| u32::from_be_bytes([whole[at], whole[at + 1], whole[at + 2], whole[at + 3]]);
            self.report = Some(Report { wall: u64::from(word(8)) << 32 | u64::from(word(12)), timestamp: word(16) });
        }
        true
    }

    /// Synchronisation source of the track, once a packet has come.
    pub fn source(&self) -> Option<u32> {
        self.last.map(|last| last.source)
    }

    /// Wall time of the newest packet, when both it and a report have come.
    fn wall(&self) -> Option<u64> {
        let (last, report) = (self.last?, self.report?);
        let ticks = i64::from(last.timestamp.wrapping_sub(report.timestamp) as i32);
        let moved = (i128::from(ticks) << 32) / i128::from(self.rate);
        Some(report.wall.wrapping_add(moved as u64))
    }

    /// A sender report for the moment `wall`, on the line that the publisher's own reports draw.
    fn report_at(&self, wall: u64) -> Option<[u8; REPORT]> {
        let (last, report) = (self.last?, self.report?);
        let moved = i128::from(wall.wrapping_sub(report.wall) as i64);
        let ticks = (moved * i128::from(self.rate)) >> 32;
        let words = [
            0x80c8_0006,
            last.source,
            (wall >> 32) as u32,
            wall as u32,
            report.timestamp.wrapping_add(ticks as u32),
            self.packets,
            self.octets,
        ];
        let mut out = [0; REPORT];
        for (place, word) in out.chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&word.to_be_bytes());
        }
        Some(out)
    }
}

/// The reports a new reader starts with, one per track and all for the same moment; none at all until every track
/// has told its clock, because a single one would shift its track against the others.
pub fn first_reports(tracks: &[TrackClock]) -> Vec<[u8; REPORT]> {
    let walls = tracks.iter().map(TrackClock::wall).collect::<Option<Vec<_>>>();
    // The earliest of the tracks, so that no packet that follows is older than the reports.
    let Some(wall) = walls.and_then(|walls| walls.into_iter().min()) else { return Vec::new() };
    tracks.iter().filter_map(|track| track.report_at(wall)).collect()
}

/// Packets that a reader's report says it has missed in all; `None` when the packet is no receiver report.
pub fn reported_lost(packet: &[u8]) -> Option<u32> {
    const RECEIVER_REPORT: u8 = 201;
    let report = packet.first_chunk::<32>().filter(|report| report[0] >> 6 == 2 && report[1] == RECEIVER_REPORT)?;
    let blocks = report[0] & 0x1f;
    // 24 bits, signed: duplicates may make it negative.
    let lost = i32::from_be_bytes([report[13], report[14], report[15], 0]) >> 8;
    (blocks > 0).then(|| lost.max(0).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn packet(sequence: u16, timestamp: u32) -> Vec<u8> {
        let mut out = vec![0x80, 96];
        out.extend(sequence.to_be_bytes());
        out.extend(timestamp.to_be_bytes());
        out.extend([0, 0, 0, 7, 1, 2, 3]);
        out
    }

    fn report(seconds: u64, timestamp: u32) -> Vec<u8> {
        let mut out = vec![0x80, 200, 0, 6, 0, 0, 0, 7];
        out.extend((seconds << 32).to_be_bytes());
        out.extend(timestamp.to_be_bytes());
        out.extend([0; 8]);
        out
    }

    #[test]
    fn gaps_are_losses_and_late_packets_are_not() {
        let mut track = TrackClock::new(90_000);
        let now = Instant::now();
        for (sequence, lost) in [(65_534, 0), (65_535, 0), (0, 0), (3, 2), (1, 2), (4, 4)] {
            assert!(track.packet(&packet(sequence, 0), now));
            assert_eq!(track.lost, lost, "after {sequence}");
        }
    }

    #[test]
    fn even_arrival_has_no_jitter() {
        let mut track = TrackClock::new(90_000);
        let start = Instant::now();
        for number in 0..50_u32 {
            track.packet(&packet(number as u16, number * 3_600), start + Duration::from_millis(40) * number);
        }
        assert!(track.jitter < 1.0, "{}", track.jitter);
        track.packet(&packet(50, 50 * 3_600), start + Duration::from_millis(40 * 50 + 80));
        assert!(track.jitter > 400.0, "80 ms late is 7,200 ticks, a sixteenth counts: {}", track.jitter);
    }

    #[test]
    fn a_new_reader_gets_one_moment_on_every_clock() {
        let mut video = TrackClock::new(90_000);
        let mut audio = TrackClock::new(48_000);
        let now = Instant::now();
        assert!(video.control(&report(100, u32::MAX - 899)));
        assert!(audio.control(&report(101, 5_000)));
        assert!(video.packet(&packet(1, 90_000 * 3 - 900), now));
        assert!(first_reports(&[video, audio]).is_empty(), "the audio has not begun");

        let mut video = TrackClock::new(90_000);
        let mut audio = TrackClock::new(48_000);
        video.control(&report(100, u32::MAX - 899));
        audio.control(&report(101, 5_000));
        video.packet(&packet(1, 90_000 * 3 - 900), now); // second 103
        audio.packet(&packet(1, 5_000 + 48_000), now); // second 102
        let reports = first_reports(&[video, audio]);
        let of = |at: usize| {
            let word = |from: usize| u32::from_be_bytes(reports[at][from..from + 4].try_into().expect("four bytes"));
            (word(8), word(16))
        };
        assert_eq!(of(0), (102, 90_000 * 2 - 900), "the earlier of both, across the turn of the 32-bit clock");
        assert_eq!(of(1), (102, 5_000 + 48_000));
    }

    #[test]
    fn readers_tell_what_they_missed() {
        let mut report = vec![0x81, 201, 0, 7, 0, 0, 0, 1, 0, 0, 0, 7, 25, 0, 1, 2];
        report.resize(32, 0);
        assert_eq!(reported_lost(&report), Some(258));
        report[13] = 0xff;
        assert_eq!(reported_lost(&report), Some(0), "duplicates are not losses");
        report[0] = 0x80;
        assert_eq!(reported_lost(&report), None, "no block");
        assert_eq!(reported_lost(&[0x81, 201, 0, 7]), None);
    }

    #[test]
    fn what_is_no_packet_is_not_counted() {
        let mut track = TrackClock::new(90_000);
        assert!(!track.packet(b"", Instant::now()));
        assert!(!track.packet(&[0x40; 40], Instant::now()));
        assert!(!track.control(&[0x80; 7]));
        assert_eq!(track.source(), None);
    }
}
