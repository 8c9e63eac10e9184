//! The hub actor: feeds the cache, paces the frames, fans out.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, StreamHandler, WrapFuture};
use futures_util::future::LocalBoxFuture;
use serde_json::json;
use tokio::time::Instant;

use super::feed_filter::FeedFilter;
use super::hub_handle::{AskSnapshot, AskState, HandleTo, SetFilter, Subscribe};
use super::hub_state::HubState;
use super::snapshot_cache::SnapshotCache;
use super::subscriber::{CloseReason, Subscriber, Subscription};
use crate::actors::rate_limit::RateLimit;
use crate::actors::supervision::{Exit, ExitReason, Observation, Supervised, supervised};
use crate::adapters::live::SharedLive;
use crate::adapters::live::subscription::{LiveUpdate, subscription};
use crate::base::{Error, Result};

/// Frames that may leave together after a quiet time: what a poll finds often comes right behind something small, and must not
/// wait for an interval that this has begun.
const BURST: NonZeroU32 = NonZeroU32::new(2).expect("not 0");

/// Bounds of the hub.
#[derive(Clone, Copy, Debug)]
pub struct HubLimits {
    /// Time between two frames while changes go on. A change after a quiet time is told at once; those that follow are collected.
    pub interval: Duration,
    /// Bytes that may wait for one session; when so many wait it is closed as too slow.
    pub queued_bytes: usize,
    /// Sessions at once; one more is refused.
    pub clients: usize,
    /// Of them, of one address.
    pub clients_per_address: usize,
}

impl Default for HubLimits {
    fn default() -> Self {
        // 20 frames a second are more than an eye follows. 4 MiB are a quarter of a minute of 1,000 streams, more than a
        // phone needs to change from Wi-Fi to mobile.
        let interval = Duration::from_millis(50);
        Self { interval, queued_bytes: 4 << 20, clients: 200, clients_per_address: 50 }
    }
}

/// The way to whichever hub lives now.
pub type HubHandle = HandleTo<Hub>;

/// See the folder's contract.
pub struct Hub {
    live: SharedLive,
    handle: HubHandle,
    limits: HubLimits,
    cache: SnapshotCache,
    subscribers: HashMap<u64, Subscriber>,
    next_id: u64,
    dropped: u64,
    ended: BTreeMap<ExitReason, u64>,
    /// Number of the last frame that the clients of each filter got.
    told: BTreeMap<FeedFilter, u64>,
    frames: RateLimit,
    /// The next frame is under way.
    frame_is_due: bool,
    /// The cache has been filled once; before that there is no snapshot worth showing.
    is_filled: bool,
}

impl Hub {
    /// A hub that reads `live` and can be found through `handle`.
    pub fn new(live: SharedLive, handle: HubHandle, limits: HubLimits) -> Self {
        Self {
            live,
            handle,
            limits,
            cache: SnapshotCache::default(),
            subscribers: HashMap::new(),
            next_id: 1,
            dropped: 0,
            ended: BTreeMap::new(),
            told: BTreeMap::new(),
            frames: RateLimit::new(limits.interval, BURST),
            frame_is_due: false,
            is_filled: false,
        }
    }

    /// What the hub shows of itself.
    pub fn state(&self) -> HubState {
        HubState {
            clients: self.subscribers.len(),
            seq: self.cache.seq(),
            dropped: self.dropped,
            ended: self.ended.clone(),
        }
    }

    /// Tells of the waiting changes now, or as soon as another frame may leave.
    fn tell_soon(&mut self, ctx: &mut Context<Self>) {
        if self.frame_is_due {
            return;
        }
        match self.frames.try_now() {
            Ok(()) => self.tell(),
            Err(wait) => {
                self.frame_is_due = true;
                ctx.run_later(wait, |hub, ctx| {
                    hub.frame_is_due = false;
                    hub.tell_soon(ctx);
                });
            }
        }
    }

    fn tell(&mut self) {
        self.forget_filters();
        let subscribers = &self.subscribers;
        let frames = self.cache.flush(&mut self.told);
        let slow = subscribers.iter().filter(|(_, subscriber)| match frames.get(&subscriber.filter) {
            Some(frame) => !subscriber.offer(std::slice::from_ref(frame)),
            None => false,
        });
        let slow: Vec<u64> = slow.map(|(id, _)| *id).collect();
        slow.into_iter().for_each(|id| self.close_slow(id));
    }

    /// Filters that nobody has any more.
    fn forget_filters(&mut self) {
        let subscribers = &self.subscribers;
        let wanted = |filter: &FeedFilter| subscribers.values().any(|subscriber| subscriber.filter == *filter);
        self.told.retain(|filter, _| wanted(filter));
        self.cache.keep_snapshots(wanted);
    }

    fn close_slow(&mut self, id: u64) {
        if let Some(subscriber) = self.subscribers.remove(&id) {
            self.dropped += 1;
            log::info!(client = id; "websocket client is too slow, closing it");
            subscriber.close(CloseReason::TooSlow);
        }
    }

    /// A session runs on a thread of the HTTP server and is never restarted from here: its client comes back by itself.
    fn session_ended(&mut self, id: u64, exit: &Exit) {
        self.subscribers.remove(&id);
        *self.ended.entry(exit.reason()).or_default() += 1;
        match exit {
            Exit::Success | Exit::DownstreamClosed => log::debug!(client = id; "websocket session {exit}"),
            Exit::Failure(_) | Exit::Killed(_) => log::info!(client = id; "websocket session {exit}"),
            Exit::Panicked(_) => log::error!(client = id; "websocket session {exit}"),
        }
    }

    /// Everything to one session; the deltas of its filter go on from there.
    fn send_snapshot(&mut self, id: u64) {
        let Some(subscriber) = self.subscribers.get(&id).filter(|_| self.is_filled) else { return };
        // Others of the same filter may have got an older frame last: their next one begins there, before this picture.
        self.told.entry(subscriber.filter.clone()).or_insert_with(|| self.cache.seq());
        if !subscriber.offer(self.cache.snapshot(&subscriber.filter)) {
            self.close_slow(id);
        }
    }

    /// Everything to everybody: what was told before is void.
    fn send_snapshots(&mut self) {
        self.told.clear();
        let ids: Vec<u64> = self.subscribers.keys().copied().collect();
        ids.into_iter().for_each(|id| self.send_snapshot(id));
    }
}

impl Actor for Hub {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.add_stream(subscription(self.live.clone(), "hub"));
        self.handle.now_at(ctx.address());
    }
}

impl Supervised for Hub {
    const KIND: &'static str = "hub";

    fn observe(&self) -> serde_json::Value {
        json!(self.state())
    }

    fn remote_children(&self) -> Vec<Observation> {
        let mut sessions: Vec<(&u64, &Subscriber)> = self.subscribers.iter().collect();
        sessions.sort_by_key(|(id, _)| **id);
        sessions.into_iter().map(|(id, subscriber)| subscriber.observation(*id)).collect()
    }

    /// Tells every session that the program stops.
    fn release(&mut self, _: &mut Context<Self>, _: Instant) -> LocalBoxFuture<'static, ()> {
        for (_, subscriber) in self.subscribers.drain() {
            subscriber.close(CloseReason::Stopping);
        }
        Box::pin(std::future::ready(()))
    }
}
supervised!(Hub);

impl StreamHandler<LiveUpdate> for Hub {
    fn handle(&mut self, update: LiveUpdate, ctx: &mut Context<Self>) {
        match update {
            LiveUpdate::Everything(latest) => {
                self.cache.replace(*latest);
                self.is_filled = true;
                self.send_snapshots();
            }
            LiveUpdate::Changes(changes) if self.subscribers.is_empty() => self.cache.take_up(&changes),
            LiveUpdate::Changes(changes) => {
                if self.cache.note(&changes) {
                    self.tell_soon(ctx);
                }
            }
        }
    }
}

impl Handler<Subscribe> for Hub {
    type Result = Result<Subscription>;

    fn handle(&mut self, Subscribe { client, filter }: Subscribe, ctx: &mut Context<Self>) -> Self::Result {
        let own = self.subscribers.values().filter(|subscriber| subscriber.client == client).count();
        if own >= self.limits.clients_per_address {
            return Err(Error::unavailable(format!(
                "{own} clients of the address {client} are connected already, which is the most; close one (a proxy tells \
                 its clients apart by X-Forwarded-For)"
            )));
        }
        if self.subscribers.len() >= self.limits.clients {
            let most = self.limits.clients;
            return Err(Error::unavailable(format!(
                "{most} clients are connected already, which is the most; close one"
            )));
        }
        let id = self.next_id;
        self.next_id += 1;
        let (mut subscriber, subscription) = Subscriber::pair(id, client, filter, self.limits.queued_bytes);
        ctx.spawn(subscriber.left().into_actor(self).map(move |exit, hub, _| hub.session_ended(id, &exit)));
        self.subscribers.insert(id, subscriber);
        // Before the cache is filled there is no picture; filling it sends a snapshot to everybody.
        self.send_snapshot(id);
        Ok(subscription)
    }
}

impl Handler<AskSnapshot> for Hub {
    type Result = ();

    fn handle(&mut self, AskSnapshot(id): AskSnapshot, _: &mut Context<Self>) {
        self.send_snapshot(id);
    }
}

impl Handler<SetFilter> for Hub {
    type Result = ();

    fn handle(&mut self, SetFilter { id, filter }: SetFilter, _: &mut Context<Self>) {
        if let Some(subscriber) = self.subscribers.get_mut(&id) {
            subscriber.filter = filter;
            self.forget_filters();
            self.send_snapshot(id);
        }
    }
}

impl Handler<AskState> for Hub {
    type Result = HubState;

    fn handle(&mut self, _: AskState, _: &mut Context<Self>) -> HubState {
        self.state()
    }
}
