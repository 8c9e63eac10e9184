//! The manager of the encoders: a task for each, and the end of incidents of those that are no longer there.

use actix::{Actor, AsyncContext, Context, WrapFuture};
use serde_json::{Value, json};

use super::encoder_table::EncoderTable;
use super::encoder_watch;
use crate::actors::incidents::IncidentsHandle;
use crate::actors::supervision::stop::StopOrder;
use crate::actors::supervision::{ChildSet, Supervised, supervised};
use crate::domain::incident::Subject;

/// The manager of the tasks that ask encoders.
pub struct Encoders {
    table: EncoderTable,
    incidents: IncidentsHandle,
    children: Option<ChildSet<Self>>,
}

impl Encoders {
    pub(super) fn new(table: EncoderTable, incidents: IncidentsHandle) -> Self {
        Self { table, incidents, children: None }
    }

    /// Ends incidents of encoders that are no longer in the configuration.
    fn clean(&self, ctx: &mut Context<Self>) {
        let table = self.table.clone();
        let gone = self.incidents.clone().clear_where(move |_, subject| match subject {
            Subject::Encoder { name } => table.get(name).is_none(),
            _ => false,
        });
        ctx.spawn(gone.into_actor(self));
    }
}

impl Actor for Encoders {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let mut children = ChildSet::new(ctx, StopOrder::Together);
        for name in self.table.names() {
            children.start(encoder_watch::child(name, self.table.clone(), self.incidents.clone()));
        }
        self.children = Some(children);
        self.clean(ctx);
    }
}

impl Supervised for Encoders {
    const KIND: &'static str = "encoders";

    fn observe(&self) -> Value {
        json!({ "encoders": self.table.names().count() })
    }

    fn children(&mut self) -> Option<&mut ChildSet<Self>> {
        self.children.as_mut()
    }
}
supervised!(Encoders, manager);
