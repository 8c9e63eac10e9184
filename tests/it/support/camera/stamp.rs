//! The moment at which a picture was sent, written into an SEI message of the picture itself.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Of our SEI messages, and of no encoder's.
const UUID: &[u8; 16] = b"streamwarden-cam";
/// Hexadecimal digits of the microseconds since 1970: no byte of them needs an escape.
const DIGITS: usize = 16;

/// An SEI NAL unit with the time that it is now.
pub fn sei() -> Vec<u8> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_micros();
    let mut nal = vec![6, 5, (UUID.len() + DIGITS) as u8];
    nal.extend(UUID);
    nal.extend(format!("{now:016x}").bytes());
    nal.push(0x80);
    nal
}

/// How long ago the picture was sent that this NAL unit belongs to; `None` when it is no stamp.
pub fn age(nal: &[u8]) -> Option<Duration> {
    if nal.first()? & 0x1f != 6 {
        return None;
    }
    let at = nal.windows(UUID.len()).position(|window| window == UUID)? + UUID.len();
    let digits = std::str::from_utf8(nal.get(at..at + DIGITS)?).ok()?;
    let sent = UNIX_EPOCH + Duration::from_micros(u64::from_str_radix(digits, 16).ok()?);
    // The clock may be set between the two.
    Some(SystemTime::now().duration_since(sent).unwrap_or_default())
}
