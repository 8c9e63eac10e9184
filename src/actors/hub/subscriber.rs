//! The line between the hub and one WebSocket session: a bounded send_queue and a reason.

use std::net::IpAddr;

use bytestring::ByteString;
use serde_json::json;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::actors::supervision::{Exit, Observation};
use crate::base::Result;

/// Why the hub ends a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The session did not take its frames in time: its send_queue was full.
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
    frames: mpsc::Receiver<ByteString>,
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
    pub async fn next(&mut self) -> Result<ByteString, CloseReason> {
        tokio::select! {
            biased;
            reason = &mut self.reason => Err(reason.unwrap_or(CloseReason::HubGone)),
            frame = self.frames.recv() => match frame {
                Some(frame) => Ok(frame),
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
    since: Instant,
    ended: Option<oneshot::Receiver<Exit>>,
    frames: mpsc::Sender<ByteString>,
    reason: oneshot::Sender<CloseReason>,
}

impl Subscriber {
    /// Both ends of a new line to `client` whose send_queue holds `send_queue` frames.
    pub(super) fn pair(id: u64, client: IpAddr, send_queue: usize) -> (Self, Subscription) {
        let (frames_in, frames) = mpsc::channel(send_queue);
        let (reason_in, reason) = oneshot::channel();
        let (ended_in, ended) = oneshot::channel();
        let lease = Some(SessionLease { exit: None, ended: Some(ended_in) });
        let own = Self { client, since: Instant::now(), ended: Some(ended), frames: frames_in, reason: reason_in };
        (own, Subscription { id, lease, frames, reason })
    }

    /// Puts a frame into the send_queue; false when it is full.
    pub(super) fn offer(&self, frame: ByteString) -> bool {
        !matches!(self.frames.try_send(frame), Err(mpsc::error::TrySendError::Full(_)))
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
        let queued = self.frames.max_capacity() - self.frames.capacity();
        Observation {
            uptime_seconds: self.since.elapsed().as_secs_f64(),
            state: json!({ "client": self.client, "queuedFrames": queued }),
            ..Observation::running(format!("session-{id}"), "websocket session")
        }
    }

    /// Ends the line.
    pub(super) fn close(self, why: CloseReason) {
        // The session may be gone already: then there is nobody to tell.
        let _ = self.reason.send(why);
    }
}
