//! Listening for changes of the cameras table, whoever makes them, as a child of the tree.
//!
//! How it listens is the database's business (a thread that looks at a file, LISTEN on a connection); its end is an exit
//! that the tree judges, and a listener that makes no progress is killed. Whoever reads the cameras hears of changes through
//! [`CameraStore::camera_changes`].

use std::sync::Arc;
use std::time::Duration;

use super::supervision::{Activity, Child, Exit, Restart};
use crate::adapters::database::CameraStore;

/// A listener that hears nothing asks whether it still could, every 15 s at most.
const STALLED_AFTER: Duration = Duration::from_secs(60);

/// The listener. Where nothing can be heard (behind a pooler that shares its connections) it rests.
pub fn child(cameras: Arc<dyn CameraStore>) -> Child {
    Child::task("camera-changes", Restart::Always, move || {
        let cameras = Arc::clone(&cameras);
        async move {
            // A database that is away at the start has limits of its own until it comes.
            let activity = Activity::protected("listening for changes of the cameras", STALLED_AFTER);
            match cameras.listen(Arc::new(move || activity.record_progress())).await {
                Ok(()) => std::future::pending().await,
                Err(error) => Exit::Failure(error.to_string()),
            }
        }
    })
}
