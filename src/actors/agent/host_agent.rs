//! The actor that measures: one measurement after the other.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, WrapFuture};
use log::Level;
use serde_json::{Value, json};

use crate::actors::single_flight::{Ended, Flight, Late, Rules, Work};
use crate::actors::supervision::{Supervised, supervised};
use crate::adapters::database::{HostStore, with_timeout};
use crate::adapters::host::HostMeter;
use crate::adapters::live::publisher::LivePublisher;
use crate::adapters::live::{Change, SharedLive};
use crate::base::single_flight::{FlightRetry, SingleFlight};
use crate::base::{Error, Result};
use crate::domain::host::{HostStatus, carry_forecasts};

/// A measurement takes milliseconds, and two seconds when a disk begins to hang.
const LIMIT: Duration = Duration::from_secs(10);

/// Measures this host.
pub struct HostAgent {
    name: String,
    // Its thread is one of those for blocking work; one measurement at a time.
    meter: Arc<Mutex<HostMeter>>,
    interval: Duration,
    live: SharedLive,
    publisher: Option<LivePublisher>,
    measuring: SingleFlight,
    measured: u64,
    /// Where hosts are kept; `None` where there is no database.
    store: Option<Arc<dyn HostStore>>,
    /// As last measured, or as an earlier run has kept it.
    known: Option<HostStatus>,
}

impl HostAgent {
    /// Measures the host of this `name` with this `meter` every `interval`, and tells `live`. What an earlier run has kept in `store` completes what takes
    /// a trend.
    pub fn new(
        name: String,
        meter: Arc<Mutex<HostMeter>>,
        interval: Duration,
        live: SharedLive,
        store: Option<Arc<dyn HostStore>>,
    ) -> Self {
        let (publisher, known) = (None, None);
        Self { name, meter, interval, live, publisher, measuring: SingleFlight::default(), measured: 0, store, known }
    }

    /// Reads what an earlier run has kept of this host. Without an answer its forecasts come half an hour later.
    fn read_kept(&self, ctx: &mut Context<Self>) {
        let Some(store) = self.store.clone() else { return };
        let read = async move { with_timeout(store.hosts()).await };
        ctx.spawn(read.into_actor(self).map(|kept, agent, _| {
            let Some(kept) = kept.ok().and_then(|kept| kept.into_iter().find(|host| host.name == agent.name)) else {
                return;
            };
            match &mut agent.known {
                Some(known) => carry_forecasts(&kept, known),
                None => agent.known = Some(kept),
            }
        }));
    }
}

/// One measurement.
struct Measure;

impl Flight for Measure {
    type Owner = HostAgent;
    type Subject = ();
    type Output = HostStatus;
    const RULES: Rules = Rules {
        what: "measuring this host",
        limit: LIMIT,
        late: Late::Wait,
        retry: FlightRetry::Every(LIMIT),
        level: Level::Warn,
    };

    fn state(agent: &mut HostAgent) -> &mut SingleFlight {
        &mut agent.measuring
    }

    fn begin(agent: &mut HostAgent, _: &mut Context<HostAgent>) -> Option<((), Work<HostStatus>)> {
        let meter = Arc::clone(&agent.meter);
        let measure = move || meter.lock().unwrap_or_else(PoisonError::into_inner).measure();
        let task = tokio::task::spawn_blocking(measure);
        let work = async { task.await.map_err(|_| Error::internal("measuring panicked; the log has its message")) };
        Some(((), Box::pin(work)))
    }

    fn ended(agent: &mut HostAgent, (): (), measured: Result<HostStatus>, _: &mut Context<HostAgent>) -> Ended {
        match measured {
            Ok(mut status) => {
                agent.measured += 1;
                if let Some(known) = &agent.known {
                    carry_forecasts(known, &mut status);
                }
                agent.known = Some(status.clone());
                if let Some(publisher) = &agent.publisher {
                    publisher.tell([Change::Host(Arc::new(status))]);
                }
                Ended::Done
            }
            Err(error) => Ended::Failed(error),
        }
    }
}

impl Actor for HostAgent {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.publisher = Some(LivePublisher::new(Arc::clone(&self.live), "agent"));
        self.read_kept(ctx);
        Measure::ask(self, ctx);
        // Rates need two measurements: nobody waits a whole interval for the second one.
        ctx.run_later(self.interval.min(Duration::from_secs(1)), Measure::ask_if_idle);
        ctx.run_interval(self.interval, Measure::ask_if_idle);
    }
}

impl Supervised for HostAgent {
    const KIND: &'static str = "host agent";

    fn observe(&self) -> Value {
        json!({ "intervalMs": self.interval.as_millis() as u64, "measured": self.measured })
    }
}

supervised!(HostAgent);
