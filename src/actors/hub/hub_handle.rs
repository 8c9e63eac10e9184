//! The way to the hub, which outlives hubs, and what is asked by it.

use std::net::IpAddr;
use std::time::Duration;

use actix::{Actor, Addr, Context, Handler, Message};

use super::feed_filter::FeedFilter;
use super::hub_state::HubState;
use super::subscriber::Subscription;
use crate::actors::supervision::Handle;
use crate::base::{Error, ErrorKind, Result};

/// Longest wait for the hub's answer to [`Subscribe`].
const ANSWER: Duration = Duration::from_secs(2);

/// Asks for a new line to this client; its first frame is a snapshot.
#[derive(Message)]
#[rtype(result = "Result<Subscription>")]
pub struct Subscribe {
    pub(super) client: IpAddr,
    pub(super) filter: FeedFilter,
}

/// Asks for a snapshot on an existing line.
#[derive(Message)]
#[rtype(result = "()")]
pub struct AskSnapshot(pub(super) u64);

/// Asks for something else on an existing line; a snapshot of it comes next.
#[derive(Message)]
#[rtype(result = "()")]
pub struct SetFilter {
    pub(super) id: u64,
    pub(super) filter: FeedFilter,
}

/// Asks for what the hub shows of itself.
#[derive(Message)]
#[rtype(result = "HubState")]
pub struct AskState;

/// The way to whichever hub lives now; generic, as it is below the actor. Cheap to clone; made once by the builder.
pub struct HandleTo<H: Actor>(Handle<H>);

impl<H: Actor> Clone for HandleTo<H> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<H: Actor> Default for HandleTo<H> {
    fn default() -> Self {
        Self(Handle::default())
    }
}

impl<H> HandleTo<H>
where
    H: Actor<Context = Context<H>> + Handler<Subscribe> + Handler<AskSnapshot> + Handler<SetFilter> + Handler<AskState>,
{
    /// A hub that has started puts its address here.
    pub(super) fn now_at(&self, hub: Addr<H>) {
        self.0.now_at(hub);
    }

    /// A new line to the hub for this client and what it wants. `Unavailable` when the hub is being rebuilt or has all the clients it may have,
    /// of this address or in all.
    pub async fn subscribe(&self, client: IpAddr, filter: FeedFilter) -> Result<Subscription> {
        let being_rebuilt = || Error::unavailable("the live updates are being restarted; try again in a few seconds");
        let hub = self.hub().ok_or_else(being_rebuilt)?;
        match tokio::time::timeout(ANSWER, hub.send(Subscribe { client, filter })).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(being_rebuilt()),
            Err(_) => Err(Error::new(ErrorKind::Timeout, "the live updates did not answer in 2 s; try again")),
        }
    }

    /// Asks for a fresh snapshot on a line; false when the hub cannot take the request.
    pub fn ask_snapshot(&self, id: u64) -> bool {
        self.hub().is_some_and(|hub| hub.try_send(AskSnapshot(id)).is_ok())
    }

    /// Asks for something else on a line; false when the hub cannot take the request.
    pub fn set_filter(&self, id: u64, filter: FeedFilter) -> bool {
        self.hub().is_some_and(|hub| hub.try_send(SetFilter { id, filter }).is_ok())
    }

    /// What the hub shows of itself; `None` while it is being rebuilt.
    pub async fn look(&self) -> Option<HubState> {
        let hub = self.hub()?;
        tokio::time::timeout(ANSWER, hub.send(AskState)).await.ok()?.ok()
    }

    /// The hub that lives now, if one does.
    pub fn hub(&self) -> Option<Addr<H>> {
        self.0.current()
    }
}
