//! Which runs have had this very data folder, so that a restart after a kill is told from a start on a copy: the list names the
//! lock file by what no copy of it shares. Where it cannot be read, or the machine has been started anew, nothing is known of
//! earlier runs, and the nodes' signs of life decide alone.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// In the data folder.
const FILE: &str = "earlier-runs.json";

/// So many starts may fail in a row before one that has been a node is forgotten.
const MOST: usize = 16;

/// Another one with each start of the machine: until then device and inode numbers mean the same file.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

#[derive(Serialize, Deserialize)]
struct EarlierRuns {
    folder: FolderMark,
    runs: Vec<Uuid>,
}

/// What no copy shares.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct FolderMark {
    boot: String,
    device: u64,
    inode: u64,
}

impl FolderMark {
    fn of(data_dir: &Path) -> Option<Self> {
        let lock = fs::metadata(data_dir.join("lock")).ok()?;
        let boot = fs::read_to_string(BOOT_ID).ok()?.trim().to_owned();
        Some(Self { boot, device: lock.dev(), inode: lock.ino() })
    }
}

/// The runs on this folder, the latest last; none on a copy.
pub(super) fn known(data_dir: &Path) -> Vec<Uuid> {
    let read = || {
        let text = fs::read(data_dir.join(FILE)).ok()?;
        let known: EarlierRuns = serde_json::from_slice(&text).ok()?;
        (FolderMark::of(data_dir)? == known.folder).then_some(known.runs)
    };
    read().unwrap_or_default()
}

/// The runs before this one, all of which have ended: the folder is locked. This one is added for the next.
pub(super) fn begin(data_dir: &Path, run: Uuid) -> Vec<Uuid> {
    let earlier = known(data_dir);
    let Some(folder) = FolderMark::of(data_dir) else { return earlier };
    let from = earlier.len().saturating_sub(MOST - 1);
    let runs = earlier[from..].iter().copied().chain([run]).collect();
    let draft = data_dir.join(FILE).with_extension("json.new");
    let written = serde_json::to_vec(&EarlierRuns { folder, runs })
        .map_err(std::io::Error::from)
        .and_then(|text| fs::write(&draft, text))
        .and_then(|()| fs::rename(&draft, data_dir.join(FILE)));
    if let Err(error) = written {
        log::debug!("the list of runs is not written, a restart after a kill will take a while: {error}");
    }
    earlier
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_known_on_their_own_folder_and_not_on_a_copy() {
        let above = tempfile::tempdir().expect("a folder");
        let (own, copy) = (above.path().join("own"), above.path().join("copy"));
        for folder in [&own, &copy] {
            fs::create_dir(folder).expect("made");
            fs::write(folder.join("lock"), "").expect("written");
        }
        let run = Uuid::from_u128;
        assert_eq!(begin(&own, run(1)), Vec::<Uuid>::new());
        assert_eq!(begin(&own, run(2)), vec![run(1)]);
        assert_eq!(known(&own), [run(1), run(2)]);
        fs::copy(own.join(FILE), copy.join(FILE)).expect("copied");
        assert_eq!(known(&copy), Vec::<Uuid>::new());
        assert_eq!(begin(&copy, run(3)), Vec::<Uuid>::new());
        assert_eq!(known(&copy), [run(3)], "from now on it has its own");
        (4..40).for_each(|number| _ = begin(&own, run(number)));
        assert_eq!((known(&own).len(), known(&own).last()), (MOST, Some(&run(39))));
        fs::write(own.join(FILE), "no list").expect("written");
        assert_eq!(begin(&own, run(40)), Vec::<Uuid>::new());
    }
}
