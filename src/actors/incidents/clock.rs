//! The moment at which something happens, as incidents count it: one origin for the whole process.

use std::sync::LazyLock;
use std::time::Instant;

use chrono::Utc;

use crate::domain::moment::Moment;

/// What `Moment::steady` counts from.
static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// This moment.
pub fn now() -> Moment {
    // In this order: the origin is never later.
    let origin = *ORIGIN;
    Moment { wall: Utc::now(), steady: origin.elapsed() }
}
