//! The logger of the process: takes every record, redacts it, and leaves the writing to a thread of its own.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use log::{LevelFilter, Log, Metadata, Record};
use log4rs::Config;

use super::log_queue::{LogQueue, is_writer};
use super::owned::LogLine;

/// At the end of the process, what waits has so long to be written.
const FLUSH_WITHIN: Duration = Duration::from_secs(2);

/// What is called with a record's failure.
pub(super) type OnFailure = fn(&anyhow::Error);

/// The log4rs logger in use, exchanged when its file changes.
pub(super) struct Current {
    // Locked for a moment only: never while something is written.
    logger: RwLock<Arc<log4rs::Logger>>,
    on_failure: OnFailure,
}

impl Current {
    /// Uses another configuration from the next record on that is written.
    pub fn replace(&self, config: Config) {
        let logger = log4rs::Logger::new_with_err_handler(config, Box::new(self.on_failure));
        log::set_max_level(logger.max_log_level());
        let before = {
            let mut current = self.logger.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *current, Arc::new(logger))
        };
        drop(before);
    }

    fn get(&self) -> Arc<log4rs::Logger> {
        Arc::clone(&self.logger.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, line: &LogLine) {
        let logger = self.get();
        line.pass(|record| logger.log(record));
    }
}

/// The logger of the process.
pub(super) struct Logger {
    current: Arc<Current>,
    /// `None`: the machine gave us no thread, and whoever logs writes.
    queue: Option<Arc<LogQueue>>,
}

impl Logger {
    /// Writes on the thread of whoever logs.
    pub fn new(config: Config, on_failure: OnFailure) -> Self {
        let logger = log4rs::Logger::new_with_err_handler(config, Box::new(on_failure));
        Self { current: Arc::new(Current { logger: RwLock::new(Arc::new(logger)), on_failure }), queue: None }
    }

    /// Writes on a thread of its own from now on.
    pub fn in_background(mut self) -> Self {
        let current = self.current();
        match LogQueue::start(move |line| current.write(line)) {
            Ok(queue) => self.queue = Some(queue),
            Err(error) => {
                (self.current.on_failure)(&anyhow::anyhow!("no thread for it, so it may hold us up: {error}"))
            }
        }
        self
    }

    pub fn current(&self) -> Arc<Current> {
        Arc::clone(&self.current)
    }

    pub fn max_level(&self) -> LevelFilter {
        self.current.get().max_log_level()
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.current.get().enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        match &self.queue {
            // The panic of an appender: another record would meet the same one.
            Some(_) if is_writer() && std::thread::panicking() => {}
            Some(queue) => queue.put(LogLine::of(record)),
            None => self.current.write(&LogLine::of(record)),
        }
    }

    fn flush(&self) {
        if let Some(queue) = &self.queue {
            queue.flush(FLUSH_WITHIN);
        }
    }
}
