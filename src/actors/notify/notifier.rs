//! The manager: planning, and a worker for each receiver of the configuration.

use std::collections::BTreeSet;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, StreamHandler};
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::delivery::DeliveryWorker;
use super::parts::NotifyParts;
use super::planning::Planning;
use crate::actors::supervision::stop::StopOrder;
use crate::actors::supervision::{Adjusted, Child, ChildSet, Exit, Restart, Supervised, supervised};

/// Name of the child that plans.
const PLAN: &str = "plan";
/// A worker that is not wanted any more ends within this time.
const LEAVES_WITHIN: Duration = Duration::from_secs(5);

/// Keeps a worker for each receiver.
pub struct Notifier {
    parts: NotifyParts,
    children: Option<ChildSet<Self>>,
}

impl Notifier {
    /// Tells the receivers of `parts`.
    pub fn new(parts: NotifyParts) -> Self {
        Self { parts, children: None }
    }

    fn wanted(&self) -> BTreeSet<String> {
        self.parts.setup.get().receivers.iter().map(|one| worker_name(&one.rule.name)).collect()
    }

    /// Starts and stops workers as the configuration has them.
    fn follow(&mut self) {
        let wanted = self.wanted();
        let Some(children) = &mut self.children else { return };
        let gone: Vec<String> =
            children.names().filter(|name| *name != PLAN && !wanted.contains(*name)).map(str::to_owned).collect();
        for name in gone {
            let removed = children.remove(&name, Instant::now() + LEAVES_WITHIN);
            // Its end is told to `child_ended`.
            actix::spawn(removed);
        }
        for receiver in &self.parts.setup.get().receivers {
            let (name, child) = (receiver.rule.name.clone(), worker_name(&receiver.rule.name));
            // One that is on its way out is followed by the next when it is gone.
            if children.contains(&child) || children.is_leaving(&child) {
                continue;
            }
            let parts = self.parts.clone();
            children.start(Child::task(child, Restart::Always, move || {
                let worker = DeliveryWorker::new(name.clone(), parts.clone());
                async move {
                    worker.keep().await;
                    Exit::Failure("it has ended by itself".to_owned())
                }
            }));
        }
    }
}

fn worker_name(receiver: &str) -> String {
    format!("receiver {receiver}")
}

impl Actor for Notifier {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let mut children = ChildSet::new(ctx, StopOrder::Together);
        let parts = self.parts.clone();
        children.start(Child::task(PLAN, Restart::Always, move || {
            let planning = Planning::new(parts.clone());
            async move {
                planning.keep().await;
                Exit::Failure("it has ended by itself".to_owned())
            }
        }));
        self.children = Some(children);
        self.follow();
        ctx.add_stream(self.parts.setup.changes());
    }
}

impl StreamHandler<Adjusted> for Notifier {
    fn handle(&mut self, _: Adjusted, _: &mut Self::Context) {
        self.follow();
    }

    /// Nobody changes it any more: it goes on as it is, which is not what actix would do.
    fn finished(&mut self, _: &mut Self::Context) {}
}

impl Supervised for Notifier {
    const KIND: &'static str = "notifier";

    fn observe(&self) -> Value {
        json!({
            "receivers": self.parts.setup.get().receivers.len(),
            "leads": *self.parts.queue.leading.borrow(),
            "delivering": *self.parts.queue.in_flight.borrow(),
        })
    }

    fn children(&mut self) -> Option<&mut ChildSet<Self>> {
        self.children.as_mut()
    }

    fn child_ended(&mut self, _: &str, _: &mut Context<Self>) {
        self.follow();
    }

    /// What is being delivered is delivered and written down: else it would be delivered again.
    fn release(&mut self, _: &mut Context<Self>, deadline: Instant) -> LocalBoxFuture<'static, ()> {
        let mut in_flight = self.parts.queue.in_flight.subscribe();
        Box::pin(async move { _ = timeout_at(deadline, in_flight.wait_for(|count| *count == 0)).await })
    }
}

supervised!(Notifier, manager);
