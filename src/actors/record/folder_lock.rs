//! Who writes into which session folder: the manager must not repair a folder that a recorder still has.

use actix::{Message, Recipient};

/// A recorder takes or gives back a folder. Sent to the manager.
#[derive(Message, Clone, Debug, PartialEq, Eq)]
#[rtype(result = "()")]
pub enum FolderEvent {
    /// From now on this folder is a recorder's.
    Held(String),
    /// No more. `clean`: the catalogue knows all of it.
    Released {
        /// The folder.
        folder: String,
        /// False when work was left undone.
        clean: bool,
    },
}

/// A recorder's hold on a folder. Dropping it, in a panic too, gives the folder back.
pub struct FolderLock {
    manager: Recipient<FolderEvent>,
    folder: String,
    clean: bool,
}

impl FolderLock {
    /// Takes the folder. Call it before the folder exists, or the manager may find it ownerless.
    pub fn take(manager: &Recipient<FolderEvent>, folder: &str) -> Self {
        manager.do_send(FolderEvent::Held(folder.to_owned()));
        Self { manager: manager.clone(), folder: folder.to_owned(), clean: false }
    }

    /// Gives it back with everything done.
    pub fn release(mut self) {
        self.clean = true;
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // do_send: news for a parent, at most two per session, must never be refused.
        self.manager.do_send(FolderEvent::Released { folder: std::mem::take(&mut self.folder), clean: self.clean });
    }
}
