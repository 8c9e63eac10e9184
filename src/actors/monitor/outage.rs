//! Whether a server whose API does not answer is down: its RTSP port decides.
//!
//! A server may have its API switched off, or guarded by a password nobody gave us, and serve media all the same. So the
//! incident `serverDown` is raised when neither answers, and cleared as soon as one of them does.

use std::time::Duration;

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};

use super::server::ServerPoller;
use crate::actors::incidents::now;
use crate::adapters::mediamtx::rtsp_probe::probe_rtsp;
use crate::domain::incident::{IncidentKind, Subject};
use crate::domain::moment::Moment;

/// A port that is open answers in a moment.
const RTSP_PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// What is known of the time in which the API does not answer.
#[derive(Debug, Default)]
pub(super) struct Outage {
    /// Since when, and why.
    api: Option<(Moment, String)>,
    probing_rtsp: bool,
}

impl ServerPoller {
    fn subject(&self) -> Subject {
        Subject::Server { name: self.watched.name.clone() }
    }

    /// Its API answers. Told at every poll, for what an earlier run has left open.
    pub(super) fn is_up(&mut self) {
        self.outage.api = None;
        self.incidents.clear(IncidentKind::ServerDown, &self.subject());
    }

    /// Its API does not answer: is anybody there at all?
    pub(super) fn may_be_down(&mut self, reason: String, ctx: &mut Context<Self>) {
        let since = self.outage.api.take().map_or_else(now, |(since, _)| since);
        self.outage.api = Some((since, reason));
        if std::mem::replace(&mut self.outage.probing_rtsp, true) {
            return;
        }
        let rtsp = self.watched.rtsp_url.clone();
        let rtsp_probe = async move { probe_rtsp(&rtsp, RTSP_PROBE_TIMEOUT).await }.into_actor(self);
        ctx.spawn(rtsp_probe.map(|answered, poller, _| {
            poller.outage.probing_rtsp = false;
            // Its API may have come back meanwhile.
            let Some((since, reason)) = &poller.outage.api else { return };
            let subject = poller.subject();
            if answered {
                poller.incidents.clear(IncidentKind::ServerDown, &subject);
            } else {
                let cause = format!("the media server {}: {reason}", poller.watched.name);
                poller.incidents.raise(IncidentKind::ServerDown, &subject, &cause, *since);
            }
        }));
    }
}
