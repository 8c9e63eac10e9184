//! What ffmpeg said, and what it means.

use super::*;
use crate::domain::probe::PUBLISH_LOGIN;

fn exit(stderr: &[&str], ms: u64) -> ProcessExit {
    ProcessExit {
        ending: Ending::Code(1),
        lasted: Duration::from_millis(ms),
        stderr: stderr.iter().map(|line| (*line).to_owned()).collect(),
    }
}

fn source(url: &str) -> CameraSource {
    let edit = serde_json::from_value(serde_json::json!({ "url": url })).expect("an edit");
    crate::domain::camera::draft(None, &edit, &std::collections::BTreeMap::new()).expect(url)
}

fn attempt(source: &CameraSource) -> Attempt<'_> {
    Attempt { source, io_timeout: Duration::from_secs(5), pictures: 0, has_publish_login: true }
}

/// Lines as ffmpeg 5.1.9 printed them (URLs redacted by the child's tail).
#[test]
fn every_failure_has_its_kind() {
    use FaultKind::*;
    let table: [(&[&str], u64, FaultKind); 27] = [
        (
            &[
                "[tcp @ 0x5] Failed to resolve hostname cam.invalid: Name or service not known",
                "rtsp://cam.invalid/x: Input/output error",
            ],
            100,
            NameNotResolved,
        ),
        (
            &[
                "[tcp @ 0x5] Connection to tcp://127.0.0.1:1?timeout=3000000 failed: Connection refused",
                "rtsp://127.0.0.1:1/x: Connection refused",
            ],
            60,
            Refused,
        ),
        (&["[tcp @ 0x5] Connection to tcp://10.0.0.9:554 failed: No route to host"], 3000, NoRoute),
        (&["[tcp @ 0x5] Connection to tcp://10.0.0.9:554 failed: Connection timed out"], 5000, TimedOut),
        (
            &[
                "[rtsp @ 0x5] method DESCRIBE failed: 401 Unauthorized",
                "rtsp://***@h/src: Server returned 401 Unauthorized (authorization failed)",
            ],
            1400,
            Unauthorized,
        ),
        (&["rtsp://h/x: Server returned 403 Forbidden (access denied)"], 70, Unauthorized),
        (
            &[
                "[rtsp @ 0x5] [error] method SETUP failed: 401 Unauthorized",
                "[error] rtsp://***@h/x: Server returned 401 Unauthorized (authorization failed)",
            ],
            70,
            Unauthorized,
        ),
        (
            &[
                "[rtsp @ 0x5] [error] method SETUP failed: 461 Unsupported Transport",
                "[error] rtsp://h/x: Protocol not supported",
            ],
            70,
            Other,
        ),
        (
            &[
                "[rtsp @ 0x5] [error] method SETUP failed: 401 Unauthorized",
                "[error] Could not write header for output file #0 (incorrect codec parameters ?): Server returned 401",
            ],
            70,
            PublishRefused,
        ),
        (
            &[
                "[rtsp @ 0x5] [error] method SETUP failed: 453 Not Enough Bandwidth",
                "[error] rtsp://h/x: Server returned 4XX Client Error, but not one of 40{0,1,3,4}",
            ],
            70,
            Busy,
        ),
        (
            &["[rtmp @ 0x5] [error] Cannot read RTMP handshake response", "rtmp://h/x: Connection reset by peer"],
            70,
            Ended,
        ),
        (&["[rtsp @ 0x5] method DESCRIBE failed: 404 Not Found", "Server returned 404 Not Found"], 70, NotFound),
        (&["rtsp://127.0.0.1:36101/x: Invalid data found when processing input"], 5000, Silent),
        // The same two as 8.1 tells them.
        (
            &[
                "[in#0 @ 0x5] [error] method SETUP failed: 453 (Not Enough Bandwidth)",
                "[in#0 @ 0x5] [error] Error opening input: Server returned 4XX Client Error, but not one of 40{0,1,3,4}",
            ],
            70,
            Busy,
        ),
        (
            &[
                "[in#0 @ 0x5] [warning] Failed reading RTSP data: Connection timed out",
                "[fatal] Error opening input files: Invalid data found when processing input",
            ],
            5000,
            Silent,
        ),
        (&["rtsp://127.0.0.1:36102/x: Invalid data found when processing input"], 60, NotMedia),
        (
            &["[rtmp @ 0x5] Server error: authentication failed", "rtmp://h/src: Operation not permitted"],
            1340,
            Unauthorized,
        ),
        (
            &[
                "SRT.cn: processAsyncConnectRequest: REJECT reported from HS processing: Peer rejected connection - not processing further",
            ],
            1140,
            Unauthorized,
        ),
        (&["[tls @ 0x5] An unexpected TLS packet was received.", "https://h/x: Input/output error"], 60, Tls),
        (&["Stream map '0:v:0' matches no streams."], 900, NoVideo),
        (
            &[
                "[rtsp @ 0x5] [error] method ANNOUNCE failed: 401 Unauthorized",
                "Could not write header for output file #0",
            ],
            900,
            PublishRefused,
        ),
        (&["[rtsp @ 0x5] [error] method ANNOUNCE failed: 400 Bad Request"], 900, PublishRefused),
        (&["av_interleaved_write_frame(): Broken pipe"], 90_000, PublishRefused),
        (&["[https @ 0x5] Protocol 'file' not on whitelist 'http,https'!"], 100, NotMedia),
        (&["[error] something nobody has foreseen"], 100, Other),
        (&[], 100, Other),
        (&["rtmp://h/none: Input/output error"], 210, Other),
    ];
    let camera = source("rtsp://a:b@h/x");
    for (stderr, ms, kind) in table {
        let fault = explain(&exit(stderr, ms), &Attempt { pictures: 200, ..attempt(&camera) });
        assert_eq!(fault.kind, kind, "{stderr:?}: {fault}");
        let quoted = fault.message.starts_with("ffmpeg failed");
        assert!(quoted || fault.message.contains("; "), "it says what to do: {fault}");
    }
}

#[test]
fn ends_without_words() {
    let killed = ProcessExit { ending: Ending::Signal(9), ..exit(&["[warning] late packet"], 5000) };
    let camera = source("rtsp://h/x");
    assert_eq!(explain(&killed, &attempt(&camera)).message, "ffmpeg was ended by SIGKILL");
    let ended = ProcessExit { ending: Ending::Code(0), ..exit(&[], 5000) };
    assert_eq!(explain(&ended, &attempt(&camera)).kind, FaultKind::Ended);
    let other = explain(&exit(&["[error] the reason", "[warning] noise"], 10), &attempt(&camera));
    assert_eq!(other.message, "ffmpeg failed (exit code 1): [error] the reason");
}

#[test]
fn what_is_lacking_is_named() {
    let (unauthorized, io) = ("Server returned 401 Unauthorized (authorization failed)", "x: Input/output error");
    let table: [(&str, &str, FaultKind, &str); 16] = [
        ("rtsp://a:b@h/x", unauthorized, FaultKind::Unauthorized, "correct them"),
        ("rtsp://a:b@h/x", unauthorized, FaultKind::Unauthorized, "SHA-256"),
        ("rtsp://h/x", unauthorized, FaultKind::Unauthorized, "wants a login; set the camera's user name"),
        ("rtsp://h/x", "method ANNOUNCE failed: 401 Unauthorized", FaultKind::PublishRefused, "refuses our login"),
        ("rtsp://h/x", "Server returned 400 Bad Request", FaultKind::NotFound, "check path, channel and port"),
        ("rtsp://h/", "Server returned 400 Bad Request", FaultKind::NotFound, "without a path"),
        ("rtsp://h:554", "Server returned 404 Not Found", FaultKind::NotFound, "without a path"),
        ("rtsp://h/x", "Server returned 404 Not Found", FaultKind::NotFound, "check path"),
        ("rtsp://h/", "method ANNOUNCE failed: 400 Bad Request", FaultKind::PublishRefused, "its log says why"),
        ("udp://239.1.1.1:5000", io, FaultKind::Silent, "timeout: nothing arrives at udp://239.1.1.1:5000"),
        ("udp://239.1.1.1:5000", "x: Connection timed out", FaultKind::Silent, "nothing arrives"),
        ("rtmp://h/live/x", io, FaultKind::NotFound, "no such application or stream key"),
        ("srt://h:9000", io, FaultKind::Refused, "10 to 79 characters"),
        ("rtsp://h/x", "AAC with no global headers is currently not supported", FaultKind::CodecUnsupported, "audio"),
        ("rtsp://h/x", "[rtsp @ 0x5] dimensions not set", FaultKind::NoKeyFrame, "key frame interval to 1-4 s"),
        ("rtsp://h/x", "Could not write header", FaultKind::PublishRefused, "media server's log"),
    ];
    for (url, line, kind, words) in table {
        let fault = explain(&exit(&[line], 100), &attempt(&source(url)));
        assert_eq!(fault.kind, kind, "{url} {line}: {fault}");
        assert!(fault.message.contains(words) && fault.message.contains("; "), "{url} {line}: {fault}");
    }
    let refused = exit(&["method ANNOUNCE failed: 401 Unauthorized"], 100);
    let camera = source("rtsp://h/x");
    let fault = explain(&refused, &Attempt { has_publish_login: false, ..attempt(&camera) });
    assert!(fault.message.starts_with(PUBLISH_LOGIN[1]), "{fault}");
    let fault = explain(&refused, &attempt(&camera));
    assert!(fault.message.starts_with(PUBLISH_LOGIN[0]), "{fault}");
}

/// Lines as ffprobe 5.1.9 printed them.
#[test]
fn a_redirect_is_told_with_its_place_and_no_more_of_it() {
    let refused = [
        "[rtsp @ 0x5] [info] Status 302: Redirecting to rtsp://bob:SqlSecret9@127.0.0.1:28601/other?token=x",
        "[rtsp @ 0x5] [error] method DESCRIBE failed: 401 Unauthorized",
        "[error] rtsp://***@h/x: Server returned 401 Unauthorized (authorization failed)",
    ];
    let camera = source("rtsp://a:b@h/x");
    let fault = explain(&exit(&refused, 70), &attempt(&camera));
    assert_eq!(fault.kind, FaultKind::Unauthorized);
    let begins =
        "rtsp://***@h/x redirects to rtsp://127.0.0.1:28601, and there: rtsp://127.0.0.1:28601 refuses the user";
    assert!(fault.message.starts_with(begins), "{fault}");
    assert!(!["SqlSecret9", "bob", "other", "token"].iter().any(|word| fault.message.contains(word)), "{fault}");
    let ours = explain(&exit(&[refused[0], "method ANNOUNCE failed: 401 Unauthorized"], 70), &attempt(&camera));
    assert!(!ours.message.contains("redirects"), "the media server's word: {ours}");
}

/// Lines as ffprobe 5.1.9 printed them; it says nothing of the redirect itself.
#[test]
fn an_http_source_that_sends_us_to_nobody_is_told_from_one_that_is_away() {
    let lines = |place: &str| {
        [
            format!("[tcp @ 0x5] [error] Connection to tcp://{place} failed: Connection refused"),
            "[error] http://cam/x: Connection refused".to_owned(),
        ]
    };
    for (url, place, begins) in [
        (
            "http://cam/x",
            "10.0.0.9:81",
            "http://cam/x redirects to 10.0.0.9:81, and there: connection refused by 10.0.0.9:81;",
        ),
        ("http://cam/x", "cam:80?timeout=3000000", "connection refused by http://cam/x;"),
        ("http://Cam:8080/x", "cam:8080", "connection refused by http://"),
        ("http://cam:8080/x", "cam:80", "http://cam:8080/x redirects to cam:80, and there: "),
        ("rtsp://cam/x", "10.0.0.9:81", "connection refused by rtsp://cam/x;"),
    ] {
        let lines = lines(place);
        let fault = explain(&exit(&[&lines[0], &lines[1]], 70), &attempt(&source(url)));
        assert_eq!(fault.kind, FaultKind::Refused);
        assert!(fault.message.starts_with(begins), "{url} {place}: {fault}");
    }
}

#[test]
fn a_server_that_has_waited_for_the_camera_is_not_blamed() {
    let camera = source("rtsp://h/x");
    let cut = "av_interleaved_write_frame(): Broken pipe";
    for (pictures, ms, kind) in [
        (0, 10_500, FaultKind::NoKeyFrame),
        (0, 900, FaultKind::PublishRefused),
        (200, 10_500, FaultKind::PublishRefused),
    ] {
        let fault = explain(&exit(&[cut], ms), &Attempt { pictures, ..attempt(&camera) });
        assert_eq!(fault.kind, kind, "{pictures} {ms}: {fault}");
    }
    let ended = |url: &str, pictures| {
        let exit = ProcessExit { ending: Ending::Code(0), ..exit(&[], 200) };
        explain(&exit, &Attempt { pictures, ..attempt(&source(url)) }).kind
    };
    assert_eq!(ended("http://h/snapshot.jpg", 1), FaultKind::NotMedia, "one picture");
    assert_eq!(ended("http://h/video.cgi", 80), FaultKind::Ended);
    assert_eq!(ended("rtsp://h/x", 1), FaultKind::Ended);
}

#[test]
fn publishing_that_has_ended_while_ffmpeg_lives() {
    let lines = |line: &str| vec!["[rtsp @ 0x5] [warning] Timestamps are unset".to_owned(), line.to_owned()];
    assert!(is_cut_off(&lines("[out#0/rtsp @ 0x5] [error] Error muxing a packet")));
    assert!(!is_cut_off(&lines("[rtsp @ 0x5] [warning] Non-monotonic DTS in output stream 0:1")));
}

#[test]
fn a_stream_that_moves_and_is_of_no_use() {
    let five = |previous: i64, current: i64| {
        format!(
            "[rtsp @ 0x5] [warning] Non-monotonous DTS in output stream 0:0; previous: {previous}, current: {current}; changing to 1."
        )
    };
    let eight = |stream: &str| {
        format!("[{stream}/copy @ 0x5] [warning] Non-monotonic DTS; previous: 7200, current: 3600; changing to 7201.")
    };
    let jpeg = "[rtp @ 0x5] [error] RFC 2435 requires standard Huffman tables for jpeg".to_owned();
    let table = [
        (vec![jpeg.clone()], true, Some(FaultKind::CodecUnsupported)),
        (vec![jpeg], false, Some(FaultKind::CodecUnsupported)),
        (vec![five(7200, 3600); 12], true, Some(FaultKind::Other)),
        (vec![eight("vost#0:0"); 12], true, Some(FaultKind::Other)),
        // Not promised; too few; sound; a clock that jumps.
        (vec![five(7200, 3600); 12], false, None),
        (vec![five(7200, 3600); 3], true, None),
        (vec![eight("aost#0:1"); 12], true, None),
        (vec![five(2_800_000, 100_000); 12], true, None),
        (vec![], true, None),
    ];
    for (stderr, shown_as_sent, kind) in table {
        assert_eq!(unusable(&stderr, shown_as_sent).map(|fault| fault.kind), kind, "{stderr:?}");
    }
}
