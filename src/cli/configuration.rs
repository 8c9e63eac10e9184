//! `streamwarden config`: the values in force and where each comes from, in the form of the configuration file.

use serde_json::json;

use super::{CommandFailure, Files, Print, say};
use crate::config::{self, Shown};

/// Prints them.
///
/// # Errors
/// All complaints, when there are any: nothing is in force then.
pub fn run(files: &Files, print: Print) -> Result<(), CommandFailure> {
    let sources = files.sources();
    let all = config::shown(&sources).map_err(CommandFailure::Configuration)?;
    if print.json {
        return say(&json!({ "file": sources.file, "items": all, "next": null }).to_string());
    }
    let file = sources.file.map_or("none".to_owned(), |file| file.display().to_string());
    say(&format!("# configuration file: {file}\n{}", words(&all)))
}

/// In the form of the configuration file.
pub(super) fn words(all: &[Shown]) -> String {
    let line = |one: &Shown| match &one.value {
        Some(value) => format!("{} = {value}", one.key),
        None => format!("#{} =", one.key),
    };
    let lines: Vec<String> = all.iter().map(line).collect();
    let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0).min(60);
    let lines = lines.iter().zip(all).map(|(line, one)| format!("{line:<width$}  # {}", one.origin));
    lines.collect::<Vec<_>>().join("\n")
}
