//! Makes figures of packets as they come: rates, key frames, jumps. Keeps sums and no packets, however many come.
//!
//! Times are those of the stream (`dts`, else `pts`), added up from packet to packet. So a timestamp that leaps spoils no rate: the
//! leap is counted, and the time it claims to have taken is not.

use super::stream_report::{AudioReport, StreamReport, TrackFacts, VideoReport};

/// What kind of track a packet is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKind {
    /// Pictures.
    Video,
    /// Sound.
    Audio,
    /// Anything else.
    Other,
}

/// A packet, as ffprobe tells of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MediaPacket {
    /// Number of its track.
    pub track: u32,
    /// What it is of.
    pub kind: MediaKind,
    /// When it is shown, in seconds; the first of RTSP have none.
    pub pts: Option<f64>,
    /// When it is decoded, in seconds.
    pub dts: Option<f64>,
    /// Bytes.
    pub size: u64,
    /// It begins with a picture that needs no other.
    pub is_key: bool,
    /// The demultiplexer says that it is damaged.
    pub is_corrupt: bool,
}

/// A step between two packets that is longer, in seconds, is a jump, unless all steps of the track are long.
const JUMP: f64 = 1.0;
/// So many times the mean step is no jump.
const STEPS: f64 = 10.0;

/// Takes the packets of one probe. Of several video or audio tracks the first counts.
#[derive(Clone, Debug, Default)]
pub struct StreamMeter {
    video: Option<TrackMeter>,
    audio: Option<TrackMeter>,
    corrupt: u32,
}

#[derive(Clone, Debug, Default)]
struct TrackMeter {
    track: u32,
    packets: u64,
    last: Option<f64>,
    /// Seconds of all steps that were no jump, and how many steps and bytes they had.
    seconds: f64,
    steps: u64,
    bytes: u64,
    jumps: u32,
    /// Of key frames: how many, and when the last one came, in `seconds`.
    keys: u32,
    first_key: Option<f64>,
    last_key: Option<f64>,
}

impl TrackMeter {
    fn take(&mut self, packet: &MediaPacket) {
        self.packets += 1;
        if let Some(time) = packet.dts.or(packet.pts).filter(|time| time.is_finite())
            && let Some(last) = self.last.replace(time)
        {
            self.step(time - last, packet.size);
        }
        if packet.is_key {
            self.keys += 1;
            self.first_key.get_or_insert(self.seconds);
            self.last_key = Some(self.seconds);
        }
    }

    fn step(&mut self, step: f64, size: u64) {
        let mean = if self.steps == 0 { 0.0 } else { self.seconds / self.steps as f64 };
        if step < 0.0 || self.steps > 0 && step > JUMP.max(mean * STEPS) {
            self.jumps = self.jumps.saturating_add(1);
            return;
        }
        self.seconds += step;
        self.steps += 1;
        self.bytes += size;
    }

    fn per_second(&self, what: f64) -> Option<f64> {
        (self.seconds > 0.0).then(|| thousandths(what / self.seconds))
    }

    fn bits_per_second(&self) -> Option<f64> {
        self.per_second(self.bytes as f64 * 8.0)
    }

    fn gop_seconds(&self) -> Option<f64> {
        let (first, last) = self.first_key.zip(self.last_key)?;
        (self.keys > 1 && last > first).then(|| thousandths((last - first) / f64::from(self.keys - 1)))
    }
}

impl StreamMeter {
    /// Takes a packet.
    pub fn take(&mut self, packet: &MediaPacket) {
        self.corrupt = self.corrupt.saturating_add(u32::from(packet.is_corrupt));
        let meter = match packet.kind {
            MediaKind::Video => &mut self.video,
            MediaKind::Audio => &mut self.audio,
            MediaKind::Other => return,
        };
        let meter = meter.get_or_insert_with(|| TrackMeter { track: packet.track, ..TrackMeter::default() });
        if meter.track == packet.track {
            meter.take(packet);
        }
    }

    /// What it comes to, with what is known of the tracks and how many complaints the decoder had.
    pub fn finish(self, facts: TrackFacts, complaints: u32) -> StreamReport {
        let jumps = [&self.video, &self.audio].into_iter().flatten().map(|meter| meter.jumps).sum();
        let ends =
            self.video.as_ref().and_then(|video| video.last).zip(self.audio.as_ref().and_then(|audio| audio.last));
        // After a jump of one of them the two clocks say nothing of one another.
        let av_offset_seconds = ends.filter(|_| jumps == 0).map(|(video, audio)| thousandths(audio - video));
        let seconds = self.video.as_ref().map_or(0.0, |video| thousandths(video.seconds));
        let video = self.video.map(|video| VideoReport {
            codec: facts.video_codec.clone(),
            profile: facts.profile.clone(),
            width: facts.width,
            height: facts.height,
            frames_per_second: video.per_second(video.steps as f64),
            bits_per_second: video.bits_per_second(),
            declared_bits_per_second: facts.video_declared,
            gop_seconds: video.gop_seconds(),
            key_frame_age_seconds: video.last_key.map(|last| thousandths(video.seconds - last)),
            key_frames: video.keys,
        });
        let audio = self.audio.map(|audio| AudioReport {
            codec: facts.audio_codec.clone(),
            sample_rate: facts.sample_rate,
            channels: facts.channels,
            bits_per_second: audio.bits_per_second(),
            declared_bits_per_second: facts.audio_declared,
        });
        StreamReport {
            format: facts.format,
            has_video_track: facts.video_codec.is_some() || video.is_some(),
            video,
            audio,
            seconds,
            timestamp_jumps: jumps,
            decode_errors: self.corrupt.saturating_add(complaints),
            av_offset_seconds,
        }
    }
}

/// Packets are dated in milliseconds at best: what is behind them is noise of sums.
fn thousandths(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(kind: MediaKind, time: f64, size: u64, is_key: bool) -> MediaPacket {
        let track = u32::from(kind == MediaKind::Audio);
        MediaPacket { track, kind, pts: Some(time), dts: Some(time), size, is_key, is_corrupt: false }
    }

    fn near(found: Option<f64>, wanted: f64) -> bool {
        found.is_some_and(|found| (found - wanted).abs() < 1e-6)
    }

    #[test]
    fn rates_and_key_frames_are_those_of_the_packets() {
        let mut meter = StreamMeter::default();
        // The first packet of RTSP has no time.
        meter.take(&MediaPacket { pts: None, dts: None, ..packet(MediaKind::Video, 0.0, 9_000, true) });
        for number in 0..=100 {
            let time = f64::from(number) * 0.04;
            meter.take(&packet(MediaKind::Video, 10.0 + time, 10_000, number % 50 == 0));
            meter.take(&packet(MediaKind::Audio, 10.0 + time, 640, true));
        }
        // Another video track is not mixed in.
        meter.take(&MediaPacket { track: 7, ..packet(MediaKind::Video, 900.0, 1, true) });
        let report = meter.finish(TrackFacts::default(), 0);
        let (video, audio) = (report.video.expect("video"), report.audio.expect("sound"));
        assert!(near(video.frames_per_second, 25.0), "{video:?}");
        assert!(near(video.bits_per_second, 10_000.0 * 8.0 * 25.0), "{video:?}");
        assert!(near(audio.bits_per_second, 640.0 * 8.0 * 25.0), "{audio:?}");
        assert!(near(video.key_frame_age_seconds, 0.0) && video.key_frames == 4, "{video:?}");
        assert!(near(Some(report.seconds), 4.0) && report.timestamp_jumps == 0);
        assert!(near(report.av_offset_seconds, 0.0));
    }

    #[test]
    fn what_leaps_is_counted_and_spoils_no_rate() {
        type Times = fn(u32) -> f64;
        let table: [(&str, Times, u32, f64); 5] = [
            ("even", |n| f64::from(n) * 0.04, 0, 25.0),
            ("an hour on", |n| f64::from(n) * 0.04 + if n > 50 { 3600.0 } else { 0.0 }, 1, 25.0),
            ("back to zero", |n| f64::from(if n > 50 { n - 51 } else { n }) * 0.04, 1, 25.0),
            ("two seconds missing", |n| f64::from(n) * 0.04 + if n > 50 { 2.0 } else { 0.0 }, 1, 25.0),
            ("one picture in two seconds", |n| f64::from(n) * 2.0, 0, 0.5),
        ];
        for (what, time, jumps, rate) in table {
            let mut meter = StreamMeter::default();
            for number in 0..100 {
                meter.take(&packet(MediaKind::Video, time(number), 100, number % 25 == 0));
            }
            let report = meter.finish(TrackFacts::default(), 0);
            assert_eq!(report.timestamp_jumps, jumps, "{what}");
            assert!(near(report.video.expect("video").frames_per_second, rate), "{what}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_absent() {
        let mut meter = StreamMeter::default();
        meter.take(&packet(MediaKind::Video, 1.0, 100, false));
        let report = meter.finish(TrackFacts::default(), 3);
        let video = report.video.expect("video");
        assert_eq!((video.frames_per_second, video.bits_per_second, video.gop_seconds), (None, None, None));
        assert_eq!((video.key_frame_age_seconds, report.audio, report.av_offset_seconds), (None, None, None));
        assert_eq!(report.decode_errors, 3);
    }
}
