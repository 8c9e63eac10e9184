//! The command line: what may be typed, how commands print, and which exit code they end with.
//!
//! What commands do is done by `app`. Called by `main`.

pub mod camera_commands;
pub mod check_command;
mod command_line;
pub mod configuration;
pub mod doctor_command;
pub mod fields;
pub mod file_options;
pub mod folder_commands;
pub mod health_command;
pub mod incident_commands;
pub mod kind_commands;
mod list_commands;
pub mod login_commands;
pub mod manual;
mod manual_options;
pub mod notify_commands;
mod options;
mod output;
pub mod plan_command;
mod probe_command;
mod reconcile_command;
pub mod recording_commands;
pub mod runs_command;
pub mod sheet_commands;
pub mod status_command;
pub mod test_stream_command;
pub mod version_command;
pub mod wait;
mod whom;

#[cfg(feature = "demo")]
pub use command_line::Demo;
pub use command_line::{Cli, CliCommand, RunOptions, meant};
pub use file_options::Files;
pub use options::{ApiTarget, Print};
pub use output::{CommandFailure, EXIT_BLOCKED, EXIT_CONFIGURATION, EXIT_FAILURE, note, printed, say};
use output::{printable, table};
