//! The line between the hub and one WebSocket session: a bounded send_queue, a reason, and the handle that outlives hubs.

use std::net::IpAddr;
use std::time::Duration;

use actix::{Addr, Message};
use bytestring::ByteString;
use serde_json::json;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use super::actor::{Hub, HubState};
use crate::actors::supervision::{Exit, Observation};
use crate::base::{Error, Kind, Result};

/// Longest wait for the hub's answer to [`Subscribe`].
const ANSWER: Duration = Duration::from_secs(2);

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
    /// Names this subscription to [`HubHandle::ask_snapshot`].
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

/// Asks for a new line to this client; its first frame is a snapshot.
#[derive(Message)]
#[rtype(result = "Result<Subscription>")]
pub(super) struct Subscribe(pub(super) IpAddr);

/// Asks for a snapshot on an existing line.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct AskSnapshot(pub(super) u64);

/// Asks for what the hub shows of itself.
#[derive(Message)]
#[rtype(result = "HubState")]
pub(super) struct AskState;

/// The way to whichever hub lives now. Cheap to clone; made once by the builder.
#[derive(Clone)]
pub struct HubHandle(watch::Sender<Option<Addr<Hub>>>);

impl Default for HubHandle {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl HubHandle {
    /// A hub that has started puts its address here.
    pub(super) fn now_at(&self, hub: Addr<Hub>) {
        self.0.send_replace(Some(hub));
    }

    /// A new line to the hub for this client. `Unavailable` when the hub is being rebuilt or has all the clients it may have,
    /// of this address or in all.
    pub async fn subscribe(&self, client: IpAddr) -> Result<Subscription> {
        let being_rebuilt = || Error::unavailable("the live updates are being restarted; try again in a few seconds");
        let hub = self.0.borrow().clone().ok_or_else(being_rebuilt)?;
        match tokio::time::timeout(ANSWER, hub.send(Subscribe(client))).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(being_rebuilt()),
            Err(_) => Err(Error::new(Kind::Timeout, "the live updates did not answer in 2 s; try again")),
        }
    }

    /// Asks for a fresh snapshot on a line; false when the hub cannot take the request.
    pub fn ask_snapshot(&self, id: u64) -> bool {
        self.0.borrow().as_ref().is_some_and(|hub| hub.try_send(AskSnapshot(id)).is_ok())
    }

    /// What the hub shows of itself; `None` while it is being rebuilt.
    pub async fn look(&self) -> Option<HubState> {
        let hub = self.hub()?;
        tokio::time::timeout(ANSWER, hub.send(AskState)).await.ok()?.ok()
    }

    /// The hub that lives now, if one does.
    pub fn hub(&self) -> Option<Addr<Hub>> {
        self.0.borrow().clone().filter(Addr::connected)
    }
}
