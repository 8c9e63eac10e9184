//! The manager's part in the incidents: which of those that are open may still last, and what it finds of the database.

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};

use super::Restreams;
use crate::domain::incident::{IncidentKind, Subject};
use crate::domain::moment::Moment;

/// Who complains of the database.
const READING: &str = "reading cameras";

impl Restreams {
    /// The database did not answer a call that began then.
    pub(super) fn database_failed(&self, fault: &str, since: Moment) {
        self.incidents.database_failed(READING, fault, since);
    }

    /// The database has answered.
    pub(super) fn database_works(&self) {
        self.incidents.database_works(READING);
    }

    /// Ends what is well by now of all that an earlier run, or an earlier instance of ours, has left open.
    pub(super) fn clear_what_is_over(&self, ctx: &mut Context<Self>) {
        let incidents = self.incidents.clone();
        let open = async move { incidents.open().await }.into_actor(self);
        ctx.spawn(open.map(|open, manager, _| {
            let over = open.iter().filter(|(kind, subject)| !manager.may_last(*kind, subject));
            over.for_each(|(kind, subject)| manager.incidents.clear(*kind, subject));
        }));
    }

    /// Whether an incident that was open when we started may still be: nobody has seen its end.
    fn may_last(&self, kind: IncidentKind, subject: &Subject) -> bool {
        use IncidentKind::{CameraDegraded, CameraDown, CameraStalled, OtherPublisher, PlanHeld};
        match (kind, subject) {
            (PlanHeld, _) => self.blocked.is_some(),
            (CameraDown | CameraStalled | CameraDegraded | OtherPublisher, Subject::Camera { id, .. }) => {
                self.camera_may_be_down(*id)
            }
            // Somebody else's.
            _ => true,
        }
    }
}
