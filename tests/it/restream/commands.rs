//! Commands, as API and CLI give them.

use streamwarden::actors::restream::{AddCamera, DeleteCamera, EditCamera, RestartCamera};
use streamwarden::adapters::database::Condition;
use streamwarden::base::Kind;
use streamwarden::domain::camera::{CameraEdit, CameraState};

use super::harness::{Harness, Source};

fn edit(json: serde_json::Value) -> CameraEdit {
    serde_json::from_value(json).expect("an edit")
}

fn change(id: i64, json: serde_json::Value) -> EditCamera {
    EditCamera { id, edit: edit(json), only_if: Condition::always() }
}

fn delete(id: i64) -> DeleteCamera {
    DeleteCamera { id, only_if: Condition::always() }
}

#[actix::test]
async fn cameras_are_added_edited_restarted_and_deleted() {
    let source = Source::start().await;
    let mut harness = Harness::open().await;
    let restreams = harness.restreams().await;
    let add = |json| restreams.send(AddCamera(edit(json)));
    let added =
        add(serde_json::json!({"name": "gate", "url": source.url("a")})).await.expect("alive").expect("added").status;
    assert_eq!((added.name.as_str(), added.state, added.enabled), ("gate", CameraState::Waiting, true));
    harness.state("gate", CameraState::Running).await;
    let first = harness.pid("gate").await;

    for (json, kind, field) in [
        (serde_json::json!({"name": "gate", "url": source.url("a")}), Kind::Conflict, Some("name")),
        (serde_json::json!({"name": "../x", "url": source.url("a")}), Kind::Invalid, Some("name")),
        (serde_json::json!({"name": "x", "url": "file:/etc/passwd"}), Kind::Invalid, Some("url")),
        (serde_json::json!({"name": "x"}), Kind::Invalid, Some("host")),
    ] {
        let error = add(json.clone()).await.expect("alive").expect_err("refused");
        assert_eq!(error.kind(), kind, "{json}: {error}");
        assert!(field.is_none() || error.field() == field, "{json}: {error}");
    }

    let edited = restreams.send(change(added.id, serde_json::json!({"record": false}))).await;
    let edited = edited.expect("alive").expect("edited").status;
    assert_eq!((edited.record, edited.state), (false, CameraState::Running));
    assert_eq!(harness.pid("gate").await, first, "nothing that concerns ffmpeg");

    restreams.send(RestartCamera(added.id)).await.expect("alive").expect("restarted");
    harness.camera("gate", |camera| camera.is_some_and(|camera| camera.state != CameraState::Running)).await;
    harness.state("gate", CameraState::Running).await;
    assert_ne!(harness.pid("gate").await, first);

    let off = restreams.send(change(added.id, serde_json::json!({"enabled": false}))).await;
    assert_eq!(off.expect("alive").expect("edited").status.state, CameraState::Stopped);
    harness.state("gate", CameraState::Stopped).await;
    let refused = restreams.send(RestartCamera(added.id)).await.expect("alive").expect_err("switched off");
    assert_eq!(refused.kind(), Kind::Conflict);

    restreams.send(delete(added.id)).await.expect("alive").expect("deleted");
    harness.gone("gate").await;
    for missing in [
        restreams.send(delete(added.id)).await.expect("alive").expect_err("gone"),
        restreams.send(RestartCamera(added.id)).await.expect("alive").map(|_| ()).expect_err("gone"),
        restreams.send(change(added.id, serde_json::json!({}))).await.expect("alive").map(|_| ()).expect_err("gone"),
    ] {
        assert_eq!(missing.kind(), Kind::NotFound, "{missing}");
    }
    harness.stop().await;
}
