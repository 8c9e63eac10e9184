//! The monitor's root: starts one poller per server and keeps them apart.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, WrapFuture};
use serde_json::{Value, json};

use super::server_poller::ServerPoller;
use super::takeover::server_of;
use super::watched::Watched;
use crate::actors::incidents::IncidentsHandle;
use crate::actors::supervision::stop::StopOrder;
use crate::actors::supervision::{Child, ChildSet, Restart, Setting, Supervised, supervised};
use crate::adapters::database::IncidentStore;
use crate::adapters::live::SharedLive;
use crate::domain::incident::{IncidentKind, Subject};

/// Holds the server pollers.
pub struct Monitor {
    servers: Vec<Watched>,
    live: SharedLive,
    interval: Setting<Duration>,
    incidents: IncidentsHandle,
    store: Option<Arc<dyn IncidentStore>>,
    children: Option<ChildSet<Self>>,
}

impl Monitor {
    /// Polls each of `servers` every `interval`, publishes into `live`, and tells `incidents` which of them are down. Another
    /// interval counts from the next poll on.
    pub fn new(
        servers: Vec<Watched>,
        live: SharedLive,
        interval: impl Into<Setting<Duration>>,
        incidents: IncidentsHandle,
    ) -> Self {
        Self { servers, live, interval: interval.into(), incidents, store: None, children: None }
    }

    /// Takes over in `store` what other processes have open of a server while this one polls it.
    pub fn taking_over_in(self, store: Arc<dyn IncidentStore>) -> Self {
        Self { store: Some(store), ..self }
    }

    /// Ends what an earlier run has left open of servers that are not in the configuration any more.
    fn end_what_is_of_no_server(&self, ctx: &mut Context<Self>) {
        let servers: Vec<String> = self.servers.iter().map(|watched| watched.name.clone()).collect();
        let is_over = move |kind: IncidentKind, subject: &Subject| {
            server_of(kind, subject).is_some_and(|server| servers.iter().all(|known| known != server))
        };
        ctx.spawn(self.incidents.clone().clear_where(is_over).into_actor(self));
    }
}

impl Actor for Monitor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let mut children = ChildSet::new(ctx, StopOrder::Together);
        for watched in &self.servers {
            let (watched, live, interval) = (watched.clone(), Arc::clone(&self.live), self.interval.clone());
            let (name, incidents, store) = (watched.name.clone(), self.incidents.clone(), self.store.clone());
            children.start(Child::new(name, Restart::Always, move || {
                ServerPoller::new(watched.clone(), Arc::clone(&live), interval.clone(), incidents.clone())
                    .taking_over_in(store.clone())
            }));
        }
        self.children = Some(children);
        self.end_what_is_of_no_server(ctx);
    }
}

impl Supervised for Monitor {
    const KIND: &'static str = "monitor";

    fn observe(&self) -> Value {
        json!({ "servers": self.servers.len(), "intervalMs": self.interval.get().as_millis() as u64 })
    }

    fn children(&mut self) -> Option<&mut ChildSet<Self>> {
        self.children.as_mut()
    }
}

supervised!(Monitor, manager);
