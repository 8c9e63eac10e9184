//! Looks for secrets wherever others could: in `/proc` all the time, and in whatever text it is shown.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::support::processes::{marked, words};

/// Looks on its own thread until told to end.
pub struct Watch {
    secrets: Vec<String>,
    stop: Arc<AtomicBool>,
    seen: Arc<AtomicUsize>,
    thread: std::cell::Cell<Option<JoinHandle<Vec<String>>>>,
}

impl Watch {
    /// Over the program and all its children.
    pub fn over(data_dir: &Path, program: u32, secrets: &[&str]) -> Self {
        let secrets: Vec<String> = secrets.iter().map(|&secret| secret.to_owned()).collect();
        let (stop, seen) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let work = work(data_dir.to_owned(), program, secrets.clone(), Arc::clone(&stop), Arc::clone(&seen));
        let thread = std::cell::Cell::new(Some(std::thread::spawn(work)));
        Self { secrets, stop, seen, thread }
    }

    /// Fails when a secret is in the text.
    pub fn look_at(&self, what: &str, text: &[u8]) {
        let text = String::from_utf8_lossy(text);
        for secret in &self.secrets {
            let around = text.find(secret.as_str()).map(|at| {
                let before: String = text[..at].chars().rev().take(150).collect();
                before.chars().rev().chain(text[at..].chars().take(80)).collect::<String>()
            });
            assert_eq!(around, None, "{secret:?} is in {what}");
        }
    }

    /// Ends looking at processes; fails when one has shown a secret.
    pub fn end(&self) {
        self.stop.store(true, Ordering::Relaxed);
        let found = self.thread.take().map(|thread| thread.join().expect("the watch")).unwrap_or_default();
        assert!(found.is_empty(), "{found:#?}");
        assert!(self.seen.load(Ordering::Relaxed) > 20, "it has looked at processes");
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn work(
    data_dir: PathBuf,
    program: u32,
    secrets: Vec<String>,
    stop: Arc<AtomicBool>,
    seen: Arc<AtomicUsize>,
) -> impl FnOnce() -> Vec<String> {
    move || {
        let mut found = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            for pid in marked(&data_dir).into_iter().map(|process| process.pid).chain([program]) {
                for file in ["cmdline", "environ", "comm"] {
                    let text = words(pid, file).join(" ");
                    seen.fetch_add(usize::from(!text.is_empty()), Ordering::Relaxed);
                    if secrets.iter().any(|secret| text.contains(secret.as_str())) {
                        found.push(format!("{pid} {file}: {text}"));
                    }
                }
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        found
    }
}
