//! A command whose answer comes late: what was written after it stays.

use std::sync::Arc;

use async_trait::async_trait;
use streamwarden::adapters::database::{CameraStore, Condition, ListenProgress, Stores, WritePlan};
use streamwarden::base::{ErrorKind, Result};
use streamwarden::domain::camera::{CameraEdit, CameraRow, CameraState};
use tokio::sync::{Notify, watch};
use tokio_util::task::AbortOnDropHandle;

use super::harness::{Harness, Source};

/// What an edit says of itself whose answer comes late.
const LATE: &str = "late";

/// The real database. An edit with the label [`LATE`] is written at once, and answered when the test says so.
struct SlowAnswers {
    cameras: Arc<dyn CameraStore>,
    written: Notify,
    answer: Notify,
}

#[async_trait]
impl CameraStore for SlowAnswers {
    async fn edit_camera_if(&self, id: i64, edit: CameraEdit, only_if: Condition) -> Result<CameraRow> {
        let is_late = edit.label.iter().flatten().any(|label| label == LATE);
        let row = self.cameras.edit_camera_if(id, edit, only_if).await;
        if is_late {
            self.written.notify_one();
            self.answer.notified().await;
        }
        row
    }
    async fn cameras(&self) -> Result<Vec<CameraRow>> {
        self.cameras.cameras().await
    }
    async fn camera(&self, id: i64) -> Result<Option<CameraRow>> {
        self.cameras.camera(id).await
    }
    async fn camera_kinds(&self) -> Result<Vec<(String, String)>> {
        self.cameras.camera_kinds().await
    }
    async fn put_camera_kind(&self, kind: String, url_template: String) -> Result<()> {
        self.cameras.put_camera_kind(kind, url_template).await
    }
    async fn delete_camera_kind(&self, kind: &str) -> Result<()> {
        self.cameras.delete_camera_kind(kind).await
    }
    async fn add_camera(&self, edit: CameraEdit) -> Result<CameraRow> {
        self.cameras.add_camera(edit).await
    }
    async fn write_cameras(&self, plan: WritePlan) -> Result<()> {
        self.cameras.write_cameras(plan).await
    }
    async fn delete_camera_if(&self, id: i64, only_if: Condition) -> Result<()> {
        self.cameras.delete_camera_if(id, only_if).await
    }
    fn camera_changes(&self) -> watch::Receiver<u64> {
        self.cameras.camera_changes()
    }
    async fn listen(&self, progress: ListenProgress) -> Result<()> {
        self.cameras.listen(progress).await
    }
}

fn edit(json: serde_json::Value) -> CameraEdit {
    serde_json::from_value(json).expect("an edit")
}

#[actix::test]
async fn what_was_written_after_a_command_stays_when_the_command_ends_later() {
    let source = Source::start().await;
    let mut slow = None;
    let mut harness = Harness::with_stores(|stores| {
        let cameras = Arc::clone(&stores.cameras);
        let wrapped = Arc::new(SlowAnswers { cameras, written: Notify::new(), answer: Notify::new() });
        slow = Some(Arc::clone(&wrapped));
        Stores { cameras: wrapped, ..stores }
    })
    .await;
    let (slow, restream) = (slow.expect("a database"), harness.restream.clone());
    let add = edit(serde_json::json!({"name": "gate", "url": source.url("a"), "label": "first"}));
    let id = restream.add_camera(add).await.expect("added").status.id;
    harness.state("gate", CameraState::Running).await;
    let late = || {
        let restream = restream.clone();
        let command = edit(serde_json::json!({"label": LATE}));
        AbortOnDropHandle::new(tokio::spawn(
            async move { restream.edit_camera(id, command, Condition::always()).await },
        ))
    };

    let first = late();
    slow.written.notified().await;
    let newer = edit(serde_json::json!({"label": "newer"}));
    restream.edit_camera(id, newer, Condition::always()).await.expect("edited");
    slow.answer.notify_one();
    let answer = first.await.expect("it ends").expect("edited");
    assert_eq!((answer.row.label.as_deref(), answer.status.label.as_deref()), (Some(LATE), Some("newer")));
    let again = edit(serde_json::json!({"record": false}));
    let after = restream.edit_camera(id, again, Condition::always()).await.expect("edited");
    assert_eq!(after.status.label.as_deref(), Some("newer"));

    // Nobody relays a camera that was deleted meanwhile.
    let second = late();
    slow.written.notified().await;
    restream.delete_camera(id, Condition::always()).await.expect("deleted");
    slow.answer.notify_one();
    let gone = second.await.expect("it ends").expect_err("there is no such camera any more");
    assert_eq!(gone.kind(), ErrorKind::NotFound, "{gone}");
    harness.gone("gate").await;
    assert!(harness.relay("gate").await.is_none());
    harness.stop().await;
}
