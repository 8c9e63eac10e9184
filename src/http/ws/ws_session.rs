//! The session actor: turns frames into calls of `protocol` and its steps into frames. Nothing is decided here, so
//! that moving to another WebSocket library is this one file.

use std::num::NonZeroU32;
use std::time::Duration;

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, SpawnHandle, StreamHandler, WrapFuture};
use actix_web_actors::ws::{self, CloseCode, Message, ProtocolError};
use futures_util::future::LocalBoxFuture;
use futures_util::stream::{self, Stream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::protocol::{self, PING_EVERY, Step};
use super::watchdog::LastHeard;
use crate::actors::hub::{CloseReason, FeedFrame, HubHandle, SessionLease, Subscription};
use crate::actors::rate_limit::RateLimit;
use crate::actors::supervision::Exit;

/// How long we wait for the client's answer to our close frame. Closing at once could overtake the frame.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// A client may ask for a snapshot so often ...
const ASK_EVERY: Duration = Duration::from_secs(1);
/// ... and so many times at once: somebody who goes from page to page.
const ASK_BURST: NonZeroU32 = NonZeroU32::new(5).expect("not 0");

type FromHub = Result<FeedFrame, CloseReason>;

/// One WebSocket session.
pub(super) struct WsSession {
    hub: HubHandle,
    /// Taken when the session starts.
    subscription: Option<Subscription>,
    /// Its place at the hub, which hears of its end.
    lease: Option<SessionLease>,
    id: u64,
    updates: Option<SpawnHandle>,
    last_heard: LastHeard,
    /// The program stops.
    stopping: CancellationToken,
    /// Whoever connected may not go on any more.
    ended: Option<LocalBoxFuture<'static, ()>>,
    /// Long frames go out compressed.
    compress: bool,
    /// How often it may ask for a snapshot, which costs the hub a walk over everything.
    questions: RateLimit,
    /// What it asks for next.
    waiting: Option<Step>,
    /// Our close frame has been sent.
    is_closing: bool,
}

impl WsSession {
    pub(super) fn new(
        hub: HubHandle,
        mut subscription: Subscription,
        last_heard: LastHeard,
        stopping: CancellationToken,
    ) -> Self {
        let (id, lease, subscription) = (subscription.id, subscription.lease.take(), Some(subscription));
        Self {
            hub,
            subscription,
            lease,
            id,
            updates: None,
            last_heard,
            stopping,
            ended: None,
            compress: false,
            questions: RateLimit::new(ASK_EVERY, ASK_BURST),
            waiting: None,
            is_closing: false,
        }
    }

    /// The same until then.
    pub(super) fn until(mut self, ended: LocalBoxFuture<'static, ()>) -> Self {
        self.ended = Some(ended);
        self
    }

    /// The same with long frames compressed, or not.
    pub(super) fn compressed(mut self, compress: bool) -> Self {
        self.compress = compress;
        self
    }

    fn send(&self, frame: &FeedFrame, ctx: &mut ws::WebsocketContext<Self>) {
        match self.compress.then(|| frame.deflated()).flatten() {
            Some(deflated) => ctx.binary(deflated.clone()),
            None => ctx.text(frame.text().clone()),
        }
    }

    /// Asks the hub now, or as soon as this client may ask again. Of what it wants meanwhile, the last filter counts: its snapshot
    /// answers all of it.
    fn ask_soon(&mut self, step: Step, ctx: &mut ws::WebsocketContext<Self>) {
        let is_due = self.waiting.is_some();
        if !(is_due && step == Step::AskSnapshot) {
            self.waiting = Some(step);
        }
        if !is_due {
            self.ask(ctx);
        }
    }

    fn ask(&mut self, ctx: &mut ws::WebsocketContext<Self>) {
        if let Err(wait) = self.questions.try_now() {
            ctx.run_later(wait, Self::ask);
            return;
        }
        let is_asked = match self.waiting.take() {
            Some(Step::SetFilter(filter)) => self.hub.set_filter(self.id, filter),
            Some(_) => self.hub.ask_snapshot(self.id),
            None => true,
        };
        if !is_asked {
            // The client would wait for ever.
            self.run(protocol::on_close(CloseReason::HubGone), ctx);
        }
    }

    fn run(&mut self, step: Step, ctx: &mut ws::WebsocketContext<Self>) {
        match step {
            _ if self.is_closing => {}
            Step::Ping => ctx.ping(b""),
            step @ (Step::AskSnapshot | Step::SetFilter(_)) => self.ask_soon(step, ctx),
            Step::Close(code, reason) => {
                self.is_closing = true;
                self.ending(protocol::exit(code, reason));
                if let Some(updates) = self.updates.take() {
                    ctx.cancel_future(updates);
                }
                ctx.close(Some(ws::CloseReason { code: CloseCode::from(code), description: Some(reason.to_owned()) }));
                ctx.run_later(CLOSE_TIMEOUT, |_, ctx| ctx.stop());
            }
        }
    }
}

impl WsSession {
    fn ending(&mut self, exit: Exit) {
        if let Some(lease) = &mut self.lease {
            lease.ending(exit);
        }
    }
}

/// Frames until the reason, which is the last item.
fn updates(subscription: Subscription) -> impl Stream<Item = FromHub> {
    stream::unfold(Some(subscription), |subscription| async {
        let mut subscription = subscription?;
        match subscription.next().await {
            Ok(frame) => Some((Ok(frame), Some(subscription))),
            Err(reason) => Some((Err(reason), None)),
        }
    })
}

impl Actor for WsSession {
    type Context = ws::WebsocketContext<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.updates = self.subscription.take().map(|subscription| ctx.add_stream(updates(subscription)));
        ctx.run_interval(PING_EVERY, |session, ctx| {
            session.run(protocol::on_beat(session.last_heard.at(), Instant::now()), ctx);
        });
        if let Some(ended) = self.ended.take() {
            let step = || Step::Close(4003, "the login has ended; log in again");
            ctx.spawn(ended.into_actor(self).map(move |(), session, ctx| session.run(step(), ctx)));
        }
        let stop = self.stopping.clone().cancelled_owned().into_actor(self);
        ctx.spawn(stop.map(|(), session, ctx| session.run(protocol::on_close(CloseReason::Stopping), ctx)));
    }
}

impl StreamHandler<FromHub> for WsSession {
    fn handle(&mut self, update: FromHub, ctx: &mut Self::Context) {
        match update {
            Ok(frame) if !self.is_closing => self.send(&frame, ctx),
            Ok(_) => {}
            Err(reason) => self.run(protocol::on_close(reason), ctx),
        }
    }

    /// The reason has been handled; the close frame still has to travel.
    fn finished(&mut self, _: &mut Self::Context) {}
}

impl StreamHandler<Result<Message, ProtocolError>> for WsSession {
    fn handle(&mut self, message: Result<Message, ProtocolError>, ctx: &mut Self::Context) {
        self.last_heard.again();
        match message {
            Ok(Message::Text(text)) => self.run(protocol::on_text(&text), ctx),
            Ok(Message::Binary(_) | Message::Continuation(_)) => self.run(protocol::on_binary(), ctx),
            Ok(Message::Ping(payload)) => ctx.pong(&payload),
            Ok(Message::Pong(_) | Message::Nop) => {}
            Ok(Message::Close(reason)) => {
                self.ending(Exit::Success);
                if !self.is_closing {
                    ctx.close(reason);
                }
                ctx.stop();
            }
            Err(ProtocolError::Overflow) => self.run(Step::Close(1009, "the message is too long"), ctx),
            // The connection is gone, as when a browser is closed: nobody hears a close frame.
            Err(ProtocolError::Io(_)) => {
                self.ending(Exit::DownstreamClosed);
                ctx.stop();
            }
            Err(_) => self.run(Step::Close(1002, "not a valid WebSocket frame"), ctx),
        }
    }
}
