//! Another wall clock for a program: `libfaketime` reads a file whenever it asks for the time. A test may not set the clock of the
//! machine. The monotonic clock stays what it is.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

/// A clock that a test sets.
pub struct FakeClock {
    folder: TempDir,
}

impl FakeClock {
    /// One that is right.
    pub fn new() -> Self {
        let clock = Self { folder: tempfile::tempdir().expect("a folder") };
        clock.set("+0");
        clock
    }

    /// From now on it is off by so many seconds: `-3600`.
    pub fn set(&self, offset: &str) {
        // In one step: it may be read at any moment.
        let next = self.folder.path().join("next");
        fs::write(&next, offset).expect("a file");
        fs::rename(next, self.file()).expect("the file");
    }

    /// Variables of a program that goes by it.
    pub fn environment(&self) -> Vec<(String, String)> {
        let text = |path: PathBuf| path.to_str().expect("text").to_owned();
        let variables = [
            ("LD_PRELOAD", text(libfaketime())),
            ("FAKETIME_TIMESTAMP_FILE", text(self.file())),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ];
        variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("clock")
    }
}

/// Where Debian keeps it.
fn libfaketime() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").expect("/usr/lib").flatten();
    let found = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1")).find(|path| path.exists());
    found.expect("libfaketime is needed for this test: apt-get install faketime")
}
