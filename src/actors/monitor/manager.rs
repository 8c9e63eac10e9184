//! The monitor's root: starts one poller per server and keeps them apart.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Context};
use serde_json::{Value, json};

use super::server_poller::ServerPoller;
use super::watched::Watched;
use crate::actors::incidents::IncidentsHandle;
use crate::actors::supervision::stop::StopOrder;
use crate::actors::supervision::{Child, ChildSet, Restart, Setting, Supervised, supervised};
use crate::adapters::live::SharedLive;

/// Holds the server pollers.
pub struct Monitor {
    servers: Vec<Watched>,
    live: SharedLive,
    interval: Setting<Duration>,
    incidents: IncidentsHandle,
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
        Self { servers, live, interval: interval.into(), incidents, children: None }
    }
}

impl Actor for Monitor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let mut children = ChildSet::new(ctx, StopOrder::Together);
        for watched in &self.servers {
            let (watched, live, interval) = (watched.clone(), Arc::clone(&self.live), self.interval.clone());
            let (name, incidents) = (watched.name.clone(), self.incidents.clone());
            children.start(Child::new(name, Restart::Always, move || {
                ServerPoller::new(watched.clone(), Arc::clone(&live), interval.clone(), incidents.clone())
            }));
        }
        self.children = Some(children);
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
