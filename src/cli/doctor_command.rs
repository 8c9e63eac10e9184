//! `streamwarden doctor`: the report to attach to a ticket.

use log::LevelFilter;
use serde_json::{Value, json};

use super::configuration::words as settings_words;
use super::{CommandFailure, Files, Print, printable, say, version_command};
use crate::app::doctor::{self, DoctorReport};
use crate::{app, config, logging};

/// Prints it. What it finds is no failure: it was asked to find.
///
/// # Errors
/// When it cannot be printed.
pub fn run(files: &Files, print: Print) -> Result<(), CommandFailure> {
    logging::start_on_console(files.log_level.unwrap_or(LevelFilter::Error));
    let sources = files.sources();
    let log_file = logging::find(files.log_config.clone(), &sources.env);
    let log_files = log_file.map_or(Ok(Vec::new()), |file| logging::check(&file));
    let (log_files, mut complaints) = match log_files {
        Ok(log_files) => (log_files, Vec::new()),
        Err(found) => (Vec::new(), found.0),
    };
    let settings = config::load(&sources);
    if let Err(found) = &settings {
        complaints.splice(0..0, found.0.iter().cloned());
    }
    let usable = settings.as_ref().map_err(|_| complaints.clone());
    let mut report =
        app::block_on(doctor::report(version_command::SHORT, usable, &log_files)).map_err(CommandFailure::Other)?;
    report.complaints = complaints;
    say(&if print.json { json!(report).to_string() } else { words(&report) })
}

/// For people, with what is longest at the end.
fn words(report: &DoctorReport) -> String {
    let mut text = format!("streamwarden doctor, {}\nversion {}\n", report.at.to_rfc3339(), report.version);
    let mut part = |title: &str, body: String| text.push_str(&format!("\n== {title}\n{}\n", body.trim_end()));
    part("machine", plain(&report.machine));
    let complaints: Vec<String> = report.complaints.iter().map(ToString::to_string).collect();
    if !complaints.is_empty() {
        part("complaints about the configuration", complaints.join("\n"));
    }
    if let Some(check) = &report.check {
        part("check", check.to_string());
    }
    if let Some(running) = report.running.as_object() {
        for (name, value) in running {
            match (name.as_str(), value) {
                ("tree", value) => part("running: actors", tree(value, 0)),
                (name, value) => part(&format!("running: {name}"), plain(value)),
            }
        }
    }
    part("settings", settings_words(&report.settings));
    for log in &report.logs {
        let lines = log.lines.iter().map(|line| printable(line)).collect::<Vec<_>>().join("\n");
        part(&format!("log {}", log.file), log.error.clone().unwrap_or(lines));
    }
    text
}

/// A value as lines of `name: value`, indented; what is null or empty is left out.
fn plain(value: &Value) -> String {
    fn write(value: &Value, indent: usize, text: &mut String) {
        let pad = " ".repeat(indent);
        let entries: Vec<(String, &Value)> = match value {
            Value::Object(all) => all.iter().map(|(name, value)| (name.clone(), value)).collect(),
            Value::Array(all) => all.iter().map(|value| ("-".to_owned(), value)).collect(),
            other => return text.push_str(&format!("{pad}{}\n", scalar(other))),
        };
        for (name, value) in entries {
            match value {
                Value::Null => {}
                Value::Object(below) if below.is_empty() => {}
                Value::Array(below) if below.is_empty() => {}
                Value::Object(_) | Value::Array(_) => {
                    text.push_str(&format!("{pad}{name}\n"));
                    write(value, indent + 2, text);
                }
                other => text.push_str(&format!("{pad}{name}: {}\n", scalar(other))),
            }
        }
    }
    let mut text = String::new();
    write(value, 0, &mut text);
    text
}

fn scalar(value: &Value) -> String {
    printable(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

/// One actor a line.
fn tree(actor: &Value, indent: usize) -> String {
    if let Some(error) = actor["error"].as_str() {
        return error.to_owned();
    }
    let word = |name: &str| scalar(&actor[name]);
    let mut line = format!("{}{} ({}): {}", " ".repeat(indent), word("name"), word("kind"), word("health"));
    if actor["restarts"].as_u64().is_some_and(|restarts| restarts > 0) {
        line.push_str(&format!(", restarted {} times, last: {}", word("restarts"), word("lastExit")));
    }
    let below = actor["children"].as_array().into_iter().flatten().map(|child| tree(child, indent + 2));
    let mut lines: Vec<String> = std::iter::once(line).chain(below).collect();
    if let Some(left_out) = actor["leftOut"].as_u64() {
        lines.push(format!("{}and {left_out} more that run", " ".repeat(indent + 2)));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_lines_and_actors_a_tree() {
        let value = json!({ "a": 1, "none": null, "b": { "c": "x\u{1b}[31m" }, "list": [{ "d": true }], "empty": [] });
        assert_eq!(plain(&value), "a: 1\nb\n  c: x?[31m\nlist\n  -\n    d: true\n");
        let leaf =
            json!({ "name": "gate", "kind": "restream", "health": "degraded", "restarts": 3, "lastExit": "panicked" });
        let root = json!({ "name": "root", "kind": "root", "health": "running", "restarts": 0, "children": [leaf], "leftOut": 2 });
        let wanted = "root (root): running\n  gate (restream): degraded, restarted 3 times, last: panicked\n  and 2 more that run";
        assert_eq!(tree(&root, 0), wanted);
    }
}
