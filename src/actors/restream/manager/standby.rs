//! Standby: no relay runs while another node relays the same cameras.

use actix::{AsyncContext, Context, StreamHandler};
use futures_util::stream;
use tokio::sync::watch;

use super::Restreams;

impl Restreams {
    /// Relays nothing as long as this names somebody else who does.
    #[must_use]
    pub fn with_standby(self, standby: watch::Receiver<Option<String>>) -> Self {
        Self { standby, ..self }
    }

    /// Hears of it from now on.
    pub(super) fn watch_standby(&self, ctx: &mut Context<Self>) {
        let standby = self.standby.clone();
        ctx.add_stream(stream::unfold(standby, |mut standby| async move {
            standby.changed().await.ok().map(|()| (StandbyChanged, standby))
        }));
    }

    /// Ends all relays while somebody else relays these cameras, and lets them go on afterwards.
    pub(super) fn apply_standby(&mut self) {
        let standby = self.standby.borrow_and_update().clone();
        let words = standby.clone();
        if self.server.set_standby(standby) {
            match words {
                Some(why) => log::error!("relays stopped: {why}"),
                None => log::info!("relays recovered: nobody else relays these cameras any more"),
            }
            self.tell_relays();
        }
    }
}

/// Somebody else relays these cameras, or nobody does any more.
#[derive(Debug)]
struct StandbyChanged;

impl StreamHandler<StandbyChanged> for Restreams {
    fn handle(&mut self, _: StandbyChanged, _: &mut Self::Context) {
        self.apply_standby();
    }

    // Without a membership nobody else can be seen.
    fn finished(&mut self, _: &mut Self::Context) {}
}
