//! Looks at one platform again and again, as often as it allows.

use std::time::Duration;

use chrono::Utc;
use tokio::time::{sleep, timeout};

use super::platform_table::{KnownPlatform, PlatformTable};
use crate::actors::incidents::{IncidentsHandle, now};
use crate::actors::supervision::{Activity, Child, Exit, Restart};
use crate::adapters::platforms;
use crate::domain::incident::Subject;
use crate::domain::platform::{PlatformChange, PlatformFault, PlatformFaultKind};

/// A look takes no longer, all its requests together.
const POLL_LIMIT: Duration = Duration::from_secs(90);
/// One that has not ended so long after its limit hangs.
const HANGS_AFTER: Duration = Duration::from_secs(60);

/// The task of the platform of this name.
pub(super) fn child(name: &str, table: PlatformTable, incidents: IncidentsHandle) -> Child {
    let of = name.to_owned();
    Child::task(name, Restart::Always, move || {
        let (name, table, incidents) = (of.clone(), table.clone(), incidents.clone());
        async move {
            match table.get(&name) {
                Some(known) => watch(known, &table, &incidents).await,
                None => Exit::Failure(format!("the platform {name} is not in the table")),
            }
        }
    })
}

async fn watch(known: &KnownPlatform, table: &PlatformTable, incidents: &IncidentsHandle) -> Exit {
    let mut platform = match platforms::open(&known.settings) {
        Ok(platform) => platform,
        Err(error) => return Exit::Failure(error.to_string()),
    };
    let activity = Activity::begin("looking at a platform", POLL_LIMIT + HANGS_AFTER);
    let mut is_clean = false;
    loop {
        let late = || {
            let words = format!("it does not answer within {} s; look at the network", POLL_LIMIT.as_secs());
            PlatformFault::new(PlatformFaultKind::Unreachable, words)
        };
        let found = timeout(POLL_LIMIT, platform.look()).await.unwrap_or_else(|_| Err(late()));
        let has_answered = found.is_ok();
        let (events, rest) = {
            let mut memory = known.lock();
            let events = match found {
                Ok(report) => memory.took(report, now()),
                Err(fault) => memory.failed(fault, now()),
            };
            (events, memory.rest(Utc::now()))
        };
        events.into_iter().for_each(|one| tell(known, incidents, one));
        if has_answered && !std::mem::replace(&mut is_clean, true) {
            end_of_what_is_gone(known, table, incidents).await;
        }
        activity.record_progress();
        // It may be long, and is no work.
        activity.protect();
        sleep(rest).await;
        activity.record_progress();
    }
}

/// Ends incidents of events that an earlier run knew and this one does not.
async fn end_of_what_is_gone(known: &KnownPlatform, table: &PlatformTable, incidents: &IncidentsHandle) {
    let is_gone = |_, subject: &Subject| match subject {
        Subject::LiveEvent { platform, .. } => *platform == known.settings.name && !table.knows(subject),
        _ => false,
    };
    incidents.clone().clear_where(is_gone).await;
}

fn tell(known: &KnownPlatform, incidents: &IncidentsHandle, events: PlatformChange) {
    match events {
        PlatformChange::Raise { subject, kind, cause, since } => {
            let cause = format!("platform {}: {cause}", known.settings.name);
            incidents.raise(kind, &subject, &cause, since);
        }
        PlatformChange::Clear { subject, kind } => incidents.clear(kind, &subject),
        PlatformChange::Gone(subject) => incidents.clear_all(&subject),
    }
}
