//! Uploads one segment after the other, and rests when there is none or when the store does not work.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture};
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use super::UploadHandles;
use super::attempt::{Outcome, upload};
use super::grudges::Grudges;
use crate::actors::supervision::{Supervised, supervised};
use crate::base::backoff::Backoff;
use crate::base::{Error, Result};
use crate::domain::recording::{Segment, SegmentState};

/// Left to our parent when we stop.
const MARGIN: Duration = Duration::from_millis(300);

/// Rows that say `uploading` in our name. Outlives the worker's generations, so that a panic leaves none of them behind.
pub(super) type Claims = Rc<RefCell<BTreeSet<Uuid>>>;

/// There may be something to upload.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub(super) struct Wake;

/// A worker.
pub struct UploadWorker {
    handles: UploadHandles,
    claims: Claims,
    grudges: Grudges,
    born: Instant,
    state: State,
    /// Woken while busy: what was claimed may not have been the last.
    woken: bool,
    /// In a row.
    failures: u32,
    trouble: Option<String>,
    stored: u64,
    bytes: u64,
    stopping: Option<oneshot::Sender<()>>,
}

#[derive(Debug)]
enum State {
    Idle,
    Claiming,
    Uploading(Box<Segment>),
    /// After a failure; a timer ends it.
    Resting,
}

/// What a look into the queue brought.
enum Claim {
    Nothing,
    Segment(Box<Segment>),
    /// Only segments that must be left alone for so long.
    Later(Duration),
}

impl UploadWorker {
    pub(super) fn new(handles: UploadHandles, claims: Claims) -> Self {
        Self {
            handles,
            claims,
            grudges: Grudges::default(),
            born: Instant::now(),
            state: State::Idle,
            woken: false,
            failures: 0,
            trouble: None,
            stored: 0,
            bytes: 0,
            stopping: None,
        }
    }

    /// Claims the oldest segment that may be tried.
    fn work(&mut self, ctx: &mut Context<Self>) {
        self.woken = false;
        if self.stopping.is_some() {
            return self.stopped();
        }
        self.state = State::Claiming;
        let (handles, claims) = (self.handles.clone(), self.claims.clone());
        let grudges = std::mem::take(&mut self.grudges);
        let now = self.born.elapsed();
        let claiming = async move {
            let claim = claim(&handles, &claims, &grudges, now).await;
            (claim, grudges)
        };
        ctx.spawn(claiming.into_actor(self).map(|(claim, grudges), worker, ctx| {
            worker.grudges = grudges;
            match claim {
                Ok(Claim::Segment(segment)) => worker.upload(segment, ctx),
                Ok(Claim::Nothing) if worker.woken => worker.work(ctx),
                Ok(Claim::Nothing) => worker.rest(None, ctx),
                Ok(Claim::Later(after)) => worker.rest(Some(after), ctx),
                Err(error) => worker.failed(&error, ctx),
            }
        }));
    }

    fn upload(&mut self, segment: Box<Segment>, ctx: &mut Context<Self>) {
        self.state = State::Uploading(segment.clone());
        let handles = self.handles.clone();
        let uploading = async move { (upload(&handles, &segment).await, segment) };
        ctx.spawn(uploading.into_actor(self).map(|(outcome, segment), worker, ctx| {
            let id = segment.id;
            match outcome {
                Outcome::Stored { took } => {
                    worker.settled(id);
                    worker.stored += 1;
                    worker.bytes += segment.bytes;
                    log::debug!(
                        stream = segment.stream.as_str(), ms = took.as_millis() as u64, bytes = segment.bytes;
                        "uploaded {}", segment.object_key
                    );
                    worker.work(ctx);
                }
                Outcome::Unfit => {
                    worker.settled(id);
                    worker.work(ctx);
                }
                Outcome::Failed(error) => {
                    worker.grudges.failed(id, worker.born.elapsed(), rand::random());
                    worker.failed(&error, ctx);
                }
            }
        }));
    }

    fn settled(&mut self, id: Uuid) {
        self.claims.borrow_mut().remove(&id);
        self.grudges.forget(id);
        self.failures = 0;
        self.trouble = None;
    }

    fn failed(&mut self, error: &Error, ctx: &mut Context<Self>) {
        self.failures += 1;
        if self.trouble.as_deref() != Some(error.message()) {
            log::warn!("uploading does not work, it is tried again: {error}");
        }
        self.trouble = Some(error.message().to_owned());
        self.rest(Some(Backoff::STANDARD.delay(self.failures, rand::random())), ctx);
    }

    /// Until a wake, or for so long.
    fn rest(&mut self, after: Option<Duration>, ctx: &mut Context<Self>) {
        if self.stopping.is_some() {
            return self.stopped();
        }
        match after {
            None => self.state = State::Idle,
            Some(after) => {
                self.state = State::Resting;
                // The row goes back at once: who looks at it shall not think that it is under way.
                let (handles, claims) = (self.handles.clone(), self.claims.clone());
                let giving_back = async move { give_back(&handles, &claims).await };
                ctx.spawn(giving_back.into_actor(self).map(|given, _, _| {
                    if let Err(error) = given {
                        log::debug!("a claimed segment cannot be given back yet: {error}");
                    }
                }));
                ctx.run_later(after, |worker, ctx| {
                    if matches!(worker.state, State::Resting) {
                        worker.work(ctx);
                    }
                });
            }
        }
    }

    fn stopped(&mut self) {
        if let Some(stopped) = self.stopping.take() {
            let _ = stopped.send(());
        }
    }
}

/// Rows that say `uploading` in our name, and are not being uploaded, say `sealed` again.
async fn give_back(handles: &UploadHandles, claims: &Claims) -> Result<()> {
    let owed: Vec<Uuid> = claims.borrow().iter().copied().collect();
    for id in owed {
        handles.database.move_segment(id, vec![SegmentState::Uploading], SegmentState::Sealed, None).await?;
        claims.borrow_mut().remove(&id);
    }
    Ok(())
}

async fn claim(handles: &UploadHandles, claims: &Claims, grudges: &Grudges, now: Duration) -> Result<Claim> {
    give_back(handles, claims).await?;
    handles.ready().await?;
    // Segments that must wait are claimed too, because the queue gives out the oldest; they go back right after.
    let mut left_alone: Vec<(Uuid, Duration)> = Vec::new();
    let found = loop {
        let Some(segment) = handles.database.claim_upload().await? else { break None };
        claims.borrow_mut().insert(segment.id);
        match grudges.wait(segment.id, now) {
            Some(wait) => left_alone.push((segment.id, wait)),
            None => break Some(segment),
        }
    };
    for (id, _) in &left_alone {
        handles.database.move_segment(*id, vec![SegmentState::Uploading], SegmentState::Sealed, None).await?;
        claims.borrow_mut().remove(id);
    }
    Ok(match (found, left_alone.iter().map(|(_, wait)| *wait).min()) {
        (Some(segment), _) => Claim::Segment(Box::new(segment)),
        (None, Some(wait)) => Claim::Later(wait),
        (None, None) => Claim::Nothing,
    })
}

impl Actor for UploadWorker {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.work(ctx);
    }
}

impl Supervised for UploadWorker {
    const KIND: &'static str = "upload worker";

    fn observe(&self) -> Value {
        let (state, key) = match &self.state {
            State::Idle => ("idle", None),
            State::Claiming => ("claiming", None),
            State::Uploading(segment) => ("uploading", Some(segment.object_key.as_str())),
            State::Resting => ("resting", None),
        };
        json!({
            "state": state,
            "key": key,
            "stored": self.stored,
            "bytes": self.bytes,
            "failures": self.failures,
            "trouble": self.trouble,
        })
    }

    fn release(&mut self, _: &mut Context<Self>, deadline: Instant) -> LocalBoxFuture<'static, ()> {
        let (stopped, wait) = oneshot::channel();
        self.stopping = Some(stopped);
        if matches!(self.state, State::Idle | State::Resting) {
            self.stopped();
        }
        let limit = deadline.checked_sub(MARGIN).unwrap_or(deadline);
        Box::pin(async move {
            // What is under way then is uploaded again by the next start.
            let _ = timeout_at(limit, wait).await;
        })
    }
}
supervised!(UploadWorker);

impl Handler<Wake> for UploadWorker {
    type Result = ();

    fn handle(&mut self, _: Wake, ctx: &mut Self::Context) {
        self.woken = true;
        if matches!(self.state, State::Idle) {
            self.work(ctx);
        }
    }
}
