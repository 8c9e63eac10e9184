//! What a probe found, and what follows from it.

use super::*;

fn tracks(format: &str, video: Option<&str>, audio: Option<&str>) -> Tracks {
    Tracks {
        format: format.into(),
        video: video.map(Into::into),
        audio: audio.map(Into::into),
        flows: true,
        ..Tracks::default()
    }
}

#[test]
fn what_rtsp_carries() {
    let table = [
        (Some("h264"), 5, None),
        (Some("hevc"), 4, None),
        (Some("mjpeg"), 5, None),
        (Some("av1"), 8, None),
        (Some("av1"), 7, Some(FaultKind::CodecUnsupported)),
        (Some("msmpeg4v3"), 8, Some(FaultKind::CodecUnsupported)),
        (None, 5, Some(FaultKind::NoVideo)),
    ];
    for (video, ffmpeg, fault) in table {
        let checked = tracks("rtsp", video, Some("aac")).check(ffmpeg);
        assert_eq!(checked.err().map(|fault| fault.kind), fault, "{video:?} {ffmpeg}");
    }
    let silent = Tracks { flows: false, ..tracks("rtsp", Some("h264"), None) };
    assert_eq!(silent.check(5).expect_err("silent").kind, FaultKind::Silent);
}

#[test]
fn a_probe_that_ran_out_of_time_claims_nothing_about_the_sound() {
    let (limit, shown) = (Duration::from_secs(4), "rtsp://h/x");
    for (video, audio, kind, begins) in [
        (Some("h264"), Some("aac"), FaultKind::Silent, "timeout: no picture within 4 s from rtsp://h/x, which names a"),
        (Some("h264"), None, FaultKind::Silent, "timeout: no picture within 4 s from rtsp://h/x, which names a video"),
        (Some("msmpeg4v3"), Some("aac"), FaultKind::CodecUnsupported, "the video is msmpeg4v3"),
        (None, Some("aac"), FaultKind::NoVideo, "the source has no video, only sound (aac)"),
    ] {
        let looked = Tracks { flows: false, ..tracks("rtsp", video, audio) };
        let fault = looked.no_picture_within(limit, 5, shown);
        assert_eq!(fault.kind, kind, "{fault}");
        assert!(fault.message.starts_with(begins), "{fault}");
        assert!(!fault.message.contains("sends sound and no video"), "{fault}");
        let names_sound = fault.message.contains("nothing but its sound (aac)");
        assert_eq!(names_sound, video == Some("h264") && audio.is_some(), "{fault}");
    }
}

#[test]
fn a_fault_of_the_way_to_the_camera_says_nothing_about_its_tracks() {
    use FaultKind::*;
    for kind in [NameNotResolved, Refused, NoRoute, TimedOut, Tls, Unauthorized, Busy, ClockJumped, Program] {
        assert!(!kind.may_be_the_tracks(), "{kind:?}");
    }
    for kind in [NotFound, NotMedia, NoVideo, CodecUnsupported, Silent, SoundMissing, PublishRefused, Ended, Other] {
        assert!(kind.may_be_the_tracks(), "{kind:?}");
    }
}

#[test]
fn what_is_kept_of_a_fault_names_no_address() {
    let fault = ProbeFault::new(FaultKind::Refused, "connection refused by rtsp://***@10.0.0.9/a?b; check its port");
    assert_eq!(fault.without_addresses().message, "connection refused by the camera; check its port");
    let quoted = ProbeFault::new(FaultKind::Other, "ffmpeg failed (exit code 1): [error] tcp://10.0.0.9:1: odd");
    assert!(!quoted.without_addresses().message.contains("10.0.0.9"));
}

#[test]
fn sound_is_copied_where_it_can_be() {
    use AudioPlan::{Aac, Copy, Drop};
    let table = [
        ("rtsp", None, AudioPolicy::Auto, Copy),
        ("rtsp", None, AudioPolicy::Aac, Aac),
        ("rtsp", None, AudioPolicy::None, Drop),
        ("rtsp", Some("aac"), AudioPolicy::Auto, Copy),
        ("flv", Some("aac"), AudioPolicy::Auto, Copy),
        ("mpegts", Some("aac"), AudioPolicy::Auto, Aac),
        ("hls", Some("aac"), AudioPolicy::Auto, Aac),
        ("mpegts", Some("aac"), AudioPolicy::Copy, Copy),
        ("rtsp", Some("pcm_alaw"), AudioPolicy::Auto, Copy),
        ("rtsp", Some("adpcm_g726"), AudioPolicy::Auto, Copy),
        ("rtsp", Some("adpcm_g726le"), AudioPolicy::Auto, Copy),
        ("srt", Some("unseen"), AudioPolicy::Auto, Aac),
        ("rtsp", Some("pcm_s16le"), AudioPolicy::Auto, Aac),
        ("rtsp", Some("pcm_alaw"), AudioPolicy::Aac, Aac),
        ("rtsp", Some("aac"), AudioPolicy::None, Drop),
    ];
    for (format, audio, policy, plan) in table {
        assert_eq!(tracks(format, Some("h264"), audio).audio_plan(policy), plan, "{format} {audio:?} {policy:?}");
    }
}

#[test]
fn aac_without_its_configuration_is_encoded_anew() {
    for (configured, plan) in [(Some(true), AudioPlan::Copy), (Some(false), AudioPlan::Aac), (None, AudioPlan::Copy)] {
        let tracks = Tracks { audio_configured: configured, ..tracks("rtsp", Some("h264"), Some("aac")) };
        assert_eq!(tracks.audio_plan(AudioPolicy::Auto), plan, "{configured:?}");
    }
}

#[test]
fn motion_jpeg_that_rtp_cannot_carry_is_refused_by_name() {
    let table = [
        (Some((640, 480)), Some("yuvj422p"), None),
        (Some((2040, 2040)), Some("yuvj420p"), None),
        (None, None, None),
        (Some((2304, 1296)), Some("yuvj420p"), Some("2304x1296")),
        (Some((480, 2048)), Some("yuvj420p"), Some("480x2048")),
        (Some((640, 480)), Some("yuvj444p"), Some("yuvj444p")),
        (Some((640, 480)), Some("gray"), Some("gray")),
    ];
    for (size, pixels, named) in table {
        let tracks = Tracks {
            width: size.map(|(width, _)| width),
            height: size.map(|(_, height)| height),
            pixel_format: pixels.map(str::to_owned),
            ..tracks("mpjpeg", Some("mjpeg"), None)
        };
        let fault = tracks.check(5).err();
        assert_eq!(fault.as_ref().map(|fault| fault.kind), named.map(|_| FaultKind::CodecUnsupported), "{size:?}");
        let words = fault.map(|fault| fault.message).unwrap_or_default();
        assert!(named.is_none_or(|named| words.contains(named) && words.contains("H.264")), "{words}");
    }
    assert!(tracks("rtsp", Some("unseen"), Some("unseen")).check(5).is_ok());
}
