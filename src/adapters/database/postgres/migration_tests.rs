//! Schemas of others are refused, those of earlier versions migrated once, with all that they hold.

use super::tests::{FreshSchema, fresh, open, refusal};
use super::testserver::shared;
use crate::adapters::database::{CameraStore, RecordingStore, behaviour};
use crate::base::error::ErrorKind;

#[tokio::test]
async fn schemas_that_are_not_ours_are_refused_by_name_and_older_ones_migrated_once() {
    let server = shared();
    let url = server.database();
    let (one, two) = futures_util::future::join(open(&url), open(&url)).await;
    one.and(two).expect("both at once: one migrates, the other waits");
    let fresh = FreshSchema::on(server).await;
    let back = "DROP TABLE notifications, notification_episodes, notification_receivers, notification_lease, recording_locks, recording_cleanups_done, recording_cleanups, copies, segments, sessions, incidents, camera_probes, nodes, recording_days, segment_counts, \
                login_users, login_tokens, login_sessions, audit, history_rows, incident_notes, maintenance, hosts CASCADE; \
                DROP FUNCTION keep_recording_sums; DROP FUNCTION keep_segment_state; ALTER TABLE cameras DROP COLUMN label; \
                DELETE FROM streamwarden_schema_history WHERE version > 1; \
                INSERT INTO cameras(name) VALUES ('kept')";
    fresh.psql(back).expect("back to version 1");
    let error = fresh.recordings().await.expect_err("no table");
    assert!(error.kind() == ErrorKind::Unavailable && error.to_string().contains("restored"), "{error}");
    let again = open(&fresh.url).await.expect("migrated");
    assert!(again.recordings().await.expect("asked").is_empty() && again.cameras().await.expect("kept").len() == 1);

    fresh.psql("INSERT INTO streamwarden_schema_history VALUES (99, 'later', 'x', '1')").expect("inserted");
    let (kind, sentence) = refusal(&fresh.url).await;
    assert!(kind == ErrorKind::Unsupported && sentence.contains("schema version 99"), "{sentence}");
    fresh.psql("DROP TABLE streamwarden_schema_history").expect("dropped");
    let (kind, sentence) = refusal(&fresh.url).await;
    assert!(kind == ErrorKind::Unsupported && sentence.contains("cameras that is not ours"), "{sentence}");
    assert!(sentence.contains("database.cameras_query = 'SELECT id, name, url, enabled FROM cameras'"), "{sentence}");
}

#[tokio::test]
async fn rows_of_version_15_get_their_copies() {
    let fresh = fresh().await;
    let made = behaviour::copy_behaviour::one_in_each_state(&*fresh).await;
    let back = "DROP TABLE notifications, notification_episodes, notification_receivers, notification_lease; ALTER TABLE incidents DROP COLUMN verdict; ALTER TABLE segments DROP COLUMN tracks; DROP TABLE recording_locks; DROP TABLE recording_cleanups_done; DROP TABLE recording_cleanups; DROP TABLE copies CASCADE; DROP FUNCTION keep_segment_state; \
                DELETE FROM streamwarden_schema_history WHERE version >= 16";
    fresh.psql(back).expect("back to version 15");
    let again = open(&fresh.url).await.expect("migrated");
    behaviour::copy_behaviour::are_carried_over(&*again, &made).await;
}
