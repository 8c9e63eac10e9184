//! Where secret arguments cannot be hidden: the child is started all the same, counted, and logged once for each reason; or
//! it is not started, where the configuration says so.

use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::masked::reason;

static REQUIRED: AtomicBool = AtomicBool::new(false);
static STARTS: AtomicU64 = AtomicU64::new(0);
static REASONS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Reasons that are remembered; they are few, but hold texts of the system.
const MOST_REASONS: usize = 50;

/// From now on no child starts with its secret arguments visible (`restream.require_hidden_arguments`).
pub fn require_hidden_arguments(required: bool) {
    REQUIRED.store(required, Ordering::Relaxed);
}

/// Children that were started with passwords visible in `ps`, since the start.
pub fn starts_with_visible_arguments() -> u64 {
    STARTS.load(Ordering::Relaxed)
}

/// Whether a child may start although its arguments could not be hidden.
pub(super) fn allow(why: &io::Error) -> io::Result<()> {
    if REQUIRED.load(Ordering::Relaxed) {
        let text = format!(
            "its password could not be hidden from `ps`, and restream.require_hidden_arguments forbids a start without: {}",
            reason(why)
        );
        return Err(io::Error::other(text));
    }
    Ok(())
}

/// A child was started with its arguments visible.
pub(super) fn note(why: &io::Error) {
    STARTS.fetch_add(1, Ordering::Relaxed);
    let mut reasons = REASONS.lock().unwrap_or_else(PoisonError::into_inner);
    let why = reason(why);
    if reasons.len() < MOST_REASONS && !reasons.contains(&why) {
        log::warn!(
            "passwords of cameras and servers are visible in `ps` on this machine: they could not be hidden from it: {why}; \
             or mount /proc with hidepid=2"
        );
        reasons.insert(why);
    }
}
