//! What a WebSocket session decides, without a socket: which messages it understands, when a client counts as gone.

use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use crate::actors::hub::CloseReason;
use crate::actors::supervision::Exit;

/// Time between pings.
pub(super) const PING_EVERY: Duration = Duration::from_secs(5);

/// A client that has not been heard for so long is gone: three pings without an answer.
pub(super) const SILENCE: Duration = Duration::from_secs(15);

/// What the session shall do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ProtocolStep {
    /// Send a ping.
    Ping,
    /// Ask the hub for a snapshot.
    AskSnapshot,
    /// Close with this code and reason.
    Close(u16, &'static str),
}

/// A message of the client.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
enum ClientRequest {
    /// "I have missed something."
    Snapshot {},
}

/// A message that is not one of ours; the client is broken or not ours at all.
const NOT_UNDERSTOOD: ProtocolStep = ProtocolStep::Close(4000, "not understood; send {\"type\":\"snapshot\"}");

/// Decides about one text message.
pub(super) fn on_text(text: &str) -> ProtocolStep {
    match serde_json::from_str(text) {
        Ok(ClientRequest::Snapshot {}) => ProtocolStep::AskSnapshot,
        Err(_) => NOT_UNDERSTOOD,
    }
}

/// Decides about a message that is not text.
pub(super) fn on_binary() -> ProtocolStep {
    NOT_UNDERSTOOD
}

/// Decides at a heartbeat.
pub(super) fn on_beat(last_heard: Instant, now: Instant) -> ProtocolStep {
    if now.duration_since(last_heard) < SILENCE {
        ProtocolStep::Ping
    } else {
        ProtocolStep::Close(4002, "no answer to pings for 15 s")
    }
}

/// The close that goes with the hub's reason. 1001 and 1013 have registered meanings (RFC 6455, IANA).
pub(super) fn on_close(reason: CloseReason) -> ProtocolStep {
    match reason {
        CloseReason::TooSlow => ProtocolStep::Close(4001, "too slow: updates were not taken in time"),
        CloseReason::Stopping => ProtocolStep::Close(1001, "the server stops"),
        CloseReason::HubGone => ProtocolStep::Close(1013, "updates are being restarted; connect again"),
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
    fn only_a_request_for_a_snapshot_is_understood() {
        assert_eq!(on_text(r#"{"type":"snapshot"}"#), ProtocolStep::AskSnapshot);
        for bad in ["", "snapshot", "{}", "[]", r#"{"type":"delta"}"#, r#"{"type":"snapshot","x":1}"#, r#"{"type":1}"#]
        {
            assert!(matches!(on_text(bad), ProtocolStep::Close(4000, _)), "{bad}");
        }
        assert!(matches!(on_binary(), ProtocolStep::Close(4000, _)));
    }

    #[test]
    fn a_silent_client_is_pinged_and_then_closed() {
        let heard = Instant::now();
        assert_eq!(on_beat(heard, heard), ProtocolStep::Ping);
        assert_eq!(on_beat(heard, heard + Duration::from_millis(14_999)), ProtocolStep::Ping);
        assert!(matches!(on_beat(heard, heard + SILENCE), ProtocolStep::Close(4002, _)));
        assert!(SILENCE > PING_EVERY * 2, "one lost pong is no reason");
    }

    #[test]
    fn close_reasons_fit_into_a_control_frame() {
        for reason in [CloseReason::TooSlow, CloseReason::Stopping, CloseReason::HubGone] {
            let ProtocolStep::Close(code, reason) = on_close(reason) else { unreachable!("a reason closes") };
            assert!(reason.len() <= 123, "RFC 6455, section 5.5: {reason}");
            assert!(code == 1001 || code == 1013 || (4000..5000).contains(&code));
        }
    }
}
