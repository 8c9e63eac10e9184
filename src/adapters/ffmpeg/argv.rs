//! Arguments of ffmpeg and ffprobe for relaying and looking at a camera. Pure: text in, arguments out.
//!
//! Every option that was renamed between versions is decided here. Nothing here is a shell's business: arguments are a
//! vector, and what may stand in a URL was checked in `domain::camera`.

use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::child::Argument;
use super::ffmpeg_version::FfmpegVersion;
use crate::base::{Error, Result};
use crate::domain::camera::{CameraSource, Scheme, Transport};
use crate::domain::name::StreamName;
use crate::domain::probe::{AudioPlan, Tracks};
use crate::domain::restream::Manner;

/// Everything but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Longest wait of the muxer for a packet of the other track. Its own default of 10 s is how late the picture would be while
/// the sound does not come, and as long as a media server waits before it cuts us off.
const INTERLEAVE: Duration = Duration::from_millis(300);

/// In this time a camera of three pictures a second has sent the seven from which ffmpeg guesses how far they are reordered.
const REORDERED_PICTURES: Duration = Duration::from_secs(3);

/// How thoroughly ffprobe looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// RTSP only: what the session description says, and one packet. 0.15 s where a full look takes 2 s.
    Quick,
    /// Reads until every track is known, at most some seconds.
    Full,
}

/// Packets that a look over HTTP waits for: a file with one picture has fewer.
pub(super) const PACKETS_OF_A_FILE: usize = 2;

/// Address of a path on a server, with credentials.
///
/// `base` is `rtsp://host:port`; only scheme, host and port of it are used.
pub fn publish_url(
    base: &Url,
    login: Option<(&str, Option<&SecretString>)>,
    name: &StreamName,
) -> Result<SecretString> {
    let host = base.host_str().ok_or_else(|| Error::invalid("rtsp_url", "names no host"))?;
    let port = base.port().map(|port| format!(":{port}")).unwrap_or_default();
    let encode = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
    let login = match login {
        None => String::new(),
        // ffmpeg sends no login at all without the ':'.
        Some((user, None)) => format!("{}:@", encode(user)),
        Some((user, Some(password))) => format!("{}:{}@", encode(user), encode(password.expose_secret())),
    };
    Ok(format!("{}://{login}{host}{port}/{name}", base.scheme()).into())
}

/// ffmpeg's arguments for one relay: camera in, RTSP over TCP out, progress on stdout.
///
/// `io_timeout`: longest wait for a byte from the camera or for the server to take one.
pub fn relay(
    version: &FfmpegVersion,
    source: &CameraSource,
    tracks: &Tracks,
    manner: Manner,
    target: &SecretString,
    io_timeout: Duration,
) -> Vec<Argument> {
    // `level+`: each line of stderr says whether it is a warning or an error.
    let mut args = plain("-hide_banner -nostats -loglevel level+warning -progress pipe:1 -stats_period 1");
    args.extend(version.no_keyboard().iter().copied().map(Argument::from));
    args.extend(input(version, source, io_timeout, Depth::Full));
    args.extend(times(source, tracks, manner));
    args.extend(reconnect(source, tracks));
    args.push("-i".into());
    args.push(Argument::shown_as(&source.url, source.shown.clone()));
    // From the first picture on and not from the first key frame: a camera with a key frame every 20 s would send nothing until
    // then, and the server cuts a publisher that is silent for 10 s. Readers may join between two key frames at any time.
    args.extend(plain("-map 0:v:0 -c:v copy -copyinkf:v"));
    match tracks.audio_plan(source.audio) {
        _ if !manner.with_sound => args.extend(plain("-an")),
        // 7.1 takes no AAC from RTSP for a key frame, and would drop what comes before one: all of it.
        AudioPlan::Copy => {
            args.extend(plain("-map 0:a:0? -c:a copy -copyinkf:a"));
            args.extend(times_of_sound(version, source, tracks));
        }
        AudioPlan::Aac => args.extend(plain("-map 0:a:0? -c:a aac")),
        AudioPlan::Drop => args.extend(plain("-an")),
    }
    if matches!(tracks.video.as_deref(), Some("vp9" | "av1")) {
        // Their RTP formats are drafts to ffmpeg.
        args.extend(plain("-strict experimental"));
    }
    args.extend(option("-max_interleave_delta", micros(INTERLEAVE)));
    args.extend(plain("-map_metadata -1 -f rtsp -rtsp_transport tcp"));
    if version.major >= 5 {
        // In 4 this option would mean "listen"; there the stall watch alone notices a server that stops reading.
        args.extend(option("-timeout", micros(io_timeout)));
    }
    args.push(Argument::url(target));
    if !version.counts_copied_pictures() {
        // A line on stdout for each picture, which `ffmpeg_progress` counts instead.
        args.extend(plain("-map 0:v:0 -c:v copy -copyinkf:v -flush_packets 1 -f framecrc pipe:1"));
    }
    args
}

/// ffprobe's arguments for one look: JSON with the video track, the container and its first picture or two; what else there is
/// stands in the summary of the input that it prints on stderr before (`super::named`).
pub fn probe(version: &FfmpegVersion, source: &CameraSource, io_timeout: Duration, depth: Depth) -> Vec<Argument> {
    let mut args =
        plain("-hide_banner -loglevel level+info -of json -select_streams v -show_data -show_packets -read_intervals");
    let packets = if matches!(source.scheme, Scheme::Http | Scheme::Https) { PACKETS_OF_A_FILE } else { 1 };
    args.push(format!("%+#{packets}").into());
    args.push("-show_entries".into());
    args.push(
        "format=format_name:stream=codec_type,codec_name,extradata,width,height,pix_fmt:packet=codec_type".into(),
    );
    args.extend(input(version, source, io_timeout, depth));
    args.push("-i".into());
    args.push(Argument::shown_as(&source.url, source.shown.clone()));
    args
}

/// ffprobe's arguments for measuring a source: its packets, one a line as they come, for so much of its own time, and then its
/// tracks.
pub fn measure(
    version: &FfmpegVersion,
    source: &CameraSource,
    io_timeout: Duration,
    window: Duration,
) -> Vec<Argument> {
    let mut args = plain("-hide_banner -loglevel level+info -of compact -show_entries");
    args.push(
        "packet=codec_type,stream_index,pts_time,dts_time,size,flags:\
         stream=index,codec_type,codec_name,profile,width,height,bit_rate,sample_rate,channels:format=format_name"
            .into(),
    );
    args.extend(option("-read_intervals", format!("%+{}", window.as_secs_f64())));
    args.extend(input(version, source, io_timeout, Depth::Full));
    args.push("-i".into());
    args.push(Argument::shown_as(&source.url, source.shown.clone()));
    args
}

/// Options in front of `-i`.
fn input(version: &FfmpegVersion, source: &CameraSource, io_timeout: Duration, depth: Depth) -> Vec<Argument> {
    let io_timeout = micros(io_timeout);
    // ffmpeg follows redirects and playlists: they may lead to these protocols and to no others, `file:` least of all.
    let (protocols, timeout) = match source.scheme {
        Scheme::Rtsp | Scheme::Rtsps if version.major < 5 => ("rtsp,rtsps,rtp,srtp,udp,tcp,tls", "-stimeout"),
        Scheme::Rtsp | Scheme::Rtsps => ("rtsp,rtsps,rtp,srtp,udp,tcp,tls", "-timeout"),
        // `-timeout` would mean "listen" here.
        Scheme::Rtmp | Scheme::Rtmps => ("rtmp,rtmps,tcp,tls", "-rw_timeout"),
        Scheme::Http | Scheme::Https => ("http,https,tcp,tls,crypto", "-rw_timeout"),
        Scheme::Srt => ("srt,udp", "-timeout"),
        Scheme::Udp => ("udp", "-timeout"),
    };
    let mut args = option("-protocol_whitelist", protocols);
    args.extend(option(timeout, io_timeout));
    match (depth, source.scheme) {
        // Without a parser the first packet is enough: one would wait for the next two frames to be sure of its end.
        (Depth::Quick, _) => args.extend(plain("-analyzeduration 1 -probesize 32 -fflags +noparse+nofillin")),
        // The session description names every track already.
        (Depth::Full, Scheme::Rtsp | Scheme::Rtsps) => {}
        // MPEG-TS always waits this long for tracks that may come late.
        (Depth::Full, _) => args.extend(plain("-analyzeduration 2000000")),
    }
    // Without it 20 frames are awaited to guess a frame rate that copying has no use for: 2 s until the path is there.
    args.extend(plain("-fpsprobesize 0"));
    if matches!(source.scheme, Scheme::Rtsp | Scheme::Rtsps) {
        args.extend(option("-rtsp_transport", if source.transport == Transport::Udp { "udp" } else { "tcp" }));
    }
    args
}

/// Options that tell ffmpeg how to take the times of pictures.
///
/// RTP does not say when a picture is to be decoded: ffmpeg sees seven of them before it begins to publish, because some might be
/// reordered. Where the camera promises that none is, no timestamp is awaited: the path is there in about a fifth of the time. And
/// sound that is announced and does not come is not waited for: with 1 instead of 0 it was for the whole time of the analysis,
/// which is five seconds (`avformat_find_stream_info`, libavformat/demux.c; seen from 5.1 to 8.1).
///
/// Where pictures are reordered, some of them are needed, and the analysis is as long as those of a slow camera take; shorter only
/// where the session description has told the size of the picture already, which otherwise is awaited too.
///
/// Motion JPEG in parts of an HTTP answer has no times at all; ffmpeg would give it 25 pictures a second whatever comes. And there are
/// cameras whose clock cannot be used.
fn times(source: &CameraSource, tracks: &Tracks, manner: Manner) -> Vec<Argument> {
    let mut args = match source.scheme {
        _ if awaits_no_time(source, tracks) => plain("-max_ts_probe 0"),
        Scheme::Rtsp | Scheme::Rtsps if tracks.width.is_some() => {
            option("-analyzeduration", micros(REORDERED_PICTURES))
        }
        _ => Vec::new(),
    };
    let in_parts = matches!(source.scheme, Scheme::Http | Scheme::Https) && tracks.format.contains("mpjpeg");
    if in_parts || !manner.camera_clock {
        args.extend(plain("-use_wallclock_as_timestamps 1"));
    }
    args
}

/// Whether no timestamp is awaited; see [`times`].
fn awaits_no_time(source: &CameraSource, tracks: &Tracks) -> bool {
    matches!(source.scheme, Scheme::Rtsp | Scheme::Rtsps) && tracks.shown_as_sent
}

/// Options that give each frame of sound its own time.
///
/// Several AAC frames in one RTP packet have one timestamp (RFC 3640, 3.2.3.2). Without an analysis ffmpeg does not know how long one
/// is, and stamps the rest of a packet one tick after another, with a warning for each. 1024 samples are one frame (of the core, where
/// there is SBR). The variables of `setts` are there since 5.0.
fn times_of_sound(version: &FfmpegVersion, source: &CameraSource, tracks: &Tracks) -> Vec<Argument> {
    if version.major < 5 || !awaits_no_time(source, tracks) || tracks.audio.as_deref() != Some("aac") {
        return Vec::new();
    }
    option("-bsf:a", "setts=ts='if(gt(TS,PREV_INDTS),TS,PREV_OUTDTS+1024/(TB*SR))'")
}

/// A cut of one endless HTTP answer is bridged within the run, at once and a second later, so that readers of the path stay;
/// after that the run ends and the restart policy decides. ffmpeg has this for HTTP alone. Not for HLS, which asks again
/// by itself: a playlist without a length would be taken for one that was cut, and be read for ever. Nor for FLV, which begins with a
/// header each time: ffmpeg takes that for nonsense and hangs, where an end is followed by a start of ours.
fn reconnect(source: &CameraSource, tracks: &Tracks) -> Vec<Argument> {
    let path = source.shown.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let is_playlist = path.ends_with(".m3u8") || path.ends_with(".m3u");
    match source.scheme {
        Scheme::Http | Scheme::Https if !is_playlist && tracks.format != "flv" => {
            plain("-reconnect 1 -reconnect_streamed 1 -reconnect_delay_max 2")
        }
        _ => Vec::new(),
    }
}

fn plain(words: &str) -> Vec<Argument> {
    words.split(' ').map(Argument::from).collect()
}

fn option(name: &str, value: impl Into<String>) -> Vec<Argument> {
    vec![name.into(), value.into().into()]
}

fn micros(time: Duration) -> String {
    time.as_micros().to_string()
}

#[cfg(test)]
#[path = "argv_tests.rs"]
mod tests;
