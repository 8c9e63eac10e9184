//! What a relay does about a new assignment: a changed row, a restart that was asked for, news of its server and path.

use actix::Context;

use super::{RelayProcess, Restream};
use crate::domain::camera::CameraSource;
use crate::domain::restream::RelayEvent;

impl Restream {
    pub(super) fn reassigned(&mut self, ctx: &mut Context<Self>) {
        let new = self.assigned.borrow_and_update().clone();
        let old = std::mem::replace(&mut self.known, new);
        if old.facts.id != self.known.facts.id {
            self.renumbered(old.facts.id, ctx);
        }
        self.relay.set_rules(self.known.setup.rules());
        self.relay.set_audio(self.known.source.audio);
        if !self.runs_on_like(&old.source) {
            log::info!(camera = self.camera(); "row changed, restarting");
            self.happened(RelayEvent::Row { changed: true }, ctx);
            if let Some(tracks) = self.known.kept.clone() {
                self.relay.remember(tracks);
            }
        }
        if old.rows_read != self.known.rows_read {
            self.happened(RelayEvent::Row { changed: false }, ctx);
        }
        if old.probes_requested != self.known.probes_requested
            && let Some(tracks) = self.known.kept.clone()
        {
            self.happened(RelayEvent::SourceAnswers(tracks), ctx);
        }
        if old.restarts_asked != self.known.restarts_asked {
            log::info!(camera = self.camera(); "restart requested, restarting");
            self.happened(RelayEvent::Restart, ctx);
        }
        if old.server != self.known.server {
            self.happened(RelayEvent::Server(self.known.server.clone()), ctx);
        }
        if self.known.standby && !old.standby {
            self.happened(RelayEvent::Standby, ctx);
        }
        self.path_seen(old.path != self.known.path, old.at_path.bytes != self.known.at_path.bytes, ctx);
        self.publish();
    }

    /// What is at the path, and whether anything arrives there, of which one or both are news. A path that is there now and to which
    /// nothing has come must not look as if something had in between, and neither must one that has gone.
    pub(super) fn path_seen(&mut self, path: bool, bytes: bool, ctx: &mut Context<Self>) {
        let arriving = self.known.at_path.bytes;
        if bytes && arriving.is_some() {
            self.happened(RelayEvent::Arriving(arriving), ctx);
        }
        if path {
            self.happened(RelayEvent::Path(self.known.path.clone()), ctx);
        }
        if bytes && arriving.is_none() {
            self.happened(RelayEvent::Arriving(arriving), ctx);
        }
    }

    /// Whether the row changed to has the same arguments: `auto` and `copy` are the same for most sound.
    fn runs_on_like(&self, old: &CameraSource) -> bool {
        let new = &self.known.source;
        let same_sound =
            |ffmpeg: &RelayProcess| ffmpeg.tracks.audio_plan(old.audio) == ffmpeg.tracks.audio_plan(new.audio);
        old.runs_like(new) || old.runs_like_but_for_sound(new) && self.ffmpeg.as_ref().is_some_and(same_sound)
    }
}
