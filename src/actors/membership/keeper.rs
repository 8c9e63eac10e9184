//! The actor: a look every few seconds, and what it finds as incidents.

use std::collections::BTreeMap;
use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, WrapFuture};
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout, timeout_at};

use super::{Found, NodeHandles, look};
use crate::actors::incidents::{IncidentsHandle, now};
use crate::actors::supervision::{Supervised, supervised};
use crate::base::error::Kind;
use crate::base::{Error, Result};
use crate::domain::incident::{IncidentKind, Subject};
use crate::domain::moment::Moment;
use crate::domain::node::BEAT;

/// A look that takes longer is given up: a disk or a database hangs.
const LIMIT: Duration = Duration::from_secs(15);
/// Left to our parent when we stop.
const MARGIN: Duration = Duration::from_millis(200);
/// What we tell of, by its name as a subject of incidents.
const NODE: &str = "node";

/// Keeps this process a node.
pub struct Membership {
    handles: NodeHandles,
    incidents: IncidentsHandle,
    looking: bool,
    /// What is wrong, by subject.
    troubles: BTreeMap<&'static str, String>,
    /// Incidents that an earlier run left open have been looked at.
    took_up: bool,
}

impl Membership {
    /// A process that asks to be admitted until it is.
    pub fn new(handles: NodeHandles, incidents: IncidentsHandle) -> Self {
        Self { handles, incidents, looking: false, troubles: BTreeMap::new(), took_up: false }
    }

    fn look(&mut self, ctx: &mut Context<Self>) {
        if std::mem::replace(&mut self.looking, true) {
            return;
        }
        let (handles, begun) = (self.handles.clone(), now());
        let looking = async move { timeout(LIMIT, look(&handles)).await };
        ctx.spawn(looking.into_actor(self).map(move |found, keeper, ctx| {
            keeper.looking = false;
            match found {
                Ok(found) => keeper.tell(found, begun, ctx),
                Err(_) => log::warn!("the look at this node's folders was given up after {} s", LIMIT.as_secs()),
            }
        }));
    }

    fn tell(&mut self, found: Found, since: Moment, ctx: &mut Context<Self>) {
        match found.node {
            // That the database is away is told by whoever asks it for cameras or rows.
            Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Timeout) => {}
            node => self.found(NODE, node, since),
        }
        for (which, result) in found.folders {
            match result {
                Err(error) if error.kind() == Kind::Timeout => {}
                result => self.found(which.column(), result, since),
            }
        }
        if !std::mem::replace(&mut self.took_up, true) {
            self.clear_what_is_over(ctx);
        }
    }

    fn found(&mut self, name: &'static str, result: Result<()>, since: Moment) {
        let subject = Subject::Service { name: name.to_owned() };
        match result.map_err(|error: Error| error.message().to_owned()) {
            Ok(()) => {
                if self.troubles.remove(name).is_some() {
                    log::info!("{name}: recovered");
                    self.incidents.clear(IncidentKind::ServiceDown, &subject);
                }
            }
            Err(why) => {
                if self.troubles.get(name) != Some(&why) {
                    log::error!("{name}: {why}");
                }
                self.incidents.raise(IncidentKind::ServiceDown, &subject, &why, since);
                self.troubles.insert(name, why);
            }
        }
    }

    /// What an earlier run left open of our subjects and is well by now.
    fn clear_what_is_over(&mut self, ctx: &mut Context<Self>) {
        let incidents = self.incidents.clone();
        let open = async move { incidents.open().await };
        ctx.spawn(open.into_actor(self).map(|open, keeper, _| {
            let names = [NODE, "spool", "objects"];
            for (kind, subject) in open {
                let is_ours = kind == IncidentKind::ServiceDown && names.contains(&subject.name());
                if is_ours && !keeper.troubles.contains_key(subject.name()) {
                    keeper.incidents.clear(kind, &subject);
                }
            }
        }));
    }
}

impl Actor for Membership {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.look(ctx);
        ctx.run_interval(BEAT, Self::look);
    }
}

impl Supervised for Membership {
    const KIND: &'static str = "membership";

    fn observe(&self) -> Value {
        let admitted = self.handles.database.admitted();
        json!({
            "node": self.handles.claim.name,
            "admitted": admitted.is_ok(),
            "troubles": self.troubles,
        })
    }

    fn release(&mut self, _: &mut Context<Self>, deadline: Instant) -> LocalBoxFuture<'static, ()> {
        let (database, run) = (self.handles.database.clone(), self.handles.claim.run);
        let limit = deadline.checked_sub(MARGIN).unwrap_or(deadline);
        Box::pin(async move {
            // Without it the others wait until we count as silent.
            if let Ok(Err(error)) = timeout_at(limit, database.leave(run)).await {
                log::debug!("that this node stops could not be written: {error}");
            }
        })
    }
}
supervised!(Membership);
