//! The command line: what may be typed, how commands print, and which exit code they end with.
//!
//! What commands do is done by `app`. Called by `main`.

pub mod cameras;
pub mod check;
mod command_line;
pub mod configuration;
pub mod fields;
pub mod files;
pub mod folders;
pub mod kinds;
mod list;
pub mod manual;
mod manual_options;
mod options;
mod output;
pub mod plan;
mod probe;
pub mod runs;
pub mod sheet;
pub mod status;
pub mod version;
pub mod wait;
mod whom;

#[cfg(feature = "demo")]
pub use command_line::Demo;
pub use command_line::{Cli, CliCommand, RunOptions, meant};
pub use files::Files;
pub use options::{ApiTarget, Print};
pub use output::{CommandFailure, EXIT_CONFIGURATION, EXIT_FAILURE, EXIT_HELD, note, printed, say};
use output::{printable, table};
