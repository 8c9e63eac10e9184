//! Whom commands ask, and what they say of a change that is blocked.

use super::{CommandFailure, EXIT_BLOCKED, Files, note, printable};
use crate::app::camera_access::{BlockedChangeNotice, Cameras};
use crate::app::remote::Remote;
use crate::base::Result;

/// Whom to ask: the address that was typed, else who is found by the configuration.
pub(super) struct Whom<'a> {
    pub(super) files: &'a Files,
    pub(super) api: Option<String>,
}

impl Whom<'_> {
    /// The cameras, wherever they are.
    pub(super) async fn cameras(&self) -> Result<Cameras, CommandFailure> {
        match &self.api {
            Some(url) => Cameras::at(url, self.files.access()?).map_err(CommandFailure::Usage),
            None => Cameras::of(self.files.settings()?).await.map_err(CommandFailure::of_place),
        }
    }

    /// The program that runs.
    pub(super) async fn remote(&self) -> Result<Remote, CommandFailure> {
        match &self.api {
            Some(url) => Remote::at(url, self.files.access()?).map_err(CommandFailure::Usage),
            None => Remote::find(&self.files.settings()?).await.map_err(CommandFailure::of_place),
        }
    }
}

/// The program that runs, for commands outside of `cameras`.
pub(super) async fn remote(files: &Files, api: Option<String>) -> Result<Remote, CommandFailure> {
    Whom { files, api }.remote().await
}

/// Says that what was just written is blocked, if it is: `before` is what was blocked already.
pub(super) async fn tell_blocked(cameras: &Cameras, before: Option<BlockedChangeNotice>) -> Result<(), CommandFailure> {
    match cameras.blocked_since(before).await? {
        Some(blocked) => {
            note(&format!("blocked: {}", printable(&blocked.words)));
            Err(CommandFailure::Printed(EXIT_BLOCKED))
        }
        None => Ok(()),
    }
}
