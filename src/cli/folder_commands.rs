//! `streamwarden accept-folder`.

use clap::{Args, ValueEnum};
use log::LevelFilter;
use serde_json::json;

use super::{CommandFailure, Files, Print, say};
use crate::adapters::database::NodeFolder;
use crate::{app, logging};

/// A folder of this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FolderChoice {
    /// Recordings that are not stored yet.
    Spool,
    /// The object store, where it is a folder.
    Objects,
}

/// Options of `accept-folder`.
#[derive(Clone, Debug, Args)]
pub struct AcceptFolder {
    /// Which folder takes the place of the one that this node had.
    #[arg(value_enum)]
    pub which: FolderChoice,
    /// How to print it.
    #[command(flatten)]
    pub print: Print,
}

/// Does what was typed. A running streamwarden goes on by itself within seconds.
///
/// # Errors
/// When the folder is not there, the database does not know this node, or either cannot be written.
pub fn run(files: &Files, options: &AcceptFolder) -> Result<(), CommandFailure> {
    logging::start_on_console(files.log_level.unwrap_or(LevelFilter::Warn));
    let settings = files.settings()?;
    app::block_on(app::refuse_other_database(&settings))?.map_err(CommandFailure::of_place)?;
    let which = match options.which {
        FolderChoice::Spool => NodeFolder::Spool,
        FolderChoice::Objects => NodeFolder::Objects,
    };
    let done = app::block_on(app::foreign_folders::accept(&settings, which))??;
    say(&if options.print.json { json!({ "folder": which.column(), "done": done }).to_string() } else { done })
}
