//! Asks one encoder again and again, each time within a limit: one that hangs holds up nobody.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::encoder_table::{EncoderTable, KnownEncoder};
use crate::actors::incidents::{IncidentsHandle, now};
use crate::actors::supervision::{Activity, Child, Exit, Restart};
use crate::adapters::webpresenter::{self, EventsEnded, WebPresenter};
use crate::domain::encoder::{EncoderEvent, EncoderFault, EncoderFaultKind, EncoderProtocol, EncoderReading};
use crate::domain::incident::Subject;

/// A question takes no longer, all its requests together.
const POLL_LIMIT: Duration = Duration::from_secs(12);
/// One that has not ended so long after its limit hangs.
const HANGS_AFTER: Duration = Duration::from_secs(60);

/// A device that tells nothing by itself is tried again after this time, as its firmware may be another one; one that was heard before
/// may have restarted.
const NOT_THERE_FOR: Duration = Duration::from_secs(600);
const LOST_FOR: Duration = Duration::from_secs(2);

/// The task of the encoder of this name.
pub(super) fn child(name: &str, table: EncoderTable, incidents: IncidentsHandle) -> Child {
    let of = name.to_owned();
    Child::task(name, Restart::Always, move || {
        let (name, table, incidents) = (of.clone(), table.clone(), incidents.clone());
        async move {
            match table.get(&name) {
                Some(known) => watch(known, &incidents).await,
                None => Exit::Failure(format!("the encoder {name} is not in the table")),
            }
        }
    })
}

/// Asks, and listens beside that.
async fn watch(known: &KnownEncoder, incidents: &IncidentsHandle) -> Exit {
    tokio::select! {
        exit = ask_again_and_again(known, incidents) => exit,
        never = listen_again_and_again(known) => match never {},
    }
}

/// A device that tells its changes by itself is asked as soon as it does; one that does not is asked as often as ever.
async fn listen_again_and_again(known: &KnownEncoder) -> Infallible {
    loop {
        let speaks = known.speaks();
        let rest = match (speaks, known.setup.addresses().await) {
            (Some(EncoderProtocol::Rest), Ok(at)) => {
                let (address, due) = (known.setup.address.clone(), Arc::clone(&known.due));
                let at = address.rest_at(&at);
                match webpresenter::listen(address, at, move || due.notify_one()).await {
                    EventsEnded::Lost => LOST_FOR,
                    EventsEnded::NotThere => NOT_THERE_FOR,
                }
            }
            (Some(EncoderProtocol::Text), _) => NOT_THERE_FOR,
            _ => LOST_FOR,
        };
        sleep(rest).await;
    }
}

async fn ask_again_and_again(known: &KnownEncoder, incidents: &IncidentsHandle) -> Exit {
    let interval = known.setup.interval;
    let activity = Activity::begin("asking an encoder", interval + POLL_LIMIT + HANGS_AFTER);
    let mut device = WebPresenter::new(known.setup.address.clone());
    loop {
        let late =
            || EncoderFault::new(EncoderFaultKind::TimedOut, format!("no answer within {} s", POLL_LIMIT.as_secs()));
        let found = timeout(POLL_LIMIT, ask(known, &mut device)).await.unwrap_or_else(|_| Err(late()));
        tell(known, incidents, known.take(found, now()));
        activity.record_progress();
        tokio::select! {
            () = sleep(interval) => {}
            () = known.due.notified() => {}
        }
    }
}

async fn ask(known: &KnownEncoder, device: &mut WebPresenter) -> Result<EncoderReading, EncoderFault> {
    let at = known.setup.addresses().await?;
    device.read(&at).await
}

fn tell(known: &KnownEncoder, incidents: &IncidentsHandle, events: Vec<EncoderEvent>) {
    let subject = Subject::Encoder { name: known.setup.name.clone() };
    for one in events {
        match one {
            EncoderEvent::Raise { kind, cause, since } => {
                incidents.raise(kind, &subject, &in_words(known, &cause), since)
            }
            EncoderEvent::Clear(kind) => incidents.clear(kind, &subject),
            EncoderEvent::Happened { kind, cause } => incidents.happened(kind, &subject, &in_words(known, &cause)),
        }
    }
}

fn in_words(known: &KnownEncoder, cause: &str) -> String {
    format!("encoder {}: {cause}", known.setup.name)
}
