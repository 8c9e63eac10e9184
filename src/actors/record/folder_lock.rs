//! Who writes into which session folder: the manager must not repair a folder that a recorder still has.

use std::collections::BTreeSet;

use actix::Message;
use futures_util::{Stream, stream};
use tokio::sync::watch;

/// The folders that recorders have, which tells of those that are given back with work left undone. Clones are the same; they
/// outlive each instance of the manager, as recorders do.
#[derive(Clone, Debug)]
pub struct LockedFolders(watch::Sender<BTreeSet<String>>);

/// Folders were given back with work left undone.
#[derive(Message, Clone, Copy, Debug, PartialEq, Eq)]
#[rtype(result = "()")]
pub struct FolderLeft;

impl Default for LockedFolders {
    fn default() -> Self {
        Self(watch::Sender::new(BTreeSet::new()))
    }
}

impl LockedFolders {
    /// Whether a recorder has this folder.
    pub fn has(&self, folder: &str) -> bool {
        self.0.borrow().contains(folder)
    }

    /// One for each time from now on that work is left undone, several in quick succession counting as one. For
    /// `add_message_stream`.
    pub fn left(&self) -> impl Stream<Item = FolderLeft> + use<> {
        let mut folders = self.0.subscribe();
        folders.mark_unchanged();
        stream::unfold(
            folders,
            |mut folders| async move { folders.changed().await.ok().map(|()| (FolderLeft, folders)) },
        )
    }
}

/// A recorder's hold on a folder. Dropping it, in a panic too, gives the folder back.
pub struct FolderLock {
    folders: LockedFolders,
    folder: String,
    clean: bool,
}

impl FolderLock {
    /// Takes the folder. Call it before the folder exists, or the manager may find it ownerless.
    pub fn take(folders: &LockedFolders, folder: &str) -> Self {
        folders.0.send_if_modified(|held| {
            held.insert(folder.to_owned());
            false
        });
        Self { folders: folders.clone(), folder: folder.to_owned(), clean: false }
    }

    /// Gives it back with everything done: the catalogue knows all of it.
    pub fn release(mut self) {
        self.clean = true;
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        self.folders.0.send_if_modified(|held| {
            held.remove(&self.folder);
            !self.clean
        });
    }
}
