//! The role's manager: supervises one manager for each kind of probe, and sees to it that one process of a site does each.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, WrapFuture};
use chrono::Utc;
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
use super::platform_manager::Platforms;
use super::stream_probes::StreamProbes;
use crate::actors::incidents::{IncidentsHandle, now};
use crate::actors::single_flight::{Ended, Flight, Late, Rules, Work};
use crate::actors::supervision::stop::StopOrder;
use crate::actors::supervision::{Child, ChildSet, Restart, Supervised, supervised};
use crate::adapters::database::{IncidentStore, with_timeout};
use crate::adapters::live::SharedLive;
use crate::base::Result;
use crate::base::single_flight::{FlightRetry, SingleFlight};
use crate::domain::duty::{Duty, WorkClaim};
use crate::domain::health_part::HealthPart;
use crate::domain::incident::Incident;

/// Name of the role's manager in the tree.
const NAME: &str = "health";

/// It is asked so often who does a part; whoever has not asked for twice as long does it no more.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// So often whoever does a part looks for incidents that another process, which did it before, has written after its time.
const TAKE_OVER_EVERY: Duration = Duration::from_secs(30);

/// All questions of a round together: each has a limit of its own, which is shorter.
const ASK_LIMIT: Duration = Duration::from_secs(120);

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
        duties: HealthPart::ALL.into_iter().filter(|part| parts.has(*part)).map(PartDuty::begun).collect(),
        parts: parts.clone(),
        handle: tables.clone(),
        live: Arc::clone(&live),
        store: Arc::clone(&store),
        incidents: incidents.clone(),
        asking: SingleFlight::default(),
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
    children: Option<ChildSet<Self>>,
}

/// Whether this process does a part.
struct PartDuty {
    duty: Duty,
    /// When it was looked for what is to be taken over.
    taken_over: Option<Instant>,
}

impl PartDuty {
    fn begun(part: HealthPart) -> (HealthPart, Self) {
        (part, Self { duty: Duty::begun(now()), taken_over: None })
    }
}

/// What was heard of a part.
struct Heard {
    part: HealthPart,
    claim: WorkClaim,
    /// Incidents of others that are this node's now; `None` where it was not looked.
    taken: Option<Result<Vec<Incident>>>,
}

/// Asks who does a part, and takes over what is open of it where it is ours.
async fn ask(live: SharedLive, store: Arc<dyn IncidentStore>, part: HealthPart, is_due: bool) -> Heard {
    let claim = live.claim_work(&format!("{NAME}-{}", part.as_str()), ASK_EVERY).await;
    let taken = match claim == WorkClaim::Ours && is_due {
        true => Some(with_timeout(store.take_over_incidents(part.incidents().to_vec(), Utc::now())).await),
        false => None,
    };
    Heard { part, claim, taken }
}

/// Asks for each part who does it.
struct AskAll;

impl Flight for AskAll {
    type Owner = HealthManager;
    type Subject = ();
    type Output = Vec<Heard>;
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

    fn begin(manager: &mut HealthManager, _: &mut Context<HealthManager>) -> Option<((), Work<Vec<Heard>>)> {
        let asked = manager.duties.iter().map(|(part, known)| {
            let is_due = known.taken_over.is_none_or(|at| at.elapsed() >= TAKE_OVER_EVERY);
            ask(Arc::clone(&manager.live), Arc::clone(&manager.store), *part, is_due)
        });
        Some(((), join_all(asked).map(Ok).boxed_local()))
    }

    fn ended(
        manager: &mut HealthManager,
        (): (),
        answers: Result<Vec<Heard>>,
        ctx: &mut Context<HealthManager>,
    ) -> Ended {
        match answers {
            Ok(answers) => {
                answers.into_iter().for_each(|heard| manager.heard(heard, ctx));
                Ended::Done
            }
            Err(error) => Ended::Failed(error),
        }
    }
}

impl HealthManager {
    fn heard(&mut self, Heard { part, claim, taken }: Heard, ctx: &mut Context<Self>) {
        let Some(known) = self.duties.get_mut(&part) else { return };
        let (did, had) = (known.duty.works(), known.duty.holder().map(str::to_owned));
        known.duty.heard(claim, now());
        let (does, holder) = (known.duty.works(), known.duty.holder());
        let name = part.as_str();
        if let Some(node) = holder.filter(|node| had.as_deref() != Some(*node)) {
            log::info!("health, {name}: the node {node} does it; this one stands by");
        } else if does && !did && had.is_some() {
            log::info!("health, {name}: this node does it now");
        }
        self.handle.set_holder(part, holder);
        if !known.duty.is_ours() {
            known.taken_over = None;
        }
        let begins_anew = match taken {
            Some(Ok(of_others)) => {
                known.taken_over = Some(Instant::now());
                if !of_others.is_empty() {
                    log::info!(incidents = of_others.len(); "health, {name}: incidents of another node taken over");
                }
                self.incidents.taken_over(&of_others);
                // What was found until now says nothing of these.
                !of_others.is_empty()
            }
            Some(Err(error)) => {
                log::warn!("health, {name}: taking over incidents of other nodes failed, trying again: {error}");
                false
            }
            None => false,
        };
        self.follow(part, begins_anew, ctx);
    }

    /// Starts a part that is to be done here, and stops one that is not; one that begins anew is stopped, and started when it is gone.
    fn follow(&mut self, part: HealthPart, begins_anew: bool, ctx: &mut Context<Self>) {
        let does = self.duties.get(&part).is_none_or(|known| known.duty.works());
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
                if !does && !children.is_leaving(part.as_str()) {
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
        if self.duties.get(&part).is_some_and(|known| !known.duty.works()) {
            self.incidents.let_go(part.incidents());
        }
        self.follow(part, false, ctx);
    }
}
supervised!(HealthManager, manager);
