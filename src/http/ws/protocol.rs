//! What a WebSocket session decides, without a socket: which messages it understands, when a client counts as gone.

use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use crate::actors::hub::{CloseReason, FeedFilter};
use crate::actors::supervision::Exit;

/// Time between pings.
pub(super) const PING_EVERY: Duration = Duration::from_secs(5);

/// A client that has not been heard for so long is gone: three pings without an answer.
pub(super) const SILENCE: Duration = Duration::from_secs(15);

/// What the session shall do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Send a ping.
    Ping,
    /// Ask the hub for a snapshot.
    AskSnapshot,
    /// Ask the hub for something else from now on.
    SetFilter(FeedFilter),
    /// Close with this code and reason.
    Close(u16, &'static str),
}

/// A message of the client.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
enum Request {
    /// "I have missed something."
    Snapshot {},
    /// "From now on I want this only."
    Filter(FeedFilter),
}

/// A message that is not one of ours; the client is broken or not ours at all.
const NOT_UNDERSTOOD: Step = Step::Close(
    4000,
    "not understood; send {\"type\":\"snapshot\"} or {\"type\":\"filter\",\"server\":...,\"prefix\":...}",
);

/// A filter that nothing can match.
const NOT_A_FILTER: Step =
    Step::Close(4000, "a filter has server, prefix, stream (texts) and kinds (of server, camera, stream, recording)");

/// Decides about one text message.
pub(super) fn on_text(text: &str) -> Step {
    match serde_json::from_str(text) {
        Ok(Request::Snapshot {}) => Step::AskSnapshot,
        Ok(Request::Filter(filter)) => filter.checked().map_or(NOT_A_FILTER, Step::SetFilter),
        Err(_) => NOT_UNDERSTOOD,
    }
}

/// Decides about a message that is not text.
pub(super) fn on_binary() -> Step {
    NOT_UNDERSTOOD
}

/// Decides at a heartbeat.
pub(super) fn on_beat(last_heard: Instant, now: Instant) -> Step {
    if now.duration_since(last_heard) < SILENCE { Step::Ping } else { Step::Close(4002, "no answer to pings for 15 s") }
}

/// The close that goes with the hub's reason. 1001 and 1013 have registered meanings (RFC 6455, IANA).
pub(super) fn on_close(reason: CloseReason) -> Step {
    match reason {
        CloseReason::TooSlow => Step::Close(4001, "too slow: updates were not taken in time"),
        CloseReason::Stopping => Step::Close(1001, "the server stops"),
        CloseReason::HubGone => Step::Close(1013, "updates are being restarted; connect again"),
    }
}

/// How a session has ended that we close so.
pub(super) fn exit(code: u16, reason: &str) -> Exit {
    match code {
        1001 => Exit::Success,
        4002 => Exit::DownstreamClosed,
        _ => Exit::Failure(reason.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_and_a_filter_can_be_asked_for_and_nothing_else() {
        assert_eq!(on_text(r#"{"type":"snapshot"}"#), Step::AskSnapshot);
        let site = FeedFilter { prefix: Some("site/".to_owned()), ..FeedFilter::default() };
        assert_eq!(on_text(r#"{"type":"filter","prefix":"site/"}"#), Step::SetFilter(site));
        assert_eq!(on_text(r#"{"type":"filter"}"#), Step::SetFilter(FeedFilter::default()));
        for bad in [r#"{"type":"filter","prefix":""}"#, r#"{"type":"filter","kinds":["x"]}"#] {
            assert_eq!(on_text(bad), NOT_A_FILTER, "{bad}");
        }
        for bad in [
            "",
            "snapshot",
            "{}",
            "[]",
            r#"{"type":"delta"}"#,
            r#"{"type":"snapshot","x":1}"#,
            r#"{"type":1}"#,
            r#"{"type":"filter","x":1}"#,
        ] {
            assert!(matches!(on_text(bad), Step::Close(4000, _)), "{bad}");
        }
        assert!(matches!(on_binary(), Step::Close(4000, _)));
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_client_sends_is_understood_or_closes_its_session(
            text in proptest::prop_oneof![
                ".{0,40}",
                "\\{\"type\":\"(snapshot|filter|x)\"(,\"(server|prefix|stream|kinds|x)\":(\"[ -~]{0,8}\"|\\[\"[a-z]{0,8}\"\\]|null|7)){0,3}\\}",
            ],
        ) {
            match on_text(&text) {
                Step::AskSnapshot => proptest::prop_assert!(text.contains("snapshot")),
                Step::SetFilter(filter) => proptest::prop_assert!(filter.checked().is_ok(), "{}", text),
                Step::Close(code, _) => proptest::prop_assert_eq!(code, 4000),
                Step::Ping => proptest::prop_assert!(false, "nobody asks for a ping"),
            }
        }
    }

    #[test]
    fn a_silent_client_is_pinged_and_then_closed() {
        let heard = Instant::now();
        assert_eq!(on_beat(heard, heard), Step::Ping);
        assert_eq!(on_beat(heard, heard + Duration::from_millis(14_999)), Step::Ping);
        assert!(matches!(on_beat(heard, heard + SILENCE), Step::Close(4002, _)));
        assert!(SILENCE > PING_EVERY * 2, "one lost pong is no reason");
    }

    #[test]
    fn close_reasons_fit_into_a_control_frame() {
        let reasons = [CloseReason::TooSlow, CloseReason::Stopping, CloseReason::HubGone].map(on_close);
        for step in reasons.into_iter().chain([NOT_UNDERSTOOD, NOT_A_FILTER]) {
            let Step::Close(code, reason) = step else { unreachable!("a reason closes") };
            assert!(reason.len() <= 123, "RFC 6455, section 5.5: {reason}");
            assert!(code == 1001 || code == 1013 || (4000..5000).contains(&code));
        }
    }
}
