//! Records on their way to the one thread that writes them: whoever logs never waits for a reader, a terminal or a disk.
//!
//! Full: new lines are dropped until half of it is free again, so that what waits tells how it began; then one line says
//! how many are missing, in the place where they are. They are counted in [`dropped`].

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::owned::LogLine;

/// Bytes of records that wait at most.
const MOST_BYTES: usize = 4 << 20;

/// Name of the writer's thread.
const THREAD: &str = "log-writer";

/// Lines dropped since the process started.
static DROPPED: AtomicU64 = AtomicU64::new(0);

/// How many log lines were dropped since the process started, because nobody took those before them.
pub fn dropped() -> u64 {
    DROPPED.load(Ordering::Relaxed)
}

/// The queue.
pub(super) struct LogQueue {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    written: Condvar,
    most: usize,
}

#[derive(Default)]
struct Waiting {
    lines: VecDeque<LogLine>,
    bytes: usize,
    /// It was full, and half of it is not free yet.
    dropping: bool,
    /// Dropped, and not told yet.
    missing: u64,
    /// The writer has one in hand.
    writing: bool,
}

impl LogQueue {
    /// Starts the thread that gives every record to `write`.
    ///
    /// # Errors
    /// When the machine gives us no thread.
    pub fn start(write: impl Fn(&LogLine) + Send + 'static) -> std::io::Result<Arc<Self>> {
        let queue = Arc::new(Self::holding(MOST_BYTES));
        let reader = Arc::clone(&queue);
        std::thread::Builder::new().name(THREAD.to_owned()).spawn(move || {
            loop {
                let line = reader.next();
                // An appender that panics has failed with one record.
                let _ = catch_unwind(AssertUnwindSafe(|| write(&line)));
            }
        })?;
        Ok(queue)
    }

    fn holding(most: usize) -> Self {
        Self { waiting: Mutex::default(), arrived: Condvar::new(), written: Condvar::new(), most }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a record in, or drops it.
    pub fn put(&self, line: LogLine) {
        let mut waiting = self.lock();
        let size = line.size();
        if waiting.dropping && waiting.bytes <= self.most / 2 {
            waiting.dropping = false;
            waiting.tell_missing();
        }
        if waiting.dropping || waiting.bytes + size > self.most {
            waiting.dropping = true;
            waiting.missing += 1;
            DROPPED.fetch_add(1, Ordering::Relaxed);
            return;
        }
        waiting.bytes += size;
        waiting.lines.push_back(line);
        drop(waiting);
        self.arrived.notify_one();
    }

    /// The next record; waits for one.
    fn next(&self) -> LogLine {
        let mut waiting = self.lock();
        waiting.writing = false;
        loop {
            if waiting.lines.is_empty() {
                waiting.dropping = false;
                waiting.tell_missing();
            }
            if let Some(line) = waiting.lines.pop_front() {
                waiting.bytes -= line.size();
                waiting.writing = true;
                return line;
            }
            self.written.notify_all();
            waiting = self.arrived.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until everything is written, and no longer than that. Tells whether it is.
    pub fn flush(&self, within: Duration) -> bool {
        let busy = |waiting: &mut Waiting| waiting.writing || !waiting.lines.is_empty() || waiting.missing > 0;
        let waited = self.written.wait_timeout_while(self.lock(), within, busy);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}

impl Waiting {
    /// One line that says how many are missing, if any are.
    fn tell_missing(&mut self) {
        let missing = std::mem::take(&mut self.missing);
        if missing > 0 {
            let text = "log lines are missing here: earlier ones could not be written (a reader that does not read, a slow disk)";
            let line = LogLine::of_our_own(text.to_owned(), missing);
            self.bytes += line.size();
            self.lines.push_back(line);
        }
    }
}

/// Whether this thread is the writer: what goes wrong there must not make more of the same.
pub(super) fn is_writer() -> bool {
    std::thread::current().name() == Some(THREAD)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use log::Record;

    use super::*;

    fn line(text: &str) -> LogLine {
        LogLine::of(&Record::builder().args(format_args!("{text}")).build())
    }

    fn text(line: &LogLine) -> String {
        let mut text = String::new();
        line.pass(|record| {
            let lines = record.key_values().get("lines".into()).map(|lines| format!(" {lines}"));
            text = format!("{}{}", record.args(), lines.unwrap_or_default());
        });
        text
    }

    #[test]
    fn a_full_queue_drops_what_is_new_and_says_so_in_its_place() {
        let size = line("00").size();
        let queue = LogQueue::holding(10 * size);
        let before = dropped();
        (0..15).for_each(|number| queue.put(line(&format!("{number:02}"))));
        assert!(dropped() >= before + 5, "other tests may log too");
        let mut told: Vec<String> = (0..4).map(|_| text(&queue.next())).collect();
        queue.put(line("15"));
        told.push(text(&queue.next()));
        // Half of it is free now.
        queue.put(line("16"));
        told.extend((0..7).map(|_| text(&queue.next())));
        let missing = |count: u64| {
            format!(
                "log lines are missing here: earlier ones could not be written (a reader that does not read, a slow disk) {count}"
            )
        };
        let mut wanted: Vec<String> = (0..10).map(|number| format!("{number:02}")).collect();
        wanted.extend([missing(6), "16".to_owned()]);
        assert_eq!(told, wanted);
        // One that has run empty does not wait for the next line to say so.
        (0..11).for_each(|_| queue.put(line("17")));
        let told: Vec<String> = (0..11).map(|_| text(&queue.next())).collect();
        assert_eq!(told.last(), Some(&missing(1)), "{told:?}");
    }

    #[test]
    fn nobody_waits_for_a_writer_that_hangs_and_the_end_waits_for_one_that_does_not() {
        let (taken, reader) = sync_channel(0);
        let queue = LogQueue::start(move |line| _ = taken.send(text(line))).expect("a thread");
        for number in 0..3 {
            queue.put(line(&number.to_string()));
        }
        assert!(!queue.flush(Duration::from_millis(50)), "the writer hangs");
        let read = std::thread::spawn(move || reader.iter().take(3).collect::<Vec<String>>());
        assert!(queue.flush(Duration::from_secs(60)), "everything is written");
        assert_eq!(read.join().expect("a reader"), ["0", "1", "2"]);
    }

    #[test]
    fn an_appender_that_panics_costs_one_record() {
        let (taken, reader) = sync_channel(10);
        let queue = LogQueue::start(move |line| {
            let text = text(line);
            assert_ne!(text, "bad", "provoked by the test");
            taken.send(text).expect("a reader");
        });
        let queue = queue.expect("a thread");
        ["one", "bad", "two"].iter().for_each(|text| queue.put(line(text)));
        assert!(queue.flush(Duration::from_secs(60)));
        assert_eq!(reader.try_iter().collect::<Vec<_>>(), ["one", "two"]);
    }
}
