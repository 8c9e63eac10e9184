//! What happens to the open incidents of a server when another process polls it: they are that one's to end.
//!
//! Whoever polls a server makes what others have open of it its own, and looks again now and then, as they may have written after their
//! time. Whoever stands by lets go of them without an end.

use std::sync::Arc;
use std::time::Duration;

use actix::Context;
use futures_util::FutureExt;
use log::Level;

use super::server_poller::ServerPoller;
use crate::actors::incidents::{TakenOver, take_over};
use crate::actors::single_flight::{Ended, Flight, Late, Rules, Work};
use crate::adapters::database::CALL_TIMEOUT;
use crate::base::Result;
use crate::base::single_flight::{FlightRetry, SingleFlight};
use crate::domain::incident::{IncidentKind, Subject};

/// So often whoever polls a server looks for what others have open of it.
const TAKE_OVER_EVERY: Duration = Duration::from_secs(30);

/// What the monitor tells and ends later.
const KINDS: [IncidentKind; 2] = [IncidentKind::ServerDown, IncidentKind::StreamFlapping];

/// The server that an incident of the monitor is about.
pub(super) fn server_of(kind: IncidentKind, subject: &Subject) -> Option<&str> {
    subject.server().filter(|_| KINDS.contains(&kind))
}

impl ServerPoller {
    /// This process polls the server, and no other one.
    pub(super) fn polls_alone(&mut self, ctx: &mut Context<Self>) {
        let age = self.age();
        if self.takeover.done_at.is_none_or(|done| age.saturating_sub(done) >= TAKE_OVER_EVERY) {
            TakeOver::ask_if_idle(self, ctx);
        }
    }

    /// Another process polls it.
    pub(super) fn leave_to_others(&mut self) {
        self.takeover.done_at = None;
        self.outage.api = None;
        self.stream_incidents.let_go();
        let server = self.watched.name.as_str();
        self.incidents.let_go_where(|kind, subject| server_of(kind, subject) == Some(server));
    }
}

/// Takes over what others have open of the server.
struct TakeOver;

impl Flight for TakeOver {
    type Owner = ServerPoller;
    type Subject = ();
    type Output = TakenOver;
    const RULES: Rules = Rules {
        what: "taking over incidents of a media server",
        limit: CALL_TIMEOUT.saturating_mul(3),
        late: Late::GiveUp,
        // The next poll asks again.
        retry: FlightRetry::Never,
        // The health of the database is told elsewhere.
        level: Level::Debug,
    };

    fn state(poller: &mut ServerPoller) -> &mut SingleFlight {
        &mut poller.takeover.flight
    }

    fn begin(poller: &mut ServerPoller, _: &mut Context<ServerPoller>) -> Option<((), Work<TakenOver>)> {
        let store = Arc::clone(poller.takeover.store.as_ref()?);
        let (server, is_first) = (poller.watched.name.clone(), poller.takeover.done_at.is_none());
        Some(((), async move { take_over(&*store, &KINDS, Some(&server), is_first).await }.boxed_local()))
    }

    fn ended(poller: &mut ServerPoller, (): (), taken: Result<TakenOver>, _: &mut Context<ServerPoller>) -> Ended {
        let taken = match taken {
            Ok(taken) => taken,
            Err(error) => return Ended::Failed(error),
        };
        // Another process polls meanwhile: that one takes them over in its turn.
        if poller.stands_by {
            return Ended::Done;
        }
        let age = poller.age();
        poller.takeover.done_at = Some(age);
        if !taken.of_others.is_empty() {
            let server = poller.watched.name.as_str();
            log::info!(server = server, incidents = taken.of_others.len(); "incidents of another node taken over");
        }
        poller.incidents.taken_over(&taken);
        let open = taken.of_others.into_iter().chain(taken.own).map(|one| (one.kind, one.subject));
        poller.stream_incidents.adopt(open.collect(), age);
        Ended::Done
    }
}
