//! Where things lie: object keys, the names of session folders, and the rule of midnight.
//!
//! ```text
//! <stream>/<YYYY-MM-DD>/<YYYYMMDD_HHMMSS>/segment_000.mp4             streams of the first server
//! @<server>/<stream>/<YYYY-MM-DD>/<YYYYMMDD_HHMMSS>/segment_000.mp4   streams of every other server
//! ```
//!
//! Times are UTC. `@` cannot stand in a stream's name, so no stream of the first server can ever meet the key of
//! another server, and nothing changes for the first when a second is added. Rows keep their key: servers changing
//! their order in the configuration moves nothing that was recorded before.

use chrono::{DateTime, NaiveDate, NaiveDateTime, SubsecRound, TimeDelta, Utc};

use super::name::StreamName;

/// What stands before the keys of a server's streams: nothing for the first of the configuration.
pub fn server_prefix(place: usize, server: &str) -> String {
    if place == 0 { String::new() } else { format!("@{}/", plain(server)) }
}

/// Key of a segment. `prefix` comes from [`server_prefix`], `session` is the session's start.
pub fn object_key(prefix: &str, stream: &StreamName, session: DateTime<Utc>, number: u32) -> String {
    format!("{prefix}{stream}/{}/{}/{}", session.format("%Y-%m-%d"), stamp(session), segment_file(number))
}

/// Name of a segment's file, in the spool and in the key.
pub fn segment_file(number: u32) -> String {
    format!("segment_{number:03}.mp4")
}

/// Number of a segment's file; `None` for any other file.
pub fn segment_number(file: &str) -> Option<u32> {
    let digits = file.strip_prefix("segment_")?.strip_suffix(".mp4")?;
    let plain = digits.len() >= 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: u32 = plain.then(|| digits.parse().ok())??;
    // `segment_0001.mp4` would be a second file of number 1.
    (segment_file(number) == file).then_some(number)
}

/// What a key of [`object_key`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyParts {
    /// Name of the server; `None` for the first of the configuration.
    pub server: Option<String>,
    /// The stream.
    pub stream: StreamName,
    /// Start of the session.
    pub session: DateTime<Utc>,
    /// Number of the segment in it.
    pub number: u32,
}

/// Reads a key of [`object_key`]; `None` for any other one.
pub fn parse_key(key: &str) -> Option<KeyParts> {
    let (server, rest) = match key.strip_prefix('@') {
        Some(rest) => rest.split_once('/').and_then(|(server, rest)| Some((Some(unplain(server)?), rest)))?,
        None => (None, key),
    };
    let mut parts = rest.rsplitn(4, '/');
    let number = segment_number(parts.next()?)?;
    let session = NaiveDateTime::parse_from_str(parts.next()?, "%Y%m%d_%H%M%S").ok()?.and_utc();
    let day = NaiveDate::parse_from_str(parts.next()?, "%Y-%m-%d").ok()?;
    let stream = StreamName::parse(parts.next()?).ok()?;
    (session.date_naive() == day).then_some(KeyParts { server, stream, session, number })
}

/// Whether a key is one that [`object_key`] makes, of whatever server and stream.
pub fn is_segment_key(key: &str) -> bool {
    parse_key(key).is_some()
}

/// `20261121_082501`.
pub fn stamp(at: DateTime<Utc>) -> String {
    at.format("%Y%m%d_%H%M%S").to_string()
}

/// Start of a session whose first frame came at `now`: whole seconds, and later than the start of the stream's session
/// before it, because the second is what tells their keys apart.
pub fn session_start(now: DateTime<Utc>, before: Option<DateTime<Utc>>) -> DateTime<Utc> {
    let now = now.trunc_subsecs(0);
    before.map_or(now, |before| now.max(before + TimeDelta::seconds(1)))
}

/// Whether a segment that starts at `at` belongs to a new session, because the date of this one is over.
pub fn is_next_day(session: DateTime<Utc>, at: DateTime<Utc>) -> bool {
    at.date_naive() > session.date_naive()
}

/// A name as one part of a path: bytes outside `[A-Za-z0-9_-]` become `=XX`, as in `StreamName::folder`.
pub fn plain(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("={byte:02X}"));
        }
    }
    out
}

/// The name that [`plain`] wrote so; `None` for what it does not write.
fn unplain(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part;
    while let Some((before, after)) = rest.split_once('=') {
        bytes.extend_from_slice(before.as_bytes());
        bytes.push(u8::from_str_radix(after.get(..2)?, 16).ok()?);
        rest = after.get(2..)?;
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).ok().filter(|name| !name.is_empty() && plain(name) == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().expect(text)
    }

    #[test]
    fn keys() {
        let stream = StreamName::parse("site/cam.1").expect("a name");
        let start = time("2026-11-21T23:59:58Z");
        assert_eq!(
            object_key(&server_prefix(0, "main"), &stream, start, 0),
            "site/cam.1/2026-11-21/20261121_235958/segment_000.mp4"
        );
        assert_eq!(
            object_key(&server_prefix(1, "back up"), &stream, start, 1439),
            "@back=20up/site/cam.1/2026-11-21/20261121_235958/segment_1439.mp4"
        );
        for (key, wanted) in [
            ("cam/2026-11-21/20261121_235958/segment_000.mp4", true),
            ("@back=20up/site/cam.1/2026-11-21/20261121_235958/segment_1439.mp4", true),
            ("2026-11-21/20261121_235958/segment_000.mp4", false),
            ("cam/2026-11-22/20261121_235958/segment_000.mp4", false),
            ("cam/2026-11-21/20261121_235958/segment_000.mkv", false),
            ("backup/2026-11-21/dump.sql", false),
        ] {
            assert_eq!(is_segment_key(key), wanted, "{key}");
        }
        let parts = parse_key("@back=20up/site/cam.1/2026-11-21/20261121_235958/segment_1439.mp4").expect("a key");
        assert_eq!((parts.server.as_deref(), parts.stream.as_str()), (Some("back up"), "site/cam.1"));
        assert_eq!((parts.session, parts.number), (start, 1439));
        assert_eq!(parse_key("cam/2026-11-21/20261121_235958/segment_000.mp4").expect("a key").server, None);
        for wrong in [
            "@back=2/cam/2026-11-21/20261121_235958/segment_000.mp4",
            "@a b/cam/2026-11-21/20261121_235958/segment_000.mp4",
        ] {
            assert_eq!(parse_key(wrong), None, "{wrong}");
        }
        assert!(StreamName::parse("@backup/cam").is_err(), "the prefix must not be a stream's name");
    }

    #[test]
    fn numbers_of_files() {
        for (file, wanted) in [
            ("segment_000.mp4", Some(0)),
            ("segment_042.mp4", Some(42)),
            ("segment_1000.mp4", Some(1000)),
            ("segment_0001.mp4", None),
            ("segment_1.mp4", None),
            ("segment_+01.mp4", None),
            ("segment_99999999999.mp4", None),
            ("segment_000.mp4.part", None),
            ("session.json", None),
        ] {
            assert_eq!(segment_number(file), wanted, "{file}");
        }
    }

    #[test]
    fn sessions_of_a_stream_never_share_a_second() {
        let now = time("2026-11-21T08:00:00.9Z");
        assert_eq!(session_start(now, None), time("2026-11-21T08:00:00Z"));
        assert_eq!(session_start(now, Some(time("2026-11-21T07:00:00Z"))), time("2026-11-21T08:00:00Z"));
        assert_eq!(session_start(now, Some(time("2026-11-21T08:00:00Z"))), time("2026-11-21T08:00:01Z"));
        // The clock was set back.
        assert_eq!(session_start(now, Some(time("2026-11-21T09:00:00Z"))), time("2026-11-21T09:00:01Z"));
    }

    #[test]
    fn the_date_of_a_segments_start_decides() {
        let session = time("2026-12-31T10:00:00Z");
        for (at, wanted) in [
            ("2026-12-31T23:59:59.999Z", false),
            ("2027-01-01T00:00:00Z", true),
            ("2026-12-30T00:00:00Z", false),
            ("2027-01-03T12:00:00Z", true),
        ] {
            assert_eq!(is_next_day(session, time(at)), wanted, "{at}");
        }
    }
}
