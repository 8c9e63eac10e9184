//! What of the history is on disk already: most writings add only what is new, in a file of their own beside the whole one.
//!
//! A thousand streams are 90 MB; what comes in ten minutes is a few of them. When those files have become as large as the whole one,
//! or as many as may be, everything is written anew and they go.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::block::Block;
use super::history::StoredHistory;
use super::snapshot::{self, Checksum};
use crate::base::Result;
use crate::domain::name::StreamName;

/// More files than this are not kept beside the whole one: as many as are written in the six hours that samples are kept.
const MOST_ADDED: u32 = 36;

/// A whole file that is smaller is written each time.
const SMALL: u64 = 256 << 10;

/// How much was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SavedBytes {
    /// By the last writing.
    pub written: u64,
    /// All files together.
    pub kept: u64,
}

/// What this run has written.
#[derive(Debug, Default)]
pub(super) struct SavedHistory {
    /// The whole file: its checksum, which the files beside it name, and its bytes. `None` until this run has written it.
    whole: Option<(Checksum, u64)>,
    added: u32,
    added_bytes: u64,
    last: HashMap<String, HashMap<StreamName, WrittenBlock>>,
}

/// The last block of a stream that is on disk, and how much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct WrittenBlock {
    start_ms: i64,
    length: usize,
}

impl SavedHistory {
    /// Writes what is new, or everything.
    pub(super) fn save(&mut self, path: &Path, all: &[StoredHistory]) -> Result<SavedBytes> {
        let written = match self.whole {
            Some((whole, bytes)) if bytes >= SMALL && self.added < MOST_ADDED => {
                let new: Vec<StoredHistory> = all.iter().filter_map(|stream| self.new_of(stream)).collect();
                let size: usize = new.iter().flat_map(|stream| &stream.blocks).map(|block| block.bytes.len()).sum();
                if self.added_bytes + size as u64 > bytes {
                    self.write_whole(path, all)?
                } else if new.is_empty() {
                    0
                } else {
                    let written = snapshot::add(path, self.added + 1, whole, &new)?;
                    (self.added, self.added_bytes) = (self.added + 1, self.added_bytes + written);
                    written
                }
            }
            _ => self.write_whole(path, all)?,
        };
        self.last.clear();
        for stream in all {
            if let Some(block) = stream.blocks.last() {
                let written = WrittenBlock { start_ms: block.start_ms, length: block.bytes.len() };
                self.last.entry(stream.server.clone()).or_default().insert(stream.name.clone(), written);
            }
        }
        Ok(SavedBytes { written, kept: self.whole.map_or(0, |(_, bytes)| bytes) + self.added_bytes })
    }

    fn write_whole(&mut self, path: &Path, all: &[StoredHistory]) -> Result<u64> {
        let file = snapshot::write(path, all)?;
        self.whole = Some((file.checksum, file.bytes));
        (self.added, self.added_bytes) = (0, 0);
        Ok(file.bytes)
    }

    /// The blocks of a stream that are not on disk, or not as they are now.
    fn new_of(&self, stream: &StoredHistory) -> Option<StoredHistory> {
        let blocks = match self.last.get(&stream.server).and_then(|streams| streams.get(&stream.name)) {
            Some(last) => new_blocks(&stream.blocks, *last),
            None => &stream.blocks,
        };
        let StoredHistory { server, name, .. } = stream;
        (!blocks.is_empty()).then(|| StoredHistory {
            server: server.clone(),
            name: name.clone(),
            blocks: blocks.to_vec(),
        })
    }
}

fn new_blocks(blocks: &[Arc<Block>], last: WrittenBlock) -> &[Arc<Block>] {
    // Without it: it was dropped, and so was what is older.
    let Some(place) = blocks.iter().rposition(|block| block.start_ms == last.start_ms) else { return blocks };
    let has_grown = blocks[place].bytes.len() != last.length;
    &blocks[if has_grown { place } else { place + 1 }..]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::PathBuf;

    use chrono::DateTime;

    use super::super::history::Histories;
    use super::*;
    use crate::domain::stream::{Sample, StreamState};

    /// Histories with so many streams, and the files that they are saved in.
    struct Scene {
        histories: Histories,
        saved: SavedHistory,
        folder: tempfile::TempDir,
        second: i64,
    }

    const STREAMS: usize = 40;

    impl Scene {
        fn new() -> Self {
            let histories = Histories::new(std::time::Duration::from_secs(24 * 3_600), 64 << 20);
            let folder = tempfile::tempdir().expect("a folder");
            Self { histories, saved: SavedHistory::default(), folder, second: 1_800_000_000 }
        }

        fn path(&self) -> PathBuf {
            self.folder.path().join("history.snapshot")
        }

        /// Polls for so many seconds, of the first `streams`.
        fn poll(&mut self, seconds: i64, streams: usize) {
            for _ in 0..seconds / 2 {
                self.second += 2;
                let at = DateTime::from_timestamp(self.second, 0).expect("a time");
                let sample = |n: usize| Sample {
                    bitrate: Some(4_000_000 + (self.second as u64 * 7_919 + n as u64) % 100_000),
                    ..Sample::new(at, StreamState::Live)
                };
                let name = |n: usize| StreamName::parse(&format!("cam{n}")).expect("a name");
                self.histories.record("main", (0..streams).map(|n| (name(n), sample(n))).collect());
            }
        }

        fn save(&mut self) -> SavedBytes {
            let (path, stored) = (self.path(), self.histories.stored());
            self.saved.save(&path, &stored).expect("written")
        }

        /// What a start after a crash finds is what was there at the last saving.
        fn check(&self) {
            let plain = |stored: Vec<StoredHistory>| -> BTreeMap<String, Vec<Block>> {
                let blocks = |stream: &StoredHistory| stream.blocks.iter().map(|block| Block::clone(block)).collect();
                stored.iter().map(|stream| (stream.name.as_str().to_owned(), blocks(stream))).collect()
            };
            let found = snapshot::read(&self.path()).expect("read").expect("a file");
            assert_eq!(plain(found), plain(self.histories.stored()));
        }

        fn files(&self) -> usize {
            fs::read_dir(self.folder.path()).expect("a folder").count()
        }
    }

    #[test]
    fn most_writings_are_small_and_all_of_it_comes_back() {
        let mut scene = Scene::new();
        scene.poll(3_600, STREAMS);
        let first = scene.save();
        assert_eq!(first.written, first.kept);
        scene.check();
        let (mut written, mut whole) = (0, 0);
        for round in 0..36 {
            scene.poll(600, STREAMS);
            let saved = scene.save();
            written += saved.written;
            whole += u64::from(saved.written == saved.kept);
            if round % 7 == 0 {
                scene.check();
            }
        }
        scene.check();
        let everything = fs::metadata(scene.path()).expect("a file").len() * 36;
        assert!((1..=4).contains(&whole), "{whole} times everything");
        assert!(written * 4 < everything, "{written} of {everything} bytes");
        let before = scene.save();
        assert_eq!(scene.save(), SavedBytes { written: 0, ..before }, "nothing is new");
        scene.poll(600, 1);
        assert!(scene.save().written < 20_000, "one of {STREAMS} streams has moved");
        scene.check();
    }

    #[test]
    fn a_file_that_is_torn_or_of_another_whole_costs_only_what_came_later() {
        let mut scene = Scene::new();
        scene.poll(7_200, STREAMS);
        scene.save();
        let mut kept = Vec::new();
        for _ in 0..3 {
            scene.poll(600, STREAMS);
            scene.save();
            kept.push(snapshot::read(&scene.path()).expect("read").expect("a file"));
        }
        assert_eq!(scene.files(), 4);
        let second = scene.path().with_extension("snapshot.2");
        let bytes = fs::read(&second).expect("a file");
        fs::write(&second, &bytes[..bytes.len() - 7]).expect("written");
        let count = |stored: &[StoredHistory]| stored.iter().map(|one| one.blocks.len()).sum::<usize>();
        let found = snapshot::read(&scene.path()).expect("read").expect("a file");
        assert_eq!(count(&found), count(&kept[0]), "what came before it is there");
        assert!(scene.path().with_extension("snapshot.2.refused").exists());
        // A whole file of an earlier program, beside files that belong to another one.
        let stored = Scene::new().histories.stored();
        snapshot::write(&scene.path(), &stored).expect("written");
        fs::write(scene.path().with_extension("snapshot.1"), &bytes).expect("written");
        assert_eq!(count(&snapshot::read(&scene.path()).expect("read").expect("a file")), 0);
    }
}
