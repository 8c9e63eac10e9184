//! `streamwarden cameras kinds`: how the address of a camera's video is made, by kind.

use clap::Subcommand;
use serde_json::json;

use super::{Failure, Print, say};
use crate::app::{self, kinds};
use crate::config::Settings;

/// `cameras kinds ...`
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// List the kinds with their templates.
    List(Print),
    /// Add a kind, or change its template: cameras of this kind whose URL changes start again.
    Set {
        /// Name of the kind.
        kind: String,
        /// URL with {host} {port} {username} {password} {channel} {substream}, and defaults as in {port=554}.
        template: String,
        /// How to print it.
        #[command(flatten)]
        print: Print,
    },
    /// Remove a kind that no camera has.
    Remove {
        /// Name of the kind.
        kind: String,
        /// How to print it.
        #[command(flatten)]
        print: Print,
    },
}

/// Does what was typed.
///
/// # Errors
/// `Invalid` naming the field, `NotFound`, `Conflict` when cameras are of the kind, or when the database cannot be used.
pub fn run(settings: &Settings, command: Command) -> Result<(), Failure> {
    match command {
        Command::List(print) => {
            let all = app::block_on(kinds::list(settings))??;
            if print.json {
                let item = |(kind, template): &(String, String)| json!({ "kind": kind, "urlTemplate": template });
                say(&json!({ "items": all.iter().map(item).collect::<Vec<_>>(), "next": null }).to_string());
            } else {
                let width = all.iter().map(|(kind, _)| kind.chars().count()).max().unwrap_or(0);
                let line = |(kind, template): &(String, String)| {
                    let printable = |text: &str| text.replace(char::is_control, "?");
                    format!("{:<width$}  {}", printable(kind), printable(template))
                };
                say(&all.iter().map(line).collect::<Vec<_>>().join("\n"));
            }
        }
        Command::Set { kind, template, print } => {
            app::block_on(kinds::set(settings, &kind, &template))??;
            let text = format!("kind {kind} is {template}");
            say(&if print.json { json!({ "kind": kind, "urlTemplate": template }).to_string() } else { text });
        }
        Command::Remove { kind, print } => {
            app::block_on(kinds::remove(settings, &kind))??;
            say(&if print.json { json!({ "kind": kind }).to_string() } else { format!("removed kind {kind}") });
        }
    }
    Ok(())
}
