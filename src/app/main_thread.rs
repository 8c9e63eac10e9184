//! The thread that everything runs on: its actix system, and what a panic says there.

use std::future::Future;

use crate::base::{Error, Result, redact};

/// Runs `body` on the main thread's actix system, where every ffmpeg is spawned: the parent-death signal follows the
/// thread that spawned it, and this one lives as long as the process.
pub fn on_main_thread<T>(body: impl Future<Output = T>) -> T {
    // A second TLS provider creeping in would make rustls panic at the first connection; installing twice is harmless.
    let _ = rustls::crypto::ring::default_provider().install_default();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|at| (at.file(), at.line()));
        log::error!("{}", panic_line(panic.payload_as_str(), place));
    }));
    actix::System::new().block_on(body)
}

/// A panic as the log has it: its words may quote a URL, and its place is a path of the machine that built us.
fn panic_line(words: Option<&str>, place: Option<(&str, u32)>) -> String {
    let words = redact::paths(&redact::text(words.unwrap_or("no message")));
    let place = place.map_or_else(String::new, |(file, line)| format!(" at {}:{line}", redact::paths(file)));
    format!("panicked{place}: {words}")
}

/// Runs one piece of work on this thread, for commands that end by themselves.
///
/// # Errors
/// `Internal` when the machine gives us no runtime.
pub fn block_on<T>(work: impl Future<Output = T>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map(|runtime| runtime.block_on(work))
        .map_err(|error| Error::internal("no tokio runtime can be made").with_source(error))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_panic_is_told_without_secrets_and_paths_of_the_machine() {
        let words = "cannot parse rtsp://u:s3cret@h/x in /var/lib/sw/x.db (password=s3cret)";
        let line = super::panic_line(Some(words), Some(("/home/build/.cargo/registry/src/a-1.0/src/lib.rs", 7)));
        let wanted = "panicked at .../lib.rs:7: cannot parse rtsp://***@h/x in .../x.db (password=***";
        assert!(line.starts_with(wanted) && !line.contains("s3cret") && !line.contains("build"), "{line}");
        assert_eq!(super::panic_line(None, None), "panicked: no message");
    }
}
