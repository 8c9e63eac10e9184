//! Blackmagic Web Presenter and Streaming Encoder: two protocols, one answer.
//!
//! [`WebPresenter`] speaks whichever the device speaks: REST (`/control/api/v1`, port 80) or the text protocol (TCP 9977); what it found
//! is tried first the next time, and the other one when that fails. Both are as documented by the vendor (Streaming REST API and
//! Ethernet Protocol, January 2026) and as clients of them were seen to use them; neither has a login. REST may be encrypted, and a device may tell
//! changes by itself over a WebSocket ([`listen`]): then it is asked at once.
//!
//! Devices are slow, restart, close every connection, answer 501 for what a model lacks and web pages for what a firmware lacks. So every
//! request has a limit, every answer a greatest length, and what is optional is left out when it is not there. Stream keys, passphrases and
//! addresses of ingest servers are dropped where they are read: nothing behind this folder has them.
//!
//! Never here: what an answer means (`domain/encoder`).

mod event_listener;
mod rest_client;
mod rest_wire;
mod text_client;
mod text_protocol;
mod web_presenter;

pub use event_listener::{EventsEnded, listen};
pub use web_presenter::{EncoderAddress, ProtocolChoice, WebPresenter};

use std::time::Duration;

/// Longest time of one request with its answer. The Camera app of the same family lets a first request time out after a rest.
const REQUEST_LIMIT: Duration = Duration::from_secs(3);

/// No answer of a device is longer, in bytes; a Web Presenter says all it knows in some kilobytes.
const LONGEST_ANSWER: usize = 256 * 1024;

/// Longest text of a device that is shown, in letters.
const LONGEST_TEXT: usize = 120;

/// Text of a device as it may be shown: one line, not long, without what looks like a credential; `None` when it is empty.
fn shown(text: &str) -> Option<String> {
    crate::base::visible_text::line(text, LONGEST_TEXT)
}
