//! Whether a server whose API does not answer is down: its RTSP port decides. And when it answers again, whether it was restarted.
//!
//! A server may have its API switched off, or guarded by a password nobody gave us, and serve media all the same. So the
//! incident `serverDown` is raised when neither answers, and cleared as soon as one of them does.

use std::sync::Arc;
use std::time::Duration;

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};
use chrono::{DateTime, Utc};
use log::Level;

use super::path_table::Answered;
use super::server_poller::ServerPoller;
use crate::actors::incidents::now;
use crate::actors::single_flight::{Ended, Flight, Late, Rules, Work};
use crate::adapters::live::Change;
use crate::adapters::mediamtx::rtsp_probe::probe_rtsp;
use crate::adapters::mediamtx::{Listing, ServerIdentity};
use crate::base::Result;
use crate::base::single_flight::{FlightRetry, SingleFlight};
use crate::domain::incident::{IncidentKind, Subject};
use crate::domain::stream::ServerRun;

/// A port that is open answers in a moment.
const RTSP_PROBE_TIMEOUT: Duration = Duration::from_secs(2);

impl ServerPoller {
    pub(super) fn subject(&self) -> Subject {
        Subject::Server { name: self.watched.name.clone() }
    }

    /// Its API answers. Told at every poll, for what an earlier run has left open.
    pub(super) fn is_up(&mut self) {
        self.outage.api = None;
        self.incidents.clear(IncidentKind::ServerDown, &self.subject());
    }

    /// Tells that the server answers again, and whether it was restarted or only out of reach.
    pub(super) fn note_run(&mut self, listing: &Listing, identity: ServerIdentity, at: DateTime<Utc>) {
        let run = self.path_table.run_of(listing, &identity);
        let (server, paths) = (self.watched.name.as_str(), listing.paths.len());
        match self.path_table.answered(at, identity) {
            None => {}
            Some(Answered::First) => log::info!(server = server; "server reachable; it lists {paths} paths"),
            Some(Answered::Recovered) => {
                let same = if run == ServerRun::Same { "; it was not restarted, only out of reach" } else { "" };
                log::info!(server = server; "server recovered; it lists {paths} paths{same}")
            }
        }
        self.is_restarted = matches!(run, ServerRun::Restarted(_));
        if let ServerRun::Restarted(cause) = run {
            log::warn!(server = server; "server restarted: {cause}");
            let cause = format!("the media server {server}: {cause}");
            self.incidents.happened(IncidentKind::ServerRestarted, &self.subject(), &cause);
        }
    }

    /// What the relays of this process go by while the API does not answer.
    fn tell_rtsp(&mut self, answers: bool, ctx: &mut Context<Self>) {
        let Some(status) = self.path_table.rtsp_probed(answers) else { return };
        let live = Arc::clone(&self.live);
        // Without the store: the next poll tells it again.
        let told = async move { live.publish(vec![Change::Server(status)]).await };
        ctx.spawn(told.into_actor(self).map(|_, _, _| ()));
    }

    /// Its API does not answer: is anybody there at all?
    pub(super) fn may_be_down(&mut self, reason: String, ctx: &mut Context<Self>) {
        let since = self.outage.api.take().map_or_else(now, |(since, _)| since);
        self.outage.api = Some((since, reason));
        ProbeRtsp::ask_if_idle(self, ctx);
    }
}

/// Probes the RTSP port.
struct ProbeRtsp;

impl Flight for ProbeRtsp {
    type Owner = ServerPoller;
    type Subject = ();
    type Output = bool;
    const RULES: Rules = Rules {
        what: "probing the RTSP port of a media server",
        limit: RTSP_PROBE_TIMEOUT.saturating_mul(2),
        late: Late::GiveUp,
        retry: FlightRetry::Never,
        level: Level::Debug,
    };

    fn state(poller: &mut ServerPoller) -> &mut SingleFlight {
        &mut poller.outage.probing_rtsp
    }

    fn begin(poller: &mut ServerPoller, _: &mut Context<ServerPoller>) -> Option<((), Work<bool>)> {
        let rtsp = poller.watched.rtsp_url.clone();
        Some(((), Box::pin(async move { Ok(probe_rtsp(&rtsp, RTSP_PROBE_TIMEOUT).await) })))
    }

    fn ended(poller: &mut ServerPoller, (): (), answered: Result<bool>, ctx: &mut Context<ServerPoller>) -> Ended {
        let answered = answered.unwrap_or(false);
        poller.tell_rtsp(answered, ctx);
        // Its API may have come back meanwhile.
        let Some((since, reason)) = &poller.outage.api else { return Ended::Done };
        let subject = poller.subject();
        if answered {
            poller.incidents.clear(IncidentKind::ServerDown, &subject);
        } else {
            let cause = format!("the media server {}: {reason}", poller.watched.name);
            poller.incidents.raise(IncidentKind::ServerDown, &subject, &cause, *since);
        }
        Ended::Done
    }
}
