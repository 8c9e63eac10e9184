//! Which tracks the next run is planned for: those of the last poll, unless the media server was asked since.
//!
//! A stream that has ended may be back with other tracks before the next poll. A run that is planned for the old ones fails, and
//! each start of ffmpeg costs about a second of the recording.

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};
use tokio::time::Instant;

use super::Recorder;
use crate::adapters::ffmpeg::record_argv::EndKind;
use crate::domain::stream::TrackList;

/// What is known of the tracks beyond the polls.
#[derive(Debug, Default)]
pub(super) struct CurrentTracks {
    /// The stream has ended: what the polls told last may be no longer true.
    ended: bool,
    /// What the media server said when it was asked, until the polls tell something new.
    asked: Option<TrackList>,
}

impl CurrentTracks {
    /// A run has ended so.
    pub(super) fn run_ended(&mut self, kind: EndKind) {
        self.asked = None;
        self.ended = matches!(kind, EndKind::StreamEnded | EndKind::NotThere);
    }

    /// The polls tell another source, or other tracks.
    pub(super) fn polled(&mut self) {
        *self = Self::default();
    }
}

impl Recorder {
    /// The tracks, as far as the server tells them.
    pub(super) fn tracks(&self) -> TrackList {
        self.current_tracks.asked.clone().unwrap_or_else(|| self.assignment.source.borrow().tracks.clone())
    }

    /// Asks the media server for the tracks if a run that begins now has to know more than the polls told, and then tries once more.
    /// True: it is being asked.
    pub(super) fn ask_for_tracks(&mut self, ctx: &mut Context<Self>) -> bool {
        if !std::mem::take(&mut self.current_tracks.ended) {
            return false;
        }
        self.due = Some(Instant::now());
        let assignment = self.assignment.clone();
        let ask = async move { assignment.ask_for_tracks().await };
        ctx.spawn(ask.into_actor(self).map(|asked, recorder, ctx| {
            recorder.current_tracks.asked = asked;
            if recorder.active.is_some() {
                // A poll was quicker.
                return recorder.renew_for_tracks(ctx);
            }
            recorder.attempt(ctx);
        }));
        true
    }
}
