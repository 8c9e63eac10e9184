//! Turns ffmpeg's last words into a [`Fault`]: what failed, and what to do about it. Pure.
//!
//! The texts were taken from ffmpeg 5.1.9 against real servers; error names (`Connection refused`) are libc's and have
//! been the same in all versions. What is not recognised is quoted, so that a new wording costs clarity, never truth.

use std::time::Duration;

use super::child::{Ending, Exit};
use crate::domain::probe::{Fault, FaultKind};

/// Longest quote of a line nobody has foreseen, in characters.
const QUOTE: usize = 160;

/// What to look for (any of them, lower case), what it is, and what to say; `{}` becomes the shown source.
struct Rule {
    needles: &'static [&'static str],
    kind: FaultKind,
    words: &'static str,
}

/// First match wins.
const RULES: [Rule; 16] = [
    Rule {
        needles: &["announce failed: 401", "announce failed: 403", "record failed: 401"],
        kind: FaultKind::PublishRefused,
        words: "the media server refuses our login for publishing; check publish_username and publish_password of the server",
    },
    Rule {
        // Not SETUP, which cameras are asked for too: where the server refuses it, the next rule's words follow.
        needles: &["announce failed", "record failed"],
        kind: FaultKind::PublishRefused,
        words: "the media server refuses the stream; its log says why (path not configured, already published, codec)",
    },
    Rule {
        needles: &[
            "could not write header",
            "error initializing output",
            "av_interleaved_write_frame",
            "error writing trailer",
            "error muxing",
        ],
        kind: FaultKind::PublishRefused,
        words: "publishing to the media server failed or was cut off; see the media server's log",
    },
    Rule {
        needles: &["failed to resolve hostname", "name or service not known", "temporary failure in name resolution"],
        kind: FaultKind::NameNotResolved,
        words: "the host name of {} is not known; check the name, or use the address",
    },
    Rule {
        needles: &[
            "401 unauthorized",
            "403 forbidden",
            "authorization failed",
            "authentication failed",
            "operation not permitted",
            "access denied",
        ],
        kind: FaultKind::Unauthorized,
        words: "{} refuses the user name or password; correct them (tried once a minute, so that the camera does not lock the account)",
    },
    Rule {
        needles: &["461 unsupported transport"],
        kind: FaultKind::Other,
        words: "{} does not send this way; set the camera's transport to the other one of tcp and udp",
    },
    Rule {
        needles: &["453 not enough bandwidth", "503 service unavailable", "5xx server error"],
        kind: FaultKind::Other,
        words: "{} answers that it cannot serve us now; check how many viewers it allows, or restart the camera",
    },
    Rule {
        needles: &["404 not found", "454 session", "404 stream not found"],
        kind: FaultKind::NotFound,
        words: "{} has no such stream; check path, channel and sub stream",
    },
    Rule {
        needles: &["connection refused"],
        kind: FaultKind::Refused,
        words: "{} refuses the connection; check that it is on, and its port",
    },
    Rule {
        needles: &["no route to host", "network is unreachable", "host is down"],
        kind: FaultKind::NoRoute,
        words: "there is no route to {}; check network and address",
    },
    Rule {
        needles: &["connection timed out", "operation timed out", "etimedout"],
        kind: FaultKind::TimedOut,
        words: "{} does not answer in time; check that it is on, and what lies between",
    },
    Rule {
        needles: &["[tls @", "tls handshake", "certificate", "gnutls"],
        kind: FaultKind::Tls,
        words: "no secure connection to {}; check that its port speaks TLS, and its certificate",
    },
    Rule {
        needles: &["peer rejected connection", "connection rejected"],
        kind: FaultKind::Unauthorized,
        words: "{} rejects the SRT connection; check streamid, passphrase and that it is live",
    },
    Rule {
        needles: &["matches no streams"],
        kind: FaultKind::NoVideo,
        words: "{} has no video; check the path or channel in its URL",
    },
    Rule {
        needles: &["not on whitelist", "protocol not found"],
        kind: FaultKind::NotMedia,
        words: "{} leads to a protocol that is not allowed; use the address of the stream itself",
    },
    Rule {
        needles: &["connection reset by peer", "end of file"],
        kind: FaultKind::Ended,
        words: "{} cut the connection; if this goes on, check port and protocol, and how many viewers the camera allows",
    },
];

/// Explains a run that ended by itself. `shown` is the source without secrets, `patience` the limit ffmpeg had for one
/// read, which tells silence from nonsense: 5.1 calls both invalid data.
pub fn explain(exit: &Exit, shown: &str, patience: Duration) -> Fault {
    let text = exit.stderr.join("\n").to_lowercase();
    if let Some(rule) = RULES.iter().find(|rule| rule.needles.iter().any(|needle| text.contains(needle))) {
        return Fault::new(rule.kind, rule.words.replace("{}", shown));
    }
    if text.contains("invalid data found") {
        return if exit.lasted >= patience.mul_f64(0.8) {
            Fault::new(FaultKind::Silent, format!("{shown} takes the connection but says nothing; restart the camera"))
        } else {
            let text =
                format!("what answers at {shown} is not such a stream, or hangs up at once; check port and protocol");
            Fault::new(FaultKind::NotMedia, text)
        };
    }
    match (exit.ending, last_words(&exit.stderr)) {
        (Ending::Signal(_), _) => Fault::new(FaultKind::Program, format!("ffmpeg was {}", exit.ending)),
        (Ending::Code(0), _) => Fault::new(
            FaultKind::Ended,
            format!("{shown} ended the stream; if this goes on, look at the camera's own log"),
        ),
        (_, Some(line)) => Fault::new(FaultKind::Other, format!("ffmpeg failed ({}): {line}", exit.ending)),
        (_, None) => Fault::new(FaultKind::Other, format!("ffmpeg failed without a word ({})", exit.ending)),
    }
}

/// The last line that calls itself an error, else the last line at all, cut to a bearable length.
fn last_words(stderr: &[String]) -> Option<String> {
    let severe = |line: &&String| line.contains("[error]") || line.contains("[fatal]");
    let line = stderr.iter().rev().find(severe).or(stderr.last())?;
    Some(line.chars().take(QUOTE).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit(stderr: &[&str], ms: u64) -> Exit {
        Exit {
            ending: Ending::Code(1),
            lasted: Duration::from_millis(ms),
            stderr: stderr.iter().map(|line| (*line).to_owned()).collect(),
        }
    }

    /// Lines as ffmpeg 5.1.9 printed them (URLs redacted by the child's tail).
    #[test]
    fn every_failure_has_its_kind() {
        use FaultKind::*;
        let table: [(&[&str], u64, FaultKind); 25] = [
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
                Other,
            ),
            (
                &["[rtmp @ 0x5] [error] Cannot read RTMP handshake response", "rtmp://h/x: Connection reset by peer"],
                70,
                Ended,
            ),
            (&["[rtsp @ 0x5] method DESCRIBE failed: 404 Not Found", "Server returned 404 Not Found"], 70, NotFound),
            (&["rtsp://127.0.0.1:36101/x: Invalid data found when processing input"], 5000, Silent),
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
        for (stderr, ms, kind) in table {
            let fault = explain(&exit(stderr, ms), "rtsp://***@h/x", Duration::from_secs(5));
            assert_eq!(fault.kind, kind, "{stderr:?}: {fault}");
            let quoted = fault.message.starts_with("ffmpeg failed");
            assert!(quoted || fault.message.contains("; "), "it says what to do: {fault}");
        }
    }

    #[test]
    fn ends_without_words() {
        let killed = Exit { ending: Ending::Signal(9), ..exit(&["[warning] late packet"], 5000) };
        assert_eq!(explain(&killed, "x", Duration::from_secs(5)).message, "ffmpeg was ended by SIGKILL");
        let ended = Exit { ending: Ending::Code(0), ..exit(&[], 5000) };
        assert_eq!(explain(&ended, "rtsp://h/x", Duration::from_secs(5)).kind, FaultKind::Ended);
        let other = explain(&exit(&["[error] the reason", "[warning] noise"], 10), "x", Duration::from_secs(5));
        assert_eq!(other.message, "ffmpeg failed (exit code 1): [error] the reason");
    }
}
