//! One server: polls it on time, feeds its path pollers, publishes what they say as one change.
//!
//! A poll is a chain: ask (in a task of its own) -> feed the path pollers -> publish -> be due again. The next poll
//! starts when the chain has ended, at the next point of a fixed grid: no drift, no overlap, no queue of late polls.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::camera_paths::CameraPaths;
use super::outage_state::ApiOutage;
use super::path_poller::{Feed, Part, PathPoller};
use super::path_table::{PathTable, PollChanges};
use super::stream_incidents::StreamIncidents;
use super::takeover_state::Takeover;
use super::watched::Watched;
use crate::actors::incidents::IncidentsHandle;
use crate::actors::supervision::stop::StopOrder;
use crate::actors::supervision::{Child, ChildSet, Restart, Setting, Supervised, supervised, watched};
use crate::adapters::database::IncidentStore;
use crate::adapters::live::subscription::{LiveUpdate, subscription};
use crate::adapters::live::{Latest, SharedLive};
use crate::adapters::mediamtx::{Listing, MediaServer, ServerIdentity};
use crate::base::tally::Tallies;
use crate::base::{Error, ErrorKind, Result};
use crate::domain::moment::Moment;
use crate::domain::name::StreamName;
use crate::domain::stream::StreamObservation;

/// Longest time for all pages of a list together.
const POLL_LIMIT: Duration = Duration::from_secs(30);
/// Path pollers answer in microseconds; one that hangs must not hold up its siblings' news.
const PATH_TIMEOUT: Duration = Duration::from_millis(500);
/// The live store is local or next door; one that hangs must not end the polling.
pub(super) const STORE_TIMEOUT: Duration = Duration::from_secs(5);
/// Every request has a limit of its own; all pages of a large server together take no longer than this, unless it hangs.
const POLL_STALLED_AFTER: Duration = Duration::from_secs(300);
/// A path poller holds nothing: it stops as soon as it is asked.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// Polls of each server by this process, and how long their answers took.
pub static POLLS: Tallies = Tallies::new();
/// Those of them that got no answer.
pub static FAILED_POLLS: Tallies = Tallies::new();

/// Polls one server.
pub struct ServerPoller {
    pub(super) watched: Watched,
    pub(super) live: SharedLive,
    pub(super) interval: Setting<Duration>,
    born: Instant,
    /// When the current poll was due, after `born`.
    due: Duration,
    pub(super) path_table: PathTable,
    cameras: CameraPaths,
    refused: Vec<String>,
    /// Another process polls this server.
    pub(super) stands_by: bool,
    pub(super) takeover: Takeover,
    /// The poll that is being handled has found another run of the server.
    pub(super) is_restarted: bool,
    figures: Figures,
    pub(super) outage: ApiOutage,
    pub(super) incidents: IncidentsHandle,
    pub(super) stream_incidents: StreamIncidents,
    children: Option<ChildSet<Self>>,
}

/// How polling goes, for the tree.
#[derive(Default)]
struct Figures {
    polls: u64,
    failures: u64,
    answer: Duration,
    handling: Duration,
}

/// A server's answer and when it was given.
struct PathAnswer {
    result: Result<(Listing, ServerIdentity)>,
    wall: DateTime<Utc>,
    given: Instant,
}

impl ServerPoller {
    /// Polls `watched` every `interval`, publishes into `live`, and tells `incidents` when it is down.
    pub fn new(watched: Watched, live: SharedLive, interval: Setting<Duration>, incidents: IncidentsHandle) -> Self {
        let path_table = PathTable::new(watched.name.as_str());
        let cameras = CameraPaths::new(watched.name.as_str());
        let stream_incidents = StreamIncidents::new(&watched.name, incidents.clone(), watched.readers_gone);
        Self {
            watched,
            live,
            interval,
            born: Instant::now(),
            due: Duration::ZERO,
            path_table,
            cameras,
            refused: Vec::new(),
            stands_by: false,
            takeover: Takeover::default(),
            is_restarted: false,
            figures: Figures::default(),
            outage: ApiOutage::default(),
            incidents,
            stream_incidents,
            children: None,
        }
    }

    /// Takes over in `store` what others have open of the server while this process polls it.
    pub(super) fn taking_over_in(mut self, store: Option<Arc<dyn IncidentStore>>) -> Self {
        self.takeover.store = store;
        self
    }

    /// How long it has lived.
    pub(super) fn age(&self) -> Duration {
        self.born.elapsed()
    }

    fn resume(&mut self, latest: Result<Latest>) {
        match latest {
            Ok(latest) => self.path_table.resume(latest),
            Err(error) => {
                let server = self.watched.name.as_str();
                log::warn!(server = server; "reading the live store failed: {error}");
            }
        }
    }

    pub(super) fn ask(&mut self, ctx: &mut Context<Self>) {
        let client = Arc::clone(&self.watched.client);
        let asked = Instant::now();
        // Not a future of this actor: an adapter that panics is then one failed poll.
        let task = AbortOnDropHandle::new(tokio::spawn(ask_in_time(client)));
        let task = watched("polling the media server", POLL_STALLED_AFTER, task);
        ctx.spawn(task.into_actor(self).map(move |joined, poller, ctx| {
            poller.figures.answer = asked.elapsed();
            POLLS.of(&poller.watched.name).took(asked.elapsed());
            let answer =
                joined.unwrap_or_else(|_| PathAnswer::now(Err(Error::internal("polling failed by a fault of ours"))));
            poller.answered(answer, ctx);
        }));
    }

    fn answered(&mut self, answer: PathAnswer, ctx: &mut Context<Self>) {
        let begun = Instant::now();
        let at = Moment { wall: answer.wall, steady: answer.given.saturating_duration_since(self.born) };
        self.figures.polls += 1;
        let feeds = match answer.result {
            Ok((listing, identity)) => {
                self.note_refused(&listing.refused);
                self.is_up();
                self.note_run(&listing, identity, at.wall);
                self.path_table.feeds(listing, at)
            }
            Err(error) => {
                self.figures.failures += 1;
                FAILED_POLLS.of(&self.watched.name).add();
                let reason = error.to_string();
                if self.path_table.failed(at.wall, &reason) {
                    log::warn!(server = self.watched.name.as_str(); "server unreachable: {reason}");
                }
                self.may_be_down(reason.clone(), ctx);
                self.path_table.feeds_without_answer(&reason, at)
            }
        };
        let collected = self.feed(feeds);
        ctx.spawn(collected.into_actor(self).map(move |observations, poller, ctx| {
            let cameras = &poller.cameras;
            let found = poller.path_table.take_observations(observations, |path| cameras.is_released(path));
            poller.figures.handling = begun.elapsed();
            poller.publish(found, ctx);
        }));
    }

    /// Hands every path poller its part, starting those that are new, and gathers the answers of all that give one.
    fn feed(&mut self, parts: Vec<(StreamName, Part)>) -> impl Future<Output = Vec<StreamObservation>> + 'static {
        let (answer, mut answers) = mpsc::unbounded_channel();
        let mut asked = 0;
        if let Some(children) = self.children.as_mut() {
            for (name, part) in parts {
                if children.address::<PathPoller>(name.as_str()).is_none() && !children.contains(name.as_str()) {
                    let (server, stream) = (self.watched.name.clone(), name.clone());
                    let build = move || PathPoller::new(server.as_str(), stream.clone());
                    children.start(Child::new(name.as_str(), Restart::Always, build));
                }
                if let Some(poller) = children.address::<PathPoller>(name.as_str()) {
                    // A mailbox that closed: the supervisor builds it again, the next poll feeds it. One that is full hangs.
                    let _ = poller.try_send(Feed { part, answer: answer.clone() });
                    asked += 1;
                }
            }
        }
        drop(answer);
        let server = self.watched.name.clone();
        async move {
            let mut observations = Vec::with_capacity(asked);
            let all = async {
                while let Some(observation) = answers.recv().await {
                    observations.push(observation);
                }
            };
            if timeout(PATH_TIMEOUT, all).await.is_err() {
                log::warn!(server = server.as_str(); "timeout: {} path pollers do not answer", asked - observations.len());
            }
            observations
        }
    }

    fn publish(&mut self, found: PollChanges, ctx: &mut Context<Self>) {
        let PollChanges { changes, samples, forgotten, transitions } = found;
        // What a restart does to the streams is told with it.
        let transitions = if std::mem::take(&mut self.is_restarted) { Vec::new() } else { transitions };
        self.stream_incidents.take(transitions, self.born.elapsed(), |path| self.cameras.publisher(path));
        self.cameras.polled();
        for name in forgotten {
            self.cameras.forget(&name);
            if let Some(children) = self.children.as_mut() {
                let stopped = children.remove(name.as_str(), Instant::now() + STOP_TIMEOUT);
                ctx.spawn(stopped.into_actor(self).map(|_, _, _| ()));
            }
        }
        let (live, server) = (Arc::clone(&self.live), self.watched.name.clone());
        let told = async move {
            let store = live.publish_poll(&server, changes, samples);
            timeout(STORE_TIMEOUT, store).await.unwrap_or_else(|_| Err(Error::unavailable("it does not answer")))
        };
        ctx.spawn(told.into_actor(self).map(|told, poller, ctx| {
            if let Err(error) = told {
                log::error!(server = poller.watched.name.as_str(); "publishing a poll failed: {error}");
                poller.path_table.tell_all_again();
            }
            poller.wait(ctx);
        }));
    }

    pub(super) fn wait(&mut self, ctx: &mut Context<Self>) {
        let now = self.born.elapsed();
        self.due = next_due(self.due, now, self.interval.get());
        ctx.run_later(self.due.saturating_sub(now), |poller, ctx| poller.poll(ctx));
    }

    /// One line per name that was not refused before.
    fn note_refused(&mut self, refused: &[String]) {
        for name in refused.iter().filter(|name| !self.refused.contains(name)) {
            let server = self.watched.name.as_str();
            log::warn!(server = server; "a path is not watched, because its name is not safe to use: {name:?}");
        }
        self.refused = refused.to_vec();
    }
}

/// A poll that takes longer has failed: a server may give each of its pages just in time.
async fn ask_in_time(client: Arc<dyn MediaServer>) -> PathAnswer {
    let late = |_| {
        PathAnswer::now(Err(Error::new(
            ErrorKind::Timeout,
            format!("timeout, no whole list in {} s", POLL_LIMIT.as_secs()),
        )))
    };
    timeout(POLL_LIMIT, ask(client)).await.unwrap_or_else(late)
}

/// Asks the server for everything a poll needs.
async fn ask(client: Arc<dyn MediaServer>) -> PathAnswer {
    let listing = match client.list().await {
        Ok(listing) => listing,
        Err(error) => return PathAnswer::now(Err(error)),
    };
    let mut answer = PathAnswer::now(Ok((Listing::default(), ServerIdentity::default())));
    answer.given = answer.given.checked_sub(listing.age).unwrap_or(answer.given);
    answer.wall = TimeDelta::from_std(listing.age).map_or(answer.wall, |age| answer.wall - age);
    // Most servers in the field do not tell their version: no reason to fail a poll.
    answer.result = Ok((listing, client.identity().await.unwrap_or_default()));
    answer
}

impl PathAnswer {
    fn now(result: Result<(Listing, ServerIdentity)>) -> Self {
        Self { result, wall: Utc::now(), given: Instant::now() }
    }
}

/// The first point of the grid `due + n * interval`, n >= 1, that is not past.
fn next_due(due: Duration, now: Duration, interval: Duration) -> Duration {
    let late = now.saturating_sub(due).as_nanos();
    let steps = late.div_ceil(interval.as_nanos().max(1)).max(1);
    due + interval.saturating_mul(u32::try_from(steps).unwrap_or(u32::MAX))
}

impl Actor for ServerPoller {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.children = Some(ChildSet::new(ctx, StopOrder::Together));
        // Which cameras there are decides how long a stream is shown that the server no longer lists.
        let cameras = subscription(Arc::clone(&self.live), "server poller").map(CameraChanges);
        ctx.add_message_stream(cameras);
        let incidents = self.incidents.clone();
        ctx.spawn(async move { incidents.open().await }.into_actor(self).map(|open, poller, _| {
            poller.stream_incidents.adopt(open, poller.born.elapsed());
        }));
        let live = Arc::clone(&self.live);
        let latest = async move {
            let late = |_| Err(Error::unavailable("it does not answer"));
            timeout(STORE_TIMEOUT, live.latest()).await.unwrap_or_else(late)
        };
        ctx.spawn(latest.into_actor(self).map(|latest, poller, ctx| {
            poller.resume(latest);
            poller.due = poller.born.elapsed();
            poller.poll(ctx);
        }));
    }
}

/// What the live store tells, of which cameras concern us.
#[derive(Message)]
#[rtype(result = "()")]
struct CameraChanges(LiveUpdate);

impl Handler<CameraChanges> for ServerPoller {
    type Result = ();

    fn handle(&mut self, CameraChanges(update): CameraChanges, _: &mut Self::Context) {
        match update {
            LiveUpdate::Everything(latest) => self.cameras.replace(&latest),
            LiveUpdate::Changes(changes) => changes.iter().for_each(|change| self.cameras.apply(change)),
        }
    }
}

impl Supervised for ServerPoller {
    const KIND: &'static str = "server poller";

    fn observe(&self) -> Value {
        let Figures { polls, failures, answer, handling } = &self.figures;
        let status = self.path_table.status();
        json!({
            "reachable": status.map(|status| status.reachable),
            "since": status.map(|status| status.since),
            "reason": status.and_then(|status| status.reason.as_deref()),
            "lastPoll": status.and_then(|status| status.last_poll),
            "paths": self.path_table.len(),
            "refused": self.refused,
            "standsBy": self.stands_by,
            "polls": polls,
            "failures": failures,
            "answerMs": answer.as_secs_f64() * 1e3,
            "handlingMs": handling.as_secs_f64() * 1e3,
        })
    }

    fn children(&mut self) -> Option<&mut ChildSet<Self>> {
        self.children.as_mut()
    }
}

supervised!(ServerPoller, manager);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polls_keep_to_their_grid_and_never_pile_up() {
        let ms = Duration::from_millis;
        let table = [(0, 30, 2_000), (0, 1_999, 2_000), (0, 2_000, 2_000), (0, 2_001, 4_000), (4_000, 13_500, 14_000)];
        for (due, now, next) in table {
            assert_eq!(next_due(ms(due), ms(now), ms(2_000)), ms(next), "due {due}, now {now}");
        }
        assert_eq!(next_due(ms(5), ms(4), ms(2_000)), ms(2_005), "a clock that stands still");
    }
}
