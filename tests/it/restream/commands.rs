//! Commands, as API and CLI give them.

use streamwarden::actors::restream::RestreamHandle;
use streamwarden::adapters::database::Condition;
use streamwarden::base::{Error, ErrorKind};
use streamwarden::domain::camera::{CameraEdit, CameraState, CameraStatus};

use super::harness::{Harness, Source};

fn edit(json: serde_json::Value) -> CameraEdit {
    serde_json::from_value(json).expect("an edit")
}

async fn change(restreams: &RestreamHandle, id: i64, json: serde_json::Value) -> Result<CameraStatus, Error> {
    restreams.edit_camera(id, edit(json), Condition::always()).await.map(|written| written.status)
}

async fn delete(restreams: &RestreamHandle, id: i64) -> Result<(), Error> {
    restreams.delete_camera(id, Condition::always()).await
}

#[actix::test]
async fn cameras_are_added_edited_restarted_and_deleted() {
    let source = Source::start().await;
    let mut harness = Harness::open().await;
    let restreams = harness.restream.clone();
    let add = |json| restreams.add_camera(edit(json));
    let added = add(serde_json::json!({"name": "gate", "url": source.url("a")})).await.expect("added").status;
    assert_eq!((added.name.as_str(), added.state, added.enabled), ("gate", CameraState::Waiting, true));
    harness.state("gate", CameraState::Running).await;
    let first = harness.pid("gate").await;

    for (json, kind, field) in [
        (serde_json::json!({"name": "gate", "url": source.url("a")}), ErrorKind::Conflict, Some("name")),
        (serde_json::json!({"name": "../x", "url": source.url("a")}), ErrorKind::Invalid, Some("name")),
        (serde_json::json!({"name": "x", "url": "file:/etc/passwd"}), ErrorKind::Invalid, Some("url")),
        (serde_json::json!({"name": "x"}), ErrorKind::Invalid, Some("host")),
    ] {
        let error = add(json.clone()).await.expect_err("refused");
        assert_eq!(error.kind(), kind, "{json}: {error}");
        assert!(field.is_none() || error.field() == field, "{json}: {error}");
    }

    let edited = change(&restreams, added.id, serde_json::json!({"record": false})).await.expect("edited");
    assert_eq!((edited.record, edited.state), (false, CameraState::Running));
    assert_eq!(harness.pid("gate").await, first, "nothing that concerns ffmpeg");

    restreams.restart_camera(added.id).await.expect("restarted");
    harness.camera("gate", |camera| camera.is_some_and(|camera| camera.state != CameraState::Running)).await;
    harness.state("gate", CameraState::Running).await;
    assert_ne!(harness.pid("gate").await, first);

    let off = change(&restreams, added.id, serde_json::json!({"enabled": false})).await;
    assert_eq!(off.expect("edited").state, CameraState::Stopped);
    harness.state("gate", CameraState::Stopped).await;
    let refused = restreams.restart_camera(added.id).await.expect_err("switched off");
    assert_eq!(refused.kind(), ErrorKind::Conflict);

    delete(&restreams, added.id).await.expect("deleted");
    harness.gone("gate").await;
    for missing in [
        delete(&restreams, added.id).await.expect_err("gone"),
        restreams.restart_camera(added.id).await.expect_err("gone"),
        change(&restreams, added.id, serde_json::json!({})).await.expect_err("gone"),
    ] {
        assert_eq!(missing.kind(), ErrorKind::NotFound, "{missing}");
    }
    harness.stop().await;
}
