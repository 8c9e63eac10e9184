//! Logging: log4rs configured by a file, with four things of our own.
//!
//! * A broken file, an unknown kind or an appender nobody defined refuses to start ([`load`]); log4rs alone would drop
//!   that appender and go on.
//! * Every record is redacted before any appender sees it ([`owned`]), so that no URL credentials reach any line, whatever
//!   encoder the file names.
//! * Nobody who logs waits for a reader, a terminal or a disk: one thread writes what waits in a bounded [`log_queue`].
//! * Kinds for the file: encoders `line` (for people: sentence, then `key=value`), `json` and `ecs`, trigger `size_or_time`.
//!
//! Started once by `main`; everybody else uses the `log` crate.

mod current;
mod ecs;
mod json;
mod line;
mod load;
mod log_queue;
mod log_reload;
mod owned;
mod place;
mod trigger;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use log::LevelFilter;

use crate::config::ConfigComplaints;

pub use load::check;
pub use log_queue::dropped;
pub use place::unset_variable;

/// Places looked at when nobody names a file, first found wins.
const PLACES: [&str; 2] = ["etc/log4rs.yaml", "/etc/streamwarden/log4rs.yaml"];

/// The configuration in use, once logging was started.
static CURRENT: OnceLock<Arc<current::Current>> = OnceLock::new();

/// Logs from this level on, whatever a file or a caller says later; for `--log-level`. Call it before logging is started.
pub fn set_level(level: LevelFilter) {
    let _ = load::LEVEL.set(level);
}

/// Finds the logging configuration: `named` (the value of `--log-config`), the variable `STREAMWARDEN_LOG_CONFIG`,
/// `./etc/log4rs.yaml`, `/etc/streamwarden/log4rs.yaml`. `None` when there is none: the console alone does.
pub fn find(named: Option<PathBuf>, env: &BTreeMap<String, String>) -> Option<PathBuf> {
    named
        .or_else(|| env.get(load::VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from))
        .or_else(|| PLACES.iter().map(PathBuf::from).find(|path| Path::exists(path)))
}

/// Starts logging as `file` says, and follows changes of the file when it sets `refresh_rate`.
///
/// # Errors
/// All complaints about the file at once; nothing is logged then.
///
/// # Panics
/// When logging was started before: only `main` does it.
pub fn start_from_file(file: &Path) -> Result<(), ConfigComplaints> {
    let loaded = load::load(file)?;
    let logger = current::Logger::new(loaded.config, complain_seldom);
    let current = logger.current();
    install(logger);
    if let Some(every) = loaded.refresh_rate {
        log_reload::follow(file.to_owned(), every, &current);
    }
    Ok(())
}

/// Logs as `file` says from now on, without one to the console alone. A changed `refresh_rate` counts from the next
/// start on.
///
/// # Errors
/// All complaints about the file at once; nothing has changed then.
pub fn take_up(file: Option<&Path>) -> Result<(), ConfigComplaints> {
    let config = match file {
        Some(file) => load::load(file)?.config,
        None => load::console_only(LevelFilter::Info),
    };
    if let Some(current) = CURRENT.get() {
        current.replace(config);
    }
    Ok(())
}

/// Starts logging to the console (stderr) alone.
///
/// # Panics
/// When logging was started before: only `main` does it.
pub fn start_on_console(level: LevelFilter) {
    install(current::Logger::new(load::console_only(level), complain_seldom));
}

/// While it lives, what is logged will be written: its end, be it by a panic, waits for the writer for a moment.
#[must_use]
pub struct UntilWritten;

impl Drop for UntilWritten {
    fn drop(&mut self) {
        log::logger().flush();
    }
}

fn install(logger: current::Logger) {
    let logger = logger.in_background();
    log::set_max_level(logger.max_level());
    let _ = CURRENT.set(logger.current());
    log::set_boxed_logger(Box::new(logger)).expect("main starts logging, once");
}

/// A record that could not be written, as on a full disk, is told on stderr at most once a minute.
fn complain_seldom(error: &anyhow::Error) {
    static LAST_MINUTE: AtomicU64 = AtomicU64::new(0);
    let minute = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / 60);
    if LAST_MINUTE.swap(minute, Ordering::Relaxed) != minute {
        use std::io::Write;
        // With stderr gone as well there is nobody left to tell.
        let _ = writeln!(std::io::stderr(), "logging: a record could not be written: {error}");
    }
}
