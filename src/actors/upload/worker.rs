//! Uploads one segment after the other, past those that fail; rests when there is none, or while the store as a whole does
//! not work.

use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, SpawnHandle, WrapFuture};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use super::attempt::{UploadOutcome, upload};
use super::retries::SharedRetries;
use super::{UploadHandles, UploadRules};
use crate::actors::supervision::{Setting, Stopping, Supervised, supervised, watched};
use crate::adapters::database::Skip;
use crate::base::tally::Tally;
use crate::base::{Error, Result};
use crate::domain::recording::{Segment, SegmentState};

/// Left to our parent when we stop.
const MARGIN: Duration = Duration::from_millis(300);

/// A row has a limit of its own: what takes longer hangs.
const ROW_STALLED_AFTER: Duration = Duration::from_secs(60);
/// A month: no upload takes so long.
const FOR_EVER: Duration = Duration::from_secs(30 * 86_400);

/// Segments that this process has stored, their bytes, and how long that took.
pub static UPLOADS: Tally = Tally::new();
/// Attempts that failed; each is made again.
pub static FAILED_UPLOADS: Tally = Tally::new();

/// There may be something to upload.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub(super) struct Wake;

/// A worker.
pub struct UploadWorker {
    /// Its number among the workers: claims carry it.
    number: usize,
    handles: UploadHandles,
    shared: SharedRetries,
    rules: Setting<UploadRules>,
    state: State,
    /// Ends an idle time or a rest.
    timer: Option<SpawnHandle>,
    /// Woken while busy: what was claimed may not have been the last.
    woken: bool,
    /// What failed last, until something was stored.
    trouble: Option<String>,
    stored: u64,
    bytes: u64,
    stopping: Stopping,
}

#[derive(Debug)]
enum State {
    /// Until a wake, or until something that failed may be tried again.
    Idle,
    Claiming,
    Uploading(Box<Segment>),
    /// The row of a segment that failed goes back into the queue.
    GivingBack,
    /// The store or the catalogue does not work; a timer ends it.
    Resting,
}

impl UploadWorker {
    pub(super) fn new(
        number: usize,
        handles: UploadHandles,
        shared: SharedRetries,
        rules: Setting<UploadRules>,
    ) -> Self {
        Self {
            number,
            handles,
            shared,
            rules,
            state: State::Idle,
            timer: None,
            woken: false,
            trouble: None,
            stored: 0,
            bytes: 0,
            stopping: Stopping::default(),
        }
    }

    /// Claims a segment that may be tried: the oldest, and at times the newest of a stream.
    fn work(&mut self, ctx: &mut Context<Self>) {
        self.woken = false;
        if self.stopping.has_begun() {
            return self.stopping.finished();
        }
        let now = self.shared.now();
        let pause = self.shared.retries().pause(now);
        if let Some(pause) = pause {
            return self.rest(State::Resting, Some(pause), ctx);
        }
        self.state = State::Claiming;
        let (number, handles, shared) = (self.number, self.handles.clone(), self.shared.clone());
        let skip = self.shared.retries().skip(now);
        let rules = self.rules.get();
        self.handles.objects.limit_rate(rules.max_rate);
        let claiming = async move {
            if !handles.is_open(&rules).await? {
                return Ok(None);
            }
            handles.has_room(rules.min_free).await?;
            claim(number, &handles, &shared, skip).await
        };
        let claiming = watched("claiming a segment", ROW_STALLED_AFTER, claiming);
        ctx.spawn(claiming.into_actor(self).map(move |claim, worker, ctx| match claim {
            Ok(Some(segment)) => worker.upload(Box::new(segment), ctx),
            Ok(None) if worker.woken => worker.work(ctx),
            Ok(None) => {
                let next_try = worker.shared.retries().next_try(now, worker.shared.now());
                worker.rest(State::Idle, next_try, ctx);
            }
            Err(error) => worker.failed(None, &error, ctx),
        }));
    }

    fn upload(&mut self, segment: Box<Segment>, ctx: &mut Context<Self>) {
        self.state = State::Uploading(segment.clone());
        let handles = self.handles.clone();
        let uploading = async move { (upload(&handles, &segment).await, segment) };
        // A store that sees to it that bytes move needs no limit here.
        let limit = self.handles.objects.longest_put().map_or(FOR_EVER, |longest| longest + longest / 2);
        let uploading = watched("uploading a segment", limit, uploading);
        ctx.spawn(uploading.into_actor(self).map(|(outcome, segment), worker, ctx| match outcome {
            UploadOutcome::Stored { took } => {
                worker.settled(&segment);
                worker.stored += 1;
                worker.bytes += segment.bytes;
                UPLOADS.took(took);
                UPLOADS.add_amount(segment.bytes);
                log::debug!(
                    stream = segment.stream.as_str(), ms = took.as_millis() as u64, bytes = segment.bytes;
                    "uploaded {}", segment.object_key
                );
                worker.work(ctx);
            }
            UploadOutcome::Unfit => {
                worker.settled(&segment);
                worker.work(ctx);
            }
            UploadOutcome::Failed(error) => worker.failed(Some(&segment), &error, ctx),
        }));
    }

    fn settled(&mut self, segment: &Segment) {
        self.shared.claims().remove(&segment.id);
        self.shared.stored(segment);
        self.trouble = None;
    }

    /// The row goes back at once: who looks at it shall not think that it is under way. Only then the next is claimed, so
    /// that no late return meets a row that is being uploaded again.
    fn failed(&mut self, segment: Option<&Segment>, error: &Error, ctx: &mut Context<Self>) {
        if segment.is_some() {
            FAILED_UPLOADS.add();
        }
        self.shared.failed(segment, error);
        self.trouble = Some(error.message().to_owned());
        self.state = State::GivingBack;
        let (number, handles, shared) = (self.number, self.handles.clone(), self.shared.clone());
        let giving_back = async move { give_back(number, &handles, &shared).await };
        let giving_back = watched("giving a segment back", ROW_STALLED_AFTER, giving_back);
        ctx.spawn(giving_back.into_actor(self).map(|given, worker, ctx| {
            if let Err(error) = given {
                worker.shared.failed(None, &error);
            }
            worker.work(ctx);
        }));
    }

    /// Until a wake when idle, and for so long at most.
    fn rest(&mut self, state: State, limit: Option<Duration>, ctx: &mut Context<Self>) {
        if self.stopping.has_begun() {
            return self.stopping.finished();
        }
        self.state = state;
        if let Some(timer) = self.timer.take() {
            ctx.cancel_future(timer);
        }
        self.timer = limit.map(|limit| {
            ctx.run_later(limit, |worker, ctx| {
                worker.timer = None;
                if matches!(worker.state, State::Idle | State::Resting) {
                    worker.work(ctx);
                }
            })
        });
    }
}

/// Rows that say `uploading` in our name say `sealed` again. Call it only while none is being uploaded.
pub(super) async fn give_back(number: usize, handles: &UploadHandles, shared: &SharedRetries) -> Result<()> {
    let owed: Vec<Uuid> = shared.claims().iter().filter(|(_, worker)| **worker == number).map(|(id, _)| *id).collect();
    for id in owed {
        handles.recordings.move_segment(id, vec![SegmentState::Uploading], SegmentState::Sealed, None).await?;
        let mut claims = shared.claims();
        // Out of time, and done all the same: another worker may have it by now.
        if claims.get(&id) == Some(&number) {
            claims.remove(&id);
        }
    }
    Ok(())
}

pub(super) async fn claim(
    number: usize,
    handles: &UploadHandles,
    shared: &SharedRetries,
    skip: Skip,
) -> Result<Option<Segment>> {
    give_back(number, handles, shared).await?;
    handles.ready().await?;
    let newest_first = shared.newest_first();
    let is_newest_first = newest_first.is_some();
    let mut claimed = handles.recordings.claim_upload(Skip { newest_but: newest_first, ..skip.clone() }).await?;
    if is_newest_first {
        shared.served(claimed.as_ref().map(|segment| segment.stream.as_str()));
        if claimed.is_none() {
            claimed = handles.recordings.claim_upload(skip).await?;
        }
    }
    if let Some(segment) = &claimed {
        shared.claims().insert(segment.id, number);
    }
    Ok(claimed)
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
            State::GivingBack => ("giving back", None),
            State::Resting => ("resting", None),
        };
        json!({
            "state": state,
            "key": key,
            "stored": self.stored,
            "bytes": self.bytes,
            "trouble": self.trouble,
        })
    }

    fn release(&mut self, _: &mut Context<Self>, deadline: Instant) -> LocalBoxFuture<'static, ()> {
        // What is under way at the deadline is uploaded again by the next start.
        let finished = self.stopping.begin(deadline.checked_sub(MARGIN).unwrap_or(deadline));
        if matches!(self.state, State::Idle | State::Resting) {
            self.stopping.finished();
        }
        Box::pin(finished.map(drop))
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
