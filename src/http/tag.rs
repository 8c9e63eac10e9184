//! `ETag` and `If-Match` of a camera's row: whoever edits says which row they have seen, so that nobody's change is lost.
//!
//! The tag covers the secrets too, and is keyed with numbers that this process drew at its start: nobody can try
//! passwords against it. After a restart every tag is another, and a form that was open has to be loaded again.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::LazyLock;

use actix_web::HttpRequest;
use actix_web::http::header;
use secrecy::ExposeSecret;

use crate::adapters::database::Condition;
use crate::base::{Error, ErrorKind};
use crate::domain::camera::CameraRow;

/// SipHash with 128 random bits as its key, twice: tags of 128 bits.
static KEYS: LazyLock<[RandomState; 2]> = LazyLock::new(|| [RandomState::new(), RandomState::new()]);

/// The row's tag, quoted as headers want it. Equal while everything an editor can change is equal.
pub(super) fn of(row: &CameraRow) -> String {
    let halves = KEYS.each_ref().map(|keys| {
        let mut hasher = keys.build_hasher();
        feed(row, &mut hasher);
        hasher.finish()
    });
    format!("\"{:016x}{:016x}\"", halves[0], halves[1])
}

fn feed(row: &CameraRow, hasher: &mut impl Hasher) {
    let CameraRow {
        id,
        name,
        kind,
        host,
        port,
        port_text: _,
        username,
        password,
        channel,
        substream,
        url,
        transport,
        audio,
        enabled,
        record,
        label,
        // A write that changes nothing is no change that anybody could lose.
        updated_at: _,
    } = row;
    (id, name, kind, host, port, username, channel, substream, transport, audio, enabled, record).hash(hasher);
    label.hash(hasher);
    for secret in [password, url] {
        secret.as_ref().map(ExposeSecret::expose_secret).hash(hasher);
    }
}

/// What `If-Match` asks of the row; without the header, nothing.
pub(super) fn condition(request: &HttpRequest) -> Condition {
    let given: Vec<String> = request
        .headers()
        .get_all(header::IF_MATCH)
        .flat_map(|value| value.to_str().unwrap_or_default().split(','))
        .map(|tag| tag.trim().to_owned())
        .collect();
    if given.is_empty() || given.iter().any(|tag| tag == "*") {
        return Condition::always();
    }
    Condition::new(move |row| {
        // A weak tag never matches here (RFC 9110, 13.1.1).
        if given.contains(&of(row)) {
            return Ok(());
        }
        let text = "somebody else has changed this camera since it was loaded; load it again and repeat the change";
        Err(Error::new(ErrorKind::Stale, text))
    })
}
