//! The manager of the platforms: a task for each, and the end of incidents of those that are no longer there.

use actix::{Actor, AsyncContext, Context, WrapFuture};
use serde_json::{Value, json};

use super::platform_table::PlatformTable;
use super::platform_watch;
use crate::actors::incidents::IncidentsHandle;
use crate::actors::supervision::stop::StopOrder;
use crate::actors::supervision::{ChildSet, Supervised, supervised};
use crate::domain::incident::Subject;

/// The manager of the tasks that look at platforms.
pub struct Platforms {
    table: PlatformTable,
    incidents: IncidentsHandle,
    children: Option<ChildSet<Self>>,
}

impl Platforms {
    pub(super) fn new(table: PlatformTable, incidents: IncidentsHandle) -> Self {
        Self { table, incidents, children: None }
    }

    /// Ends incidents of platforms that are no longer in the configuration; of events of those that are, their task does it.
    fn clean(&self, ctx: &mut Context<Self>) {
        let table = self.table.clone();
        let gone = self.incidents.clone().clear_where(move |_, subject| match subject {
            Subject::Platform { name } | Subject::LiveEvent { platform: name, .. } => table.get(name).is_none(),
            _ => false,
        });
        ctx.spawn(gone.into_actor(self));
    }
}

impl Actor for Platforms {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let mut children = ChildSet::new(ctx, StopOrder::Together);
        for name in self.table.names() {
            children.start(platform_watch::child(name, self.table.clone(), self.incidents.clone()));
        }
        self.children = Some(children);
        self.clean(ctx);
    }
}

impl Supervised for Platforms {
    const KIND: &'static str = "platforms";

    fn observe(&self) -> Value {
        json!({ "platforms": self.table.names().count() })
    }

    fn children(&mut self) -> Option<&mut ChildSet<Self>> {
        self.children.as_mut()
    }
}
supervised!(Platforms, manager);
