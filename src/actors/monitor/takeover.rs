//! What happens to the open incidents of a server when another process polls it: they are that one's to end.
//!
//! Whoever polls a server makes what others have open of it its own, and looks again now and then, as they may have written after their
//! time. Whoever stands by lets go of them without an end.

use std::sync::Arc;
use std::time::Duration;

use actix::Context;
use chrono::Utc;
use futures_util::FutureExt;
use log::Level;

use super::server_poller::ServerPoller;
use crate::actors::single_flight::{Ended, Flight, Late, Rules, Work};
use crate::adapters::database::{CALL_TIMEOUT, IncidentQuery, IncidentStore, with_timeout};
use crate::base::Result;
use crate::base::single_flight::{FlightRetry, SingleFlight};
use crate::domain::incident::{Incident, IncidentKind, Subject};

/// So often whoever polls a server looks for what others have open of it.
const TAKE_OVER_EVERY: Duration = Duration::from_secs(30);

/// What the monitor tells and ends later.
const KINDS: [IncidentKind; 2] = [IncidentKind::ServerDown, IncidentKind::StreamFlapping];

/// The server that an incident of the monitor is about.
pub(super) fn server_of(kind: IncidentKind, subject: &Subject) -> Option<&str> {
    match subject {
        Subject::Server { name: server } | Subject::Stream { server, .. } if KINDS.contains(&kind) => Some(server),
        _ => None,
    }
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

/// What is open of a server and this node's now.
struct Taken {
    of_others: Vec<Incident>,
    /// It was this node's already; none where that is known.
    own: Vec<Incident>,
}

async fn take_over(store: Arc<dyn IncidentStore>, server: String, is_first: bool) -> Result<Taken> {
    let of_server = Some(server.clone());
    let of_others = with_timeout(store.take_over_incidents(KINDS.to_vec(), of_server, Utc::now())).await?;
    let mut own = Vec::new();
    if is_first {
        let open = IncidentQuery { open: true, own: true, limit: u32::MAX, ..IncidentQuery::default() };
        own = with_timeout(store.incidents(open)).await?;
        own.retain(|one| {
            server_of(one.kind, &one.subject) == Some(server.as_str())
                && !of_others.iter().any(|other| other.id == one.id)
        });
    }
    Ok(Taken { of_others, own })
}

/// Takes over what others have open of the server.
struct TakeOver;

impl Flight for TakeOver {
    type Owner = ServerPoller;
    type Subject = ();
    type Output = Taken;
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

    fn begin(poller: &mut ServerPoller, _: &mut Context<ServerPoller>) -> Option<((), Work<Taken>)> {
        let store = Arc::clone(poller.takeover.store.as_ref()?);
        let (server, is_first) = (poller.watched.name.clone(), poller.takeover.done_at.is_none());
        Some(((), take_over(store, server, is_first).boxed_local()))
    }

    fn ended(poller: &mut ServerPoller, (): (), taken: Result<Taken>, _: &mut Context<ServerPoller>) -> Ended {
        let Taken { of_others, own } = match taken {
            Ok(taken) => taken,
            Err(error) => return Ended::Failed(error),
        };
        // Another process polls meanwhile: that one takes them over in its turn.
        if poller.stands_by {
            return Ended::Done;
        }
        let age = poller.age();
        poller.takeover.done_at = Some(age);
        if !of_others.is_empty() {
            let server = poller.watched.name.as_str();
            log::info!(server = server, incidents = of_others.len(); "incidents of another node taken over");
        }
        poller.incidents.taken_over(&of_others, &own);
        let open = of_others.into_iter().chain(own).map(|one| (one.kind, one.subject));
        poller.stream_incidents.adopt(open.collect(), age);
        Ended::Done
    }
}
