//! JSON of Vimeo. Only what is named here is read: stream keys and addresses of ingest servers stand in the same answers. Pure.

use chrono::{DateTime, Datelike, Utc};
use serde_json::Value;

use crate::base::visible_text;
use crate::domain::platform::{EventPhase, IngestPhase, IngestReport, LiveEvent, PlatformFault};

/// Longest title that is shown, in letters.
const LONGEST_TITLE: usize = 120;
/// Of the events that nobody has named, so many are looked at, whatever comes: each costs further requests.
pub(super) const MOST_EVENTS: usize = 20;

/// An event, and the video whose session says more of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FoundEvent {
    pub(super) event: LiveEvent,
    pub(super) video: Option<String>,
}

impl FoundEvent {
    /// One that was named and could not be read.
    pub(super) fn unknown(id: &str, fault: PlatformFault) -> Self {
        let (id, title) = (id.to_owned(), id.to_owned());
        let (phase, planned_at, ingest, viewers) = (EventPhase::Unknown, None, None, None);
        Self { event: LiveEvent { id, title, phase, planned_at, ingest, viewers, fault: Some(fault) }, video: None }
    }
}

/// The list of events: wrapped in `data`, as the service sends it, or bare, as its description has it.
pub(super) fn events(answer: &Value) -> Option<Vec<FoundEvent>> {
    let all = answer.get("data").unwrap_or(answer).as_array()?;
    Some(all.iter().take(MOST_EVENTS).filter_map(event).collect())
}

/// One event. `None` when it has no address of its own.
pub(super) fn event(answer: &Value) -> Option<FoundEvent> {
    let uri = answer.get("uri")?.as_str()?;
    let id = last_part(uri)?;
    let connection =
        |name: &str| answer.pointer(&format!("/metadata/connections/{name}")).filter(|one| one.is_object());
    let (live, before) = (connection("live_video"), connection("pre_live_video"));
    let is_streaming = live.and_then(|live| live.get("status")?.as_str()) == Some("streaming");
    let is_completed = answer.get("completed_on").is_some_and(|at| !at.is_null());
    let phase = match answer.get("status") {
        Some(Value::String(word)) if word == "started" => EventPhase::Live,
        Some(Value::String(word)) if word == "ended" => EventPhase::Ended,
        Some(Value::String(_)) => EventPhase::Unknown,
        _ if is_streaming => EventPhase::Live,
        _ if is_completed => EventPhase::Ended,
        _ => EventPhase::Planned,
    };
    let uri_of = |one: Option<&Value>| one?.get("uri")?.as_str().and_then(last_part);
    let own = uri.contains("/videos/").then(|| id.clone());
    let video = own.or(uri_of(live)).or(uri_of(before)).or(uri_of(answer.get("streamable_clip")));
    let title = answer.get("title").or(answer.get("name")).and_then(Value::as_str).unwrap_or_default();
    let title = visible_text::line(title, LONGEST_TITLE).unwrap_or_else(|| id.clone());
    let planned_at = time(answer.get("next_occurrence_time"));
    let event = LiveEvent { id, title, phase, planned_at, ingest: None, viewers: None, fault: None };
    Some(FoundEvent { event, video })
}

/// `GET /videos/{id}/sessions/status`, into its event.
pub(super) fn session(answer: &Value, event: &mut LiveEvent) {
    match answer.get("status").and_then(Value::as_str) {
        Some("started") if matches!(event.phase, EventPhase::Planned | EventPhase::Unknown) => {
            event.phase = EventPhase::Live
        }
        Some("ended") if event.phase == EventPhase::Unknown => event.phase = EventPhase::Ended,
        _ => {}
    }
    let Some(ingest) = answer.get("ingest").filter(|ingest| ingest.is_object()) else { return };
    // A string by its description; a number is the same.
    let word = match ingest.get("status") {
        Some(Value::String(word)) => word.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let phase = match word.as_str() {
        "0" => IngestPhase::NoAddress,
        "1" => IngestPhase::Provisioning,
        "2" => IngestPhase::Ready,
        "3" => IngestPhase::TimedOut,
        "4" => IngestPhase::Streaming,
        "5" => IngestPhase::Ended,
        _ => IngestPhase::Unknown,
    };
    let pixels = |name: &str| ingest.get(name)?.as_u64().and_then(|number| u32::try_from(number).ok());
    event.planned_at = event.planned_at.or(time(ingest.get("scheduled_start_time")));
    event.ingest = Some(IngestReport {
        phase,
        width: pixels("width"),
        height: pixels("height"),
        started_at: time(ingest.get("start_time")),
        link_expires_at: time(ingest.get("rtmp_expires_at")),
    });
}

/// Viewers at the moment. Not in the public description of the API: some accounts have it.
pub(super) fn viewers(answer: &Value) -> Option<u64> {
    ["/live_stats/viewers/current", "/live/viewers/current"].iter().find_map(|path| answer.pointer(path)?.as_u64())
}

/// `GET /oauth/verify`: scopes and account.
pub(super) fn token(answer: &Value) -> Option<(Vec<String>, Option<String>)> {
    let scopes = answer.get("scope")?.as_str()?.split_whitespace().map(str::to_owned).collect();
    let account = answer.pointer("/user/name").and_then(Value::as_str);
    Some((scopes, account.map(|name| name.chars().filter(|c| !c.is_control()).take(60).collect())))
}

/// A time in ISO 8601, or seconds since 1970.
fn time(value: Option<&Value>) -> Option<DateTime<Utc>> {
    let time = match value? {
        Value::String(text) => DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc()),
        Value::Number(number) => DateTime::from_timestamp(number.as_i64()?, 0),
        _ => None,
    };
    // Others can be written, and no reader of RFC 3339 reads them.
    time.filter(|time| (1970..=9999).contains(&time.year()))
}

/// `/users/1/live_events/23` is `23`: digits only, as it becomes a part of an address.
fn last_part(uri: &str) -> Option<String> {
    let id = uri.trim_end_matches('/').rsplit('/').next()?.split([':', '?']).next()?;
    (!id.is_empty() && id.len() <= 20 && id.bytes().all(|byte| byte.is_ascii_digit())).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_are_read_in_every_shape() {
        let live = json!({ "uri": "/videos/9", "status": "streaming" });
        for (answer, id, phase, video) in [
            (json!({ "uri": "/live_events/7", "title": "A", "status": "started" }), "7", EventPhase::Live, None),
            (json!({ "uri": "/users/1/live_events/7", "status": "ended" }), "7", EventPhase::Ended, None),
            (json!({ "uri": "/live_events/7", "status": null }), "7", EventPhase::Planned, None),
            (
                json!({ "uri": "/live_events/7", "completed_on": "2026-01-01T00:00:00+00:00" }),
                "7",
                EventPhase::Ended,
                None,
            ),
            (json!({ "uri": "/live_events/7", "status": "paused" }), "7", EventPhase::Unknown, None),
            (
                json!({ "uri": "/live_events/7", "status": null, "metadata": { "connections": { "live_video": live, "pre_live_video": null } } }),
                "7",
                EventPhase::Live,
                Some("9"),
            ),
            (
                json!({ "uri": "/live_events/7", "metadata": { "connections": { "pre_live_video": { "uri": "/videos/8", "status": "ready" } } } }),
                "7",
                EventPhase::Planned,
                Some("8"),
            ),
            (
                json!({ "uri": "/live_events/7", "streamable_clip": { "uri": "/videos/5:abc" } }),
                "7",
                EventPhase::Planned,
                Some("5"),
            ),
            (json!({ "uri": "/videos/5", "name": "One time" }), "5", EventPhase::Planned, Some("5")),
        ] {
            let found = event(&answer).expect("an event");
            assert_eq!(
                (found.event.id.as_str(), found.event.phase, found.video.as_deref()),
                (id, phase, video),
                "{answer}"
            );
        }
        for bad in [json!({}), json!({ "uri": "/live_events/../x" }), json!({ "uri": 7 }), json!("x")] {
            assert_eq!(event(&bad), None, "{bad}");
        }
        let one = json!({ "uri": "/live_events/7", "title": " Sun\nday " });
        let bare = events(&json!([one, {}])).expect("a list");
        assert_eq!(events(&json!({ "total": 1, "paging": {}, "data": [one, 3] })), Some(bare.clone()));
        assert_eq!(bare[0].event.title, "Sun day");
        assert_eq!(events(&json!({ "error": "x" })), None);
    }

    #[test]
    fn a_session_is_read_and_its_keys_are_not() {
        let mut found = event(&json!({ "uri": "/live_events/7", "title": "A" })).expect("an event").event;
        session(
            &json!({ "id": 1, "status": "started", "ingest": { "status": "4", "width": 1920, "height": 1080, "start_time": 1_795_946_400,
                "rtmp_link": "rtmp://h/canary", "stream_key": "canary", "rtmp_expires_at": "2026-11-29T12:00:00+00:00" } }),
            &mut found,
        );
        let ingest = found.ingest.clone().expect("a session");
        assert_eq!((found.phase, ingest.phase, ingest.width), (EventPhase::Live, IngestPhase::Streaming, Some(1920)));
        assert_eq!(ingest.started_at.map(|at| at.to_rfc3339()).as_deref(), Some("2026-11-29T10:00:00+00:00"));
        assert_eq!(ingest.link_expires_at.map(|at| at.to_rfc3339()).as_deref(), Some("2026-11-29T12:00:00+00:00"));
        assert!(!format!("{found:?}").contains("canary"));
        for (status, phase) in [
            (json!("0"), IngestPhase::NoAddress),
            (json!("1"), IngestPhase::Provisioning),
            (json!("2"), IngestPhase::Ready),
            (json!(3), IngestPhase::TimedOut),
            (json!(4), IngestPhase::Streaming),
            (json!("5"), IngestPhase::Ended),
            (json!("6"), IngestPhase::Unknown),
            (json!(null), IngestPhase::Unknown),
        ] {
            session(&json!({ "status": null, "ingest": { "status": status, "width": -1 } }), &mut found);
            assert_eq!(
                found.ingest.as_ref().map(|ingest| (ingest.phase, ingest.width)),
                Some((phase, None)),
                "{status}"
            );
        }
    }

    #[test]
    fn viewers_and_scopes_are_there_or_not() {
        for (answer, wanted) in [
            (json!({ "live_stats": { "viewers": { "current": 12, "peak": 20 } } }), Some(12)),
            (json!({ "live": { "viewers": { "current": 0 } } }), Some(0)),
            (json!({ "live_stats": null }), None),
            (json!({}), None),
        ] {
            assert_eq!(viewers(&answer), wanted, "{answer}");
        }
        let answer = json!({ "access_token": "canary", "scope": "public private", "user": { "name": "Studio" } });
        let found = token(&answer).expect("a token");
        assert_eq!(found, (vec!["public".to_owned(), "private".to_owned()], Some("Studio".to_owned())));
        assert_eq!(token(&json!({ "error": "x" })), None);
    }
}
