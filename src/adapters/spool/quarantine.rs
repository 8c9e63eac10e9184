//! `+quarantine`: what was cut off from damaged files, and files that nobody understands, kept for people for a while.
//!
//! ```text
//! <root>/+quarantine/<server>.<stream>.<session folder>.segment_003.mp4                    a whole file
//! <root>/+quarantine/<server>.<stream>.<session folder>.segment_003.mp4.from_byte_47398    the end of one
//! ```
//!
//! Bounded: when a new one brings it over [`MOST_BYTES`] or [`MOST_FILES`], the oldest go. Nothing here is read again by us.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{Spool, fault, sync_folder};
use crate::base::Result;
use crate::domain::layout::segment_file;

/// Name of the folder. `+` cannot stand in the folder of a server.
pub const QUARANTINE: &str = "+quarantine";
/// All files together have no more bytes, unless the newest alone has.
pub const MOST_BYTES: u64 = 256 << 20;
/// There are no more files.
pub const MOST_FILES: usize = 1000;
/// Longest part of a file's name that says where it was; the session's id follows it whole.
const LONGEST_PLACE: usize = 120;

impl Spool {
    /// Moves a whole segment file there.
    pub(super) fn quarantine_file(&self, folder: &str, number: u32) -> Result<PathBuf> {
        let from = self.path(&Self::file(folder, number))?;
        let to = self.quarantined(folder, number, "")?;
        fs::rename(&from, &to).map_err(|error| fault(&from, error))?;
        self.keep_within_bounds(&to)?;
        Ok(to)
    }

    /// Copies there what follows a byte of a segment file; it is durable on return. Doing it twice is fine.
    pub(super) fn quarantine_end(&self, folder: &str, number: u32, file: &mut File, at: u64) -> Result<PathBuf> {
        let to = self.quarantined(folder, number, &format!(".from_byte_{at}"))?;
        let copy = |file: &mut File| -> io::Result<()> {
            file.seek(SeekFrom::Start(at))?;
            let mut copy = File::create(&to)?;
            io::copy(&mut file.take(u64::MAX), &mut copy)?;
            copy.sync_all()
        };
        if let Err(error) = copy(file) {
            let _ = fs::remove_file(&to);
            return Err(fault(&to, error));
        }
        self.keep_within_bounds(&to)?;
        Ok(to)
    }

    /// Where a file goes; makes the folder.
    fn quarantined(&self, folder: &str, number: u32, suffix: &str) -> Result<PathBuf> {
        let quarantine = self.root().join(QUARANTINE);
        fs::create_dir_all(&quarantine).map_err(|error| fault(&quarantine, error))?;
        let (above, session) = folder.rsplit_once('/').unwrap_or(("", folder));
        // Folders are ASCII, and dots in names are encoded.
        let place: String = above.replace('/', ".").chars().take(LONGEST_PLACE).collect();
        Ok(quarantine.join(format!("{place}.{session}.{}{suffix}", segment_file(number))))
    }

    /// Removes the oldest files but `newest` until the bounds are kept.
    fn keep_within_bounds(&self, newest: &Path) -> Result<()> {
        let quarantine = self.root().join(QUARANTINE);
        sync_folder(&quarantine)?;
        let mut files: Vec<(SystemTime, u64, PathBuf)> = fs::read_dir(&quarantine)
            .map_err(|error| fault(&quarantine, error))?
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let found = entry.metadata().ok()?;
                Some((found.modified().ok()?, found.len(), entry.path()))
            })
            .collect();
        files.sort();
        let (mut bytes, mut count) = (files.iter().map(|(_, bytes, _)| bytes).sum::<u64>(), files.len());
        for (_, size, path) in files.iter().filter(|(_, _, path)| path != newest) {
            if bytes <= MOST_BYTES && count <= MOST_FILES {
                break;
            }
            if fs::remove_file(path).is_ok() {
                log::info!(bytes = *size; "removed the oldest file of the quarantine: {}", path.display());
                (bytes, count) = (bytes.saturating_sub(*size), count - 1);
            }
        }
        Ok(())
    }
}
