//! The run before this one: when it ended and nobody had stopped it, that is an incident like any other.
//!
//! A note that is still there tells of such an end, and its time the last sign of life; so it is given a new time again
//! and again while we live. Talks to the database; `instance` keeps the note.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use serde::Deserialize;
use uuid::Uuid;

use crate::adapters::database::IncidentStore;
use crate::base::ErrorKind;
use crate::domain::incident::{Incident, IncidentKind, Subject};

/// Between two signs of life: an end is told at most so much too early.
const SIGN_EVERY: Duration = Duration::from_secs(10);

/// Between two tries to write to a database that is away.
const RETRY: Duration = Duration::from_secs(5);

/// What a note says of an end that could not be reported yet.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PreviousRunNote {
    untold_end: Option<DateTime<Utc>>,
}

/// When an earlier run gave its last sign of life, by the note that it has left; `None` when it was stopped in order.
pub(super) fn end_by(note: &Path) -> Option<DateTime<Utc>> {
    let last_sign = fs::metadata(note).ok()?.modified().ok()?.into();
    let note = fs::read(note).ok().and_then(|text| serde_json::from_slice::<PreviousRunNote>(&text).ok());
    Some(note.and_then(|note| note.untold_end).unwrap_or(last_sign))
}

/// Writes the incident of an unexpected end, as soon as the database takes it.
pub(super) async fn report(incidents: Arc<dyn IncidentStore>, node: &str, ended: DateTime<Utc>) {
    let now = Utc::now();
    let cause = format!(
        "streamwarden on {node} ended and nobody had stopped it (killed, crashed, or a power cut); it runs again"
    );
    let subject = Subject::Service { name: "streamwarden".to_owned() };
    // A clock that is only right later on ends nothing before it began.
    let opened_at = ended.min(now);
    let mut incident = Incident::open(Uuid::now_v7(), IncidentKind::ServiceDown, subject, cause, opened_at);
    incident.closed_at = Some(now);
    loop {
        match incidents.open_incident(incident.clone()).await {
            Ok(_) => return,
            Err(error) if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout) => {
                tokio::time::sleep(RETRY).await
            }
            // It will not be taken the next time either.
            Err(error) => return log::debug!("writing the end of the previous run failed: {error}"),
        }
    }
}

/// Gives the note a new time, now and again and again.
pub(super) async fn give_signs_of_life(note: PathBuf) {
    let mut clock = tokio::time::interval(SIGN_EVERY);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        let note = note.clone();
        // A disk may hang; nobody but this waits for it. Never made anew: whoever removes it has stopped us.
        let given = tokio::task::spawn_blocking(move || {
            File::options().write(true).open(note).and_then(|file| file.set_modified(SystemTime::now()))
        });
        if let Ok(Err(error)) = given.await {
            log::debug!("updating the heartbeat in run.json failed: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_tells_when_its_writer_was_seen_last() {
        let folder = tempfile::tempdir().expect("a folder");
        let note = folder.path().join("run.json");
        assert_eq!(end_by(&note), None, "stopped in order");
        let seen = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        for (text, wanted) in [
            (r#"{"pid":1}"#, "2027-01-15T08:00:00Z"),
            // It died before it could tell of the one before it.
            (r#"{"pid":1,"untoldEnd":"2027-01-15T07:00:00Z"}"#, "2027-01-15T07:00:00Z"),
            // The power went while it was being written.
            ("", "2027-01-15T08:00:00Z"),
            ("{\"pid\":1,\"unt", "2027-01-15T08:00:00Z"),
        ] {
            fs::write(&note, text).expect("a file");
            File::options().write(true).open(&note).and_then(|file| file.set_modified(seen)).expect("a time");
            assert_eq!(end_by(&note), Some(wanted.parse().expect("a time")), "{text}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn signs_of_life_go_on_and_bring_no_note_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let note = folder.path().join("run.json");
        fs::write(&note, "").expect("a file");
        let long_ago =
            || File::options().write(true).open(&note).and_then(|file| file.set_modified(SystemTime::UNIX_EPOCH));
        let signs = tokio::spawn(give_signs_of_life(note.clone()));
        for _ in 0..2 {
            long_ago().expect("a time");
            while end_by(&note).is_some_and(|seen| seen < Utc::now() - chrono::TimeDelta::hours(1)) {
                tokio::time::sleep(SIGN_EVERY).await;
            }
        }
        fs::remove_file(&note).expect("the note");
        tokio::time::sleep(3 * SIGN_EVERY).await;
        assert!(!note.exists());
        signs.abort();
    }
}
