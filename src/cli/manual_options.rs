//! Options of `completions` and `man`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// Options of `completions`.
#[derive(Clone, Copy, Debug, Args)]
pub struct Completions {
    /// The shell.
    pub(super) shell: Shell,
}

/// Options of `man`.
#[derive(Clone, Debug, Args)]
pub struct Man {
    /// Folder to write the pages of all commands to; without it the first page is printed
    pub(super) folder: Option<PathBuf>,
}
