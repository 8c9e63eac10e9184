//! Numbers of the configuration that change while relays run.

use actix::{AsyncContext, Context, Handler};

use super::Restreams;
use crate::actors::supervision::Adjusted;

impl Restreams {
    /// Takes what the configuration says now: the start budget for who waits, the limits for every relay.
    pub(super) fn adjust(&mut self, ctx: &mut Context<Self>) {
        self.setup = self.settings.get();
        self.start_permits.set_rates(self.setup.rates);
        self.resize_slots();
        self.grant_permits(ctx);
        for assign in self.assignments.values() {
            assign.send_modify(|assignment| assignment.setup = self.setup.clone());
        }
        self.refresh_in_time(ctx);
    }

    /// The cameras are read again after `refresh`, and so on.
    pub(super) fn refresh_in_time(&mut self, ctx: &mut Context<Self>) {
        let next = ctx.run_later(self.setup.refresh, |manager, ctx| {
            manager.refresh(ctx);
            manager.refresh_in_time(ctx);
        });
        if let Some(before) = self.next_refresh.replace(next) {
            // The one that has just fired, or one that is due by a rule of yesterday.
            ctx.cancel_future(before);
        }
    }
}

impl Handler<Adjusted> for Restreams {
    type Result = ();

    fn handle(&mut self, _: Adjusted, ctx: &mut Self::Context) {
        self.adjust(ctx);
    }
}
