//! The line between the hub and one WebSocket session: a queue that is bounded by its bytes, and a reason.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::feed_filter::FeedFilter;
use super::feed_frame::FeedFrame;
use crate::actors::supervision::{Exit, Observation};
use crate::base::Result;

/// Why the hub ends a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The session did not take its frames in time: too many bytes waited for it.
    TooSlow,
    /// The program stops.
    Stopping,
    /// The hub itself ended; another one will be there soon.
    HubGone,
}

/// The session's end: frames in, and the end of it.
#[derive(Debug)]
pub struct Subscription {
    /// Names this subscription to `HubHandle::ask_snapshot`.
    pub id: u64,
    /// The session's place at the hub; whoever runs the session takes it.
    pub lease: Option<SessionLease>,
    frames: mpsc::UnboundedReceiver<FeedFrame>,
    /// Bytes of the texts of the frames that wait.
    queued: Arc<AtomicUsize>,
    reason: oneshot::Receiver<CloseReason>,
}

/// A session's place at the hub. Dropping it leaves the hub, which hears how the session ended, however that came about.
#[derive(Debug)]
pub struct SessionLease {
    exit: Option<Exit>,
    ended: Option<oneshot::Sender<Exit>>,
}

impl SessionLease {
    /// How the session ends; the first word counts. Without one, its client was gone.
    pub fn ending(&mut self, exit: Exit) {
        self.exit.get_or_insert(exit);
    }
}

impl Drop for SessionLease {
    fn drop(&mut self) {
        let exit = match self.exit.take() {
            _ if std::thread::panicking() => Exit::Panicked("the log has its message".to_owned()),
            exit => exit.unwrap_or(Exit::DownstreamClosed),
        };
        if let Some(ended) = self.ended.take() {
            // Without a hub there is nobody to tell.
            let _ = ended.send(exit);
        }
    }
}

impl Subscription {
    /// The next frame, or why there is none any more. A reason overtakes the frames that still wait.
    pub async fn next(&mut self) -> Result<FeedFrame, CloseReason> {
        tokio::select! {
            biased;
            reason = &mut self.reason => Err(reason.unwrap_or(CloseReason::HubGone)),
            frame = self.frames.recv() => match frame {
                Some(frame) => {
                    self.queued.fetch_sub(frame.len(), Ordering::Relaxed);
                    Ok(frame)
                }
                // The reason is sent before the frames end, so it is there now or never comes.
                None => Err(self.reason.try_recv().unwrap_or(CloseReason::HubGone)),
            },
        }
    }
}

/// The hub's end.
pub(super) struct Subscriber {
    /// Who is at the other end.
    pub(super) client: IpAddr,
    /// What it wants.
    pub(super) filter: FeedFilter,
    since: Instant,
    ended: Option<oneshot::Receiver<Exit>>,
    /// Unbounded in number, bounded in bytes by `limit`.
    frames: mpsc::UnboundedSender<FeedFrame>,
    queued: Arc<AtomicUsize>,
    limit: usize,
    reason: oneshot::Sender<CloseReason>,
}

impl Subscriber {
    /// Both ends of a new line to `client`. While `limit` bytes wait it takes no further frame.
    pub(super) fn pair(id: u64, client: IpAddr, filter: FeedFilter, limit: usize) -> (Self, Subscription) {
        let (frames_in, frames) = mpsc::unbounded_channel();
        let (reason_in, reason) = oneshot::channel();
        let (ended_in, ended) = oneshot::channel();
        let queued = Arc::new(AtomicUsize::new(0));
        let lease = Some(SessionLease { exit: None, ended: Some(ended_in) });
        let own = Self {
            client,
            filter,
            since: Instant::now(),
            ended: Some(ended),
            frames: frames_in,
            queued: Arc::clone(&queued),
            limit,
            reason: reason_in,
        };
        (own, Subscription { id, lease, frames, queued, reason })
    }

    /// Puts frames into the queue, all or none; false when too many bytes wait there already. So at most the limit and one
    /// snapshot wait.
    pub(super) fn offer(&self, frames: &[FeedFrame]) -> bool {
        if self.queued.load(Ordering::Relaxed) >= self.limit {
            return false;
        }
        for frame in frames {
            self.queued.fetch_add(frame.len(), Ordering::Relaxed);
            // The session may have left: its end is heard elsewhere.
            let _ = self.frames.send(frame.clone());
        }
        true
    }

    /// Resolves with how the session has ended; to be asked for once.
    pub(super) fn left(&mut self) -> impl Future<Output = Exit> + use<> {
        let ended = self.ended.take();
        async move {
            match ended {
                Some(ended) => ended.await.unwrap_or(Exit::DownstreamClosed),
                None => std::future::pending().await,
            }
        }
    }

    /// As the tree shows the session.
    pub(super) fn observation(&self, id: u64) -> Observation {
        Observation {
            uptime_seconds: self.since.elapsed().as_secs_f64(),
            state: json!({ "client": self.client, "queuedBytes": self.queued.load(Ordering::Relaxed) }),
            ..Observation::running(format!("session-{id}"), "websocket session")
        }
    }

    /// Ends the line.
    pub(super) fn close(self, why: CloseReason) {
        // The session may be gone already: then there is nobody to tell.
        let _ = self.reason.send(why);
    }
}
