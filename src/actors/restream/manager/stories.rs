//! What relays go through, on its way to becoming incidents.
//!
//! Relays tell of every change of their state; whether that is an incident, since when and why, is decided by
//! `domain::incident::Story`, one for each camera.

use std::collections::BTreeMap;
use std::time::Duration;

use actix::{AsyncContext, Context, Handler};

use super::Restreams;
use crate::actors::incidents::now;
use crate::actors::restream::relay::reports::Told;
use crate::domain::camera::CameraState;
use crate::domain::incident::{IncidentKind, Sight, Story, Subject, Verdict};

/// What is in doubt is looked at again so often.
const JUDGE_EVERY: Duration = Duration::from_secs(1);

/// The stories of all cameras.
#[derive(Default)]
pub(super) struct Stories {
    cameras: BTreeMap<i64, Story>,
    judging: bool,
}

impl Restreams {
    fn camera(&self, id: i64) -> Subject {
        let name = self.fleet.get(&id).map(|planned| planned.facts.name.clone()).unwrap_or_default();
        Subject::camera_of(id, name)
    }

    fn follow(&self, id: i64, verdicts: impl IntoIterator<Item = Verdict>) {
        let subject = self.camera(id);
        verdicts.into_iter().for_each(|one| self.incidents.follow(&subject, one));
    }

    /// The camera is gone or switched off: nothing is wrong with it any more.
    pub(super) fn end_story(&mut self, id: i64) {
        self.stories.cameras.remove(&id);
        self.incidents.clear_all(&self.camera(id));
    }

    /// The camera should run and cannot, for this reason in its row.
    pub(super) fn tell_refusal(&self, id: i64, reason: &str) {
        self.follow(id, [Verdict::Raise(IncidentKind::CameraDown, reason.to_owned(), now())]);
    }

    /// False when it is known that nothing is wrong with this camera.
    pub(super) fn camera_may_be_down(&self, id: i64) -> bool {
        let Some(planned) = self.fleet.get(&id) else { return false };
        let runs = self.stories.cameras.get(&id).is_some_and(Story::runs);
        planned.refusal().is_some() || planned.source().is_some() && !runs
    }

    /// Something new is known of the server. Its own incident is the monitor's to raise.
    pub(super) fn watch_server(&mut self, ctx: &mut Context<Self>) {
        let Some(sight) = self.server.sight() else { return };
        self.ran.server(sight == Sight::Up, self.born.elapsed());
        if sight == Sight::Doubtful {
            // Its API alone may be gone; the port it takes streams at decides.
            self.knock(ctx);
        }
        self.judge_stories(ctx);
    }

    /// Decides what was in doubt, now and until nothing is.
    fn judge_stories(&mut self, ctx: &mut Context<Self>) {
        let (sight, now) = (self.server.sight().unwrap_or(Sight::Up), now());
        let cameras = self.stories.cameras.iter_mut();
        let doubted = cameras.filter(|(_, story)| story.doubts());
        let verdicts: Vec<_> = doubted.map(|(id, story)| (*id, story.judge(sight, now))).collect();
        for (id, verdict) in verdicts {
            self.follow(id, verdict);
        }
        if !self.stories.judging && self.stories.cameras.values().any(Story::doubts) {
            self.stories.judging = true;
            ctx.run_later(JUDGE_EVERY, |manager, ctx| {
                manager.stories.judging = false;
                manager.judge_stories(ctx);
            });
        }
    }
}

impl Handler<Told> for Restreams {
    type Result = ();

    fn handle(&mut self, told: Told, ctx: &mut Self::Context) {
        let Told { id, news } = told;
        // A relay on its way out has nothing to tell any more.
        let goes_on = self.fleet.get(&id).is_some_and(|planned| planned.source().is_some());
        if !goes_on || self.leaving.contains(&id) {
            return;
        }
        self.note_ran(id, news.state == CameraState::Running, ctx);
        let story = self.stories.cameras.entry(id).or_default();
        let verdicts = story.hear(news);
        let doubts = story.doubts();
        self.follow(id, verdicts);
        if doubts {
            self.judge_stories(ctx);
        }
    }
}
