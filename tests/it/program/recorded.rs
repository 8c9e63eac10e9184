//! Recordings that are over, and harm that is done to their files.

use std::fs;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::support::program::Program;
use crate::support::wait::eventually;

/// The segments of a stream, once its recording is over and all of them are stored.
pub async fn over(program: &Program, stream: &str) -> Vec<Value> {
    eventually("a recording that is over", || async {
        let segments = program.api.segments(stream).await;
        let all = !segments.is_empty() && segments.iter().all(|one| one["state"] == "uploaded");
        let sessions = program.api.items(&format!("/api/v1/recordings/{stream}/sessions?server=main")).await;
        (all && sessions.iter().all(|one| !one["endedAt"].is_null())).then_some(segments)
    })
    .await
}

pub fn start(segment: &Value) -> DateTime<Utc> {
    segment["startedAt"].as_str().and_then(|at| at.parse().ok()).expect("a time")
}

pub fn length(segment: &Value) -> TimeDelta {
    TimeDelta::milliseconds(segment["durationMs"].as_i64().expect("a length"))
}

/// For how long a player shows a segment, in seconds: by its timestamps.
pub fn shown_for(segment: &Value) -> f64 {
    segment["mediaMs"].as_f64().expect("a length") / 1_000.0
}

/// What may happen to a file.
#[derive(Clone, Copy, Debug)]
pub enum Harm {
    /// It is gone.
    Lost,
    /// Two thirds of it are.
    CutShort,
}

/// Harms both files of a segment: the one in the spool, and the object.
pub fn harm(program: &Program, segment: &Value, how: Harm) {
    let id = segment["id"].as_str().expect("an id");
    let rows = program.sql(&format!("SELECT spool_path, object_key FROM segments WHERE id = '{id}'"));
    for (folder, column) in [("spool", "spool_path"), ("objects", "object_key")] {
        let path = program.data_dir().join(folder).join(rows[0][column].as_str().expect("a path"));
        match how {
            Harm::Lost => fs::remove_file(&path).expect("a file"),
            Harm::CutShort => {
                let file = fs::File::options().write(true).open(&path).expect("a file");
                file.set_len(file.metadata().expect("a file").len() / 3).expect("shortened");
            }
        }
    }
}
