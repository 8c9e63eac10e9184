//! Arguments of every version, scheme and manner, as they are handed over.

use super::*;
use crate::domain::camera::AudioPolicy;

fn version(major: u32) -> FfmpegVersion {
    FfmpegVersion { major, libavformat: (major + 54, 100), text: format!("{major}.0") }
}

fn source(scheme: Scheme, url: &str, shown: &str) -> CameraSource {
    CameraSource {
        id: 1,
        name: StreamName::parse("gate").expect("name"),
        url: url.to_owned().into(),
        shown: shown.into(),
        scheme,
        host: "h".into(),
        transport: Transport::Tcp,
        audio: AudioPolicy::Auto,
        secrets: Vec::new(),
    }
}

fn shown(args: &[Argument]) -> String {
    args.iter().map(|arg| arg.shown().to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_relay_shows_no_password_and_suits_the_version() {
    let tracks = Tracks {
        format: "rtsp".into(),
        video: Some("h264".into()),
        audio: Some("pcm_s16le".into()),
        flows: true,
        ..Tracks::default()
    };
    let target = "rtsp://p:canary@m:8554/gate".to_owned().into();
    let camera = source(Scheme::Rtsp, "rtsp://u:canary@h/x", "rtsp://***@h/x");
    let five = relay(&version(5), &camera, &tracks, Manner::default(), &target, Duration::from_secs(8));
    assert_eq!(
        shown(&five),
        "-hide_banner -nostats -loglevel level+warning -progress pipe:1 -stats_period 1 -nostdin \
         -protocol_whitelist rtsp,rtsps,rtp,srtp,udp,tcp,tls -timeout 8000000 -fpsprobesize 0 -rtsp_transport tcp \
         -i rtsp://***@h/x -map 0:v:0 -c:v copy -copyinkf:v -map 0:a:0? -c:a aac \
         -max_interleave_delta 300000 -map_metadata -1 \
         -f rtsp -rtsp_transport tcp -timeout 8000000 rtsp://***@m:8554/gate"
    );
    assert!(!format!("{five:?}").contains("canary"));
    let four = shown(&relay(&version(4), &camera, &tracks, Manner::default(), &target, Duration::from_secs(8)));
    assert!(four.contains("-stimeout 8000000") && !four.contains("-timeout"), "{four}");
    let seven = shown(&relay(&version(7), &camera, &tracks, Manner::default(), &target, Duration::from_secs(8)));
    assert!(!seven.contains("-nostdin"), "7.x would not end when told to: {seven}");
}

#[test]
fn one_picture_is_enough_where_rtp_carries_them_as_they_are_shown() {
    let table = [
        (Scheme::Rtsp, true, true),
        (Scheme::Rtsps, true, true),
        (Scheme::Rtsp, false, false),
        // These containers say when each picture is to be decoded.
        (Scheme::Rtmp, true, false),
        (Scheme::Http, true, false),
    ];
    for (scheme, shown_as_sent, one) in table {
        let camera = source(scheme, "x://h/x", "x://h/x");
        let tracks = Tracks { shown_as_sent, ..Tracks::default() };
        let target = "rtsp://m:8554/gate".to_owned().into();
        for major in 4..9 {
            let args =
                shown(&relay(&version(major), &camera, &tracks, Manner::default(), &target, Duration::from_secs(8)));
            assert_eq!(args.contains("-max_ts_probe 0 "), one, "{args}");
        }
    }
}

#[test]
fn frames_of_sound_get_their_times_where_ffmpeg_does_not_know_how_long_one_is() {
    let table = [
        (Scheme::Rtsp, 5, true, Some("aac"), true),
        (Scheme::Rtsps, 8, true, Some("aac"), true),
        (Scheme::Rtsp, 4, true, Some("aac"), false),
        // The analysis tells it.
        (Scheme::Rtsp, 5, false, Some("aac"), false),
        (Scheme::Rtmp, 5, true, Some("aac"), false),
        (Scheme::Rtsp, 5, true, Some("pcm_alaw"), false),
        (Scheme::Rtsp, 5, true, None, false),
    ];
    for (scheme, major, shown_as_sent, audio, wanted) in table {
        let camera = source(scheme, "x://h/x", "x://h/x");
        let tracks = Tracks { shown_as_sent, audio: audio.map(str::to_owned), ..Tracks::default() };
        let target = "rtsp://m:8554/gate".to_owned().into();
        let args = relay(&version(major), &camera, &tracks, Manner::default(), &target, Duration::from_secs(8));
        assert_eq!(shown(&args).contains("-bsf:a setts="), wanted, "{}", shown(&args));
    }
}

#[test]
fn pictures_are_counted_by_lines_where_ffmpeg_does_not_count_them() {
    let camera = source(Scheme::Rtsp, "rtsp://h/x", "rtsp://h/x");
    let target = "rtsp://m:8554/gate".to_owned().into();
    for (libavformat, counts) in [((59, 27), true), ((60, 3), true), ((60, 16), false), ((61, 1), true)] {
        let version = FfmpegVersion { libavformat, ..version(6) };
        let args =
            shown(&relay(&version, &camera, &Tracks::default(), Manner::default(), &target, Duration::from_secs(8)));
        assert_eq!(!args.contains(" rtsp://m:8554/gate -map 0:v:0 -c:v copy -copyinkf:v "), counts, "{args}");
    }
}

#[test]
fn motion_jpeg_in_parts_is_timed_by_its_arrival() {
    for (format, timed) in [("mpjpeg", true), ("mjpeg", false), ("mpegts", false)] {
        let camera = source(Scheme::Http, "http://h/x", "http://h/x");
        let tracks = Tracks { format: format.into(), ..Tracks::default() };
        let target = "rtsp://m:8554/gate".to_owned().into();
        let args = shown(&relay(&version(5), &camera, &tracks, Manner::default(), &target, Duration::from_secs(8)));
        assert_eq!(args.contains("-use_wallclock_as_timestamps 1 "), timed, "{args}");
    }
}

#[test]
fn sound_that_does_not_come_and_a_clock_that_cannot_be_used_are_left_out() {
    let tracks = Tracks { audio: Some("adpcm_g726".into()), ..Tracks::default() };
    let camera = source(Scheme::Rtsp, "rtsp://h/x", "rtsp://h/x");
    let target = "rtsp://m:8554/gate".to_owned().into();
    let manner = Manner { with_sound: false, camera_clock: false };
    let args = shown(&relay(&version(5), &camera, &tracks, manner, &target, Duration::from_secs(8)));
    assert!(
        args.contains("-use_wallclock_as_timestamps 1 -i rtsp://h/x -map 0:v:0 -c:v copy -copyinkf:v -an "),
        "{args}"
    );
}

#[test]
fn every_scheme_has_its_own_limits() {
    let table = [
        (Scheme::Rtsps, "rtsps://h/x", "-timeout 5000000 -fpsprobesize 0 -rtsp_transport tcp -i rtsps://h/x"),
        (Scheme::Rtmp, "rtmp://h/a/b", "rtmp,rtmps,tcp,tls -rw_timeout 5000000 -analyzeduration 2000000"),
        (Scheme::Https, "https://h/x.m3u8", "http,https,tcp,tls,crypto -rw_timeout 5000000"),
        (Scheme::Srt, "srt://h:9000", "srt,udp -timeout 5000000"),
        (Scheme::Udp, "udp://239.1.1.1:5000", "-protocol_whitelist udp -timeout 5000000"),
    ];
    for (scheme, url, part) in table {
        let args = shown(&probe(&version(6), &source(scheme, url, url), Duration::from_secs(5), Depth::Full));
        assert!(args.contains(part), "{args} lacks {part}");
        assert!(!args.contains("file"), "{args}");
    }
}

#[test]
fn only_an_endless_http_answer_is_asked_for_again() {
    let table = [
        (Scheme::Http, "http://h/live.ts?channel=1", "mpegts", true),
        (Scheme::Https, "https://h/axis-cgi/mjpg/video.cgi", "mpjpeg", true),
        (Scheme::Http, "http://h/flv?app=bcs", "flv", false),
        (Scheme::Https, "https://h/live/index.M3U8?token=x", "hls", false),
        (Scheme::Rtsp, "rtsp://h/x", "rtsp", false),
        (Scheme::Rtmp, "rtmp://h/a/b", "flv", false),
    ];
    let target = "rtsp://m:8554/gate".to_owned().into();
    for (scheme, url, format, again) in table {
        let camera = source(scheme, url, url);
        let tracks = Tracks { format: format.into(), ..Tracks::default() };
        let args = shown(&relay(&version(4), &camera, &tracks, Manner::default(), &target, Duration::from_secs(8)));
        assert_eq!(args.contains("-reconnect 1 -reconnect_streamed 1 -reconnect_delay_max 2 -i"), again, "{url}");
        let probe = shown(&probe(&version(6), &camera, Duration::from_secs(5), Depth::Full));
        assert!(!probe.contains("reconnect"), "a look is one look");
    }
}

#[test]
fn where_to_publish() {
    let name = StreamName::parse("site/gate").expect("name");
    let base = |text: &str| Url::parse(text).expect(text);
    let password: SecretString = "p@ss/w".to_owned().into();
    let table = [
        ("rtsp://127.0.0.1:8554", None, "rtsp://127.0.0.1:8554/site/gate"),
        ("rtsp://m/", Some(("a b", None)), "rtsp://a%20b:@m/site/gate"),
        ("rtsps://[::1]:322", Some(("u", Some(&password))), "rtsps://u:p%40ss%2Fw@[::1]:322/site/gate"),
    ];
    for (url, login, wanted) in table {
        assert_eq!(publish_url(&base(url), login, &name).expect(url).expose_secret(), wanted);
    }
}
