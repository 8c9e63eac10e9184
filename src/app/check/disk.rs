//! Folders: can they be written, and is there room? Creates none: a folder made by whoever types `check` would belong
//! to the wrong user.

use std::path::{Path, PathBuf};

use nix::sys::statvfs::statvfs;

use super::report::Finding;
use crate::base::size::size;

/// Whether we may write in `folder`, or make it where it does not exist yet, and whether `least` bytes are free there.
pub(super) fn folder(what: &str, folder: &Path, least: u64) -> Finding {
    let shown = folder.display();
    let existing = nearest_existing(folder);
    if !existing.is_dir() {
        let found = format!("{shown} cannot be a folder: {} is a file", existing.display());
        return Finding::fault(what, found, "name another folder, or move that file away");
    }
    let exists = existing == absolute(folder);
    if let Err(fault) = writable(&existing) {
        let found = format!("{} cannot be written: {fault}", existing.display());
        return Finding::fault(what, found, "mount it writable and give it to the user that runs streamwarden");
    }
    let state = if exists { "is writable" } else { "will be created" };
    match statvfs(&existing) {
        Ok(disk) => {
            let free = disk.blocks_available().saturating_mul(disk.fragment_size());
            let found = format!("{shown} {state}, {} free", size(free));
            if free < least {
                let remedy = format!("free {} more, or lower record.min_free", size(least - free));
                return Finding::fault(what, format!("{found}: too little for recording"), remedy);
            }
            Finding::ok(what, found)
        }
        Err(errno) => {
            Finding::note(what, format!("{shown} {state}, its free space is not known: {errno}"), "look with df")
        }
    }
}

/// Really writes, into a file without a name that vanishes with us: permission bits do not tell of full disks.
fn writable(existing: &Path) -> std::io::Result<()> {
    let mut file = tempfile::tempfile_in(existing)?;
    std::io::Write::write_all(&mut file, b"streamwarden check")?;
    file.sync_all()
}

/// The folder itself, or the nearest folder above it that exists.
pub(super) fn nearest_existing(path: &Path) -> PathBuf {
    let path = absolute(path);
    path.ancestors().find(|ancestor| ancestor.symlink_metadata().is_ok()).map_or_else(|| "/".into(), Path::to_owned)
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::super::report::CheckOutcome;
    use super::*;
    use crate::adapters::objects::ObjectStore;
    use crate::adapters::objects::directory::Directory;

    #[test]
    fn folders_are_judged_and_not_created() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let file = root.path().join("file");
        std::fs::write(&file, "x").expect("a writable folder");
        let new = root.path().join("a/b");
        for (path, least, outcome, wanted) in [
            (root.path(), 0, CheckOutcome::Ok, "is writable"),
            (new.as_path(), 0, CheckOutcome::Ok, "will be created"),
            (file.as_path(), 0, CheckOutcome::Fault, "is a file"),
            (&file.join("below"), 0, CheckOutcome::Fault, "is a file"),
            (root.path(), u64::MAX, CheckOutcome::Fault, "too little"),
            (Path::new("/proc/1/x"), 0, CheckOutcome::Fault, "cannot be written"),
        ] {
            let finding = folder("data_dir", path, least);
            assert_eq!(finding.outcome, outcome, "{finding:?}");
            assert!(finding.found.contains(wanted), "{finding:?} lacks {wanted}");
        }
        assert!(!new.exists());
        assert_eq!(std::fs::read_dir(root.path()).expect("a folder").count(), 1, "nothing is left behind");
    }

    #[tokio::test]
    async fn check_and_the_page_count_a_disk_in_the_same_unit() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let store = Directory::open(root.path().to_path_buf()).expect("an object store");
        // What `/ready` and the page show of it.
        let shown = store.ping().await.expect("it answers");
        let found = folder("objects", root.path(), 0).found;
        let unit = |words: &str| {
            let words = Regex::new(r"[0-9]\.[0-9] ([kMGT]B) free$").expect("a pattern").captures(words).expect(words);
            words[1].to_owned()
        };
        assert_eq!(unit(&found), unit(&shown), "{found}; {shown}");
    }
}
