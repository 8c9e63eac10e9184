//! A thread with its own runtime, for things of the demo that must not share the supervisors' one.
//!
//! Owns the thread's life: it is told to stop by a token and joined. Parent-death signals follow the *thread* that
//! spawned a child, so whoever spawns children here ends them before its thread ends.

use std::future::Future;
use std::thread::JoinHandle;

use tokio_util::sync::CancellationToken;

use crate::base::{Error, Result};

/// A running thread. Dropped, it is told to stop and waited for.
pub struct OwnThread {
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl OwnThread {
    /// Starts a thread with an actix system (a single-threaded tokio runtime) that runs what `body` makes. The future
    /// has to end soon after the token is cancelled.
    pub fn spawn<F, Body>(name: &str, body: F) -> Result<Self>
    where
        F: FnOnce(CancellationToken) -> Body + Send + 'static,
        Body: Future<Output = ()>,
    {
        let stop = CancellationToken::new();
        let token = stop.clone();
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || actix_web::rt::System::new().block_on(body(token)))
            .map_err(|error| Error::internal(format!("the thread {name} cannot be started")).with_source(error))?;
        Ok(Self { stop, thread: Some(thread) })
    }

    /// Tells it to stop and waits without blocking the caller's thread.
    pub async fn stop(mut self) {
        self.stop.cancel();
        let Some(thread) = self.thread.take() else { return };
        // Two errors end here: a panic of the thread, which the panic hook has reported, and a runtime that shuts down.
        let _ = tokio::task::spawn_blocking(move || thread.join()).await;
    }
}

impl Drop for OwnThread {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
