//! No core files: the memory of ffmpeg, and ours, holds the passwords of cameras and servers.

use std::io;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// A core file of more bytes than this is not written. Not 0: a core that is piped to a program (systemd-coredump, apport)
/// ignores every limit but 1, at which the kernel makes none at all; and a file cannot be as short as that.
const LIMIT: u64 = 1;

/// This process and its children leave no core file when they crash, and cannot change that (unless they are root).
/// Only system calls: it is called between fork and exec, and by `main` for ourselves.
///
/// # Errors
/// When the system refuses.
pub fn leave_no_core_file() -> io::Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_CORE)?;
    let limit = hard.min(LIMIT);
    Ok(setrlimit(Resource::RLIMIT_CORE, limit, limit)?)
}
