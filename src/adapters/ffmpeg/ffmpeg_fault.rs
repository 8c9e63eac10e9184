//! Turns ffmpeg's last words into a [`ProbeFault`]: what failed, and what to do about it. Pure.
//!
//! The texts were taken from ffmpeg 5.1.9 against real servers; error names (`Connection refused`) are libc's and have
//! been the same in all versions. What is not recognised is quoted, so that a new wording costs clarity, never truth.

use std::time::Duration;

use super::child::{Ending, ProcessExit};
use super::{ffmpeg_progress, named, version_words};
use crate::domain::camera::{CameraSource, Scheme};
use crate::domain::probe::{FaultKind, ProbeFault};

/// Longest quote of a line nobody has foreseen, in characters.
const QUOTE: usize = 160;

/// A server that cuts a publisher which has sent no picture for so long, or longer, has waited for the camera.
const WAITED: Duration = Duration::from_secs(5);

/// The run whose end is explained.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// What it read.
    pub source: &'a CameraSource,
    /// Its limit for one read, which tells silence from nonsense: 5.1 calls both invalid data.
    pub io_timeout: Duration,
    /// Pictures that it has sent.
    pub pictures: u64,
    /// Whether it has a login for the media server.
    pub has_publish_login: bool,
}

/// What an attempt may lack, so that there is something else to be said.
#[derive(Clone, Copy)]
enum Lack {
    Login,
    PublishLogin,
    Path,
}

impl Lack {
    fn is_of(self, attempt: &Attempt<'_>) -> bool {
        match self {
            Self::Login => !attempt.source.has_login(),
            Self::PublishLogin => !attempt.has_publish_login,
            Self::Path => attempt.source.has_no_path(),
        }
    }
}

/// What to look for (any of them, lower case), what it is, and what to say; `{}` becomes the shown source.
struct Rule {
    needles: &'static [&'static str],
    kind: FaultKind,
    words: &'static str,
    /// Other words for an attempt that lacks this.
    lacking: Option<(Lack, &'static str)>,
}

impl Rule {
    fn fault(&self, attempt: &Attempt<'_>) -> ProbeFault {
        let words = self.lacking.filter(|(lack, _)| lack.is_of(attempt)).map_or(self.words, |(_, words)| words);
        ProbeFault::new(self.kind, words.replace("{}", &attempt.source.shown))
    }
}

/// The kind `generic` calls `/`, which few cameras know.
const NO_PATH: &str = "{} was called without a path and has no such stream; give the camera's url with its path";

/// What ffmpeg says when the media server has cut it off, or takes nothing any more.
const CUT_BY_SERVER: [&str; 3] = ["av_interleaved_write_frame", "error writing trailer", "error muxing"];

/// First match wins.
const RULES: [Rule; 19] = [
    Rule {
        // Ours to mend: a look finds it, and the sound is then encoded anew.
        needles: &["no global headers"],
        kind: FaultKind::CodecUnsupported,
        words: "the AAC sound of {} comes without its configuration, which RTSP needs ahead; set the camera's audio to auto or aac",
        lacking: None,
    },
    Rule {
        needles: &["dimensions not set"],
        kind: FaultKind::NoKeyFrame,
        words: "timeout: {} sent no key frame, so that the size of its picture is unknown; check that it sends video, and set its key frame interval to 1-4 s",
        lacking: None,
    },
    Rule {
        needles: &["announce failed: 401", "announce failed: 403", "record failed: 401"],
        kind: FaultKind::PublishRefused,
        // Begins as `domain::probe::PUBLISH_LOGIN` does.
        words: "the media server refuses our login for publishing; check publish_username and publish_password of the server",
        lacking: Some((
            Lack::PublishLogin,
            "the media server wants a login for publishing; set publish_username and publish_password of the server",
        )),
    },
    Rule {
        // Not SETUP, which cameras are asked for too: where the server refuses it, the next rule's words follow.
        needles: &["announce failed", "record failed"],
        kind: FaultKind::PublishRefused,
        words: "the media server refuses the stream; its log says why (path not configured, already published, codec)",
        lacking: None,
    },
    Rule {
        needles: &[
            "could not write header",
            "error initializing output",
            CUT_BY_SERVER[0],
            CUT_BY_SERVER[1],
            CUT_BY_SERVER[2],
        ],
        kind: FaultKind::PublishRefused,
        words: "publishing to the media server failed or was cut off; see the media server's log",
        lacking: None,
    },
    Rule {
        needles: &["failed to resolve hostname", "name or service not known", "temporary failure in name resolution"],
        kind: FaultKind::NameNotResolved,
        words: "the host name of {} is not known here; check the name, and that the name servers of this machine know it, or use the address",
        lacking: None,
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
        // ffmpeg has no Digest with SHA-256, and does not say so.
        words: "{} refuses the user name or password; correct them (tried once a minute, so that the camera does not lock the \
                account). If they are right, let it accept Basic or Digest with MD5 as well: SHA-256 alone is not supported",
        lacking: Some((Lack::Login, "{} wants a login; set the camera's user name and password")),
    },
    Rule {
        needles: &["461 unsupported transport"],
        kind: FaultKind::Other,
        words: "{} does not send this way; set the camera's transport to the other one of tcp and udp",
        lacking: None,
    },
    Rule {
        needles: &["453 not enough bandwidth", "503 service unavailable", "5xx server error"],
        kind: FaultKind::Busy,
        words: "{} answers that it cannot serve us now; check how many viewers it allows, or restart the camera",
        lacking: None,
    },
    Rule {
        needles: &["404 not found", "454 session", "404 stream not found"],
        kind: FaultKind::NotFound,
        words: "{} has no such stream; check path, channel and sub stream",
        lacking: Some((Lack::Path, NO_PATH)),
    },
    Rule {
        needles: &["400 bad request"],
        kind: FaultKind::NotFound,
        words: "{} does not understand the request (400 Bad Request); check path, channel and port",
        lacking: Some((Lack::Path, NO_PATH)),
    },
    Rule {
        needles: &["connection refused"],
        kind: FaultKind::Refused,
        words: "connection refused by {}; check that it is on, and its port",
        lacking: None,
    },
    Rule {
        needles: &["no route to host", "network is unreachable", "host is down"],
        kind: FaultKind::NoRoute,
        words: "unreachable: there is no route to {}; check network and address",
        lacking: None,
    },
    Rule {
        needles: &["connection timed out", "operation timed out", "etimedout"],
        kind: FaultKind::TimedOut,
        words: "timeout: {} does not answer; check that it is on, and the network and firewalls on the way to it",
        lacking: None,
    },
    Rule {
        needles: &["[tls @", "tls handshake", "certificate", "gnutls"],
        kind: FaultKind::Tls,
        words: "no secure connection to {}; check that its port speaks TLS, and its certificate",
        lacking: None,
    },
    Rule {
        needles: &["peer rejected connection", "connection rejected"],
        kind: FaultKind::Unauthorized,
        words: "{} rejects the SRT connection; check streamid, passphrase and that it is live",
        lacking: None,
    },
    Rule {
        needles: &["matches no streams"],
        kind: FaultKind::NoVideo,
        words: "{} has no video; check the path or channel in its URL",
        lacking: None,
    },
    Rule {
        needles: &["not on whitelist", "protocol not found"],
        kind: FaultKind::NotMedia,
        words: "{} leads to a protocol that is not allowed; use the address of the stream itself",
        lacking: None,
    },
    Rule {
        needles: &["connection reset by peer", "end of file"],
        kind: FaultKind::Ended,
        words: "{} cut the connection; if this goes on, check port and protocol, and how many viewers the camera allows",
        lacking: None,
    },
];

/// What "Input/output error" means, which is all that ffmpeg says of it.
const INPUT_OUTPUT: &str = "input/output error";
const BY_SCHEME: [(Scheme, FaultKind, &str); 4] = [
    (
        Scheme::Udp,
        FaultKind::Silent,
        "timeout: nothing arrives at {}; check that the camera sends to this address and port, and the firewall",
    ),
    (Scheme::Rtmp, FaultKind::NotFound, "{} has no such application or stream key, or refuses it; check both"),
    (Scheme::Rtmps, FaultKind::NotFound, "{} has no such application or stream key, or refuses it; check both"),
    (
        Scheme::Srt,
        FaultKind::Refused,
        "connection refused, or timeout: no answer from {}; check that it is on, its port, and that the passphrase has 10 to 79 characters",
    ),
];

/// Explains a run that ended by itself.
pub fn explain(exit: &ProcessExit, attempt: &Attempt<'_>) -> ProbeFault {
    let redirected = redirected_to(&exit.stderr).or_else(|| refused_elsewhere(&exit.stderr, attempt.source));
    let mut stderr = version_words::in_older_words(&exit.stderr);
    stderr.retain(|line| !named::informs(line));
    let fault = explain_last(&ProcessExit { stderr, ..exit.clone() }, attempt);
    match redirected {
        Some(place) if !matches!(fault.kind, FaultKind::PublishRefused | FaultKind::Program) => {
            let there = fault.message.replace(&attempt.source.shown, &place);
            ProbeFault::new(fault.kind, format!("{} redirects to {place}, and there: {there}", attempt.source.shown))
        }
        _ => fault,
    }
}

/// Where an RTSP source sent us on to: scheme, host and port of the last time, which is all that is repeated of it. ffmpeg
/// 4 to 7 say `Status 302: Redirecting to rtsp://...` among their information, which only probes print.
fn redirected_to(stderr: &[String]) -> Option<String> {
    let (_, target) = stderr.iter().rev().find_map(|line| line.split_once(": Redirecting to "))?;
    let (scheme, rest) = target.trim().split_once("://")?;
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    Some(format!("{scheme}://{place}").chars().take(QUOTE).collect())
}

/// Where an HTTP source sent us on to, and nobody answers: of redirects there ffmpeg says nothing, but it names whom it could
/// not connect to, `Connection to tcp://host:port?timeout=... failed: ...`.
fn refused_elsewhere(stderr: &[String], source: &CameraSource) -> Option<String> {
    if !matches!(source.scheme, Scheme::Http | Scheme::Https) {
        return None;
    }
    let (_, rest) = stderr.iter().rev().find_map(|line| line.split_once("Connection to tcp://"))?;
    let (place, _) = rest.split_once(" failed: ")?;
    let place = place.split('?').next().unwrap_or_default();
    let (host, port) = place.rsplit_once(':')?;
    let is_source = host.eq_ignore_ascii_case(&source.host) && port.parse().ok() == source.port();
    (!is_source).then(|| place.chars().take(QUOTE).collect())
}

/// What its last words mean, wherever they were said.
fn explain_last(exit: &ProcessExit, attempt: &Attempt<'_>) -> ProbeFault {
    let text = exit.stderr.join("\n").to_lowercase();
    let says = |needles: &[&str]| needles.iter().any(|needle| text.contains(needle));
    let shown = &attempt.source.shown;
    if attempt.pictures == 0 && exit.lasted >= WAITED && says(&CUT_BY_SERVER) {
        let waited = exit.lasted.as_secs();
        let text = format!(
            "timeout: {shown} sent no picture within {waited} s, and the media server waits no longer; check that it sends video, and set its key \
             frame interval to 1-4 s"
        );
        return ProbeFault::new(FaultKind::NoKeyFrame, text);
    }
    if let Some(rule) = RULES.iter().find(|rule| says(rule.needles)) {
        // Datagrams are waited for in vain, and nobody is there who could answer.
        if !(rule.kind == FaultKind::TimedOut && attempt.source.scheme == Scheme::Udp) {
            return rule.fault(attempt);
        }
    }
    if says(&[INPUT_OUTPUT, "timed out"])
        && let Some((_, kind, words)) = BY_SCHEME.iter().find(|(scheme, ..)| *scheme == attempt.source.scheme)
    {
        return ProbeFault::new(*kind, words.replace("{}", shown));
    }
    if text.contains("invalid data found") {
        return if exit.lasted >= attempt.io_timeout.mul_f64(0.8) {
            ProbeFault::new(
                FaultKind::Silent,
                format!("timeout: {shown} accepts the connection and sends nothing; restart the camera"),
            )
        } else {
            let text = format!(
                "what answers at {shown} is not such a stream, or closes the connection at once; check port and protocol"
            );
            ProbeFault::new(FaultKind::NotMedia, text)
        };
    }
    match (exit.ending, last_words(&exit.stderr)) {
        (Ending::Signal(_), _) => ProbeFault::new(FaultKind::Program, format!("ffmpeg was {}", exit.ending)),
        (Ending::Code(0), _)
            if attempt.pictures == 1 && matches!(attempt.source.scheme, Scheme::Http | Scheme::Https) =>
        {
            one_picture(shown)
        }
        (Ending::Code(0), _) => ProbeFault::new(
            FaultKind::Ended,
            format!("{shown} ended the stream; if this goes on, look at the camera's own log"),
        ),
        (_, Some(line)) => ProbeFault::new(FaultKind::Other, format!("ffmpeg failed ({}): {line}", exit.ending)),
        (_, None) => ProbeFault::new(FaultKind::Other, format!("ffmpeg failed without a message ({})", exit.ending)),
    }
}

/// What the RTSP muxer says of each picture of Motion JPEG that it drops, and why.
const DROPPED_JPEG: [(&str, &str); 4] = [
    ("requires standard huffman tables", "with Huffman tables of its own"),
    ("unsupported pixel format", "in a colour format other than 4:2:0 and 4:2:2"),
    ("only 1x1 chroma blocks", "in a colour format other than 4:2:0 and 4:2:2"),
    ("only 8-bit precision", "with quantization tables of 16 bit"),
];
/// So many complaints among ffmpeg's last words are no accident.
const MANY: usize = 10;

/// Least distance of two pictures, at 300 a second, in units of 1/90000 s. Pictures that all have the same time are closer: each gets one
/// unit more than the one before it.
const LEAST_DISTANCE: i64 = 300;

/// What ffmpeg's last words say of a stream that moves and is of no use all the same.
///
/// `shown_as_sent`: it was started for a camera that promised the order of its pictures.
pub fn unusable(stderr: &[String], shown_as_sent: bool) -> Option<ProbeFault> {
    let text = stderr.join("\n").to_lowercase();
    if let Some((_, how)) = DROPPED_JPEG.iter().find(|(needle, _)| text.contains(needle)) {
        let text = format!(
            "the video is MJPEG {how}, which RTSP cannot carry (RFC 2435); switch the camera to H.264 or H.265"
        );
        return Some(ProbeFault::new(FaultKind::CodecUnsupported, text));
    }
    if shown_as_sent && text.lines().filter(|line| is_disorder(line)).count() >= MANY {
        let text =
            "the camera sends pictures in another order than it said when it was looked at; it is looked at again";
        return Some(ProbeFault::new(FaultKind::Other, text));
    }
    None
}

/// Whether publishing is over by its last words: where it has a second output, for lines that count pictures (6.1), it goes on without
/// the first.
pub fn is_cut_off(stderr: &[String]) -> bool {
    let text = stderr.join("\n").to_lowercase();
    CUT_BY_SERVER.iter().any(|needle| text.contains(needle))
}

/// Whether a line complains of a picture that is a little earlier than the one before it. A clock that jumps is further off.
fn is_disorder(line: &str) -> bool {
    ffmpeg_progress::behind_by(line).is_some_and(|ticks| (LEAST_DISTANCE..90_000).contains(&ticks))
}

/// A source that is a file with one picture.
pub(super) fn one_picture(shown: &str) -> ProbeFault {
    let text = format!(
        "{shown} is one picture and no stream; use the address of the camera's stream (RTSP, or its MJPEG stream)"
    );
    ProbeFault::new(FaultKind::NotMedia, text)
}

/// The last line that calls itself an error, else the last line at all, cut to a bearable length.
fn last_words(stderr: &[String]) -> Option<String> {
    let severe = |line: &&String| line.contains("[error]") || line.contains("[fatal]");
    let line = stderr.iter().rev().find(severe).or(stderr.last())?;
    Some(line.chars().take(QUOTE).collect())
}

#[cfg(test)]
mod tests;
