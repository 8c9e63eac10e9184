//! `streamwarden doctor`: everything that somebody has to know who is to help from afar, as one report without secrets.
//!
//! It tries what `check` tries, and tells of this machine, of the configuration in force, of the program that runs here (its
//! status, its actors, its incidents), and the last lines of its log. Whatever cannot be found out says why and hides nothing else.
//! Changes nothing. Called by `cli`.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};

use super::check::{self, Report};
use super::remote::Remote;
use crate::adapters::host::{HostMeter, HostSources};
use crate::base::{Result, redact};
use crate::config::{Complaint, Settings, Shown};

/// Lines of each log file, and the bytes at its end that are read for them.
const LINES: usize = 200;
const READ_FROM_END: u64 = 256 * 1024;
/// Actors are shown down to here; further below only those with something to tell.
const TREE_DEPTH: u8 = 2;
/// What the running program is asked for.
const QUESTIONS: [(&str, &str); 3] = [("status", "status"), ("nodes", "nodes"), ("incidents", "incidents?limit=100")];

/// The whole report.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DoctorReport {
    /// When it was made.
    pub at: DateTime<Utc>,
    /// Version of this program, which may be another than the one that runs.
    pub version: String,
    /// Name of the operating system, kernel, and what of this machine was measured.
    pub machine: Value,
    /// What is wrong with the configuration; the rest is about nothing then.
    pub complaints: Vec<Complaint>,
    /// What `streamwarden check` finds.
    pub check: Option<Report>,
    /// Every value in force, and where it comes from.
    pub settings: Vec<Shown>,
    /// What the program says that runs here; `error` where it says nothing.
    pub running: Value,
    /// The last lines of each log file.
    pub logs: Vec<LogTail>,
}

/// The end of a log file.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogTail {
    /// Its path.
    pub file: String,
    /// The last lines, the oldest first.
    pub lines: Vec<String>,
    /// Why there are none.
    pub error: Option<String>,
}

/// Makes the report. `settings`: as they are in force, or what is wrong with them.
pub async fn report(
    version: &str,
    settings: std::result::Result<&Settings, Vec<Complaint>>,
    log_files: &[PathBuf],
) -> DoctorReport {
    let logs = log_files.iter().map(|file| log_tail(file)).collect();
    let (at, version, machine) = (Utc::now(), version.to_owned(), machine());
    match settings {
        Err(complaints) => {
            let (check, running) = (None, json!({ "error": "the configuration is wrong" }));
            DoctorReport { at, version, machine, complaints, check, settings: Vec::new(), running, logs }
        }
        Ok(settings) => {
            let (found, running) = tokio::join!(check::run(settings, log_files), running(settings));
            let shown = settings.shown.to_vec();
            DoctorReport {
                at,
                version,
                machine,
                complaints: Vec::new(),
                check: Some(found),
                settings: shown,
                running,
                logs,
            }
        }
    }
}

/// Name of the system, and one measurement: memory, load, disks, interfaces.
fn machine() -> Value {
    let text = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
    let release = text("/etc/os-release");
    let system = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).map(|name| name.trim_matches('"'));
    let kernel = text("/proc/sys/kernel/osrelease");
    let host = HostMeter::new("this machine".to_owned(), HostSources::of_this_machine(Vec::new()), 1.0).measure();
    let cores = std::thread::available_parallelism().map(usize::from).ok();
    json!({ "system": system, "kernel": kernel.trim(), "cores": cores, "measured": host })
}

/// Everything that the program says of itself.
async fn running(settings: &Settings) -> Value {
    let remote = match Remote::find(settings).await {
        Ok(remote) => remote,
        Err(error) => return json!({ "error": error.to_string() }),
    };
    let mut all = serde_json::Map::from_iter([("address".to_owned(), json!(remote.address()))]);
    for (name, route) in QUESTIONS {
        all.insert(name.to_owned(), or_error(remote.value(route).await));
    }
    all.insert("ready".to_owned(), or_error(remote.ready().await));
    let tree = remote.value("tree").await.map(|mut tree| {
        prune(&mut tree, 0);
        tree
    });
    all.insert("tree".to_owned(), or_error(tree));
    Value::Object(all)
}

fn or_error(answer: Result<Value>) -> Value {
    answer.unwrap_or_else(|error| json!({ "error": error.to_string() }))
}

/// Leaves out of thousands of actors those that do what they should. True when this one, or one below it, has something to tell.
fn prune(actor: &mut Value, depth: u8) -> bool {
    let mut tells = actor["health"] != "running" || actor["restarts"].as_u64() != Some(0);
    if let Some(children) = actor["children"].as_array_mut() {
        let before = children.len();
        children.retain_mut(|child| {
            let child_tells = prune(child, depth + 1);
            tells |= child_tells;
            child_tells || depth < TREE_DEPTH
        });
        let left_out = before - children.len();
        if left_out > 0 {
            actor["leftOut"] = json!(left_out);
        }
    }
    tells
}

/// The end of a file that somebody writes to.
fn log_tail(path: &Path) -> LogTail {
    let file = path.display().to_string();
    match last_bytes(path) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            let mut lines: Vec<String> = text.lines().rev().take(LINES).map(redact::text).collect();
            lines.reverse();
            LogTail { file, lines, error: None }
        }
        Err(error) => LogTail { file, lines: Vec::new(), error: Some(error.to_string()) },
    }
}

fn last_bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let from = length.saturating_sub(READ_FROM_END);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(READ_FROM_END).read_to_end(&mut bytes)?;
    // The first line may be half of one.
    let whole = if from == 0 { 0 } else { bytes.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1) };
    Ok(bytes.split_off(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_log_is_whole_lines_without_logins() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.log");
        let line = |n: u32| format!("{n} rtsp://admin:s3cret@10.0.0.9/{}", "x".repeat(2_000));
        let text: Vec<String> = (0..400).map(line).collect();
        std::fs::write(&path, text.join("\n")).expect("a file");
        let tail = log_tail(&path);
        assert!(tail.lines.len() > 100 && tail.lines.len() <= LINES, "{}", tail.lines.len());
        assert!(tail.lines.last().is_some_and(|last| last.starts_with("399 ")), "the newest is the last");
        assert!(tail.lines.iter().all(|line| line.len() > 2_000 && !line.contains("s3cret")), "none is cut");
        assert!(log_tail(&folder.path().join("y.log")).error.is_some());
    }

    #[test]
    fn of_a_large_tree_what_has_something_to_tell_is_left() {
        let actor = |name: &str, health: &str, children: Vec<Value>| json!({ "name": name, "health": health, "restarts": 0, "children": children });
        let many = (0..1_000).map(|n| actor(&n.to_string(), if n == 7 { "degraded" } else { "running" }, Vec::new()));
        let level2 = actor("main", "running", many.collect());
        let mut tree = actor("root", "running", vec![actor("monitor", "running", vec![level2])]);
        assert!(prune(&mut tree, 0));
        let main = &tree["children"][0]["children"][0];
        assert_eq!((main["leftOut"].as_u64(), main["children"][0]["name"].as_str()), (Some(999), Some("7")), "{main}");
    }
}
