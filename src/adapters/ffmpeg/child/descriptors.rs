//! How many descriptors we may have: as many as the system lets us, while our children keep what was usual before.

use std::io;
use std::sync::OnceLock;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// More than this is of no use to us, and some systems have no limit at all.
const MOST: u64 = 1 << 20;

/// The soft limit that we were started with.
static INHERITED: OnceLock<u64> = OnceLock::new();

/// Raises our soft limit to the hard one. Called once, by `main`.
///
/// # Errors
/// When the system refuses.
pub fn raise_descriptor_limit() -> io::Result<()> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let inherited = *INHERITED.get_or_init(|| soft);
    let wanted = hard.min(MOST).max(inherited);
    if soft < wanted {
        setrlimit(Resource::RLIMIT_NOFILE, wanted, hard)?;
    }
    Ok(())
}

/// How many descriptors this process may have.
pub fn descriptor_limit() -> u64 {
    // It fails for no process that asks about itself; 1,024 is what consoles have.
    getrlimit(Resource::RLIMIT_NOFILE).map_or(1024, |(soft, _)| soft)
}

/// The soft limit for children, when ours was raised.
pub(super) fn inherited() -> Option<u64> {
    INHERITED.get().copied()
}

/// Runs in the child between fork and exec. Only system calls.
pub(super) fn lower_to(soft: u64) -> io::Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    Ok(setrlimit(Resource::RLIMIT_NOFILE, soft.min(hard), hard)?)
}
