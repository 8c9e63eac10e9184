//! Follows changes of the logging configuration when the file sets `refresh_rate`. A broken edit is told in the log
//! and changes nothing.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use super::{load, redacting::Current};

/// Looks at the file this often at most, however short its `refresh_rate`.
const SHORTEST: Duration = Duration::from_secs(1);

/// Starts a thread that lives as long as the logger does. Without one the log says so and goes on.
pub(super) fn follow(file: PathBuf, every: Duration, current: &Arc<Current>) {
    let current = Arc::downgrade(current);
    let thread = std::thread::Builder::new().name("log-config".to_owned());
    if let Err(error) = thread.spawn(move || watch(&file, every.max(SHORTEST), &current)) {
        log::warn!("changes of the logging configuration will not be noticed: {error}");
    }
}

fn watch(file: &Path, every: Duration, current: &Weak<Current>) {
    let mut seen = modified(file);
    loop {
        std::thread::sleep(every);
        let Some(current) = current.upgrade() else { return };
        let now = modified(file);
        if now == seen || now.is_none() {
            continue; // Editors that replace a file leave none for a moment.
        }
        seen = now;
        match load::load(file) {
            Ok(loaded) => {
                current.replace(loaded.config);
                log::info!(file = file.display().to_string().as_str(); "logging configuration taken up");
            }
            Err(complaints) => {
                for complaint in complaints.0 {
                    log::error!("logging configuration unchanged: {complaint}");
                }
            }
        }
    }
}

fn modified(file: &Path) -> Option<SystemTime> {
    std::fs::metadata(file).and_then(|metadata| metadata.modified()).ok()
}
