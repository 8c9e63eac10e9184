//! Lines of ffprobe's `compact` writer: packets as they come, then tracks and the container. Pure.
//!
//! `packet|codec_type=video|stream_index=0|pts_time=1.42|dts_time=1.42|size=7158|flags=K_|side_data|`, the same from ffmpeg 4 to 8;
//! 6.1 and later have a third flag, `C` for a packet that the demultiplexer calls damaged. What is `N/A` is not known.

use crate::domain::health::{MediaKind, MediaPacket, TrackFacts};

/// A line that says something.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ProbeLine {
    /// A packet.
    Packet(MediaPacket),
    /// A track.
    Track(ProbedTrack),
    /// Name of the container.
    Format(String),
}

/// A track as the source says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ProbedTrack {
    kind: Option<MediaKind>,
    codec: Option<String>,
    profile: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
    sample_rate: Option<u32>,
    channels: Option<u32>,
    declared: Option<f64>,
}

fn kind(word: &str) -> MediaKind {
    match word {
        "video" => MediaKind::Video,
        "audio" => MediaKind::Audio,
        _ => MediaKind::Other,
    }
}

/// Reads a line; `None` for one that says nothing of these.
pub(super) fn read(line: &str) -> Option<ProbeLine> {
    let (section, rest) = line.split_once('|')?;
    let pairs = || rest.split('|').filter_map(|pair| pair.split_once('=')).filter(|(_, value)| *value != "N/A");
    match section {
        "packet" => {
            let mut packet = MediaPacket {
                track: 0,
                kind: MediaKind::Other,
                pts: None,
                dts: None,
                size: 0,
                is_key: false,
                is_corrupt: false,
            };
            for (key, value) in pairs() {
                match key {
                    "codec_type" => packet.kind = kind(value),
                    "stream_index" => packet.track = value.parse().ok()?,
                    "pts_time" => packet.pts = value.parse().ok(),
                    "dts_time" => packet.dts = value.parse().ok(),
                    "size" => packet.size = value.parse().ok()?,
                    "flags" => (packet.is_key, packet.is_corrupt) = (value.starts_with('K'), value.contains('C')),
                    _ => {}
                }
            }
            Some(ProbeLine::Packet(packet))
        }
        "stream" => {
            let mut track = ProbedTrack::default();
            for (key, value) in pairs() {
                let text = || Some(value.to_owned());
                match key {
                    "codec_type" => track.kind = Some(kind(value)),
                    "codec_name" => track.codec = text(),
                    "profile" => track.profile = text().filter(|profile| profile != "unknown"),
                    "width" => track.width = value.parse().ok().filter(|pixels| *pixels > 0),
                    "height" => track.height = value.parse().ok().filter(|pixels| *pixels > 0),
                    "sample_rate" => track.sample_rate = value.parse().ok().filter(|rate| *rate > 0),
                    "channels" => track.channels = value.parse().ok().filter(|count| *count > 0),
                    "bit_rate" => track.declared = value.parse().ok(),
                    _ => {}
                }
            }
            Some(ProbeLine::Track(track))
        }
        "format" => pairs().find(|(key, _)| *key == "format_name").map(|(_, name)| ProbeLine::Format(name.to_owned())),
        _ => None,
    }
}

/// Takes up what a line says of the source; of several tracks of a kind the first counts.
pub(super) fn note(facts: &mut TrackFacts, line: ProbeLine) {
    match line {
        ProbeLine::Packet(_) => {}
        ProbeLine::Format(name) => facts.format = Some(name),
        ProbeLine::Track(track) if track.kind == Some(MediaKind::Video) && facts.video_codec.is_none() => {
            facts.video_codec = Some(track.codec.unwrap_or_else(|| "unknown".to_owned()));
            (facts.profile, facts.width, facts.height) = (track.profile, track.width, track.height);
            facts.video_declared = track.declared;
        }
        ProbeLine::Track(track) if track.kind == Some(MediaKind::Audio) && facts.audio_codec.is_none() => {
            facts.audio_codec = Some(track.codec.unwrap_or_else(|| "unknown".to_owned()));
            (facts.sample_rate, facts.channels) = (track.sample_rate, track.channels);
            facts.audio_declared = track.declared;
        }
        ProbeLine::Track(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::health::StreamMeter;

    #[test]
    fn lines_of_real_answers_are_read() {
        let packet = |kind, track, pts: Option<f64>, size, is_key| {
            let dts = pts;
            ProbeLine::Packet(MediaPacket { track, kind, pts, dts, size, is_key, is_corrupt: false })
        };
        let video = MediaKind::Video;
        for (line, wanted) in [
            (
                "packet|codec_type=video|stream_index=0|pts_time=1.423222|dts_time=1.423222|size=7158|flags=K_|side_data|",
                Some(packet(video, 0, Some(1.423_222), 7158, true)),
            ),
            (
                "packet|codec_type=audio|stream_index=1|pts_time=N/A|dts_time=N/A|size=340|flags=K_",
                Some(packet(MediaKind::Audio, 1, None, 340, true)),
            ),
            (
                "packet|codec_type=video|stream_index=0|pts_time=2.0|dts_time=2.0|size=9|flags=__C",
                Some(ProbeLine::Packet(MediaPacket {
                    track: 0,
                    kind: video,
                    pts: Some(2.0),
                    dts: Some(2.0),
                    size: 9,
                    is_key: false,
                    is_corrupt: true,
                })),
            ),
            ("packet|codec_type=video|stream_index=x|size=9", None),
            ("packet|codec_type=video|stream_index=0|size=-5", None),
            (
                "format|format_name=mov,mp4,m4a,3gp,3g2,mj2",
                Some(ProbeLine::Format("mov,mp4,m4a,3gp,3g2,mj2".to_owned())),
            ),
            ("program|stream|index=0|codec_name=h264", None),
            ("", None),
            ("ffprobe version 5.1.9", None),
        ] {
            assert_eq!(read(line), wanted, "{line}");
        }
    }

    #[test]
    fn the_first_track_of_a_kind_counts() {
        let mut facts = TrackFacts::default();
        for line in [
            "stream|index=0|codec_name=h264|profile=High|codec_type=video|width=320|height=180|bit_rate=2500000",
            "stream|index=1|codec_name=aac|profile=LC|codec_type=audio|sample_rate=44100|channels=1|bit_rate=72183",
            "stream|index=2|codec_name=mjpeg|codec_type=video|width=9|height=9|bit_rate=N/A",
            "format|format_name=flv",
        ] {
            note(&mut facts, read(line).expect(line));
        }
        let wanted = TrackFacts {
            format: Some("flv".to_owned()),
            video_codec: Some("h264".to_owned()),
            profile: Some("High".to_owned()),
            width: Some(320),
            height: Some(180),
            video_declared: Some(2_500_000.0),
            audio_codec: Some("aac".to_owned()),
            sample_rate: Some(44_100),
            channels: Some(1),
            audio_declared: Some(72_183.0),
        };
        assert_eq!(facts, wanted);
        assert_eq!(StreamMeter::default().finish(facts, 0).format.as_deref(), Some("flv"));
    }
}
