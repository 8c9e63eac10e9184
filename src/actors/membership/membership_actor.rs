//! The actor: a sign of life and a look at the folders every few seconds, and what is wrong as incidents.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, WrapFuture};
use futures_util::future::LocalBoxFuture;
use log::Level;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::{NodeHandles, TIMEOUT, join_again, node_folders};
use crate::actors::incidents::{IncidentsHandle, now};
use crate::actors::single_flight::{Ended, Flight, Late, Rules, Work};
use crate::actors::supervision::{Supervised, supervised, watched};
use crate::adapters::database::{CALL_TIMEOUT, Joined};
use crate::base::error::ErrorKind;
use crate::base::single_flight::{FlightRetry, SingleFlight};
use crate::base::{Error, Result};
use crate::domain::incident::{IncidentKind, Subject};
use crate::domain::moment::Moment;
use crate::domain::node::BEAT;

/// Left to our parent when we stop.
const MARGIN: Duration = Duration::from_millis(200);
/// Each question has a limit of its own: what takes longer hangs.
const JOIN_STALLED_AFTER: Duration = Duration::from_secs(120);
/// What we tell of, by its name as a subject of incidents.
const NODE: &str = "node";

/// Keeps this process a node.
pub struct Membership {
    handles: NodeHandles,
    incidents: IncidentsHandle,
    joining: SingleFlight,
    /// When the database answered first, as far as that was asked.
    answered: Arc<OnceLock<Instant>>,
    /// What the database said last; nothing while it does not answer.
    joined: Option<Joined>,
    /// Since when the folders are being looked at. A disk may hang: signs of life do not wait for it.
    looking: Option<Instant>,
    /// Incidents that an earlier run left open have been looked at.
    took_up: bool,
}

impl Membership {
    /// A process that asks to be admitted until it is.
    pub fn new(handles: NodeHandles, incidents: IncidentsHandle) -> Self {
        Self {
            handles,
            incidents,
            joining: SingleFlight::default(),
            answered: Arc::default(),
            joined: None,
            looking: None,
            took_up: false,
        }
    }

    fn join(&mut self, ctx: &mut Context<Self>) {
        Join::ask_if_idle(self, ctx);
    }

    fn look_at_folders(&mut self, ctx: &mut Context<Self>) {
        if let Some(since) = self.looking {
            if since.elapsed() > TIMEOUT {
                let why = format!("its disk has not answered for {} s", since.elapsed().as_secs() / 10 * 10);
                let names: Vec<_> = self.handles.folders.iter().map(|(which, _)| which.column()).collect();
                names.into_iter().for_each(|name| self.found(name, Err(why.clone()), now()));
            }
            return;
        }
        self.looking = Some(Instant::now());
        let (handles, joined, begun) = (self.handles.clone(), self.joined.clone(), now());
        let looking = async move {
            match &joined {
                Some(joined) => node_folders::settle_all(&handles, joined).await,
                None => node_folders::check_all(&handles).await,
            }
        };
        ctx.spawn(looking.into_actor(self).map(move |found, membership, ctx| {
            membership.looking = None;
            for (which, result) in found {
                match result {
                    // The database, not the folder.
                    Err(error) if error.kind() == ErrorKind::Timeout => {}
                    result => membership.found(
                        which.column(),
                        result.map_err(|error: Error| error.message().to_owned()),
                        begun,
                    ),
                }
            }
            if !std::mem::replace(&mut membership.took_up, true) {
                membership.clear_what_is_over(ctx);
            }
        }));
    }

    fn found(&mut self, name: &'static str, result: Result<(), String>, since: Moment) {
        let subject = Subject::Service { name: name.to_owned() };
        let before = self.handles.troubles.borrow().get(name).cloned();
        match result {
            Ok(()) if before.is_none() => {}
            Ok(()) => {
                log::info!("{name}: recovered");
                self.handles.troubles.send_modify(|troubles| _ = troubles.remove(name));
                self.incidents.clear(IncidentKind::ServiceDown, &subject);
            }
            Err(why) => {
                self.incidents.raise(IncidentKind::ServiceDown, &subject, &why, since);
                if before.as_ref() != Some(&why) {
                    log::error!("{name}: {why}");
                    self.handles.troubles.send_modify(|troubles| _ = troubles.insert(name, why));
                }
            }
        }
    }

    /// What an earlier run left open of our subjects and is well by now.
    fn clear_what_is_over(&mut self, ctx: &mut Context<Self>) {
        let incidents = self.incidents.clone();
        let open = async move { incidents.open().await };
        ctx.spawn(open.into_actor(self).map(|open, membership, _| {
            let names = [NODE, "spool", "objects"];
            for (kind, subject) in open {
                let is_ours = kind == IncidentKind::ServiceDown && names.contains(&subject.name());
                if is_ours && !membership.handles.troubles.borrow().contains_key(subject.name()) {
                    membership.incidents.clear(kind, &subject);
                }
            }
        }));
    }
}

/// Asks to be admitted, or gives a sign of life.
struct Join;

impl Flight for Join {
    type Owner = Membership;
    /// When it began.
    type Subject = Moment;
    type Output = Joined;
    const RULES: Rules = Rules {
        what: "the sign of life of this node",
        limit: CALL_TIMEOUT.saturating_mul(3),
        late: Late::GiveUp,
        retry: FlightRetry::Never,
        // That the database is away is told by whoever asks it for cameras or rows.
        level: Level::Debug,
    };

    fn state(membership: &mut Membership) -> &mut SingleFlight {
        &mut membership.joining
    }

    fn begin(membership: &mut Membership, _: &mut Context<Membership>) -> Option<(Moment, Work<Joined>)> {
        let (handles, answered) = (membership.handles.clone(), Arc::clone(&membership.answered));
        let joining = async move { join_again(&handles, &answered).await };
        Some((now(), Box::pin(watched("joining the nodes", JOIN_STALLED_AFTER, joining))))
    }

    fn ended(
        membership: &mut Membership,
        begun: Moment,
        answer: Result<Joined>,
        ctx: &mut Context<Membership>,
    ) -> Ended {
        let standby = membership.handles.standby.borrow().clone();
        let node = match (&answer, standby) {
            (_, Some(why)) => Some(Err(why)),
            (Ok(_), None) => Some(Ok(())),
            (Err(error), None) if error.kind() == ErrorKind::Conflict => Some(Err(error.message().to_owned())),
            (Err(_), None) => None,
        };
        if let Some(node) = node {
            membership.found(NODE, node, begun);
        }
        let (joined, error) = match answer {
            Ok(joined) => (Some(joined), None),
            Err(error) => (None, Some(error)),
        };
        membership.joined = joined;
        membership.look_at_folders(ctx);
        error.map_or(Ended::Done, Ended::Failed)
    }
}

impl Actor for Membership {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.join(ctx);
        ctx.run_interval(BEAT, Self::join);
    }
}

impl Supervised for Membership {
    const KIND: &'static str = "membership";

    fn observe(&self) -> Value {
        json!({
            "node": self.handles.claim.name,
            "admitted": self.handles.nodes.admitted().is_ok(),
            "troubles": *self.handles.troubles.borrow(),
        })
    }

    fn release(&mut self, _: &mut Context<Self>, deadline: Instant) -> LocalBoxFuture<'static, ()> {
        let (nodes, run) = (self.handles.nodes.clone(), self.handles.claim.run);
        let limit = deadline.checked_sub(MARGIN).unwrap_or(deadline);
        Box::pin(async move {
            // Without it the others wait until we count as silent.
            if let Ok(Err(error)) = timeout_at(limit, nodes.leave(run)).await {
                log::debug!("that this node stops could not be written: {error}");
            }
        })
    }
}
supervised!(Membership);
