//! The role's manager: supervises one manager for each kind of probe, and sees to it that one process of a site does each.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, WrapFuture};
use futures_util::FutureExt;
use futures_util::future::join_all;
use log::Level;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::anomalies::Anomalies;
use super::encoders::Encoders;
use super::health_handle::HealthHandle;
use super::health_parts::HealthParts;
use super::network_probes::NetworkProbes;
use super::part_duty::{PartDuty, TAKE_OVER_EVERY};
use super::platform_manager::Platforms;
use super::stream_probes::StreamProbes;
use crate::actors::incidents::{IncidentsHandle, TakenOver, now, take_over};
use crate::actors::single_flight::{Ended, Flight, Late, Rules, Work};
use crate::actors::supervision::stop::StopOrder;
use crate::actors::supervision::{Child, ChildSet, Restart, Supervised, supervised};
use crate::adapters::database::IncidentStore;
use crate::adapters::live::SharedLive;
use crate::base::Result;
use crate::base::backoff::Backoff;
use crate::base::single_flight::{FlightRetry, SingleFlight};
use crate::domain::duty::WorkClaim;
use crate::domain::health_part::HealthPart;

/// Name of the role's manager in the tree.
const NAME: &str = "health";

/// It is asked so often who does a part; whoever has not asked for twice as long does it no more.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// All questions of a round together: each has a limit of its own, which is shorter.
const ASK_LIMIT: Duration = Duration::from_secs(30);

/// All parts of a round together: the database has a limit of its own for each, which is shorter.
const TAKE_OVER_LIMIT: Duration = Duration::from_secs(60);

/// What could not be taken over.
const RETRY: FlightRetry = FlightRetry::Backoff(Backoff { min: Duration::from_secs(2), max: TAKE_OVER_EVERY });

/// A part that another process does has so long to stop.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// Without the role, or without anything for it to do, what an earlier run has told ends.
pub fn without_role(incidents: &IncidentsHandle) {
    incidents.nobody_tells_of(&HealthParts::default().untold());
}

/// Probes what `parts` name, reads from `live` which paths are live and which process does what, and tells of what goes wrong to
/// `incidents`; what others have left open in `store` is taken over with their work.
pub fn role(
    parts: HealthParts,
    live: SharedLive,
    store: Arc<dyn IncidentStore>,
    incidents: IncidentsHandle,
) -> (Child, HealthHandle) {
    let handle = HealthHandle::of(&parts);
    let tables = handle.clone();
    incidents.nobody_tells_of(&parts.untold());
    let build = move || HealthManager {
        duties: HealthPart::ALL
            .into_iter()
            .filter(|part| parts.has(*part))
            .map(|part| (part, PartDuty::begun(now())))
            .collect(),
        parts: parts.clone(),
        handle: tables.clone(),
        live: Arc::clone(&live),
        store: Arc::clone(&store),
        incidents: incidents.clone(),
        asking: SingleFlight::default(),
        taking_over: SingleFlight::default(),
        children: None,
    };
    (Child::new(NAME, Restart::Always, build), handle)
}

/// The manager.
pub struct HealthManager {
    parts: HealthParts,
    handle: HealthHandle,
    live: SharedLive,
    store: Arc<dyn IncidentStore>,
    incidents: IncidentsHandle,
    duties: BTreeMap<HealthPart, PartDuty>,
    asking: SingleFlight,
    taking_over: SingleFlight,
    children: Option<ChildSet<Self>>,
}

/// Asks for each part who does it.
struct AskAll;

impl Flight for AskAll {
    type Owner = HealthManager;
    type Subject = ();
    type Output = Vec<(HealthPart, WorkClaim)>;
    // Each answer says for itself how it went; the next round comes by the clock.
    const RULES: Rules = Rules {
        what: "asking which process does what",
        limit: ASK_LIMIT,
        late: Late::GiveUp,
        retry: FlightRetry::Never,
        level: Level::Warn,
    };

    fn state(manager: &mut HealthManager) -> &mut SingleFlight {
        &mut manager.asking
    }

    fn begin(manager: &mut HealthManager, _: &mut Context<HealthManager>) -> Option<((), Work<Self::Output>)> {
        let asked = manager.duties.keys().map(|part| {
            let (live, part) = (Arc::clone(&manager.live), *part);
            async move { (part, live.claim_work(&format!("{NAME}-{}", part.as_str()), ASK_EVERY).await) }
        });
        Some(((), join_all(asked).map(Ok).boxed_local()))
    }

    fn ended(
        manager: &mut HealthManager,
        (): (),
        claims: Result<Self::Output>,
        ctx: &mut Context<HealthManager>,
    ) -> Ended {
        match claims {
            Ok(claims) => {
                claims.into_iter().for_each(|(part, claim)| manager.heard(part, claim, ctx));
                TakeOver::ask_if_idle(manager, ctx);
                Ended::Done
            }
            Err(error) => Ended::Failed(error),
        }
    }
}

/// Takes over what other nodes have left open of the parts that are this one's. By itself, as the claims have to be renewed while the
/// database does not answer.
struct TakeOver;

impl Flight for TakeOver {
    type Owner = HealthManager;
    type Subject = ();
    type Output = Vec<(HealthPart, Result<TakenOver>)>;
    const RULES: Rules = Rules {
        what: "taking over incidents of other nodes",
        limit: TAKE_OVER_LIMIT,
        late: Late::GiveUp,
        retry: RETRY,
        level: Level::Warn,
    };

    fn state(manager: &mut HealthManager) -> &mut SingleFlight {
        &mut manager.taking_over
    }

    fn begin(manager: &mut HealthManager, _: &mut Context<HealthManager>) -> Option<((), Work<Self::Output>)> {
        let due = manager.duties.iter().filter(|(_, known)| known.is_due());
        let work = due.map(|(part, known)| {
            let (store, part, is_first) = (Arc::clone(&manager.store), *part, known.is_first());
            async move { (part, take_over(&*store, part.incidents(), None, is_first).await) }
        });
        let work: Vec<_> = work.collect();
        (!work.is_empty()).then(|| ((), join_all(work).map(Ok).boxed_local()))
    }

    fn ended(
        manager: &mut HealthManager,
        (): (),
        results: Result<Self::Output>,
        ctx: &mut Context<HealthManager>,
    ) -> Ended {
        let mut failed = None;
        for (part, taken) in results.unwrap_or_else(|error| {
            failed = Some(error);
            Vec::new()
        }) {
            match taken {
                Ok(taken) => manager.taken_over(part, &taken, ctx),
                Err(error) => {
                    manager.tried(part, ctx);
                    failed = Some(error);
                }
            }
        }
        failed.map_or(Ended::Done, Ended::Failed)
    }
}

impl HealthManager {
    fn heard(&mut self, part: HealthPart, claim: WorkClaim, ctx: &mut Context<Self>) {
        let Some(known) = self.duties.get_mut(&part) else { return };
        let (did, had) = (known.duty.works(), known.duty.holder().map(str::to_owned));
        known.heard(claim, now());
        let (does, holder) = (known.duty.works(), known.duty.holder());
        let name = part.as_str();
        if let Some(node) = holder.filter(|node| had.as_deref() != Some(*node)) {
            log::info!("health, {name}: the node {node} does it; this one stands by");
        } else if does && !did && had.is_some() {
            log::info!("health, {name}: this node does it now");
        }
        self.handle.set_holder(part, holder);
        self.follow(part, false, ctx);
    }

    /// It is not waited for any longer.
    fn tried(&mut self, part: HealthPart, ctx: &mut Context<Self>) {
        if let Some(known) = self.duties.get_mut(&part) {
            known.tried();
        }
        self.follow(part, false, ctx);
    }

    /// These are this node's now, unless another one does the part meanwhile: that one takes them over in its turn.
    fn taken_over(&mut self, part: HealthPart, taken: &TakenOver, ctx: &mut Context<Self>) {
        let Some(known) = self.duties.get_mut(&part).filter(|known| known.duty.is_ours()) else { return };
        known.taken_over();
        if !taken.of_others.is_empty() {
            log::info!(incidents = taken.of_others.len(); "health, {}: incidents of another node taken over", part.as_str());
        }
        self.incidents.taken_over(taken);
        // What was found until now says nothing of these.
        self.follow(part, !taken.of_others.is_empty(), ctx);
    }

    /// Starts a part that is to be done here, and stops one that is not; one that begins anew is stopped, and started when it is gone.
    fn follow(&mut self, part: HealthPart, begins_anew: bool, ctx: &mut Context<Self>) {
        let does = self.duties.get(&part).is_none_or(PartDuty::works);
        let Some(child) = self.child(part) else { return };
        let Some(children) = &mut self.children else { return };
        match children.contains(part.as_str()) {
            true if !does || begins_anew => {
                let gone = children.remove(part.as_str(), Instant::now() + STOP_WITHIN);
                ctx.spawn(gone.into_actor(self).map(|_, _, _| ()));
            }
            false if does && !children.is_leaving(part.as_str()) => {
                self.handle.begin(part);
                children.start(child);
            }
            _ => {
                let stands_by = self.duties.get(&part).is_some_and(|known| known.duty.holder().is_some());
                if stands_by && !children.is_leaving(part.as_str()) {
                    self.handle.forget(part);
                    // What an earlier run of this process has left is known at any time.
                    self.incidents.let_go(part.incidents());
                }
            }
        }
    }

    /// Encoders and platforms end what is over of theirs, whichever there are.
    fn child(&self, part: HealthPart) -> Option<Child> {
        let (handle, incidents) = (self.handle.clone(), self.incidents.clone());
        let name = part.as_str();
        Some(match part {
            HealthPart::Streams => {
                let (setup, live) = (Arc::clone(self.parts.streams.as_ref()?), Arc::clone(&self.live));
                Child::new(name, Restart::Always, move || {
                    StreamProbes::new(Arc::clone(&setup), handle.streams.clone(), Arc::clone(&live), incidents.clone())
                })
            }
            HealthPart::Network => {
                let setup = Arc::clone(self.parts.network.as_ref()?);
                Child::new(name, Restart::Always, move || {
                    NetworkProbes::new(Arc::clone(&setup), handle.network.clone(), incidents.clone())
                })
            }
            HealthPart::Anomalies => {
                let setup = Arc::clone(self.parts.anomalies.as_ref()?);
                Child::new(name, Restart::Always, move || {
                    Anomalies::new(Arc::clone(&setup), handle.anomalies.clone(), incidents.clone())
                })
            }
            HealthPart::Encoders => {
                Child::new(name, Restart::Always, move || Encoders::new(handle.encoders.clone(), incidents.clone()))
            }
            HealthPart::Platforms => {
                Child::new(name, Restart::Always, move || Platforms::new(handle.platforms.clone(), incidents.clone()))
            }
        })
    }
}

impl Actor for HealthManager {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.children = Some(ChildSet::new(ctx, StopOrder::Together));
        // Of what there is nothing of, nobody has to agree with anybody.
        for part in HealthPart::ALL {
            if !self.parts.has(part) {
                self.follow(part, false, ctx);
            }
        }
        AskAll::ask(self, ctx);
        ctx.run_interval(ASK_EVERY, AskAll::ask_if_idle);
    }
}

impl Supervised for HealthManager {
    const KIND: &'static str = "health";

    fn observe(&self) -> Value {
        let HealthParts { streams, network, anomalies, encoders, platforms } = &self.parts;
        let (targets, endpoints) = (
            streams.as_ref().map_or(0, |setup| setup.targets.len()),
            network.as_ref().map_or(0, |setup| setup.endpoints.len()),
        );
        let standby = self.duties.iter().filter_map(|(part, known)| Some((part.as_str(), known.duty.holder()?)));
        json!({
            "targets": targets, "endpoints": endpoints, "encoders": encoders.len(), "platforms": platforms.len(),
            "anomalies": anomalies.is_some(), "standsByFor": standby.collect::<BTreeMap<_, _>>(),
        })
    }

    fn children(&mut self) -> Option<&mut ChildSet<Self>> {
        self.children.as_mut()
    }

    fn child_ended(&mut self, name: &str, ctx: &mut Context<Self>) {
        let Some(part) = HealthPart::ALL.into_iter().find(|part| part.as_str() == name) else { return };
        self.handle.forget(part);
        if self.duties.get(&part).is_some_and(|known| known.duty.holder().is_some()) {
            self.incidents.let_go(part.incidents());
        }
        self.follow(part, false, ctx);
    }
}
supervised!(HealthManager, manager);
