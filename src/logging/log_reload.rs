//! Follows changes of the logging configuration when the file sets `refresh_rate`. A broken edit is told in the log
//! and changes nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use super::{current::Current, load};

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
        // A reader that panics has failed with one version of the file.
        seen = catch_unwind(AssertUnwindSafe(|| look(file, seen, &current))).unwrap_or_else(|_| modified(file));
    }
}

/// Takes up the file when it is another than the one `seen`; returns the time of the one seen now.
fn look(file: &Path, seen: Option<SystemTime>, current: &Current) -> Option<SystemTime> {
    let now = modified(file);
    if now == seen || now.is_none() {
        return seen; // Editors that replace a file leave none for a moment.
    }
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
    now
}

fn modified(file: &Path) -> Option<SystemTime> {
    std::fs::metadata(file).and_then(|metadata| metadata.modified()).ok()
}

#[cfg(test)]
mod tests {
    use log::LevelFilter;

    use super::super::current::Logger;
    use super::*;

    #[test]
    fn an_edit_is_taken_up_and_a_broken_one_is_not() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("log4rs.yaml");
        let start = SystemTime::now();
        let write = |text: &str, second: u64| {
            std::fs::write(&file, text).expect("a file");
            let opened = std::fs::File::options().write(true).open(&file).expect("a file");
            opened.set_modified(start + Duration::from_secs(second)).expect("a time");
        };
        let yaml =
            |level: &str| format!("appenders: {{c: {{kind: console}}}}\nroot: {{level: {level}, appenders: [c]}}\n");
        let logger = Logger::new(load::console_only(LevelFilter::Off), |_| ());
        let current = logger.current();
        write(&yaml("error"), 1);
        let seen = look(&file, None, &current);
        assert_eq!(logger.max_level(), LevelFilter::Error, "a new file");
        write("root: [", 2);
        let seen = look(&file, seen, &current);
        assert_eq!(logger.max_level(), LevelFilter::Error, "a broken edit changes nothing");
        std::fs::remove_file(&file).expect("removed");
        let seen = look(&file, seen, &current);
        write(&yaml("warn"), 3);
        let seen = look(&file, seen, &current);
        assert_eq!(logger.max_level(), LevelFilter::Warn, "the next good one is taken up");
        assert_eq!(look(&file, seen, &current), modified(&file));
    }
}
