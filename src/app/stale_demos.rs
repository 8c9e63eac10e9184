//! Folders of demos that were killed: nobody removed them then, so the next demo does.
//!
//! Only what is certainly such a folder is touched: a real folder of our own user, whose lock names a process and is
//! held by none.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::fcntl::{Flock, FlockArg};

/// What the names of demos' folders begin with.
pub(super) const PREFIX: &str = "streamwarden-demo-";

/// Removes them from this folder of temporary files; returns how many there were. What cannot be removed stays.
pub(super) fn remove_from(temporary: &Path) -> usize {
    let Some(ours) = fs::metadata("/proc/self").ok().map(|us| us.uid()) else { return 0 };
    let entries = fs::read_dir(temporary).into_iter().flatten().flatten();
    let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX));
    // Not through links, which anybody may put there.
    let own = named
        .filter(|entry| fs::symlink_metadata(entry.path()).is_ok_and(|found| found.is_dir() && found.uid() == ours));
    own.filter(|entry| remove(&entry.path())).count()
}

/// True when it was stale and is gone.
fn remove(folder: &Path) -> bool {
    let lock = folder.join("lock");
    // One that has just been made names nobody yet.
    if !fs::read_to_string(&lock).is_ok_and(|owner| owner.trim().parse::<u32>().is_ok()) {
        return false;
    }
    let Ok(file) = File::open(&lock) else { return false };
    // Held until the folder is gone: nobody begins in there meanwhile.
    let Ok(_held) = Flock::lock(file, FlockArg::LockExclusiveNonblock) else { return false };
    fs::remove_dir_all(folder).is_ok()
}

#[cfg(test)]
mod tests {
    use super::super::instance::Instance;
    use super::*;

    #[test]
    fn only_folders_whose_owner_is_gone_are_removed() {
        let temporary = tempfile::tempdir().expect("a folder");
        let folder = |name: &str| temporary.path().join(format!("{PREFIX}{name}"));
        let note = |name: &str, owner: &str| {
            fs::create_dir(folder(name)).expect("a folder");
            fs::write(folder(name).join("lock"), owner).expect("a file");
        };
        note("killed", "4711");
        fs::write(folder("killed").join("streamwarden.db"), "").expect("a file");
        note("new", "");
        fs::create_dir(folder("empty")).expect("a folder");
        let elsewhere = tempfile::tempdir().expect("a folder");
        fs::write(elsewhere.path().join("lock"), "4711").expect("a file");
        std::os::unix::fs::symlink(elsewhere.path(), folder("link")).expect("a link");
        fs::create_dir(temporary.path().join("other")).expect("a folder");
        fs::write(temporary.path().join("other/lock"), "4711").expect("a file");
        let running = Instance::lock(&folder("running")).expect("locked");

        assert_eq!(remove_from(temporary.path()), 1);
        assert!(!folder("killed").exists());
        for name in ["new", "empty", "link", "running"] {
            assert!(folder(name).exists(), "{name}");
        }
        assert!(temporary.path().join("other").exists() && elsewhere.path().join("lock").exists());
        drop(running);
        assert_eq!(remove_from(Path::new("/nowhere")), 0);
    }
}
