//! An object as a file that can be read at any place, for whoever looks at its boxes: by ranged reads of a window at a time.

use std::io::{self, Read, Seek, SeekFrom};

use bytes::Bytes;
use tokio::runtime::Handle;

use super::SharedObjects;
use crate::base::Error;

/// Bytes of one read: the boxes of a fragment before its media fit in.
const WINDOW: u64 = 64 * 1024;

/// Blocks its thread: for `spawn_blocking`.
pub struct RangedObject {
    objects: SharedObjects,
    runtime: Handle,
    key: String,
    length: u64,
    at: u64,
    /// Where the window begins, and what is in it.
    window: (u64, Bytes),
    fault: Option<Error>,
}

impl RangedObject {
    /// The object of this key, which is so long.
    pub fn new(objects: SharedObjects, runtime: Handle, key: &str, length: u64) -> Self {
        Self { objects, runtime, key: key.to_owned(), length, at: 0, window: (0, Bytes::new()), fault: None }
    }

    /// What the store said, where a read has failed.
    pub fn fault(&mut self) -> Option<Error> {
        self.fault.take()
    }
}

impl Read for RangedObject {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.length || buffer.is_empty() {
            return Ok(0);
        }
        let (begin, bytes) = &self.window;
        if self.at < *begin || self.at >= begin + bytes.len() as u64 {
            let length = WINDOW.min(self.length - self.at);
            let read = self.runtime.block_on(self.objects.read(&self.key, self.at, length));
            let bytes = read.map_err(|error| {
                let told = io::Error::other(error.to_string());
                self.fault = Some(error);
                told
            })?;
            self.window = (self.at, bytes);
        }
        let (begin, bytes) = &self.window;
        let from = usize::try_from(self.at - begin).unwrap_or(usize::MAX);
        let part = bytes.get(from..).unwrap_or_default();
        let count = part.len().min(buffer.len());
        buffer[..count].copy_from_slice(&part[..count]);
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for RangedObject {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}
