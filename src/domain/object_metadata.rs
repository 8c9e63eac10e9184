//! What an object says of itself beside its bytes: enough to make its row, and that of its session, from the bucket alone.
//!
//! Each value is ASCII, as headers have to be, and all together stay below the 2 KB that S3 allows. No name goes on from another one
//! with a hyphen (`session`, `session-end`): rust-s3 signs headers of such names in another order than servers do.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use uuid::Uuid;

use super::layout::KeyParts;
use super::recording::{RecordingSession, Segment, SegmentState};

/// Names and values, as an object store keeps them beside an object.
pub type ObjectMetadata = BTreeMap<String, String>;

/// The name of the digest of the bytes, SHA-256 in hexadecimal.
pub const SHA256: &str = "sha256";

/// What is encoded in sentences and names; letters of other scripts always are.
const ENCODED: &AsciiSet = &CONTROLS.add(b'%');
/// Longer sentences, encoded, are left out.
const LONGEST: usize = 500;

/// A segment and its session, as an object tells of them.
#[derive(Clone, Debug, PartialEq)]
pub struct ArchivedSegment {
    /// The session; without an end where the object was stored before it.
    pub session: RecordingSession,
    /// The segment, as one whose only copy is in the store. Its `spool_path` is empty.
    pub segment: Segment,
}

/// What is put beside the object of a segment. `session` is its session's row, as far as that is known now.
pub fn describe(segment: &Segment, session: Option<&RecordingSession>) -> ObjectMetadata {
    let mut all = ObjectMetadata::new();
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            all.insert(name.to_owned(), value);
        }
    };
    let time = |at: DateTime<Utc>| Some(at.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    let text = |text: &str| Some(utf8_percent_encode(text, ENCODED).to_string()).filter(|text| text.len() <= LONGEST);
    put("server", text(&segment.server));
    put("stream", text(segment.stream.as_str()));
    put("session-id", Some(segment.session.to_string()));
    put("session-end", session.and_then(|session| session.ended_at).and_then(time));
    put("session-reason", session.and_then(|session| session.end_reason.as_deref()).and_then(text));
    put("segment-id", Some(segment.id.to_string()));
    put("start", time(segment.started_at));
    put("end", time(segment.ended_at()));
    put("bytes", Some(segment.bytes.to_string()));
    put("frames", Some(segment.frames.to_string()));
    put("init-bytes", Some(segment.init_bytes.to_string()));
    put("media-bytes", Some(segment.media_bytes.to_string()));
    put("media-ms", segment.media_ms.map(|ms| ms.to_string()));
    put("media-start-ms", segment.media_start_ms.map(|ms| ms.to_string()));
    put("reason", segment.reason.as_deref().and_then(text));
    all
}

/// Reads it again, for an object of this key and size. `None`: it says nothing of a segment, as objects of earlier versions.
///
/// # Errors
/// Why it cannot be right, in a sentence: it was put beside another object.
pub fn read(
    key: &str,
    parts: &KeyParts,
    bytes: u64,
    all: &ObjectMetadata,
) -> Result<Option<ArchivedSegment>, &'static str> {
    let Some(found) = read_fields(key, parts, all) else { return Ok(None) };
    let number = |name: &str| all.get(name).and_then(|text| text.parse::<u64>().ok());
    let segment = &found.segment;
    if all.get("stream").map(String::as_str) != Some(parts.stream.as_str()) {
        return Err("what it says of itself is of another stream");
    }
    if number("bytes") != Some(bytes) || segment.init_bytes.saturating_add(segment.media_bytes) > bytes {
        return Err("it has another size than it says of itself");
    }
    if segment.started_at + TimeDelta::seconds(60) < parts.session {
        return Err("it says that it began before its session");
    }
    Ok(Some(found))
}

fn read_fields(key: &str, parts: &KeyParts, all: &ObjectMetadata) -> Option<ArchivedSegment> {
    let text = |name: &str| Some(percent_decode_str(all.get(name)?).decode_utf8().ok()?.into_owned());
    let number = |name: &str| all.get(name)?.parse::<u64>().ok();
    let time = |name: &str| all.get(name)?.parse::<DateTime<Utc>>().ok();
    let id = |name: &str| all.get(name)?.parse::<Uuid>().ok();
    let (started_at, ended_at, server) = (time("start")?, time("end")?, text("server")?);
    let session = RecordingSession {
        id: id("session-id")?,
        server: server.clone(),
        stream: parts.stream.clone(),
        started_at: parts.session,
        ended_at: time("session-end"),
        end_reason: text("session-reason"),
    };
    let segment = Segment {
        id: id("segment-id")?,
        session: session.id,
        server,
        stream: parts.stream.clone(),
        number: parts.number,
        state: SegmentState::Evicted,
        started_at,
        duration_ms: u64::try_from((ended_at - started_at).num_milliseconds()).ok()?,
        media_ms: number("media-ms"),
        media_start_ms: number("media-start-ms"),
        bytes: number("bytes")?,
        frames: number("frames")?,
        init_bytes: number("init-bytes")?,
        media_bytes: number("media-bytes")?,
        spool_path: String::new(),
        object_key: key.to_owned(),
        reason: text("reason"),
        tracks: None,
    };
    Some(ArchivedSegment { session, segment })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::layout::{object_key, parse_key};
    use crate::domain::sample;

    fn stored() -> (RecordingSession, Segment) {
        let session = RecordingSession {
            started_at: "2026-11-21T08:25:01Z".parse().expect("a time"),
            ended_at: Some("2026-11-21T08:26:00.5Z".parse().expect("a time")),
            end_reason: Some("Störung: 100 %\nzu".to_owned()),
            ..sample::session("site/cam.1")
        };
        let segment = Segment {
            server: "Süd".to_owned(),
            state: SegmentState::Evicted,
            started_at: "2026-11-21T08:25:02.123456Z".parse().expect("a time"),
            duration_ms: 2_040,
            media_ms: Some(2_000),
            media_start_ms: Some(86_400_000),
            bytes: 900,
            frames: 50,
            init_bytes: 100,
            media_bytes: 700,
            spool_path: String::new(),
            object_key: object_key("", &session.stream, session.started_at, 0),
            reason: Some("cut short".to_owned()),
            ..sample::segment(&session, 0)
        };
        (RecordingSession { server: segment.server.clone(), ..session }, segment)
    }

    #[test]
    fn a_segment_comes_back_as_it_was() {
        let (session, segment) = stored();
        let parts = parse_key(&segment.object_key).expect("a key");
        let all = describe(&segment, Some(&session));
        let size: usize = all.iter().map(|(name, value)| name.len() + value.len()).sum();
        assert!(size < 1_200 && all.values().all(|value| value.bytes().all(|byte| (b' '..=b'~').contains(&byte))));
        for (one, other) in all.keys().flat_map(|one| all.keys().map(move |other| (one, other))) {
            assert!(!other.starts_with(&format!("{one}-")), "{one} {other}");
        }
        let found = read(&segment.object_key, &parts, 900, &all).expect("it fits").expect("it is there");
        assert_eq!(found, ArchivedSegment { session: session.clone(), segment: segment.clone() });
        let without = read(&segment.object_key, &parts, 900, &describe(&segment, None)).expect("fits").expect("there");
        assert_eq!(without.session, RecordingSession { ended_at: None, end_reason: None, ..session });

        assert_eq!(read(&segment.object_key, &parts, 900, &ObjectMetadata::new()), Ok(None), "of an earlier version");
        for (size, name, value, wanted) in [
            (901, "", "", "another size"),
            (900, "stream", "gate", "another stream"),
            (900, "media-bytes", "1000", "another size"),
            (900, "start", "2026-11-20T08:25:02Z", "before its session"),
        ] {
            let mut wrong = all.clone();
            wrong.insert(name.to_owned(), value.to_owned());
            let why = read(&segment.object_key, &parts, size, &wrong).expect_err(wanted);
            assert!(why.contains(wanted), "{name}: {why}");
        }
    }
}
