//! The polls show another source, or other tracks: what waits begins now, and what no longer fits the tracks begins anew.

use actix::{AsyncContext, Context, Handler, Message};

use super::Recorder;
use crate::domain::stream::{StreamTrack, TrackList};

/// The stream is published by somebody else now, again, or with other tracks.
#[derive(Message)]
#[rtype(result = "()")]
struct SourceChanged;

impl Handler<SourceChanged> for Recorder {
    type Result = ();

    fn handle(&mut self, _: SourceChanged, ctx: &mut Self::Context) {
        let now = self.assignment.source.borrow().clone();
        let before = std::mem::replace(&mut self.source, now.clone());
        if before != now {
            self.current_tracks.polled();
            self.corrections.forget();
        }
        if before.publication != now.publication {
            // Whatever failed failed with another one.
            self.forgive();
        }
        if self.active.is_none() {
            self.attempt(ctx);
        } else {
            self.renew_for_tracks(ctx);
        }
    }
}

impl Recorder {
    /// From now on changes of the source come as messages.
    pub(super) fn hear_of_sources(&self, ctx: &mut Context<Self>) {
        let changes = futures_util::stream::unfold(self.assignment.source.clone(), async move |mut source| {
            source.changed().await.ok().map(|()| (SourceChanged, source))
        });
        ctx.add_message_stream(changes);
    }

    /// Ends the run when the tracks are others than those that it was planned for: its sound would not fit, or it would be marked
    /// wrongly. One that has not been started yet is looked at when it has been.
    pub(super) fn renew_for_tracks(&mut self, ctx: &mut Context<Self>) {
        let now = self.tracks();
        let Ok(plan) = self.plan() else { return };
        let Some(active) = &self.active else { return };
        // A server that does not tell the tracks at present says nothing about them.
        let has_sound = now.iter().any(StreamTrack::is_sound);
        let fits = plan.hevc == active.plan.hevc && (plan.audio == active.plan.audio || !has_sound);
        if fits || active.process.is_none() || now.is_empty() {
            return;
        }
        let words = format!("the tracks changed from {} to {}", names(&active.tracks), names(&now));
        self.renew(&words, ctx);
    }
}

fn names(tracks: &TrackList) -> String {
    let names: Vec<&str> = tracks.iter().take(5).map(|track| track.codec.as_str()).collect();
    if names.is_empty() { "unknown ones".to_owned() } else { names.join(" + ") }
}
