//! Probes endpoints over the network: so many at once, each within its limit, none of them in the way of another.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, SpawnHandle, WrapFuture};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::network_probe_table::NetworkProbeTable;
use super::network_setup::{KeepReading, NetworkSetup, of_limit_for_name};
use crate::actors::incidents::{IncidentsHandle, now};
use crate::actors::supervision::{Supervised, supervised, watched};
use crate::adapters::network::{Question, probe};
use crate::adapters::resolve;
use crate::config::settings::ApiTrust;
use crate::domain::camera::Reach;
use crate::domain::health::{
    DegradedEvent, Endpoint, EndpointRecord, EndpointState, NetworkResult, NetworkRound, OutageEvent, median,
};
use crate::domain::history::{Metric, Reading, SeriesKey, SeriesKind};
use crate::domain::incident::IncidentKind;
use crate::domain::probe::{FaultKind, ProbeFault};
use crate::domain::stream::StreamState;

/// What is due is looked for no more often than that: what is due may be what has to wait for others.
const SHORTEST_REST: Duration = Duration::from_millis(100);
const LONGEST_REST: Duration = Duration::from_secs(30);

/// A probe that has not ended so long after its limit hangs.
const HANGS_AFTER: Duration = Duration::from_secs(60);

/// Seconds between two probes that need not be accounted for.
const LEAST_APART: u64 = 30;

/// Incidents that are ours.
const KINDS: [IncidentKind; 2] = [IncidentKind::EndpointDown, IncidentKind::EndpointDegraded];

/// The actor.
pub struct NetworkProbes {
    setup: Arc<NetworkSetup>,
    table: NetworkProbeTable,
    incidents: IncidentsHandle,
    timer: Option<SpawnHandle>,
    probes: u64,
}

impl NetworkProbes {
    pub(super) fn new(setup: Arc<NetworkSetup>, table: NetworkProbeTable, incidents: IncidentsHandle) -> Self {
        Self { setup, table, incidents, timer: None, probes: 0 }
    }

    /// Begins with everything that is due and may be probed now, and sets the clock for the next.
    fn work(&mut self, ctx: &mut Context<Self>) {
        while let Some(name) = self.table.claim() {
            self.begin(name, ctx);
        }
        if let Some(timer) = self.timer.take() {
            ctx.cancel_future(timer);
        }
        let rest = self.table.next_in().unwrap_or(LONGEST_REST).clamp(SHORTEST_REST, LONGEST_REST);
        self.timer = Some(ctx.run_later(rest, |actor, ctx| {
            actor.timer = None;
            actor.work(ctx);
        }));
    }

    fn begin(&self, name: String, ctx: &mut Context<Self>) {
        let limit = self.setup.endpoint(&name).map_or(Duration::ZERO, |(endpoint, _)| endpoint.limit);
        let (setup, of) = (Arc::clone(&self.setup), name.clone());
        // A task of its own: a panic in there is that probe's alone.
        let task = AbortOnDropHandle::new(tokio::spawn(async move {
            match setup.endpoint(&of) {
                Some((endpoint, trust)) => ask(endpoint, trust, &setup.reach).await,
                None => NetworkRound::default(),
            }
        }));
        let begun = Instant::now();
        let probing = watched("probing an endpoint", limit + HANGS_AFTER, task);
        ctx.spawn(probing.into_actor(self).map(move |found, actor, ctx| {
            let round = found.unwrap_or_else(|_| NetworkRound {
                fault: Some(ProbeFault::new(FaultKind::Program, "the probe itself has failed; see the log")),
                ..NetworkRound::default()
            });
            actor.done(&name, begun.elapsed(), round);
            actor.work(ctx);
        }));
    }

    fn done(&mut self, name: &str, took: Duration, round: NetworkRound) {
        self.probes += 1;
        let Some((endpoint, _)) = self.setup.endpoint(name) else { return };
        let cause = round.fault.as_ref().map(|fault| fault.message.clone());
        let subject = endpoint.subject();
        let at = now();
        let round_trip = round_trip_ms(&round);
        let event = self.table.finished(name, NetworkResult { at, took, round });
        if let (Some(KeepReading(keep)), Some(state)) = (&self.setup.history, self.table.state(name)) {
            keep(&SeriesKey::of(SeriesKind::Endpoint, name), &reading(endpoint, state, round_trip, at.wall));
        }
        match (event.down, cause) {
            (OutageEvent::Raise(since), Some(cause)) => {
                self.incidents.raise(IncidentKind::EndpointDown, &subject, &cause, since);
            }
            (OutageEvent::Clear, _) => self.incidents.clear(IncidentKind::EndpointDown, &subject),
            _ => {}
        }
        match event.degraded {
            DegradedEvent::Since(since, why) => {
                self.incidents.raise(IncidentKind::EndpointDegraded, &subject, &why, since);
            }
            DegradedEvent::Well => self.incidents.clear(IncidentKind::EndpointDegraded, &subject),
            DegradedEvent::NotKnown => {}
        }
    }

    /// Ends incidents of what is no endpoint any more.
    fn clean(&self, ctx: &mut Context<Self>) {
        let (table, mut known) = (self.table.clone(), None);
        let gone = self.incidents.clone().clear_where(move |kind, subject| {
            let known = known.get_or_insert_with(|| table.subjects());
            KINDS.contains(&kind) && !known.contains(&subject.key())
        });
        ctx.spawn(gone.into_actor(self));
    }
}

/// The median of a probe's round trips, in ms.
fn round_trip_ms(round: &NetworkRound) -> Option<f64> {
    let mut took: Vec<f64> = round.round_trips.iter().flatten().copied().collect();
    took.sort_by(f64::total_cmp);
    median(&took).map(|seconds| seconds * 1e3)
}

/// What the history keeps of a probe. A doubtful endpoint is neither up nor down.
fn reading(endpoint: &Endpoint, state: EndpointState, round_trip: Option<f64>, at: DateTime<Utc>) -> Reading {
    let state = match state {
        EndpointState::Up | EndpointState::Degraded => StreamState::Live,
        EndpointState::Down => StreamState::Offline,
        EndpointState::Waiting | EndpointState::Doubtful => StreamState::Unknown,
    };
    // One that is late is still the next one.
    let apart = (endpoint.interval * 2 + endpoint.limit).as_secs().max(LEAST_APART);
    let apart = i64::try_from(apart).ok();
    let values = round_trip.filter(|_| state == StreamState::Live).map(|ms| (Metric::Rtt, ms));
    Reading {
        second: at.timestamp(),
        state: Some(state),
        apart,
        values: values.into_iter().collect(),
        ..Reading::default()
    }
}

/// Asks one endpoint. Every step of it is within the limit.
pub async fn ask(endpoint: &Endpoint, trust: &ApiTrust, reach: &Reach) -> NetworkRound {
    let (begun, mut round) = (Instant::now(), NetworkRound::default());
    let is_name = endpoint.url.host.parse::<std::net::IpAddr>().is_err();
    let found = resolve::endpoint_addresses(reach, &endpoint.url, of_limit_for_name(endpoint.limit)).await;
    round.phases.resolve_seconds = is_name.then(|| begun.elapsed().as_secs_f64());
    match found {
        Ok(addresses) => {
            let (name, url, deadline) = (&endpoint.name, &endpoint.url, begun + endpoint.limit);
            probe(&Question { name, url, addresses: &addresses, trust, deadline }, round).await
        }
        Err(fault) => NetworkRound { fault: Some(fault), ..round },
    }
}

impl Actor for NetworkProbes {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        // Of an earlier instance.
        self.table.give_back();
        for (endpoint, _) in &self.setup.endpoints {
            self.table.add(EndpointRecord::new(endpoint.clone()));
        }
        self.clean(ctx);
        self.work(ctx);
    }
}

impl Supervised for NetworkProbes {
    const KIND: &'static str = "network probes";

    fn observe(&self) -> Value {
        let (endpoints, waiting) = self.table.counts();
        json!({ "endpoints": endpoints, "waiting": waiting, "probes": self.probes })
    }
}
supervised!(NetworkProbes);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::endpoint_url::EndpointUrl;
    use crate::domain::health::{EndpointLimits, OutageRule};

    #[test]
    fn the_past_of_an_endpoint_is_what_is_proved_of_it() {
        let limits = EndpointLimits {
            outage: OutageRule { raised_by: 3, cleared_by: 2 },
            max_loss: 0.2,
            max_latency: None,
            certificate_left: Duration::ZERO,
        };
        let endpoint = |seconds| Endpoint {
            name: "uplink".to_owned(),
            url: EndpointUrl::read("tcp://127.0.0.1:1", "url").expect("an address"),
            interval: Duration::from_secs(seconds),
            limit: Duration::from_secs(5),
            limits: limits.clone(),
            window: Duration::from_secs(60),
        };
        for (state, wanted) in [
            (EndpointState::Waiting, StreamState::Unknown),
            (EndpointState::Up, StreamState::Live),
            (EndpointState::Degraded, StreamState::Live),
            (EndpointState::Doubtful, StreamState::Unknown),
            (EndpointState::Down, StreamState::Offline),
        ] {
            let found = reading(&endpoint(10), state, Some(12.5), DateTime::UNIX_EPOCH);
            assert_eq!(found.state, Some(wanted), "{state:?}");
            let is_kept = found.values.iter().any(|(metric, ms)| (*metric, *ms) == (Metric::Rtt, 12.5));
            assert_eq!(is_kept, wanted == StreamState::Live, "{state:?}: what is down has no latency");
        }
        for (seconds, apart) in [(1, 30), (10, 30), (30, 65), (600, 1_205)] {
            let found = reading(&endpoint(seconds), EndpointState::Up, None, DateTime::UNIX_EPOCH).apart;
            assert_eq!(found, Some(apart), "{seconds}");
        }
    }
}
