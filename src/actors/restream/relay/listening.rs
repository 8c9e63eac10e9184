//! Whether sound comes that is copied and should come: the server's path is listened to for a moment, now and then.
//!
//! A track that is announced and sends nothing looks like any other to ffmpeg and to the server's API. The camera itself is
//! never asked: it may have one session only.

use std::time::Duration;

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};
use tokio::sync::Semaphore;

use super::Restream;
use crate::domain::camera::{CameraState, SoundState};

/// A relay that has begun to run is listened to after this time: the first packets are on their way.
const FIRST: Duration = Duration::from_secs(5);

/// Sound that did not come is listened for again, so that it shows when it does.
const SILENT: Duration = Duration::from_secs(15);

/// Sound that came is listened for again, in case it has stopped.
const HEARD: Duration = Duration::from_secs(600);

/// Where no sound is carried, it is seen again by then whether that has changed. Nobody is asked for that.
const NONE: Duration = Duration::from_secs(60);

/// So many are listened to at once, of all relays of this process: each is a reader for its server.
static EARS: Semaphore = Semaphore::const_new(4);

impl Restream {
    /// The state is another one.
    pub(super) fn listen_when_running(&mut self, ctx: &mut Context<Self>) {
        if self.state == CameraState::Running && self.listening.is_none() {
            self.listen_after(FIRST, ctx);
        }
    }

    /// Another run begins: nothing is known of its sound.
    pub(super) fn forget_sound(&mut self, ctx: &mut Context<Self>) {
        self.sound_comes = None;
        if let Some(listening) = self.listening.take() {
            ctx.cancel_future(listening);
        }
    }

    fn listen_after(&mut self, time: Duration, ctx: &mut Context<Self>) {
        self.listening = Some(ctx.run_later(time, Self::listen));
    }

    fn listen(&mut self, ctx: &mut Context<Self>) {
        self.listening = None;
        // With none, or left out, there is nothing to be heard; the end of a run ends this.
        match self.relay.sound(self.known.at_path.sound, None) {
            Some(SoundState::Carried) => {}
            Some(_) => return self.listen_after(NONE, ctx),
            None => return,
        }
        let heard = self.known.setup.runner.sound(self.known.setup.clone(), self.known.source.name.clone());
        let in_turn = async move {
            // Never closed.
            let _ear = EARS.acquire().await;
            heard.await
        };
        self.listening = Some(ctx.spawn(in_turn.into_actor(self).map(|heard, relay, ctx| {
            relay.listening = None;
            if heard == Some(false) && relay.sound_comes != heard {
                log::warn!(camera = relay.camera(); "its sound track is silent: the camera names it and sends nothing on it");
            }
            relay.sound_comes = heard.or(relay.sound_comes);
            relay.publish();
            if relay.state == CameraState::Running {
                relay.listen_after(if relay.sound_comes == Some(false) { SILENT } else { HEARD }, ctx);
            }
        })));
    }
}
